"""What Terraform is told for AWS: everything named is there, documented, and allowed no more than it needs."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.deploy.emulator import REGION, Terraform, complete

FOLDER = Path(__file__).resolve().parents[2] / "deploy/terraform/aws"
TEXTS = {path.name: path.read_text() for path in sorted(FOLDER.glob("*.tf"))}
WHOLE = "\n".join(re.sub(r"^\s*#.*$", "", text, flags=re.MULTILINE) for text in TEXTS.values())
VARIABLES = dict(re.findall(r'^variable "(\w+)" \{\n(.*?)^\}', WHOLE, re.MULTILINE | re.DOTALL))
STATEMENT = re.compile(r"^( *)(?:statement|content) \{\n(.*?)^\1\}", re.MULTILINE | re.DOTALL)
WIDE = {
    ("RegistryToken", "resources"): "the token of a registry belongs to the account: AWS knows no resource for it",
    ("OnlyByTls", "actions"): "a denial of everything",
    ("OnlyByTls", "principals"): "a denial for everybody",
}
"""Where a bare `*` may stand, and why."""


def test_every_reference_leads_somewhere() -> None:
    things = {f"{kind}.{name}" for kind, name in re.findall(r'^resource "(\w+)" "(\w+)"', WHOLE, re.MULTILINE)}
    things |= {f"data.{kind}.{name}" for kind, name in re.findall(r'^data "(\w+)" "(\w+)"', WHOLE, re.MULTILINE)}
    (held,) = re.findall(r"^locals \{\n(.*?)^\}", WHOLE, re.MULTILINE | re.DOTALL)
    things |= {f"local.{name}" for name in re.findall(r"^  (\w+) *=", held, re.MULTILINE)}
    things |= {f"var.{name}" for name in VARIABLES}
    asked = set(re.findall(r"(?<![\w.])(?:data\.)?aws_\w+\.\w+|(?<![\w.])(?:var|local)\.\w+", WHOLE))
    assert asked
    assert asked <= things
    for kind in ("aws_batch_job_queue", "aws_batch_compute_environment", "aws_budgets_budget", "aws_s3_bucket"):
        assert any(thing.startswith(f"{kind}.") for thing in things)


def test_every_variable_is_used_and_documented() -> None:
    guide = (FOLDER.parents[2] / "docs/how-to/deploy.md").read_text()
    for name, words in VARIABLES.items():
        assert "description = " in words, name
        assert f"var.{name}" in WHOLE, name
        if "default" not in words:
            assert f"{name} =" in re.sub(" +=", " =", guide), f"{name} has to be given, and the guide does not say so"


def test_nothing_may_do_everything_or_to_everything() -> None:
    found = set()
    for _, words in STATEMENT.findall(WHOLE):
        (name,) = re.findall(r'sid += "(\w+)"', words) or [""]
        for what in ("actions", "resources"):
            for listed in re.findall(rf"^ *{what} += (\[.*\])", words, re.MULTILINE):
                if re.search(r'"(\w+:)?\*"', listed):
                    found.add((name, what))
        if re.search(r'identifiers += \["\*"\]', words):
            found.add((name, "principals"))
    assert found == set(WIDE)
    denial = next(words for _, words in STATEMENT.findall(WHOLE) if '"OnlyByTls"' in words)
    assert re.search(r'effect += "Deny"', denial)
    assert "managed_policy_arns" not in WHOLE
    assert "role_policy_attachment" not in WHOLE


def test_buckets_are_closed_and_encrypted() -> None:
    """Each kind is made for every bucket that there is."""
    for kind in (
        "aws_s3_bucket_public_access_block",
        "aws_s3_bucket_server_side_encryption_configuration",
        "aws_s3_bucket_ownership_controls",
        "aws_s3_bucket_policy",
    ):
        assert re.search(rf'^resource "{kind}" "kept" {{\n +for_each += local.buckets$', WHOLE, re.MULTILINE), kind
    assert re.findall(r"^  (?:block|ignore|restrict)_public_\w+ += (\w+)$", WHOLE, re.MULTILINE) == ["true"] * 4
    assert WHOLE.count('resource "aws_s3_bucket" ') == 1


def test_it_is_applied_once_changes_nothing_twice_and_goes_without_a_trace(
    moto: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By Terraform itself and Amazon's provider, on moto."""
    complete(monkeypatch)
    terraform = Terraform(tmp_path / "aws", moto)
    terraform.run("apply", "-auto-approve", "-input=false")
    changes = terraform.run("plan", "-detailed-exitcode", "-input=false", expect=(0, 2))
    assert "No changes." in changes, changes
    boto3 = pytest.importorskip("boto3")
    iam, batch, s3, logs, budgets = (
        boto3.client(name, endpoint_url=moto, region_name=REGION) for name in ("iam", "batch", "s3", "logs", "budgets")
    )
    roles = [one["RoleName"] for one in iam.list_roles()["Roles"] if one["RoleName"].startswith("wadati-")]
    assert sorted(roles) == ["wadati-associate", "wadati-finish", "wadati-pick", "wadati-starting"]
    policies = {
        (role, statement["Sid"]): statement
        for role in roles
        for name in iam.list_role_policies(RoleName=role)["PolicyNames"]
        for statement in iam.get_role_policy(RoleName=role, PolicyName=name)["PolicyDocument"]["Statement"]
    }
    wide = {
        (role, sid)
        for (role, sid), statement in policies.items()
        for one in as_list(statement["Action"]) + as_list(statement["Resource"])
        if re.fullmatch(r"(\w+:)?\*|arn:aws:s3:::\*.*", one)
    }
    assert wide == {("wadati-starting", "RegistryToken")}
    assert {role for role, sid in policies if sid == "ReadArchives"} == {"wadati-pick", "wadati-finish"}
    assert {role for role, sid in policies if sid == "WriteShards"} == {"wadati-pick", "wadati-associate"}
    assert {role for role, sid in policies if sid == "Results"} == {"wadati-finish"}
    assert not [one for each in policies.values() for one in as_list(each["Action"]) if one.startswith("s3:Delete")]
    (queue,) = batch.describe_job_queues()["jobQueues"]
    (environment,) = batch.describe_compute_environments()["computeEnvironments"]
    assert queue["jobQueueName"] == terraform.output("job_queue") == "wadati-shards"
    assert environment["computeResources"]["type"] == "FARGATE_SPOT"
    definitions = {one["jobDefinitionName"]: one for one in batch.describe_job_definitions()["jobDefinitions"]}
    assert sorted(definitions) == ["wadati-associate", "wadati-finish", "wadati-pick"]
    for name, one in definitions.items():
        container = one["containerProperties"]
        assert container["jobRoleArn"].endswith(f":role/{name}")
        assert container["executionRoleArn"].endswith(":role/wadati-starting")
        assert container["command"] == ["wadati", "run", "env:FLOW", "--workers", "1", "--shard", "Ref::shard"]
        assert one["retryStrategy"]["attempts"] == 5
        codes = {rule["onExitCode"]: rule["action"].upper() for rule in one["retryStrategy"]["evaluateOnExit"]}
        assert codes == {"2": "EXIT", "4": "EXIT"}
        assert one["platformCapabilities"] == ["FARGATE"]
    assert [definitions[f"wadati-{piece}"]["parameters"]["shard"] for piece in ("pick", "associate", "finish")] == [
        "array",
        "associate",
        "finish",
    ]
    (bucket,) = [one["Name"] for one in s3.list_buckets()["Buckets"]]
    assert set(s3.get_public_access_block(Bucket=bucket)["PublicAccessBlockConfiguration"].values()) == {True}
    terraform.run("destroy", "-auto-approve", "-input=false")
    assert s3.list_buckets()["Buckets"] == []
    assert [one for one in iam.list_roles()["Roles"] if one["RoleName"].startswith("wadati-")] == []
    assert batch.describe_job_queues()["jobQueues"] == []
    assert batch.describe_compute_environments()["computeEnvironments"] == []
    assert logs.describe_log_groups()["logGroups"] == []
    assert budgets.describe_budgets(AccountId="123456789012")["Budgets"] == []


def as_list(value: str | list[str]) -> list[str]:
    return [value] if isinstance(value, str) else value
