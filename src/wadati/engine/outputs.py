"""What a run leaves in its output folder: each file by atomic rename, `run.json` last."""

from __future__ import annotations

import platform
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, Protocol

import msgspec

import wadati
from wadati.engine.flow import Flow
from wadati.engine.ledger import Ledger
from wadati.engine.progress import Progress
from wadati.errors import InputError
from wadati.evaluation.evaluate import Evaluation
from wadati.evaluation.table import rows
from wadati.formats.atomic import atomic_write, clean_leftovers
from wadati.formats.geojson import write_geojson
from wadati.formats.parquet import write_picks as write_picks_parquet
from wadati.formats.parquet import write_tracks
from wadati.formats.quakeml import write_quakeml
from wadati.formats.tables import write_arrivals_csv, write_events_csv, write_picks_csv
from wadati.locators.station_terms import write_station_terms
from wadati.magnitudes.station_terms import write_terms
from wadati.model import AmplitudeTrack, Catalog, Inventory, Pick
from wadati.protocols import Source

LIBRARIES = ("numpy", "scipy", "obspy", "pymseed", "onnxruntime", "sqlalchemy", "pyarrow", "msgspec")
OPTIONAL_LIBRARIES = ("openvino", "seisbench", "torch")


class Waveforms(Source, Protocol):
    """A source that can say what its files were."""

    def digests(self) -> Mapping[str, tuple[int, str]]:
        """Size in bytes and SHA-256 of each file, by name."""
        ...


STAGES = ("pick", "associate", "locate")
AFTER_EVENTS = ("catalog.xml", "events.geojson", "report.html")
AFTER_PICKS = ("events.csv", "arrivals.csv", "station_terms.json", "magnitude_terms.json", *AFTER_EVENTS)


