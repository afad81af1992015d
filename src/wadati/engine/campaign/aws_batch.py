"""A campaign as jobs of AWS Batch: an array that picks, then a job that associates, then one that writes the catalog.

Nothing of ours is left running: the jobs wait for one another by `dependsOn`, and what they gave stands in manifests.
Roles, retries and time limits stand in the job definitions (`deploy/terraform/aws`); a job is told no more than which
piece it does (parameter `shard`), the Flow as text (`FLOW`) and its parcel (`PARCEL`). Interface:
https://docs.aws.amazon.com/batch/latest/APIReference/API_SubmitJob.html.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import msgspec

from wadati.engine.campaign.commit import WORKER_DIED, Manifest, Unit
from wadati.engine.campaign.local import StoppedError, manifests
from wadati.engine.campaign.opened import Opened, open_campaign
from wadati.engine.campaign.parcel import ARRAY, send
from wadati.engine.campaign.picking_shard import outputs_of
from wadati.engine.campaign.plan import plan
from wadati.engine.compute import AwsBatch
from wadati.engine.flow import Flow
from wadati.engine.mechanisms import check_greens
from wadati.errors import MissingExtraError, UsageError, WadatiError

MOST_IN_AN_ARRAY = 10_000
_MOST_WAITED_FOR = 20
_MOST_TEXT = 7_500
"""Of overrides a job takes 8,192 characters as JSON: quotes and new lines count twice, names and the parcel's too."""

_SIGNALS = 128
"""A process that a signal ended has an exit code above it."""

_OVER = ("SUCCEEDED", "FAILED")


class Job(msgspec.Struct, frozen=True):
    """A job that was sent: which piece it is, its identifier, and the shards of its array in order of their numbers."""

    piece: str
    job_id: str
    shards: tuple[str, ...] = ()


class JobState(msgspec.Struct, frozen=True):
    """What AWS Batch says of a job: its state, and of an array how many of its jobs are in which."""

    piece: str
    job_id: str
    state: str
    array: dict[str, int]


def submit(flow: Flow, text: str, *, budget: float | None = None) -> tuple[Job, ...]:
    """Send the jobs of what is left of a campaign; `text` is its Flow word for word.

    Shards whose worker was killed as often as its job definition lets it be tried are given up first, as days that
    failed. Raises `UsageError` for what workers cannot reach, for a Flow that is too long, and while jobs of the
    campaign are under way; `StoppedError` where the plan passes the budget (dollars).
    """
    flow.check("pickers", "associators", "locators", "attenuation")
    check_greens(flow)
    opened = open_campaign(flow)
    _check(opened, text)
    client, before = _client(opened), sent(opened)
    if any(state.state not in _OVER for state in _states(client, before)):
        raise UsageError(
            "jobs of this campaign are under way: wadati status tells how they do, wadati cancel ends them"
        )
    _give_up(opened, client, before)
    if budget is not None and (cost := plan(flow).cost().compute) > budget:
        raise StoppedError(f"no job was sent: by the plan it takes ${cost:.2f}, more than the budget of ${budget:g}")
    opened.place.remove(f"{opened.name}/cancelled")
    left = [shard.name for shard, manifest in manifests(opened).items() if manifest is None]
    if len(left) > MOST_IN_AN_ARRAY * _MOST_WAITED_FOR:
        raise UsageError(f"{len(left)} shards are more than a job can wait for: raise days under [campaign]")
    jobs: list[Job] = []
    for start in range(0, len(left), MOST_IN_AN_ARRAY):
        some = tuple(left[start : start + MOST_IN_AN_ARRAY])
        _send(opened, client, text, "pick", some, jobs, after=())
    _send(opened, client, text, "associate", (), jobs, after=tuple(jobs))
    _send(opened, client, text, "finish", (), jobs, after=jobs[-1:])
    return tuple(jobs)


def sent(opened: Opened) -> tuple[Job, ...]:
    """The jobs of a campaign that were sent last and not cancelled."""
    content = opened.place.get(_note(opened))
    return () if content is None else msgspec.json.decode(content, type=tuple[Job, ...])


def states(opened: Opened) -> tuple[JobState, ...]:
    """How the jobs do that were sent last, as AWS Batch says, which forgets them some days after they are over."""
    jobs = sent(opened)
    return _states(_client(opened), jobs) if jobs else ()


def terminate(opened: Opened) -> int:
    """End all jobs of a campaign that are not over; how many. A shard that is under way is not committed."""
    jobs = sent(opened)
    left = [state for state in states(opened) if state.state not in _OVER]
    for state in left:
        _asked(_client(opened).terminate_job, jobId=state.job_id, reason="wadati cancel")
    if jobs:
        opened.place.remove(_note(opened))
    return len(left)


