"""`wadati plan|run|retry|cancel FLOW` and `wadati status FLOW`: campaigns over archives."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from wadati.cli.commands import end_of, flow_of
from wadati.cli.terminal import TerminalProgress, complain, table

if TYPE_CHECKING:
    from wadati.engine.campaign.plan import Plan
    from wadati.engine.campaign.status import Status

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
    kept = f"{found.stored_bytes / _GB:.3f} GB, ${found.storage_dollars_a_month:.2f} a month in {storage.name}"
    rows = [
        ("archive", found.archive),
        ("stations", str(found.stations)),
        ("station-days", f"{found.station_days} by the epochs of the stations"),
        ("shards", f"{found.shards}, {found.shards_done} of them done"),
        ("objects", f"{found.found} of {found.objects} that may be"),
        ("data", f"{found.bytes_ / _GB:.3f} GB ({found.sizes_from})"),
        ("requests", f"{found.requests} reading, {found.writes} writing: ${found.request_dollars:.2f}"),
        ("CPU-hours", f"{found.cpu_hours:.2f} (three components: {per_day:.2f} s a day, measured on this machine)"),
        ("wall time", f"{found.wall_hours:.2f} hours with {found.workers} workers"),
        ("storage", f"{kept}, charged for {storage.least_days} days at least"),
        ("deletions", f"${storage.dollars_per_1000_deletions:.2f} for a thousand"),
        ("egress", "none within the region of the archive; to elsewhere it is not priced"),
        ("prices of storage", f"{storage.region}, {storage.seen or 'undated'}: {storage.source}; {storage.remark}"),
    ]
    table(found.name, rows)
    costs = []
    for cost in found.costs:
        named = f"{cost.backend} *" if cost.backend == found.backend else cost.backend
        words = f"${cost.compute:.2f}, standing by ${cost.standby_an_hour:.2f} an hour"
        origin = f"{cost.region}, {cost.seen or 'undated'}: {cost.source}"
        costs.append((named, "; ".join(part for part in (words, origin, cost.remark) if part)))
    table("computing would cost", costs)
    for problem in found.problems:
        complain("; ".join(part for part in (f"{problem.subject}: {problem.wrong}", problem.mend) if part))


def run(options: argparse.Namespace) -> int:
    """`wadati run FLOW`."""
    from wadati.engine.campaign.local import run as run_campaign
    from wadati.engine.campaign.local import run_shard

    flow = flow_of(options)
    with TerminalProgress() as progress:
        if options.shard is not None:
            piece = run_shard(flow, options.shard, progress=progress)
            print(piece.words)
            return 4 if piece.partly_failed else 0
        result = run_campaign(flow, budget=options.budget, progress=progress)
    assert flow.campaign is not None
    return end_of(result, f"{len(result.catalog)} events: {Path(flow.campaign.output) / 'report.html'}")


def retry(options: argparse.Namespace) -> int:
    """`wadati retry FLOW`."""
    from wadati.engine.campaign.status import retry as take_back

    count = take_back(flow_of(options))
    print(f"{count} shards with failed days will be done again by wadati run" if count else "no station-day failed")
    return 0


def cancel(options: argparse.Namespace) -> int:
    """`wadati cancel FLOW`."""
    from wadati.engine.campaign.status import cancel as ask_to_stop

    ask_to_stop(flow_of(options))
    print("no shard is begun any more; wadati run goes on")
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
    table(f"{found.name}{': cancelled' if found.cancelled else ''}", rows)
    if found.failures:
        table("failures by cause", [(cause, str(count)) for cause, count in found.failures.items()])
        table("the first of them", [(f"{unit.station} day {unit.day}", unit.reason) for unit in found.failed])
