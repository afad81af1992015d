"""A campaign as jobs of AWS Batch, on moto, which notes jobs; a small executor runs their commands as processes."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import pytest

from tests.deploy.emulator import REGION, TERRAFORM, complete
from tests.engine.campaign.conftest import Midnight, write_flow
from tests.engine.campaign.test_campaign import TABLES, contents
from tests.sources.archives.replica import address, client, fill, objects
from wadati.cli.main import main
from wadati.engine.campaign import aws_batch
from wadati.engine.campaign.aws_batch import submit
from wadati.engine.campaign.local import StoppedError, manifests
from wadati.engine.campaign.opened import open_campaign
from wadati.engine.campaign.parcel import Parcel, files_of, piece_of, send, unpack
from wadati.engine.campaign.status import cancel, retry, status
from wadati.engine.flow import Flow, override, read_flow
from wadati.engine.mechanism_settings import Tensor
from wadati.errors import InputError, UsageError, WadatiError
from wadati.store.objects import open_place

(COMMAND,) = re.findall(r"^ +command += (\[.*\])$", (TERRAFORM / "batch.tf").read_text(), re.MULTILINE)
PIECES = ("pick", "associate", "finish")


@dataclass(frozen=True)
class Cloud:
    """AWS Batch and the flow of a campaign on it, in the folder in which the tests run."""

    batch: Any
    endpoint: str
    flow: Path

    def jobs(self) -> list[dict[str, Any]]:
        """All jobs in the order in which they were sent."""
        noted = json.loads(str(self.note().get("Body").read(), "utf-8"))
        return list(self.batch.describe_jobs(jobs=[one["job_id"] for one in noted])["jobs"])

    def note(self) -> dict[str, Any]:
        s3 = client(self.endpoint)
        (key,) = [
            one["Key"] for one in s3.list_objects_v2(Bucket="campaigns")["Contents"] if one["Key"].endswith("jobs.json")
        ]
        return dict(s3.get_object(Bucket="campaigns", Key=key))

    def execute(self, folder: Path) -> dict[str, list[subprocess.CompletedProcess[str]]]:
        """What AWS Batch does: each job after those it depends on, in a folder of its own, as a process."""
        done: dict[str, str] = {}
        found: dict[str, list[subprocess.CompletedProcess[str]]] = {}
        for job in self.jobs():
            assert all(done[one["jobId"]] == "SUCCEEDED" for one in job["dependsOn"])
            piece = job["jobName"].rpartition("-")[2]
            words = [job["parameters"].get(word.removeprefix("Ref::"), word) for word in job["container"]["command"]]
            told = {one["name"]: one["value"] for one in job["container"]["environment"]}
            for index in range(job.get("arrayProperties", {}).get("size", 1)):
                here = folder / f"{piece}-{index}"
                here.mkdir(parents=True)
                environment = os.environ | told | {"OMP_NUM_THREADS": "1"}
                if "arrayProperties" in job:
                    environment["AWS_BATCH_JOB_ARRAY_INDEX"] = str(index)
                assert words[0] == "wadati"
                command = [sys.executable, "-m", "wadati.cli.main", *words[1:]]
                found.setdefault(piece, []).append(
                    subprocess.run(command, cwd=here, env=environment, check=False, capture_output=True, text=True)
                )
            failed = [one.stderr for one in found[piece] if one.returncode != 0]
            assert failed == []
            done[job["jobId"]] = "SUCCEEDED"
            self.end(job["jobId"])
        return found

    def end(self, job_id: str, exit_code: int = 0, reason: str | None = None) -> None:
        """Let a job, or all of an array, be over."""
        from moto.batch.models import batch_backends

        backend = batch_backends["123456789012"][REGION]
        job = backend.get_job_by_id(job_id)
        for one in [job, *(job._child_jobs or [])]:
            one.exit_code, one.job_stopped_reason = exit_code, reason
            one._mark_stopped(success=exit_code == 0)


@pytest.fixture
def cloud(midnight: Midnight, moto: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Cloud:
    complete(monkeypatch)
    boto3 = pytest.importorskip("boto3")
    monkeypatch.setenv("AWS_ENDPOINT_URL", moto)
    monkeypatch.setenv("AWS_DEFAULT_REGION", REGION)
    here = tmp_path / "here"
    here.mkdir()
    monkeypatch.chdir(here)
    shutil.copy(midnight.stations, here / "stations.xml")
    fill(moto, "archive", objects(midnight.scenario.traces, "ncedc"))
    fill(moto, "campaigns", {})
    ec2, iam, batch = (boto3.client(name, endpoint_url=moto, region_name=REGION) for name in ("ec2", "iam", "batch"))
    iam.create_service_linked_role(AWSServiceName="batch.amazonaws.com")
    resources = {
        "type": "FARGATE_SPOT",
        "maxvCpus": 4,
        "subnets": [ec2.describe_subnets()["Subnets"][0]["SubnetId"]],
        "securityGroupIds": [ec2.describe_security_groups()["SecurityGroups"][0]["GroupId"]],
    }
    made = batch.create_compute_environment(computeEnvironmentName="spot", type="MANAGED", computeResources=resources)
    order = [{"order": 1, "computeEnvironment": made["computeEnvironmentArn"]}]
    batch.create_job_queue(jobQueueName="shards", state="ENABLED", priority=1, computeEnvironmentOrder=order)
    for piece in PIECES:
        requirements = [{"type": "VCPU", "value": "1"}, {"type": "MEMORY", "value": "2048"}]
        container = {"image": "wadati", "command": json.loads(COMMAND), "resourceRequirements": requirements}
        batch.register_job_definition(
            jobDefinitionName=f"wadati-{piece}", type="container", containerProperties=container
        )
    flow = midnight.flow(
        address(moto, "campaigns").replace("s3://campaigns", "s3://campaigns/results/midnight"),
        archive=address(moto, "archive"),
        layout="ncedc",
        stations="stations.xml",
        days=7,
        shards=address(moto, "campaigns").replace("s3://campaigns", "s3://campaigns/shards"),
    )
    file = write_flow(flow, here / "campaign.toml")
    file.write_text(f'{file.read_text()}[compute]\nengine = "aws-batch"\nqueue = "shards"\n')
    return Cloud(batch, moto, file)


def fetched(cloud: Cloud, folder: Path) -> Path:
    """The results as they lie in the bucket."""
    s3 = client(cloud.endpoint)
    for one in s3.list_objects_v2(Bucket="campaigns", Prefix="results/midnight/")["Contents"]:
        path = folder / one["Key"].removeprefix("results/midnight/")
        path.parent.mkdir(parents=True, exist_ok=True)
        s3.download_file("campaigns", one["Key"], str(path))
    return folder


def test_jobs_that_are_run_as_processes_give_what_one_run_gives(
    cloud: Cloud, midnight: Midnight, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["run", "campaign.toml"]) == 0
    assert "associate" in capsys.readouterr().out
    ran = cloud.execute(tmp_path / "jobs")
    shards = open_campaign(read_flow(cloud.flow)).shards
    assert [len(ran[piece]) for piece in PIECES] == [len(shards), 1, 1]
    assert [one.stdout.partition(":")[0] for one in ran["pick"]] == [shard.name for shard in shards]
    results = fetched(cloud, tmp_path / "results")
    assert contents(results) == contents(midnight.one_run)
    assert (results / "report.html").exists()
    assert main(["status", "campaign.toml"]) == 0
    words = capsys.readouterr().out
    assert f"{len(shards)} of {len(shards)} shards" in words
    assert f"{len(shards)} succeeded" in words
    # All is done: another run sends no array, and its end keeps the names of the events.
    assert main(["run", "campaign.toml"]) == 0
    assert list(cloud.execute(tmp_path / "again")) == ["associate", "finish"]
    again = fetched(cloud, tmp_path / "same")
    assert [(again / name).read_bytes() for name in TABLES] == [(results / name).read_bytes() for name in TABLES]


def test_each_job_is_told_its_piece_and_waits_for_those_before(cloud: Cloud) -> None:
    flow = read_flow(cloud.flow)
    jobs = submit(flow, cloud.flow.read_text())
    opened = open_campaign(flow)
    pick, associate, finish = cloud.jobs()
    assert [job.piece for job in jobs] == list(PIECES)
    assert pick["arrayProperties"]["size"] == len(opened.shards) == 8
    assert [pick["dependsOn"], associate["dependsOn"], finish["dependsOn"]] == [
        [],
        [{"jobId": pick["jobId"]}],
        [{"jobId": associate["jobId"]}],
    ]
    for piece, job, told in zip(PIECES, (pick, associate, finish), ("array", "associate", "finish"), strict=True):
        assert job["jobName"] == f"{opened.name}-{piece}"
        assert re.search(rf"job-definition/wadati-{piece}:1$", job["jobDefinition"])
        assert job["jobQueue"].endswith("/shards")
        assert job["parameters"]["shard"] == told
        environment = {one["name"]: one["value"] for one in job["container"]["environment"]}
        assert environment["FLOW"] == cloud.flow.read_text()
        assert environment["PARCEL"].startswith("parcels/")
    assert [state.state for state in status(flow).jobs] == ["SUBMITTED"] * 3
    assert status(flow).backend == "aws-fargate-spot"
    with pytest.raises(UsageError, match="jobs of this campaign are under way"):
        submit(flow, cloud.flow.read_text())


def test_a_shard_that_is_left_alone_is_a_job_and_no_array(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    """An array has two jobs at least, and so many at most."""
    monkeypatch.setattr(aws_batch, "MOST_IN_AN_ARRAY", 7)
    flow = read_flow(cloud.flow)
    first, alone, associate, _ = submit(flow, cloud.flow.read_text())
    sent = cloud.jobs()
    assert sent[0]["arrayProperties"]["size"] == len(first.shards) == 7
    assert "size" not in sent[1].get("arrayProperties", {})
    assert sent[1]["parameters"]["shard"] == alone.shards[0] == open_campaign(flow).shards[-1].name
    assert [one["jobId"] for one in sent[2]["dependsOn"]] == [first.job_id, alone.job_id]
    assert associate.shards == ()


def test_cancel_ends_the_jobs_by_their_identifiers(cloud: Cloud, capsys: pytest.CaptureFixture[str]) -> None:
    flow = read_flow(cloud.flow)
    jobs = submit(flow, cloud.flow.read_text())
    assert cancel(flow) == len(jobs)
    found = cloud.batch.describe_jobs(jobs=[job.job_id for job in jobs])["jobs"]
    assert [(one["status"], one["statusReason"]) for one in found] == [("FAILED", "wadati cancel")] * len(jobs)
    assert status(flow).cancelled
    assert status(flow).jobs == ()
    assert main(["cancel", "campaign.toml"]) == 0
    assert len(submit(flow, cloud.flow.read_text())) == len(jobs)
    assert not status(flow).cancelled


def test_only_shards_whose_jobs_were_killed_are_given_up(cloud: Cloud) -> None:
    flow = read_flow(cloud.flow)
    jobs = submit(flow, cloud.flow.read_text())
    for job in jobs:
        cloud.end(job.job_id, exit_code=3)  # the line was cut: nothing is known against the shard
    jobs = submit(flow, cloud.flow.read_text())
    assert len(jobs[0].shards) == 8
    for job in jobs:
        cloud.end(job.job_id, exit_code=137, reason="Your Spot Task was interrupted.")
    jobs = submit(flow, cloud.flow.read_text())
    assert len(jobs[0].shards) == 8
    cloud.end(jobs[0].job_id, exit_code=137)
    for job in jobs[1:]:
        cloud.end(job.job_id, exit_code=3)
    assert [job.piece for job in submit(flow, cloud.flow.read_text())] == ["associate", "finish"]
    assert status(flow).failures == {"worker died": 16}
    assert retry(flow) == 8
    assert not any(manifests(open_campaign(flow)).values())


def test_a_budget_that_the_plan_passes_sends_nothing(cloud: Cloud) -> None:
    with pytest.raises(StoppedError, match="no job was sent"):
        submit(read_flow(cloud.flow), cloud.flow.read_text(), budget=0.0)
    assert cloud.batch.list_jobs(jobQueue="shards", jobStatus="SUBMITTED")["jobSummaryList"] == []


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"output": "out"}, "output = 'out' is a folder of this machine"),
        ({"shards": "here"}, "shards = 'here' is a folder of this machine"),
        ({"archive": "."}, "archive = '.' is a folder of this machine"),
    ],
)
def test_what_workers_cannot_reach_is_refused_in_words(cloud: Cloud, changes: dict[str, str], words: str) -> None:
    flow = read_flow(cloud.flow)
    with pytest.raises(UsageError, match=re.escape(words)):
        submit(override(flow, campaign=msgspec.structs.replace(flow.campaign, **changes)), cloud.flow.read_text())


def test_a_flow_that_no_job_can_hold_is_refused(cloud: Cloud) -> None:
    """AWS counts the overrides as JSON, in which a quote is two characters."""
    for words in ("#" * 7500, '#"' * 2500):
        with pytest.raises(UsageError, match="characters, and a job takes"):
            submit(read_flow(cloud.flow), cloud.flow.read_text() + words)


def test_greens_functions_that_jobs_cannot_open_are_refused_before_any_is_sent(cloud: Cloud, fine_store: str) -> None:
    flow = read_flow(cloud.flow)
    for greens, words in (("none", "none"), (fine_store, "is a folder of this machine")):
        with pytest.raises(WadatiError, match=words):
            submit(override(flow, tensor=Tensor(greens=greens)), cloud.flow.read_text())


def test_files_go_under_the_names_that_the_flow_has(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("net.onnx", "net.json", "earth.csv", "phasenet.pt.v1", "phasenet.json.v1"):
        (tmp_path / name).write_text("{}")
    assert files_of(Flow(picker="neural:net.onnx", velocity_model="earth.csv")) == ("earth.csv", "net.json", "net.onnx")
    assert files_of(Flow(picker="seisbench:PhaseNet:phasenet.pt.v1")) == ("phasenet.json.v1", "phasenet.pt.v1")
    with pytest.raises(UsageError, match="workers elsewhere have no such path"):
        files_of(Flow(velocity_model=str(tmp_path / "earth.csv")))


def test_a_parcel_comes_as_it_was_sent_and_writes_nowhere_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "models").mkdir()
    (tmp_path / "models/earth.csv").write_text("depth_km")
    place, there = open_place(str(tmp_path / "place")), tmp_path / "there"
    name = send(Flow(velocity_model="models/earth.csv"), ("one", "two"), place)
    assert unpack(name, place, there).shards == ("one", "two")
    assert (there / "models/earth.csv").read_text() == "depth_km"
    parcel = msgspec.json.decode(place.get(name) or b"", type=Parcel)
    (digest,) = parcel.files.values()
    escaping = msgspec.json.encode(Parcel((), {"../outside": digest}))
    place.put("parcels/escaping.json", escaping, "application/json", 0)
    with pytest.raises(InputError, match="did not come with the parcel"):
        unpack("parcels/escaping.json", place, there)
    place.put(f"parcels/{digest}", b"another", "text/csv", 0)
    with pytest.raises(InputError, match="did not come with the parcel"):
        unpack(name, place, there)
    with pytest.raises(InputError, match="is no parcel"):
        unpack("parcels/none.json", place, there)
    assert not (tmp_path / "outside").exists()


def test_the_number_of_a_job_is_that_of_its_batch_system() -> None:
    assert piece_of("array", (), {"SLURM_ARRAY_TASK_ID": "3"}) == "3"
    for environment in ({}, {"AWS_BATCH_JOB_ARRAY_INDEX": "2"}, {"SLURM_ARRAY_TASK_ID": "-1"}):
        with pytest.raises(UsageError, match="is no number of an array's job"):
            piece_of("array", ("one", "two"), environment)
    with pytest.raises(InputError, match="is not set"):
        read_flow(Path("env:WADATI_FLOW_THAT_IS_NOT_SET"))
