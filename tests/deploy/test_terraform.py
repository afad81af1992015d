"""What Terraform is told for AWS: everything named is there, documented, and allowed no more than it needs."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

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


@pytest.mark.parametrize(("index", "shard"), [("3", "3"), (None, "associate")])
def test_a_job_starts_the_shard_that_it_is(tmp_path: Path, index: str | None, shard: str) -> None:
    """The line of the job definition, run by a real shell, with a program that says what it was given."""
    line = re.search(r'command += \["sh", "-c", "(.*)"\]', TEXTS["batch.tf"])
    assert line is not None
    program = tmp_path / "wadati"
    program.write_text('#!/bin/sh\necho "$@"\ncat "$2"\n')
    program.chmod(0o755)
    flow = '[campaign]\narchive = "ncedc"\nstations = ["NC.KBG"] # 100 % "quoted" $HOME \\n\n'
    environment = {"PATH": f"{tmp_path}:{os.environ['PATH']}", "FLOW": flow, "SHARD": "associate"}
    if index is not None:
        environment["AWS_BATCH_JOB_ARRAY_INDEX"] = index
    words = line[1].replace('\\"', '"').replace("$${", "${").replace("/tmp/", f"{tmp_path}/")
    done = subprocess.run(["sh", "-c", words], env=environment, check=True, capture_output=True, text=True)
    assert done.stdout == f"run {tmp_path}/flow.toml --shard {shard}\n{flow}"


def test_terraform_reads_it(tmp_path: Path) -> None:
    """It is formatted, and begins, up to where it fetches Amazon's provider, which needs its registry."""
    terraform = shutil.which("terraform") or shutil.which("tofu")
    if terraform is None:
        pytest.skip("Terraform: neither terraform nor tofu on this machine")
    assert (
        subprocess.run([terraform, "fmt", "-check", "-diff", FOLDER], check=False, capture_output=True).returncode == 0
    )
    shutil.copytree(FOLDER, tmp_path / "aws", ignore=shutil.ignore_patterns(".terraform*"))
    command = [terraform, f"-chdir={tmp_path / 'aws'}"]
    begun = subprocess.run(
        [*command, "init", "-backend=false", "-input=false", "-no-color"], check=False, capture_output=True, text=True
    )
    if begun.returncode != 0:
        told = [line for line in begun.stderr.splitlines() if "Error: " in line]
        assert told
        assert all("Failed to query available provider packages" in line for line in told), begun.stderr
        pytest.skip("Terraform: the provider hashicorp/aws cannot be had here, so `terraform validate` is not run")
    subprocess.run([*command, "validate", "-no-color"], check=True)
