"""The local runner: a Flow over files on one machine, whole or one stage at a time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from wadati.engine.association import associate_all
from wadati.engine.flow import Flow
from wadati.engine.ledger import Ledger
from wadati.engine.location import locate_all
from wadati.engine.outputs import Outputs
from wadati.engine.picking import pick_all
from wadati.engine.progress import Progress, Silent
from wadati.errors import InputError
from wadati.formats.catalogs import read_catalog
from wadati.formats.inventory import read_inventory
from wadati.formats.parquet import read_tracks
from wadati.formats.tables import read_picks_csv
from wadati.model import AmplitudeTrack, Catalog, Inventory, Pick
from wadati.sources.files import FileSource, open_waveforms

PathLike = str | Path
DEFAULTS = Flow()
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
    chain = run_chain(waveforms, stations, flow, progress)
    if output is None:
        return Result(chain.catalog, chain.ledger)
    outputs = Outputs(Path(output), "catalog", flow, chain.ledger, chain.inventory, stations)
    published = outputs.publish(chain.catalog)
    outputs.write_whole(published, chain.tracks, chain.source, progress)
    return Result(published, chain.ledger)


@dataclass(frozen=True, slots=True)
class Chain:
    """What the stages gave, before anything is written."""

    catalog: Catalog
    tracks: tuple[AmplitudeTrack, ...]
    source: FileSource
    inventory: Inventory
    ledger: Ledger


def run_chain(waveforms: PathLike | Sequence[PathLike], stations: PathLike, flow: Flow, progress: Progress) -> Chain:
    """Read, pick, associate, locate, magnitude."""
    ledger = Ledger()
    inventory, source = _open(waveforms, stations, flow, ledger, progress)
    picks, tracks = pick_all(source, inventory, flow, ledger, progress)
    preliminary = associate_all(picks, inventory, flow, ledger, progress)
    events = locate_all(preliminary, picks, inventory, tracks, flow, ledger, progress)
    return Chain(Catalog(events, picks), tracks, source, inventory, ledger)


def pick(
    waveforms: PathLike | Sequence[PathLike],
    stations: PathLike,
    output: PathLike | None = None,
    *,
    flow: Flow = DEFAULTS,
    progress: Progress = SILENT,
) -> Result:
    """The picking stage alone; writes `picks.csv`, `picks/` and `amplitudes.parquet`."""
    ledger = Ledger()
    inventory, source = _open(waveforms, stations, flow, ledger, progress)
    picks, tracks = pick_all(source, inventory, flow, ledger, progress)
    if output is not None:
        outputs = Outputs(Path(output), "pick", flow, ledger, inventory, stations)
        outputs.write_picks(picks, tracks, source)
    return Result(Catalog((), picks), ledger)


def associate(
    picks: PathLike | Sequence[Pick],
    stations: PathLike,
    output: PathLike | None = None,
    *,
    flow: Flow = DEFAULTS,
    progress: Progress = SILENT,
) -> Result:
    """The association stage alone, from `picks.csv` (or a folder that holds one) to preliminary events and arrivals."""
    ledger = Ledger()
    inventory = _inventory(stations, ledger)
    observed = _picks(picks)
    events = associate_all(observed, inventory, flow, ledger, progress)
    if output is not None:
        outputs = Outputs(Path(output), "associate", flow, ledger, inventory, stations)
        outputs.write_events(Catalog(events, observed))
    return Result(Catalog(events, observed), ledger)


def locate(
    events: PathLike | Catalog,
    stations: PathLike,
    output: PathLike | None = None,
    *,
    picks: PathLike | Sequence[Pick] | None = None,
    flow: Flow = DEFAULTS,
    progress: Progress = SILENT,
) -> Result:
    """The location and magnitude stage alone, from a folder with `events.csv`, `arrivals.csv` and `picks.csv`.

    Amplitudes are read from `amplitudes.parquet` beside them; without it events have no magnitude.
    """
    ledger = Ledger()
    inventory = _inventory(stations, ledger)
    tracks: tuple[AmplitudeTrack, ...] = ()
    if isinstance(events, Catalog):
        preliminary, observed = events.events, tuple(events.picks)
    else:
        folder = Path(events)
        preliminary = read_catalog(folder).events
        observed = _picks(picks if picks is not None else folder)
        if (folder / "amplitudes.parquet").exists():
            tracks = tuple(read_tracks(folder / "amplitudes.parquet"))
    located = locate_all(preliminary, observed, inventory, tracks, flow, ledger, progress)
    result = Catalog(located, observed)
    if output is not None:
        outputs = Outputs(Path(output), "locate", flow, ledger, inventory, stations)
        result = outputs.publish(result)
        outputs.write_events(result)
    return Result(result, ledger)


def _open(
    waveforms: PathLike | Sequence[PathLike], stations: PathLike, flow: Flow, ledger: Ledger, progress: Progress
) -> tuple[Inventory, FileSource]:
    inventory = _inventory(stations, ledger)
    paths = [waveforms] if isinstance(waveforms, (str, Path)) else list(waveforms)
    progress.start("read", 1)
    with ledger.stage("read"):
        source = open_waveforms([Path(path) for path in paths], flow.span())
    ledger.problems.extend(source.problems())
    progress.step("read")
    progress.finish("read", f"{len(source.source_ids())} channels")
    return inventory, source


def _inventory(stations: PathLike, ledger: Ledger) -> Inventory:
    inventory, problems = read_inventory(Path(stations))
    ledger.problems.extend(problems)
    return inventory


def _picks(picks: PathLike | Sequence[Pick]) -> tuple[Pick, ...]:
    if not isinstance(picks, (str, Path)):
        return tuple(picks)
    path = Path(picks)
    if path.is_dir():
        path = path / "picks.csv"
    if not path.exists():
        raise InputError(path, "does not exist", "run `wadati pick` into that folder first, or name a picks.csv")
    return tuple(read_picks_csv(path))