def _send(
    opened: Opened,
    client: Any,
    text: str,
    piece: str,
    shards: tuple[str, ...],
    jobs: list[Job],
    *,
    after: Sequence[Job],
) -> None:
    """Send one job, or one array, and note it at once, so that none is ever unknown."""
    settings = _settings(opened)
    told = piece if piece != "pick" else ARRAY if len(shards) > 1 else shards[0]  # an array has two jobs at least
    environment = {"FLOW": text, "PARCEL": send(opened.flow, shards, opened.place)}
    answer = _asked(
        client.submit_job,
        jobName=f"{opened.name}-{piece}",
        jobQueue=settings.queue,
        jobDefinition=f"{settings.jobs}-{piece}",
        dependsOn=[{"jobId": job.job_id} for job in after],
        parameters={"shard": told},
        containerOverrides={"environment": [{"name": name, "value": value} for name, value in environment.items()]},
        **({"arrayProperties": {"size": len(shards)}} if len(shards) > 1 else {}),
    )
    jobs.append(Job(piece, answer["jobId"], shards))
    opened.place.put(_note(opened), msgspec.json.encode(jobs), "application/json", 0)


def _note(opened: Opened) -> str:
    return f"{opened.name}/jobs.json"


def _check(opened: Opened, text: str) -> None:
    """Raises `UsageError` for what jobs cannot be sent with."""
    campaign = opened.campaign
    for name, address in (("shards", campaign.place), ("output", campaign.output)):
        if "://" not in address:
            raise UsageError(
                f"{name} = {address!r} is a folder of this machine: jobs need a bucket, s3://BUCKET/PREFIX"
            )
    if opened.is_here:
        raise UsageError(f"archive = {campaign.archive!r} is a folder of this machine: jobs need a bucket or a service")
    if (greens := opened.flow.tensor.greens) is not None and "://" not in greens:
        raise UsageError(f"greens = {greens!r} is a folder of this machine: jobs need a bucket")
    if (long := len(json.dumps(text))) > _MOST_TEXT:
        raise UsageError(
            f"as JSON the flow has {long} characters, and a job takes {_MOST_TEXT}: name a file of stations"
        )


def _give_up(opened: Opened, client: Any, before: Sequence[Job]) -> None:
    """Commit as failed the shards that killed their workers."""
    dead = {name for job in before if job.piece == "pick" for name in _killed(client, job)}
    for shard in opened.shards:
        if shard.name in dead and opened.shelf.manifest(shard.path) is None:
            reason = "its job was killed to the last time; see its log, and whether there is memory enough"
            units = tuple(Unit(shard.unit, day, "failed", reason, WORKER_DIED) for day in shard.days)
            draft = Manifest(path=shard.path, stage="pick", attempt="", files={}, units=units, finished=time.time_ns())
            opened.shelf.commit(draft, outputs_of((), ()))


def _killed(client: Any, job: Job) -> Iterator[str]:
    """The shards of an array, or of a job alone, whose last attempt was ended by a signal, but not for its machine."""
    if len(job.shards) == 1:
        found = _asked(client.describe_jobs, jobs=[job.job_id])["jobs"]
    else:
        pages = client.get_paginator("list_jobs").paginate(arrayJobId=job.job_id, jobStatus="FAILED")
        found = [one for page in _asked(lambda: list(pages)) for one in page["jobSummaryList"]]
    for one in found:
        taken_back = "Spot" in one.get("statusReason", "")
        if one["status"] == "FAILED" and one.get("container", {}).get("exitCode", 0) > _SIGNALS and not taken_back:
            number = one["jobId"].partition(":")[2]
            yield job.shards[int(number or 0)]


def _states(client: Any, jobs: Sequence[Job]) -> tuple[JobState, ...]:
    if not jobs:
        return ()
    found = {one["jobId"]: one for one in _asked(client.describe_jobs, jobs=[job.job_id for job in jobs])["jobs"]}
    told = [(job, found[job.job_id]) for job in jobs if job.job_id in found]
    return tuple(
        JobState(job.piece, job.job_id, one["status"], dict(one.get("arrayProperties", {}).get("statusSummary", {})))
        for job, one in told
    )


def _settings(opened: Opened) -> AwsBatch:
    settings = opened.flow.compute
    if not isinstance(settings, AwsBatch):
        raise UsageError('the flow has no [compute] with engine = "aws-batch"')
    return settings


def _client(opened: Opened) -> Any:
    """The keys come from the environment, as does the address of another server than Amazon's (`AWS_ENDPOINT_URL`)."""
    try:
        import boto3
    except ImportError:
        raise MissingExtraError("AWS Batch", "aws") from None
    return _asked(lambda: boto3.client("batch", region_name=_settings(opened).region))


def _asked(call: Callable[..., Any], **words: Any) -> Any:
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        return call(**words)
    except (BotoCoreError, ClientError) as error:
        raise BatchError(str(error)) from error


class BatchError(WadatiError):
    """AWS Batch could not be asked, or refused."""

    def __init__(self, words: str) -> None:
        super().__init__(f"AWS Batch: {words}; check queue and jobs of [compute], region and keys")