class Outputs:
    """The output folder of one run of a command. Raises `InputError` where the folder is a file."""

    def __init__(
        self, folder: Path, command: str, flow: Flow, ledger: Ledger, inventory: Inventory, stations: str | Path
    ) -> None:
        if folder.exists() and not folder.is_dir():
            raise InputError(folder, "is a file, not a folder", "name another --output")
        folder.mkdir(parents=True, exist_ok=True)
        clean_leftovers(folder)
        self.folder = folder
        self.command = command
        self.flow = flow
        self.ledger = ledger
        self.inventory = inventory
        self.stations = Path(stations).resolve()

    def write_picks(self, picks: tuple[Pick, ...], tracks: tuple[AmplitudeTrack, ...]) -> None:
        """What the picking stage leaves; tables that rested on other picks go."""
        with self.ledger.stage("tables"), self._upstream_of("picks.csv", *AFTER_PICKS):
            write_picks_csv(picks, self.folder / "picks.csv")
            write_picks_parquet(picks, self.folder / "picks")
            write_tracks(tracks, self.folder / "amplitudes.parquet")

    def write_events(self, catalog: Catalog) -> None:
        """Events, arrivals and picks; after location also the exchange formats. What rested on other events goes."""
        with self.ledger.stage("tables"), self._upstream_of("events.csv", *AFTER_EVENTS):
            write_picks_csv(catalog.picks, self.folder / "picks.csv")
            write_events_csv(catalog, self.folder / "events.csv")
            write_arrivals_csv(catalog, self.folder / "arrivals.csv")
        if self.ledger.delays is not None:
            write_station_terms(self.ledger.delays, self.folder / "station_terms.json")
        if self.ledger.terms is not None:
            write_terms(self.ledger.terms, self.folder / "magnitude_terms.json")
        if self.command != "associate":
            with self.ledger.stage("exchange"):
                write_quakeml(catalog, self.folder / "catalog.xml", authority=self.flow.authority)
                write_geojson(catalog, self.folder / "events.geojson")

    def publish(self, catalog: Catalog) -> Catalog:
        """Put the catalog into the store; it comes back with the identifiers under which its events are published."""
        from wadati.store.catalog import CatalogStore

        with self.ledger.stage("store"), CatalogStore(self.folder / "catalog.sqlite") as store:
            events = store.replace(catalog.events, catalog.picks)
            store.upsert_coverage(self.ledger.coverage)
        return Catalog(events, catalog.picks)

    def write_whole(
        self,
        catalog: Catalog,
        source: Waveforms,
        progress: Progress,
        *,
        truth: Catalog | None = None,
        evaluation: Evaluation | None = None,
    ) -> None:
        """Tables, exchange formats and report of a published catalog."""
        from wadati.report.report import write_report

        counts = {"picks": len(catalog.picks), "events": len(catalog)}
        progress.start("store", 1)
        self.write_events(catalog)
        progress.step("store")
        progress.finish("store", str(self.folder / "catalog.sqlite"))
        progress.start("report", 1)
        # What a run took, and by how many processes, differs from run to run; the report is the same for one result.
        record = {name: value for name, value in self._record(counts, None).items() if name != "timings"}
        record["settings"] = {name: value for name, value in record["settings"].items() if name != "workers"}
        with self.ledger.stage("report"):
            write_report(
                self.folder / "report.html",
                catalog,
                self.inventory,
                source=source,
                earth=self.flow.earth(),
                run=record,
                truth=truth,
                evaluation=evaluation,
                scorecard=rows(evaluation) if evaluation else (),
            )
        progress.step("report")
        progress.finish("report", str(self.folder / "report.html"))
        self.write_run(counts, source)

    def write_run(self, counts: dict[str, int], source: Waveforms | None = None) -> None:
        """`run.json`, which says that all else is there; the record of the stage before stands within it."""
        record = self._record(counts, source)
        before = self._before()
        if before is not None:
            record["before"] = before
        with atomic_write(self.folder / "run.json") as path:
            path.write_bytes(msgspec.json.format(msgspec.json.encode(record), indent=1) + b"\n")

    def _before(self) -> dict[str, Any] | None:
        """The record of the nearest earlier stage in this folder."""
        rank = STAGES.index(self.command) if self.command in STAGES else 0
        record = read_run(self.folder)
        while rank and record is not None:
            if record.get("command") not in STAGES[rank:]:
                return record
            record = record.get("before")
        return None

    @contextmanager
    def _upstream_of(self, name: str, *downstream: str) -> Iterator[None]:
        """Remove files that rest on a table when that table comes out different."""
        table = self.folder / name
        before = table.read_bytes() if table.exists() else b""
        yield
        if table.read_bytes() != before:
            for other in downstream:
                (self.folder / other).unlink(missing_ok=True)

    def _record(self, counts: dict[str, int], source: Waveforms | None) -> dict[str, Any]:
        versions = {"wadati": wadati.__version__, "python": platform.python_version()}
        return {
            "command": self.command,
            "versions": versions | {name: version(name) for name in LIBRARIES} | _optional_versions(),
            "settings": msgspec.to_builtins(self.flow),
            "earth": msgspec.to_builtins(self.flow.earth()),
            "topography": self.ledger.topography,
            "stations": str(self.stations),
            "inputs": source.digests() if source is not None else {},
            "counts": counts,
            "timings": msgspec.to_builtins(self.ledger.timings),
            "coverage": msgspec.to_builtins(self.ledger.coverage),
            "problems": msgspec.to_builtins(self.ledger.problems),
            "station_terms": self.ledger.delays.digest if self.ledger.delays else None,
            "magnitude_terms": self.ledger.terms.digest if self.ledger.terms else None,
            "decisions": msgspec.to_builtins(self.ledger.decisions),
            "notes": msgspec.to_builtins(self.ledger.notes),
        }


def _optional_versions() -> dict[str, str]:
    """Of the libraries that run networks where they are installed."""
    found = {}
    for name in OPTIONAL_LIBRARIES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


def read_run(folder: Path) -> dict[str, Any] | None:
    """The `run.json` of a folder; None where there is none or it cannot be read."""
    try:
        record = msgspec.json.decode((folder / "run.json").read_bytes())
    except (OSError, msgspec.DecodeError):
        return None
    return record if isinstance(record, dict) else None
