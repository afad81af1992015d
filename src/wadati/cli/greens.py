"""`wadati greens` and `wadati synthetics`: options to a store, sources and files."""

from __future__ import annotations

import argparse
import itertools
import os
from pathlib import Path
from typing import TYPE_CHECKING

from wadati.cli.terminal import PARTLY_FAILED, TerminalProgress, complain_of
from wadati.errors import InputError, UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from wadati.engine.synthetics.seismograms import Motion
    from wadati.greens.source_time import SourceTime
    from wadati.model import MomentTensor, PointSource, Station
    from wadati.protocols import Problem

_PLACE = ("latitude", "longitude", "depth")
_FAULT = ("strike", "dip", "rake", "magnitude")


def greens(options: argparse.Namespace) -> int:
    """`wadati greens build MODEL` and `wadati greens import DATABASE`."""
    from wadati.engine.flow import Flow
    from wadati.engine.greens_building import build_store
    from wadati.greens.axis import parse_axis, parse_band
    from wadati.greens.axisem import AxisemDatabase

    generator = AxisemDatabase(Path(options.origin)) if options.action == "import" else None
    if generator is not None and options.model is None:
        raise UsageError("--model is needed: the layers, or the published model, that the database was made for")
    if generator is None and options.model is not None:
        raise UsageError("--model is for import; build takes its model as MODEL")
    axes = parse_axis(options.distances), parse_axis(options.depths)
    model = Flow(velocity_model=options.model or options.origin).earth()
    with TerminalProgress() as progress:
        contents, problems = build_store(
            options.to,
            model,
            *axes,
            parse_band(options.band),
            workers=1 if generator else options.workers or os.cpu_count() or 1,
            generator=generator,
            progress=progress,
        )
    complain_of(problems)
    shares = ", ".join(f"{name} {100 * share:.2g} %" for name, share in (contents.checked or {}).items())
    print(f"{options.to}: {contents.reduced.samples} samples at {contents.reduced.sampling_rate_hz:g} Hz; {shares}")
    return PARTLY_FAILED if problems else 0


def synthetics(options: argparse.Namespace) -> int:
    """`wadati synthetics`."""
    from wadati.engine.synthetics.job import USUAL
    from wadati.engine.synthetics.seismograms import FORMATS, Motion, write_synthetics
    from wadati.engine.synthetics.seismograms import synthetics as make
    from wadati.formats.inventory import read_inventory
    from wadati.greens.opened import open_store

    motion = Motion(options.kind, options.components, _source_time(options.source_time), options.fault is not None)
    sources, unusable = _sources(options)
    inventory, problems = read_inventory(options.stations)
    large = (
        options.format == "mseed" and not motion.one_fault and len(sources) * len(inventory.stations()) > USUAL.pairs
    )
    if options.format not in FORMATS or options.dask is not None or large:
        if options.plot:
            words = f"--plot draws miniSEED or SAC of up to {USUAL.pairs} pairs of source and station, without --dask"
            raise UsageError(words)
        return _job(options, sources, inventory.stations(), motion, [*problems, *unusable])
    store = open_store(options.greens)
    found, left_out = make(store, sources, inventory.stations(), motion, options.workers or os.cpu_count() or 1)
    written = write_synthetics(found, options.output, options.format)
    if options.plot:
        from wadati.engine.synthetics.plot import write_plots

        write_plots(found, left_out, store, options.output, motion)
    problems = [*problems, *left_out, *unusable]
    complain_of(problems)
    traces = sum(len(one.traces) for one in found)
    print(f"{traces} seismograms: {written[0] if len(written) == 1 else options.output}")
    return PARTLY_FAILED if problems else 0


def _job(
    options: argparse.Namespace,
    sources: Sequence[PointSource],
    stations: Sequence[Station],
    motion: Motion,
    problems: Sequence[Problem],
) -> int:
    """Seismograms of many sources at many stations, in pieces."""
    from wadati.engine.compute import Dask, Local
    from wadati.engine.synthetics.job import SyntheticsJob
    from wadati.engine.synthetics.runs import open_runner, results, run_job

    output = str(options.output.resolve())
    job = SyntheticsJob(options.greens, tuple(sources), tuple(stations), motion, options.format, output)
    compute = Local() if options.dask is None else Dask(scheduler=options.dask)
    runner = open_runner(compute, options.workers or os.cpu_count() or 1)
    try:
        with TerminalProgress() as progress:

            def start(pieces: int, done: int) -> None:
                progress.start("synthetics", pieces)
                for _ in range(done):
                    progress.step("synthetics")

            left_out = run_job(job, runner, start=start, step=lambda: progress.step("synthetics"))
    finally:
        runner.close()
    complain_of([*problems, *left_out])
    print(f"{3 * job.rows * len(stations)} seismograms: {results(job)}")
    return PARTLY_FAILED if problems or left_out else 0


def _sources(options: argparse.Namespace) -> tuple[tuple[PointSource, ...], list[Problem]]:
    from wadati.engine.synthetics.event_sources import read_sources
    from wadati.model import PointSource, parse_time

    single = [f"--{name}" for name in (*_PLACE, *_FAULT, "tensor") if getattr(options, name) is not None]
    tables = [f"--{name}" for name in ("sources", "fault") if getattr(options, name) is not None]
    if len(tables) > 1 or (tables and single):
        raise UsageError(f"{' and '.join([*tables, *single[:1]])} exclude each other; give one kind of source")
    table = options.fault or options.sources
    if table is not None:
        return read_sources(table)
    for name in _PLACE:
        if getattr(options, name) is None:
            raise UsageError(f"--{name} is needed, or --sources or --fault with a table")
    for name, most in (("latitude", 90.0), ("longitude", 180.0)):
        if not abs(getattr(options, name)) <= most:
            raise UsageError(f"--{name} {getattr(options, name):g} is no {name}; give one from {-most:g} to {most:g}")
    place = options.latitude, options.longitude, 1000 * options.depth
    return (PointSource(parse_time(options.time), *place, _tensor(options)),), []


def _tensor(options: argparse.Namespace) -> MomentTensor:
    from wadati.model import MomentTensor, scalar_moment

    if options.tensor is not None:
        return MomentTensor(*options.tensor)
    missing = [f"--{name}" for name in _FAULT if getattr(options, name) is None]
    if missing:
        raise UsageError(f"{', '.join(missing)} missing: give --strike --dip --rake --magnitude, or --tensor")
    return MomentTensor.of_fault(options.strike, options.dip, options.rake, scalar_moment(options.magnitude))


def _source_time(text: str) -> SourceTime:
    from wadati.formats.csv_rows import read_rows
    from wadati.greens.source_time import SourceTime

    if not text.endswith(".csv"):
        shape, _, duration = text.partition(":")
        try:
            return SourceTime(shape, float(duration or 0))
        except ValueError:
            raise UsageError(f"{text!r} is no source time function; write SHAPE:SECONDS, such as triangle:2") from None
    rows = [
        (row.number("time_s"), row.number("moment_rate")) for row in read_rows(Path(text), ("time_s", "moment_rate"))
    ]
    steps = [later[0] - earlier[0] for earlier, later in itertools.pairwise(rows)]
    if not steps or max(steps) - min(steps) > 1e-6 * abs(steps[0]) or steps[0] <= 0:
        raise InputError(text, "is not sampled evenly", "give at least two rows, the same time apart")
    return SourceTime("samples", 0.0, tuple(rate for _, rate in rows), 1 / steps[0])
