"""The local runner: a Flow over files on one machine, whole or one stage at a time."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec

from wadati.engine.association import associate_all
from wadati.engine.flow import Flow
from wadati.engine.ledger import Ledger
from wadati.engine.location import locate_all
from wadati.engine.mechanisms import check_greens, with_mechanisms
from wadati.engine.outputs import Outputs
from wadati.engine.picking import halo, pick_all
from wadati.engine.progress import Progress, Silent
from wadati.errors import InputError, NothingUsableError
from wadati.formats.catalogs import read_catalog, read_picks
from wadati.formats.inventory import read_inventory
from wadati.formats.parquet import read_tracks
from wadati.model import AmplitudeTrack, Catalog, Inventory, Pick
from wadati.protocols import Problem
from wadati.sources.files import FileSource, open_waveforms

PathLike = str | Path
DEFAULTS = Flow()
UNSTATED = {"P": 0.1, "S": 0.2}
"""Standard errors (s) of picks whose table states none."""

SILENT = Silent()


@dataclass(frozen=True, slots=True)
class Result:
    """What a command gives: the catalog and the ledger of how it came about."""

    catalog: Catalog
    ledger: Ledger


def catalog(
    waveforms: PathLike | Sequence[PathLike],
    stations: PathLike,
    output: PathLike | None = None,
    *,
    flow: Flow = DEFAULTS,
    progress: Progress = SILENT,
) -> Result:
    """The whole chain from waveforms to a catalog; with `output` also the store, the tables and the report.

    `waveforms` are files or folders (miniSEED, SAC and what ObsPy reads; SDS trees), `stations` a StationXML or CSV
    file or a folder of them. Raises `NothingUsableError` where nothing of the input can be used; less than that stands
    in the ledger.

    >>> result = catalog("waveforms", "stations.xml", "out")  # doctest: +SKIP
    >>> result.catalog.to_dataframe()  # doctest: +SKIP
    """
    flow.check("pickers", "associators", "locators", "attenuation")
    ledger = Ledger()
    inventory = _inventory(stations, ledger)
    outputs = None if output is None else Outputs(Path(output), "catalog", flow, ledger, inventory, stations)
    chain = run_chain(waveforms, inventory, flow, ledger, progress, outputs)
    if not outputs:
        return Result(chain.catalog, ledger)
    published = outputs.publish(chain.catalog)
    outputs.write_whole(published, chain.source, progress)
    return Result(published, ledger)


@dataclass(frozen=True, slots=True)
class Chain:
    """What the stages gave, and where the waveforms are."""

    catalog: Catalog
    source: FileSource


def run_chain(
    waveforms: PathLike | Sequence[PathLike],
    inventory: Inventory,
    flow: Flow,
    ledger: Ledger,
    progress: Progress,
    outputs: Outputs | None = None,
) -> Chain:
    """Read, pick, associate, locate, magnitude, mechanism; picks are written as soon as there are all of them."""
    check_greens(flow)
    source = _open(waveforms, flow, ledger, progress)
    picks, tracks = pick_all(source, inventory, flow, ledger, progress)
    if outputs is not None:
        outputs.write_picks(picks, tracks)
    preliminary = associate_all(picks, inventory, flow, ledger, progress)
    located = locate_all(preliminary, picks, inventory, tracks, flow, ledger, progress)
    events = with_mechanisms(located, picks, source, inventory, flow, ledger, progress)
    return Chain(Catalog(events, picks), source)


def pick(
    waveforms: PathLike | Sequence[PathLike],
    stations: PathLike,
    output: PathLike | None = None,
    *,
    flow: Flow = DEFAULTS,
    progress: Progress = SILENT,
) -> Result:
    """The picking stage alone; writes `picks.csv`, `picks/` and `amplitudes.parquet`."""
    flow.check("pickers")
    ledger = Ledger()
    inventory = _inventory(stations, ledger)
    outputs = None if output is None else Outputs(Path(output), "pick", flow, ledger, inventory, stations)
    source = _open(waveforms, flow, ledger, progress)
    picks, tracks = pick_all(source, inventory, flow, ledger, progress)
    if outputs:
        outputs.write_picks(picks, tracks)
        outputs.write_run({"picks": len(picks)}, source)
    return Result(Catalog((), picks), ledger)


def associate(
    picks: PathLike | Sequence[Pick],
    stations: PathLike,
    output: PathLike | None = None,
    *,
    flow: Flow = DEFAULTS,
    progress: Progress = SILENT,
) -> Result:
    """The association stage alone, from a table of picks of any format (or a folder that holds one) to preliminary
    events and arrivals."""
    flow.check("associators")
    ledger = Ledger()
    inventory = _inventory(stations, ledger)
    observed = _picks(picks, inventory, ledger)
    _tell_unknown(observed, inventory, ledger)
    outputs = None if output is None else Outputs(Path(output), "associate", flow, ledger, inventory, stations)
    result = Catalog(associate_all(observed, inventory, flow, ledger, progress), observed)
    if outputs:
        outputs.write_events(result)
        outputs.write_run({"picks": len(observed), "events": len(result)})
    return Result(result, ledger)


def locate(
    events: PathLike | Catalog,
    stations: PathLike,
    output: PathLike | None = None,
    *,
    flow: Flow = DEFAULTS,
    progress: Progress = SILENT,
) -> Result:
    """The location and magnitude stage alone, from events with their picks: a folder with `events.csv`, `arrivals.csv`
    and `picks.csv`, or a file or folder of any format that holds both.

    Amplitudes are read from `amplitudes.parquet` beside them; without it events have no magnitude. Raises `InputError`
    where a table is missing and `NothingUsableError` where there are events and none can be located.
    """
    flow.check("locators", "attenuation")
    ledger = Ledger()
    inventory = _inventory(stations, ledger)
    preliminary, tracks = (events, ()) if isinstance(events, Catalog) else _preliminary(Path(events), inventory, ledger)
    _tell_unknown(preliminary.picks, inventory, ledger)
    outputs = None if output is None else Outputs(Path(output), "locate", flow, ledger, inventory, stations)
    located = locate_all(preliminary.events, preliminary.picks, inventory, tracks, flow, ledger, progress)
    if preliminary.events and not located:
        why = f", the first because: {ledger.notes[0].wrong}" if ledger.notes else ""
        raise NothingUsableError(f"none of {len(preliminary)} events can be located{why}")
    result = Catalog(located, preliminary.picks)
    if outputs:
        result = outputs.publish(result)
        outputs.write_events(result)
        outputs.write_run({"picks": len(result.picks), "events": len(result)})
    return Result(result, ledger)


def _open(waveforms: PathLike | Sequence[PathLike], flow: Flow, ledger: Ledger, progress: Progress) -> FileSource:
    paths = [waveforms] if isinstance(waveforms, (str, Path)) else list(waveforms)
    span = flow.span()
    progress.start("read", 1)
    with ledger.stage("read"):
        source = open_waveforms([Path(path) for path in paths], span and span.widen(*halo(flow.part("pickers"))))
    ledger.problems.extend(source.problems())
    progress.step("read")
    progress.finish("read", f"{len(source.source_ids())} channels")
    return source


def _inventory(stations: PathLike, ledger: Ledger) -> Inventory:
    inventory, problems = read_inventory(Path(stations))
    ledger.problems.extend(problems)
    return inventory


def _picks(picks: PathLike | Sequence[Pick], inventory: Inventory, ledger: Ledger) -> tuple[Pick, ...]:
    if not isinstance(picks, (str, Path)):
        return tuple(picks)
    path = _needed(Path(picks), "pick")
    if path.is_dir() and not any(path.iterdir()):
        _needed(path / "picks.csv", "pick")
    return _usable(read_picks(path, inventory, ledger.problems), ledger)


def _preliminary(path: Path, inventory: Inventory, ledger: Ledger) -> tuple[Catalog, tuple[AmplitudeTrack, ...]]:
    _needed(path, "associate")
    folder = path.parent if path.is_file() else path
    own = path.is_dir() or path.name == "events.csv"
    if own and ((folder / "events.csv").is_file() or not any(folder.iterdir())):
        _needed(folder / "events.csv", "associate")
        if not (folder / "assignments.csv").is_file():  # of PyOcto, which has its arrivals there
            _needed(folder / "arrivals.csv", "associate")
            _needed(folder / "picks.csv", "pick")
        path = folder
    catalog = read_catalog(path, inventory, ledger.problems)
    amplitudes = folder / "amplitudes.parquet"
    tracks = read_tracks(amplitudes) if amplitudes.exists() else ()
    return Catalog(catalog.events, _usable(catalog.picks, ledger)), tracks


def _usable(picks: Sequence[Pick], ledger: Ledger) -> tuple[Pick, ...]:
    """Picks that their analyst did not reject (probability 0), with a standard error where none was stated."""
    kept = [pick for pick in picks if pick.probability > 0]
    unstated = sum(not math.isfinite(pick.time_uncertainty) for pick in kept)
    if len(kept) < len(picks):
        ledger.notes.append(Problem("picks", f"{len(picks) - len(kept)} of weight 0 are not used"))
    if unstated:
        ledger.notes.append(Problem("picks", f"{unstated} state no uncertainty; P 0.1 s, S 0.2 s are assumed"))
    return tuple(
        pick
        if math.isfinite(pick.time_uncertainty)
        else msgspec.structs.replace(pick, time_uncertainty=UNSTATED.get(pick.phase_hint, 0.2))
        for pick in kept
    )


def _needed(path: Path, command: str) -> Path:
    if not path.exists():
        raise InputError(path, "does not exist", f"run `wadati {command}` into that folder first, or name another")
    return path


def _tell_unknown(picks: Sequence[Pick], inventory: Inventory, ledger: Ledger) -> None:
    """A problem for each station with picks that the inventory lacks; raise where it lacks them all."""
    known = {station.key for station in inventory.stations()}
    picked = {pick.source_id.station_key for pick in picks}
    if picked and not picked & known:
        raise NothingUsableError(
            f"none of the {len(picked)} stations with picks is among the {len(known)} of the station file; "
            "check the network and station codes of both"
        )
    for network, code in sorted(picked - known):
        wrong = "has picks but is not in the station file"
        ledger.problems.append(Problem(f"{network}.{code}", wrong, "add it to --stations"))
