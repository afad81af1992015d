"""What a run leaves in its output folder: each file by atomic rename, `run.json` last."""

from __future__ import annotations

import platform
from importlib.metadata import version
from pathlib import Path
from typing import Any

import msgspec

import wadati
from wadati.engine.flow import Flow
from wadati.engine.ledger import Ledger
from wadati.engine.progress import Progress
from wadati.errors import InputError
from wadati.evaluation.evaluate import Evaluation
from wadati.formats.atomic import atomic_write, clean_leftovers
from wadati.formats.geojson import write_geojson
from wadati.formats.parquet import write_picks as write_picks_parquet
from wadati.formats.parquet import write_tracks
from wadati.formats.quakeml import write_quakeml
from wadati.formats.tables import write_arrivals_csv, write_events_csv, write_picks_csv
from wadati.model import AmplitudeTrack, Catalog, Inventory, Pick
from wadati.report.report import write_report
from wadati.sources.files import FileSource
from wadati.store.catalog import CatalogStore

LIBRARIES = ("numpy", "scipy", "obspy", "pymseed", "onnxruntime", "sqlalchemy", "pyarrow", "msgspec")


class Outputs:
    """The output folder of one run of a command."""

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

    def write_picks(
        self, picks: tuple[Pick, ...], tracks: tuple[AmplitudeTrack, ...], source: FileSource | None
    ) -> None:
        """What the picking stage leaves."""
        with self.ledger.stage("tables"):
            self._write_picks(picks, tracks)
        self._write_run(source, {"picks": len(picks)})

    def write_events(self, catalog: Catalog) -> None:
        """What the association stage or the location stage leaves."""
        with self.ledger.stage("tables"):
            self._write_events(catalog)
            write_picks_csv(catalog.picks, self.folder / "picks.csv")
        self._write_run(None, {"picks": len(catalog.picks), "events": len(catalog)})

    def publish(self, catalog: Catalog) -> Catalog:
        """Put the catalog into the store; it comes back with the identifiers under which its events are published."""
        with self.ledger.stage("store"), CatalogStore(self.folder / "catalog.sqlite") as store:
            events = store.replace(catalog.events, catalog.picks)
            store.upsert_coverage(self.ledger.coverage)
        return Catalog(events, catalog.picks)

    def write_whole(
        self,
        catalog: Catalog,
        tracks: tuple[AmplitudeTrack, ...],
        source: FileSource,
        progress: Progress,
        *,
        truth: Catalog | None = None,
        evaluation: Evaluation | None = None,
    ) -> None:
        """Tables, exchange formats and report of a published catalog."""
        counts = {"picks": len(catalog.picks), "events": len(catalog)}
        progress.start("store", 1)
        with self.ledger.stage("tables"):
            self._write_picks(catalog.picks, tracks)
            self._write_events(catalog)
        progress.step("store")
        progress.finish("store", str(self.folder / "catalog.sqlite"))
        progress.start("report", 1)
        with self.ledger.stage("report"):
            write_report(
                self.folder / "report.html",
                catalog,
                self.inventory,
                source=source,
                earth=self.flow.earth(),
                # What a run took differs from run to run; the report is the same for the same result.
                run={name: value for name, value in self._record(None, counts).items() if name != "timings"},
                truth=truth,
                evaluation=evaluation,
            )
        progress.step("report")
        progress.finish("report", str(self.folder / "report.html"))
        self._write_run(source, counts)

    def _write_picks(self, picks: tuple[Pick, ...], tracks: tuple[AmplitudeTrack, ...]) -> None:
        write_picks_csv(picks, self.folder / "picks.csv")
        write_picks_parquet(picks, self.folder / "picks")
        write_tracks(tracks, self.folder / "amplitudes.parquet")

    def _write_events(self, catalog: Catalog) -> None:
        write_events_csv(catalog, self.folder / "events.csv")
        write_arrivals_csv(catalog, self.folder / "arrivals.csv")
        if self.command != "associate":
            write_quakeml(catalog, self.folder / "catalog.xml", authority=self.flow.authority)
            write_geojson(catalog, self.folder / "events.geojson")

    def _record(self, source: FileSource | None, counts: dict[str, int]) -> dict[str, Any]:
        versions = {"wadati": wadati.__version__, "python": platform.python_version()}
        return {
            "command": self.command,
            "versions": versions | {name: version(name) for name in LIBRARIES},
            "settings": msgspec.to_builtins(self.flow),
            "earth": msgspec.to_builtins(self.flow.earth()),
            "stations": str(self.stations),
            "inputs": source.digests() if source is not None else {},
            "counts": counts,
            "timings": msgspec.to_builtins(self.ledger.timings),
            "coverage": msgspec.to_builtins(self.ledger.coverage),
            "problems": msgspec.to_builtins(self.ledger.problems),
            "notes": msgspec.to_builtins(self.ledger.notes),
        }

    def _write_run(self, source: FileSource | None, counts: dict[str, int]) -> None:
        record = msgspec.json.encode(self._record(source, counts))
        with atomic_write(self.folder / "run.json") as path:
            path.write_bytes(msgspec.json.format(record, indent=1) + b"\n")
