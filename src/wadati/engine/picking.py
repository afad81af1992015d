"""The picking stage: station by station, in as many processes as there are workers."""

from __future__ import annotations

import multiprocessing
import signal
import time
from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace

from wadati.engine.flow import Flow
from wadati.engine.ledger import Ledger
from wadati.engine.processes import end_with_parent
from wadati.engine.progress import Progress
from wadati.errors import NothingUsableError, WadatiError
from wadati.magnitudes.pick_amplitude import LONGEST, with_amplitudes
from wadati.model import AmplitudeTrack, Inventory, Pick, SourceId, TimeSpan, Trace
from wadati.pickers.continuous import pick_station
from wadati.protocols import Picker, Problem, Source
from wadati.signal.amplitudes import HALO, amplitude_tracks
from wadati.signal.bands import choose_band
from wadati.signal.overlaps import conflict_seconds
from wadati.store.coverage import Coverage
from wadati.units import SECOND

_RESAMPLING = 5 * SECOND
_AFTER = 20 * SECOND


@dataclass(frozen=True, slots=True)
class StationResult:
    """What one station gave."""

    coverage: Coverage
    picks: tuple[Pick, ...]
    tracks: tuple[AmplitudeTrack, ...]
    problems: tuple[Problem, ...]
    notes: tuple[Problem, ...]
    worker_cpu_s: float


def pick_all(
    source: Source, inventory: Inventory, flow: Flow, ledger: Ledger, progress: Progress
) -> tuple[tuple[Pick, ...], tuple[AmplitudeTrack, ...]]:
    """Picks in order of time, and amplitude tracks in order of source id, of every station the inventory knows.

    A station that fails costs no other; the ledger has its reason. Raises `NothingUsableError` where no station is
    left, `UsageError` for an unknown picker.
    """
    stations = _stations(source, inventory, ledger)
    progress.start("pick", len(stations))
    results = []
    with ledger.stage("pick"):
        for result in _run(source, inventory, flow, stations):
            results.append(result)
            ledger.add_worker_cpu(result.worker_cpu_s)
            progress.step("pick")
    for result in sorted(results, key=lambda result: result.coverage.unit):
        ledger.coverage.append(result.coverage)
        ledger.problems.extend(result.problems)
        ledger.notes.extend(result.notes)
    picks = sorted((pick for result in results for pick in result.picks), key=lambda pick: (pick.time, pick.pick_id))
    tracks = sorted(
        (track for result in results for track in result.tracks), key=lambda track: (track.source_id, track.first_bin)
    )
    if all(result.coverage.status == "failed" for result in results):
        raise NothingUsableError(f"every station failed, the first because: {results[0].coverage.reason}")
    progress.finish("pick", f"{len(picks)} picks at {sum(bool(result.picks) for result in results)} stations")
    return tuple(picks), tuple(tracks)


def _stations(source: Source, inventory: Inventory, ledger: Ledger) -> list[tuple[str, str]]:
    known = {station.key for station in inventory.stations()}
    recorded = {source_id.station_key for source_id in source.source_ids()}
    for network, code in sorted(recorded - known):
        ledger.coverage.append(Coverage(f"{network}.{code}", "failed", "not in the station file"))
        ledger.problems.append(
            Problem(f"{network}.{code}", "has waveforms but is not in the station file", "add it to --stations")
        )
    for network, code in sorted(known - recorded):
        ledger.coverage.append(Coverage(f"{network}.{code}", "no data", "no waveforms of it in the input"))
    if not recorded & known:
        raise NothingUsableError(
            f"none of the {len(recorded)} stations with waveforms is among the {len(known)} of the station file; "
            "check the network and station codes of both"
        )
    return sorted(recorded & known)


def _run(source: Source, inventory: Inventory, flow: Flow, stations: list[tuple[str, str]]) -> Iterator[StationResult]:
    workers = min(flow.workers or 1, len(stations))
    if workers == 1:
        picker, span = flow.part("pickers"), flow.span()
        for network, code in stations:
            yield pick_one(source, inventory, picker, span, network, code)
        return
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(workers, context, _start_worker, (source, inventory, flow)) as pool:
        # Workers start when work is given out, and inherit that they do not heed Ctrl-C: this process ends them.
        with interrupts_held():
            results = pool.map(_in_worker, stations)
        try:
            yield from results
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise


