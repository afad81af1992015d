"""`wadati plan|run|retry|cancel FLOW` and `wadati status FLOW`: campaigns over archives."""

from __future__ import annotations

import argparse
import os
from pathlib import Path
from typing import TYPE_CHECKING

from wadati.cli.options import flow_of
from wadati.cli.terminal import TerminalProgress, complain_of, end_of, table

if TYPE_CHECKING:
    from wadati.engine.campaign.plan import Plan
    from wadati.engine.campaign.status import Status
    from wadati.engine.flow import Flow

_GB = 1e9


def plan(options: argparse.Namespace) -> int:
    """`wadati plan FLOW`."""
    import msgspec

    from wadati.engine.campaign.plan import plan as make_plan

    found = make_plan(flow_of(options))
    if options.json:
        print(msgspec.json.encode(found).decode())
    else:
        _print_plan(found)
    return 0


def _print_plan(found: Plan) -> None:
    per_day, storage = found.calibration.cpu_s_per_station_day, found.storage
    kept = f"{found.stored_bytes / _GB:.3f} GB"
    deleted = f"{found.deletions} objects"
    if found.storage_is_paid:
        kept += (
            f", ${found.storage_dollars_a_month:.2f} a month in {storage.name}, for {storage.least_days} days at least"
        )
        deleted += f", ${found.deletion_dollars:.2f}"
    asked = f"{found.requests} reading, {found.writes} writing: ${found.request_dollars:.2f}"
    if not found.requests_are_paid:
        asked += "; reading this archive costs you no requests"
    rows = [
        ("archive", found.archive),
        ("stations", str(found.stations)),
        ("station-days", f"{found.station_days} by the epochs of the stations"),
        ("shards", f"{found.shards}, {found.shards_done} of them done"),
        ("objects", f"{found.found} of {found.objects} that may be"),
        ("data", f"{found.bytes_ / _GB:.3f} GB ({found.sizes_from})"),
        ("requests", asked),
        ("CPU-hours", f"{found.cpu_hours:.2f} (three components: {per_day:.2f} s a day, measured on this machine)"),
        ("worker-hours", f"{found.worker_hours:.2f} ({found.worker_hours_from})"),
        ("wall time", f"{found.wall_hours:.2f} hours with {found.workers} workers"),
        ("storage", kept),
        ("deletions", deleted),
        ("egress", f"{found.egress_bytes / _GB:.3f} GB leave a bucket of yours: ${found.egress_dollars:.2f}"),
    ]
    if found.unpriced:
        rows.append(("not priced", f"{' and '.join(found.unpriced)}: of buckets the list has Amazon S3 alone"))
    if found.storage_is_paid or found.requests_are_paid:
        origin = f"{storage.region}, {storage.seen or 'undated'}: {storage.source}; {storage.remark}"
        rows.append(("prices of storage", origin))
    table(found.name, rows)
    costs = []
    for cost in found.costs:
        named = f"{cost.backend} *" if cost.backend == found.backend else cost.backend
        words = f"${cost.compute:.2f}"
        origin = f"{cost.region}, {cost.seen or 'undated'}: {cost.source}"
        costs.append((named, "; ".join(part for part in (words, origin, cost.remark) if part)))
    table("computing would cost", costs)
    table("standing by would cost", [(cost.backend, f"${cost.standby_an_hour:.2f} an hour") for cost in found.costs])
    complain_of(found.problems)


def run(options: argparse.Namespace) -> int:
    """`wadati run FLOW`."""
    from wadati.engine.campaign.local import run as run_campaign
    from wadati.engine.campaign.local import run_shard
    from wadati.engine.campaign.opened import settings_of
    from wadati.engine.campaign.parcel import piece_of, unpack
    from wadati.engine.compute import AwsBatch
    from wadati.store.objects import open_place

    flow = flow_of(options)
    campaign, _ = settings_of(flow)
    if options.shard is None and isinstance(flow.compute, AwsBatch):
        return _send(flow, options)
    with TerminalProgress() as progress:
        if options.shard is not None:
            # Whoever waits for a job waits for it to be done: days that failed stand in its manifest, and in `status`.
            parcel = (
                unpack(os.environ["PARCEL"], open_place(campaign.place), Path()) if "PARCEL" in os.environ else None
            )
            name = piece_of(options.shard, parcel.shards if parcel else (), os.environ)
            piece = run_shard(flow, name, progress=progress)
            print(piece.words)
            return 0 if piece.was_done else 4
        result = run_campaign(flow, budget=options.budget, progress=progress)
    report = f"{campaign.output.partition('?')[0].rstrip('/')}/report.html"
    return end_of(result, f"{len(result.catalog)} events: {report}")


def _send(flow: Flow, options: argparse.Namespace) -> int:
    from wadati.engine.campaign.aws_batch import submit
    from wadati.engine.flow import flow_text

    jobs = submit(flow, flow_text(options.flow), budget=options.budget)
    table("sent to AWS Batch", [(job.piece, f"{job.job_id}, {len(job.shards) or 1} jobs") for job in jobs])
    print(f"they cost nothing when they are done: wadati status {options.flow} tells how they do")
    return 0


def retry(options: argparse.Namespace) -> int:
    """`wadati retry FLOW`."""
    from wadati.engine.campaign.status import retry as take_back

    count = take_back(flow_of(options))
    print(f"{count} shards with failed days will be done again by wadati run" if count else "no station-day failed")
    return 0


def cancel(options: argparse.Namespace) -> int:
    """`wadati cancel FLOW`."""
    from wadati.engine.campaign.status import cancel as ask_to_stop

    jobs = ask_to_stop(flow_of(options))
    print(f"no shard is begun any more{f', {jobs} jobs were ended' if jobs else ''}; wadati run goes on")
    return 0


def status(options: argparse.Namespace) -> int:
    """`wadati status FLOW`."""
    import msgspec

    from wadati.engine.campaign.status import status as look

    found = look(flow_of(options))
    if options.json:
        print(msgspec.json.encode(found).decode())
        return 0
    _print_status(found)
    return 4 if found.failures else 0


def _print_status(found: Status) -> None:
    rows = []
    for stage in found.stages:
        words = f"{stage.done} of {stage.shards} shards, {stage.cpu_s:.0f} CPU-s"
        if stage.shards_an_hour is not None and stage.left_s is not None:
            words += f", {stage.shards_an_hour:g} an hour, {stage.left_s / 3600:.2f} hours left"
        rows.append((stage.stage, words))
    days = ", ".join(f"{count} {name}" for name, count in found.station_days.items())
    rows += [
        ("station-days", days or "none yet"),
        ("picks", str(found.picks)),
        ("read", f"{found.bytes_read / _GB:.3f} GB by {found.requests} requests"),
        ("spent", f"${found.dollars_spent:.2f} ({found.backend})"),
        ("most memory", f"{found.memory_mb:.0f} MB a worker"),
    ]
    for job in found.jobs:
        some = ", ".join(f"{count} {state.lower()}" for state, count in job.array.items() if count)
        rows.append((f"job {job.piece}", f"{some or job.state.lower()} ({job.job_id})"))
    table(f"{found.name}{': cancelled' if found.cancelled else ''}", rows)
    if found.failures:
        table("failures by cause", [(cause, str(count)) for cause, count in found.failures.items()])
        table("the first of them", [(f"{unit.station} day {unit.day}", unit.reason) for unit in found.failed])
