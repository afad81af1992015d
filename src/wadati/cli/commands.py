"""What each command does: its options to a Flow, the engine, and the result in words."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from wadati.cli.options import NO_STATIONS, flow_of, given
from wadati.cli.terminal import PARTLY_FAILED, TerminalProgress, complain, complain_of, end_of, table
from wadati.errors import UsageError

if TYPE_CHECKING:
    from wadati.protocols import Problem


def catalog(options: argparse.Namespace) -> int:
    """`wadati catalog`."""
    from wadati.engine import local

    with TerminalProgress() as progress:
        result = local.catalog(
            options.waveforms, options.stations, options.output, flow=flow_of(options), progress=progress
        )
    events = len(result.catalog)
    return end_of(result, f"{events} events: {options.output / 'report.html'}")


def pick(options: argparse.Namespace) -> int:
    """`wadati pick`."""
    from wadati.engine import local

    with TerminalProgress() as progress:
        result = local.pick(
            options.waveforms, options.stations, options.output, flow=flow_of(options), progress=progress
        )
    return end_of(result, f"{len(result.catalog.picks)} picks: {options.output / 'picks.csv'}")


def associate(options: argparse.Namespace) -> int:
    """`wadati associate`."""
    from wadati.engine import local

    source = options.input or options.output
    with TerminalProgress() as progress:
        result = local.associate(
            source, _stations(options, source), options.output, flow=flow_of(options), progress=progress
        )
    return end_of(result, f"{len(result.catalog)} preliminary events: {options.output / 'events.csv'}")


def locate(options: argparse.Namespace) -> int:
    """`wadati locate`."""
    from wadati.engine import local

    source = options.input or options.output
    with TerminalProgress() as progress:
        result = local.locate(
            source, _stations(options, source), options.output, flow=flow_of(options), progress=progress
        )
    return end_of(result, f"{len(result.catalog)} events: {options.output / 'events.csv'}")


def tensor(options: argparse.Namespace) -> int:
    """`wadati tensor`."""
    from wadati.engine.tensor import open_greens, tensor_of_files
    from wadati.engine.tensor_outputs import write_tensor
    from wadati.model.mechanism import nodal_planes

    greens = open_greens(options.greens)
    with TerminalProgress() as progress:
        progress.start("tensor", 1)
        result = tensor_of_files(
            options.event,
            options.waveforms,
            options.stations,
            greens,
            results=options.results,
            magnitude=options.magnitude,
            kind=options.kind,
        )
        write_tensor(result, options.output)
        progress.step("tensor")
        progress.finish("tensor", f"{len(result.inversion.used)} stations")
    for problem in result.left_out:
        complain(f"{problem.subject} is left out: {problem.wrong}")
    complain_of(result.problems)
    found = result.inversion
    planes = " or ".join(f"{plane.strike:.0f}/{plane.dip:.0f}/{plane.rake:.0f}" for plane in nodal_planes(found.tensor))
    explained = 100 * found.node.fit.solution.variance_reduction
    print(
        f"Mw {found.tensor.magnitude:.2f}, {found.node.depth / 1000:.0f} km, strike/dip/rake {planes}, "
        f"{explained:.0f} % explained, quality {found.quality.grade}: {options.output / 'tensor.html'}"
    )
    return PARTLY_FAILED if result.problems else 0


def live(options: argparse.Namespace) -> int:
    """`wadati live`."""
    import signal
    import threading

    import msgspec

    from wadati.cli.terminal import LogLines
    from wadati.engine.live.addresses import open_all
    from wadati.engine.live.runner import live as run_live

    flow = flow_of(options)
    if options.metrics_port is not None:
        changed = msgspec.structs.replace(flow.live, metrics_port=options.metrics_port)
        flow = msgspec.structs.replace(flow, live=changed)
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    if options.service is not None:
        from wadati.cli.services import serve

        return serve(options, flow, stop)
    sources, stations = open_all(given(options, "source"), options.stations, given(options, "output"))
    if stations is None:
        raise UsageError(NO_STATIONS)
    with TerminalProgress() as progress:
        result = run_live(sources, stations, options.output, flow=flow, progress=progress, say=LogLines(), stop=stop)
    if result.catalog is None:
        print(f"stopped; the same command goes on in {options.output}")
        return 0
    from wadati.engine.local import Result

    return end_of(
        Result(result.catalog, result.ledger), f"{len(result.catalog)} events: {options.output / 'report.html'}"
    )


def campaign(options: argparse.Namespace) -> int:
    """`wadati plan|run|retry|cancel FLOW`."""
    from wadati.cli import campaign

    verbs = {"plan": campaign.plan, "run": campaign.run, "retry": campaign.retry, "cancel": campaign.cancel}
    return verbs[options.command](options)


def gateway(options: argparse.Namespace) -> int:
    """`wadati gateway`."""
    import signal
    import threading

    from wadati.cli.terminal import LogLines
    from wadati.engine.gateway.gateway import Limits, gateway
    from wadati.sources.addresses import open_source
    from wadati.sources.posted import read_tokens

    if not options.bandwidth > 0 or not options.spool_mb > 0:
        raise UsageError("--bandwidth and --spool-mb must be more than 0")
    token = read_tokens(options.token_file)[0] if options.token_file else None
    limits = Limits(options.bandwidth * 125, round(options.spool_mb * 1e6))
    sources = [open_source(address) for address in options.source]
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    gateway(sources, options.spool, options.to, options.name, stop, LogLines(), token=token, limits=limits)
    return 0


def status(options: argparse.Namespace) -> int:
    """`wadati status DIR|URL|FLOW`."""
    import msgspec

    from wadati.engine.live.status import read_status
    from wadati.errors import InputError

    if str(options.target).endswith(".toml"):
        from wadati.cli.campaign import status as campaign_status

        options.flow = Path(options.target)
        return campaign_status(options)
    if "://" in str(options.target):
        from wadati.cli.services import print_statuses

        return print_statuses(str(options.target), as_json=options.json)
    record = read_status(Path(options.target))
    if record is None:
        raise InputError(options.target, "has no live run", "name the --output of wadati live")
    if options.json:
        print(msgspec.json.encode(record).decode())
        return 0
    state = "ended without a word" if record["stale"] else "running" if record["running"] else "stopped"
    picks, events = record["picks"], record["events"]
    table(
        f"{options.target}: {state}",
        [
            ("time of the data", str(record["data_time"])),
            *((one["name"], "connected" if one["connected"] else "not connected") for one in record["sources"]),
            ("picks", f"{picks['final']} final, {picks['early']} early; {picks['per_minute']} a minute"),
            ("early picks", f"false {_share(picks['early_false_rate'])}, missed {_share(picks['early_missed_rate'])}"),
            ("record in to pick stored", _spread(picks["latency_s"])),
            ("fourth P to first origin", _spread(events["first_origin_delay_s"])),
            ("events", f"{events['open']} open, {events['final']} final, {events['retracted']} retracted"),
            ("queues", ", ".join(f"{name} {depth}" for name, depth in record["queues"].items())),
            ("CPU, memory", f"{record['cpu_s']:.0f} s, {record['memory_mb']:.0f} MB"),
        ],
    )
    unwell = [one for one in record["stations"] if one["state"] != "ok"]
    rows = [(f"{one['network']}.{one['station']}", f"{one['state']}: {one['words']}") for one in unwell]
    table(f"stations: {len(record['stations']) - len(unwell)} well, {len(unwell)} not", rows[:40])
    if record["problems"]:
        table("problems", [(one["subject"], one["wrong"]) for one in record["problems"]])
    return 0 if not record["stale"] else PARTLY_FAILED


def _share(value: float | None) -> str:
    return "unknown" if value is None else f"{100 * value:.1f} %"


def _spread(values: dict[str, float] | None) -> str:
    if values is None:
        return "unknown"
    return f"median {values['0.5']:.2f} s, 90 % {values['0.9']:.2f} s, 99 % {values['0.99']:.2f} s"


def backup(options: argparse.Namespace) -> int:
    """`wadati backup STORE`."""
    import sys

    from wadati.formats.atomic import atomic_write
    from wadati.store.backup import back_up

    if options.to is None:
        back_up(options.store, sys.stdout.buffer)
        return 0
    with atomic_write(options.to) as partial, partial.open("wb") as file:
        count = back_up(options.store, file)
    print(f"{count} rows: {options.to}")
    return 0


def restore(options: argparse.Namespace) -> int:
    """`wadati restore FILE --store STORE`."""
    import sys

    from wadati.store.backup import restore as fill

    if options.file is None:
        count = fill(sys.stdin.buffer, options.store)
    else:
        with options.file.open("rb") as file:
            count = fill(file, options.store)
    print(f"{count} rows: {options.store}")
    return 0


def evaluate(options: argparse.Namespace) -> int:
    """`wadati evaluate`."""
    from wadati.engine.scoring import evaluate as score
    from wadati.evaluation.table import rows
    from wadati.model import encode_json

    problems: list[Problem] = []
    result = score(
        options.candidate,
        options.reference,
        start=options.start,
        end=options.end,
        time_tolerance=options.time_tolerance,
        distance_tolerance=options.distance_tolerance * 1000,
        problems=problems,
    )
    complain_of(problems)
    if options.json:
        print(encode_json(result).decode())
    else:
        table(f"{options.candidate} beside {options.reference}", rows(result))
    return PARTLY_FAILED if problems else 0


def models(options: argparse.Namespace) -> int:
    """`wadati models` and `wadati models show NAME`."""
    import msgspec

    from wadati.cli import models as words

    match options.show:
        case []:
            if options.json:
                print(msgspec.json.encode(words.overview()).decode())
            else:
                words.print_overview()
        case ["show", name]:
            if options.json:
                print(msgspec.json.encode(words.detail(name)).decode())
            else:
                words.print_detail(name)
        case _:
            raise UsageError("write wadati models, or wadati models show NAME")
    return 0


def demo(options: argparse.Namespace) -> int:
    """`wadati demo`."""
    from wadati.engine.demo import demo as run_demo

    with TerminalProgress() as progress:
        result = run_demo(options.output, seed=options.seed, flow=flow_of(options), progress=progress)
    table(f"scorecard, seed {options.seed}", result.scorecard)
    print(f"report: {options.output / 'report.html'}")
    return 0


def _stations(options: argparse.Namespace, source: Path) -> Path:
    from wadati.engine.outputs import read_run

    if options.stations is not None:
        return Path(options.stations)
    folder = source if source.is_dir() else source.parent
    record = read_run(folder)
    if record is None or not isinstance(record.get("stations"), str):
        raise UsageError(f"--stations is needed: {folder / 'run.json'} does not say which station file was used")
    return Path(record["stations"])