@contextmanager
def interrupts_held() -> Iterator[None]:
    """Ctrl-C waits; processes started meanwhile never see one."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


_worker: tuple[Source, Inventory, Picker, TimeSpan | None] | None = None


def _start_worker(source: Source, inventory: Inventory, flow: Flow) -> None:
    global _worker  # noqa: PLW0603 - what a worker process is given once
    end_with_parent()
    _worker = (source, inventory, flow.part("pickers"), flow.span())


def _in_worker(station: tuple[str, str]) -> StationResult:
    if _worker is None:
        raise RuntimeError("the worker process was not initialised")
    source, inventory, picker, span = _worker
    began = time.process_time()
    result = pick_one(source, inventory, picker, span, *station)
    return replace(result, worker_cpu_s=time.process_time() - began)


def pick_one(
    source: Source, inventory: Inventory, picker: Picker, span: TimeSpan | None, network: str, code: str
) -> StationResult:
    """What one station gives within a span; whatever goes wrong stands in its coverage."""
    unit = f"{network}.{code}"
    told = len(source.problems())
    try:
        traces = tuple(source.read(network, code, span and span.widen(*halo(picker))))
        known = [sid for sid in source.source_ids() if sid.station_key == (network, code)]
        picks = pick_station(traces, picker, source_ids=known)
        tracks, notes = station_amplitudes(traces, inventory)
        picks = with_amplitudes(picks, tracks)
        if span is not None:
            picks = tuple(pick for pick in picks if pick.time in span)
            traces = _within(traces, span)
        coverage = _coverage(unit, traces, picks)
    except WadatiError as error:
        coverage, traces, picks, tracks, notes = Coverage(unit, "failed", str(error)), (), (), (), ()
    except Exception as error:  # a picker is anybody's code, and one station must not cost the others
        reason = f"unexpected {type(error).__name__}: {error}"
        coverage, traces, picks, tracks, notes = Coverage(unit, "failed", reason), (), (), (), ()
    problems = (*source.problems()[told:], *_conflicts(traces))
    return StationResult(coverage, picks, tracks, problems, notes, 0.0)


def halo(picker: Picker) -> tuple[int, int]:
    """How much more to read before and after a span (ns), so that nothing within depends on where it was cut.

    The amplitude of a pick also depends on whether another one follows soon.
    """
    window = round(picker.grid.halo / picker.grid.sampling_rate_hz * SECOND) + _RESAMPLING
    return max(window, HALO), max(window, _AFTER) + LONGEST


def _conflicts(traces: Iterable[Trace]) -> Iterator[Problem]:
    """A line for each channel that says two different things about one time; those samples are not used."""
    for source_id, own in sorted(_by_channel(traces).items()):
        lost = conflict_seconds(own)
        if lost:
            yield Problem(
                source_id.nslc,
                f"overlaps itself with different samples for {lost:.2f} s, which are left out",
                "give one of the two recordings",
            )


def _within(traces: Iterable[Trace], span: TimeSpan) -> tuple[Trace, ...]:
    return tuple(part for trace in traces if len(part := trace.cut(span)))


def _by_channel(traces: Iterable[Trace]) -> dict[SourceId, list[Trace]]:
    channels: dict[SourceId, list[Trace]] = {}
    for trace in traces:
        channels.setdefault(trace.source_id, []).append(trace)
    return channels


def _coverage(unit: str, traces: tuple[Trace, ...], picks: tuple[Pick, ...]) -> Coverage:
    if not traces:
        return Coverage(unit, "no data", "no samples in the span")
    band = choose_band({trace.source_id for trace in traces})[0]
    lengths: dict[SourceId, float] = {}
    for trace in traces:
        if trace.source_id.instrument_key == band:
            lengths[trace.source_id] = lengths.get(trace.source_id, 0.0) + trace.span.seconds
    return Coverage(unit, "done", seconds=round(max(lengths.values()), 3), band=band[3], picks=len(picks))


def station_amplitudes(
    traces: Iterable[Trace], inventory: Inventory
) -> tuple[tuple[AmplitudeTrack, ...], tuple[Problem, ...]]:
    """Amplitude tracks of all horizontals, each epoch of a channel with its own response; notes on those without."""
    tracks: list[AmplitudeTrack] = []
    notes = []
    for source_id, own in sorted(_by_channel(traces).items()):
        if source_id.subsource == "Z":
            continue
        found = [
            track
            for channel in inventory
            if channel.source_id == source_id
            for track in amplitude_tracks(_within(own, channel.epoch), channel)
        ]
        if not found:
            notes.append(
                Problem(
                    source_id.nslc,
                    "gives no amplitudes: its response is unknown or too coarse for its band",
                    "give StationXML with poles and zeros, or for a broadband channel its sensitivity",
                )
            )
        tracks.extend(found)
    return tuple(tracks), tuple(notes)
