"""Amazon's interfaces on loopback (moto), with the few answers that Terraform asks for and moto does not know."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

TERRAFORM = Path(__file__).resolve().parents[2] / "deploy/terraform/aws"
REGION = "us-west-2"
_MIRRORS = ("~/.terraform.d/plugins", "/usr/local/share/terraform/plugins", "/usr/share/terraform/plugins", "/opt/*")
_IMAGE = "123456789012.dkr.ecr.us-west-2.amazonaws.com/wadati@sha256:" + "0" * 64


def complete(patch: pytest.MonkeyPatch) -> None:
    """Teach moto who subscribes to a budget's notifications, tags of budgets, and the role that AWS Batch makes for
    itself; and let jobs be noted, not run."""
    models = pytest.importorskip("moto.core.models")
    budgets = pytest.importorskip("moto.budgets.responses").BudgetsResponse
    batch = pytest.importorskip("moto.batch.models").BatchBackend

    def subscribers(self: Any) -> str:
        asked = self._get_param("Notification")
        budget = self.backend.budgets[self._get_param("AccountId")][self._get_param("BudgetName")]
        named = ("NotificationType", "ComparisonOperator", "Threshold")
        found = [one for one in budget.notifications if all(one.details[name] == asked[name] for name in named)]
        return json.dumps({"Subscribers": [each for one in found for each in one.subscribers]})

    tags: dict[str, Any] = {}
    create_budget, create = budgets.create_budget, batch.create_compute_environment

    def tagged(self: Any) -> str:
        tags[self._get_param("Budget")["BudgetName"]] = self._get_param("ResourceTags") or []
        return str(create_budget(self))

    def tags_of(self: Any) -> str:
        return json.dumps({"ResourceTags": tags[self._get_param("ResourceARN").rpartition("/")[2]]})

    def with_role(self: Any, *, service_role: str | None, **words: Any) -> Any:
        own = [role.arn for role in self.iam_backend.get_roles() if "/batch.amazonaws.com/" in role.arn]
        return create(self, service_role=service_role or own[0], **words)

    def note(self: Any, *, include_start_attempt: bool, job: Any) -> None:
        self.backend._jobs[job.job_id] = job
        if include_start_attempt:
            job._start_attempt()

    def terminate(self: Any, reason: str) -> None:
        self.job_stopped_reason = reason
        self._mark_stopped(success=False)

    patch.setattr(budgets, "describe_subscribers_for_notification", subscribers, raising=False)
    patch.setattr(budgets, "create_budget", tagged)
    patch.setattr(budgets, "list_tags_for_resource", tags_of, raising=False)
    patch.setattr(batch, "create_compute_environment", with_role)
    patch.setattr(pytest.importorskip("moto.batch_simple.models").BatchSimpleBackend, "_mark_job_as_finished", note)
    patch.setattr(pytest.importorskip("moto.batch.models").Job, "terminate", terminate)
    patch.setitem(models.default_user_config["batch"], "use_docker", value=False)


class Terraform:
    """Terraform on a copy of `deploy/terraform/aws`, with Amazon's provider from a mirror on this machine."""

    def __init__(self, folder: Path, endpoint: str) -> None:
        self._program = shutil.which("terraform") or shutil.which("tofu") or ""
        if not self._program:
            pytest.skip("Terraform: neither terraform nor tofu on this machine")
        mirror = _mirror()
        if mirror is None:
            pytest.skip("Terraform: no mirror of the provider hashicorp/aws on this machine")
        boto3 = pytest.importorskip("boto3")
        client, iam = (boto3.client(name, endpoint_url=endpoint, region_name=REGION) for name in ("ec2", "iam"))
        iam.create_service_linked_role(AWSServiceName="batch.amazonaws.com")  # as AWS Batch does by itself
        self.folder = Path(shutil.copytree(TERRAFORM, folder, ignore=shutil.ignore_patterns(".terraform*")))
        (folder / "emulator_override.tf").write_text(
            'provider "aws" {\n  s3_use_path_style = true\n  max_retries = 1\n}\n'
        )
        settings = {
            "image": _IMAGE,
            "image_repository_arn": "arn:aws:ecr:us-west-2:123456789012:repository/wadati",
            "vpc_id": client.describe_vpcs()["Vpcs"][0]["VpcId"],
            "subnet_ids": [client.describe_subnets()["Subnets"][0]["SubnetId"]],
            "budget_dollars": 200,
            "budget_email": "network@example.org",
        }
        (folder / "terraform.tfvars.json").write_text(json.dumps(settings))
        self._environment = {name: value for name, value in os.environ.items() if not name.startswith("TF_")} | {
            "AWS_ENDPOINT_URL": endpoint,
            "AWS_EC2_METADATA_DISABLED": "true",
            "CHECKPOINT_DISABLE": "1",
        }
        self.run("init", "-backend=false", "-input=false", f"-plugin-dir={mirror}")

    def run(self, *words: str, expect: Sequence[int] = (0,)) -> str:
        """What a command says; it has to end with one of these codes."""
        command = [self._program, f"-chdir={self.folder}", *words, "-no-color"]
        done = subprocess.run(command, check=False, capture_output=True, text=True, env=self._environment, timeout=240)
        assert done.returncode in expect, done.stdout + done.stderr
        return done.stdout

    def output(self, name: str) -> str:
        """One of the outputs."""
        return str(json.loads(self.run("output", "-json"))[name]["value"])


def _mirror() -> Path | None:
    """The folder of a mirror that holds Amazon's provider of the wanted major version."""
    (major,) = re.findall(r'version = "~> (\d+)\.', (TERRAFORM / "versions.tf").read_text())
    for pattern in _MIRRORS:
        base = Path(pattern).expanduser()
        for mirror in base.parent.glob(base.name) if base.parent.is_dir() else ():
            if any(mirror.glob(f"registry.*/hashicorp/aws/{major}.*/*/terraform-provider-aws_*")):
                return mirror
    return None
