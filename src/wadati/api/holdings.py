"""What a service has to give: a catalog, stations, waveforms."""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import msgspec

from wadati.engine.flow import Flow
from wadati.engine.live.status import read_status
from wadati.engine.outputs import read_run
from wadati.engine.serving import Serving
from wadati.errors import InputError, WadatiError
from wadati.formats.inventory import read_inventory
from wadati.formats.stationxml_selection import StationDocuments
from wadati.locators.station_terms import StationTerms, read_station_terms
from wadati.model import Event, Inventory, Origin, VelocityModel
from wadati.protocols import Problem
from wadati.sources.archive import Archive
from wadati.sources.selection import Selection
from wadati.store.catalog import CatalogStore
from wadati.store.event_query import EventQuery
from wadati.store.event_search import EventSearch

CATALOG = "catalog.sqlite"


class Holdings:
    """A catalog, and what else there is.

    `documents` and `archive` are None where nothing is known of them, `folder` where no output folder is served.
    """

    def __init__(
        self,
        store: str | Path,
        documents: StationDocuments | None,
        archive: Archive | None,
        flow: Flow,
        inventory: Inventory | None = None,
        earth: VelocityModel | None = None,
        folder: Path | None = None,
    ) -> None:
        self.flow = flow
        self.authority = flow.authority
        self.settings: Serving = flow.serve
        self.store = store
        self.search = EventSearch(store)
        self._catalog = CatalogStore(store)
        self.documents, self.archive = documents, archive
        self.inventory, self.earth, self.folder = inventory or Inventory(), earth, folder

    def close(self) -> None:
        """Give all connections back."""
        self.search.close()
        self._catalog.close()

    def problems(self) -> list[Problem]:
        """What could not be used."""
        return [] if self.documents is None else self.documents.problems

    def words(self) -> str:
        """What there is, in a line."""
        events = len(self.search.find(EventQuery()))
        stations = len({(place.network, place.station) for place in self.documents.places()}) if self.documents else 0
        waveforms = "waveforms" if self.archive is not None else "no waveforms"
        return f"{events:,} events, {stations:,} stations, {waveforms}"

    def superseded(self, event_id: str) -> tuple[Origin, ...]:
        """The origins that an event once had."""
        return self._catalog.superseded(event_id)

    def event(self, event_id: str) -> Event | None:
        """The current event of a name or of an alias of it; None where there is none."""
        number = self.search.number(event_id)
        found = None if number is None else next(self.search.events([number]), None)
        return None if found is None else found[0]

    def was_published(self, event_id: str) -> bool:
        """Whether an event of this name is in the catalog, or was."""
        return self._catalog.latest(event_id) is not None

    @property
    def station_terms(self) -> StationTerms | None:
        """The delays of stations that the run learned; None where it wrote none, or they are of another earth."""
        path = None if self.folder is None else self.folder / "station_terms.json"
        if path is None or not path.is_file() or self.earth is None:
            return None
        found = read_station_terms(path)
        return found if found.earth_model == self.earth.name else None

    @property
    def audit(self) -> Path | None:
        """Where is written who did what; None where nowhere."""
        if self.settings.audit:
            return Path(self.settings.audit)
        return None if self.folder is None else self.folder / "audit.jsonl"

    def retired(self) -> tuple[str, ...]:
        """Names of events that were published and are none any more."""
        return self._catalog.retired()

    def region(self, latitude: float, longitude: float) -> str:
        """The name of the Flinn–Engdahl region of a place (Young et al. 1996, doi:10.1016/0031-9201(96)03141-X)."""
        # Regions are made of whole degrees, so that every place of one is looked up once.
        return _region(math.trunc(latitude), latitude < 0, math.trunc(longitude), longitude < 0)


@lru_cache(maxsize=1)
def _regions() -> Any:
    from obspy.geodetics import FlinnEngdahl

    return FlinnEngdahl()


@lru_cache(maxsize=70_000)
def _region(latitude: int, south: bool, longitude: int, west: bool) -> str:  # noqa: FBT001
    middle = abs(latitude) + 0.5, abs(longitude) + 0.5
    place = min(middle[0], 90.0) * (-1 if south else 1), min(middle[1], 180.0) * (-1 if west else 1)
    name: str = _regions().get_region(place[1], place[0])
    return " ".join(word if word in ("of", "and") else word.capitalize() for word in name.lower().split())


def open_holdings(
    folder: Path | None,
    flow: Flow,
    *,
    store: str | None = None,
    stations: Path | None = None,
    waveforms: Sequence[Path | str] = (),
) -> Holdings:
    """What an output folder holds; the stations and waveforms are those of its run, if they are still there.

    Raises `InputError` for a folder that has no catalog, and for what is named and cannot be used.
    """
    run = (read_run(folder) if folder is not None else None) or {}
    if store is None:
        if folder is None or not (folder / CATALOG).is_file():
            raise InputError(folder or "nothing", f"holds no {CATALOG}", "name the output folder of a run, or --store")
        store = str(folder / CATALOG)
    if stations is None:
        # A live run that has not ended says in its status which stations it knows.
        status = (read_status(folder) if folder is not None else None) or {}
        named = [Path(path) for path in (run.get("stations"), status.get("station_file")) if path]
        stations = next((path for path in named if path.exists()), None)
    if not waveforms:
        waveforms = [path for path in map(Path, run.get("inputs", ())) if path.is_file()]
    settings = run.get("settings", {})
    if flow.authority == "local" and isinstance(settings.get("authority"), str):
        flow = msgspec.structs.replace(flow, authority=settings["authority"])
    documents = None if stations is None else StationDocuments([stations])
    inventory = None if stations is None else read_inventory(stations)[0]
    closed(flow.serve)  # A restriction that cannot be meant is told now, not to who asks.
    archive = Archive(waveforms, lambda: closed(flow.serve)) if waveforms else None
    earth = _earth(flow, settings.get("velocity_model"))
    return Holdings(store, documents, archive, flow, inventory, earth, folder)


def closed(settings: Serving) -> list[Selection]:
    """The waveforms that are not for everybody now. Raises `UsageError` for a restriction that holds no times."""
    now = time.time_ns()
    spans = [(one, one.closed(now)) for one in settings.restricted]
    return [Selection(one.network, one.station, "*", "*", span) for one, span in spans if span is not None]


def _earth(flow: Flow, of_run: object) -> VelocityModel | None:
    """The velocity model of a run, else that of the flow; None where its file is no more."""
    if isinstance(of_run, str):
        flow = msgspec.structs.replace(flow, velocity_model=of_run)
    try:
        return flow.earth()
    except WadatiError:
        return None
