"""Parts of StationXML documents as they stand: what was written about a station is given on word for word.

The model keeps of an instrument what a catalog needs; a service that hands out station metadata must keep all of it:
comments, stages, identifiers, elements of other namespaces. Standard: FDSN StationXML 1.2
(https://docs.fdsn.org/projects/stationxml) and fdsnws-station 1.1 (https://www.fdsn.org/webservices).
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

from lxml import etree

from wadati.errors import InputError, UsageError
from wadati.formats.inventory import read_inventory, station_files
from wadati.formats.stationxml import write_stationxml
from wadati.formats.stationxml_elements import (
    DEPTH,
    NAMESPACE,
    Available,
    Level,
    NetworkElement,
    Place,
    StationElement,
    name_of,
)
from wadati.model import format_time, parse_open_time
from wadati.protocols import Problem

_HEADS = {
    "network": "#Network|Description|StartTime|EndTime|TotalStations",
    "station": "#Network|Station|Latitude|Longitude|Elevation|SiteName|StartTime|EndTime",
    "channel": "#Network|Station|Location|Channel|Latitude|Longitude|Elevation|Depth|Azimuth|Dip|SensorDescription"
    "|Scale|ScaleFreq|ScaleUnits|SampleRate|StartTime|EndTime",
}


class StationDocuments:
    """The StationXML of files and folders, station tables among them; what cannot be read is in `problems`.

    Raises `InputError` where nothing of it is usable.
    """

    def __init__(self, paths: Iterable[Path]) -> None:
        self.problems: list[Problem] = []
        self._networks: dict[tuple[str, str], NetworkElement] = {}
        self._version = "1.2"
        wanted = list(paths)
        for path in wanted:
            if not path.exists():
                raise InputError(path, "does not exist", "give StationXML or a station CSV")
            for file in station_files(path):
                self._take(file)
        if not self._networks:
            named = ", ".join(map(str, wanted))
            raise InputError(named, "describes no station", "give StationXML or a station CSV")

    def select(self, level: Level, wanted: Callable[[Place], bool]) -> Selected:
        """What the channels that are wanted belong to, down to a level."""
        found: list[_Found] = []
        for network in self._networks.values():
            stations = []
            for station in network.stations:
                channels = [(channel, place) for channel, place in station.channels if wanted(place)]
                if channels or (not station.channels and wanted(station.place)):
                    stations.append((station, channels))
            if stations:
                found.append((network, stations))
        return Selected(level, found, self._version)

    def places(self) -> Iterator[Place]:
        """Every channel, or station without one."""
        for network in self._networks.values():
            for station in network.stations:
                yield from (place for _, place in station.channels)
                if not station.channels:
                    yield station.place

    def _take(self, file: Path) -> None:
        try:
            root, changed = _root(file)
            for element in root.iterchildren(f"{{{NAMESPACE}}}Network"):
                self._add(element, changed)
        except (InputError, UsageError, etree.XMLSyntaxError, ValueError, TypeError, OSError) as error:
            self.problems.append(Problem(str(file), f"left out ({error})", "give FDSN StationXML or a station CSV"))

    def _add(self, element: Any, changed: int) -> None:
        code, start = element.get("code", ""), element.get("startDate", "")
        network = self._networks.setdefault((code, start), NetworkElement(element))
        for child in element.iterchildren(f"{{{NAMESPACE}}}Station"):
            network.stations.append(StationElement(code, child, changed))


_Found = tuple[NetworkElement, list[tuple[StationElement, list[tuple[Any, Place]]]]]


class Selected:
    """A part of documents; nothing of it where `empty`."""

    def __init__(self, level: Level, found: list[_Found], version: str):
        self._level, self._found, self._version = level, found, version
        self.empty = not found

    def xml(
        self, source: str, sender: str, created: int, module: str = "", available: Available | None = None
    ) -> Iterator[bytes]:
        """The document, a station at a time; with `available`, channels say from when until when there are samples."""
        head = [("Source", source), ("Sender", sender), ("Module", module), ("Created", format_time(created, 0))]
        lines = "".join(f" <{name}>{_escaped(value)}</{name}>\n" for name, value in head if value)
        yield (
            "<?xml version='1.0' encoding='UTF-8'?>\n"
            f'<FDSNStationXML xmlns="{NAMESPACE}" schemaVersion="{self._version}">\n{lines}'
        ).encode()
        for network, stations in self._found:
            opened = network.opened(len(stations))
            yield opened
            if DEPTH[self._level] > 0:
                for station, channels in stations:
                    yield station.written(channels, self._level, available)
            yield b" </Network>\n"
        yield b"</FDSNStationXML>\n"

    def text(self) -> Iterator[str]:
        """The table of fdsnws-station; that of channels also for responses."""
        level = "channel" if self._level == "response" else self._level
        yield _HEADS[level] + "\n"
        for network, stations in self._found:
            if level == "network":
                yield network.line()
            for station, channels in stations if level != "network" else ():
                if level == "station":
                    yield station.line()
                else:
                    yield from (station.channel_line(channel) for channel, _ in channels)


def _root(file: Path) -> tuple[Any, int]:
    """The document of a file, and when it last became another: when it was written here, or said to be created."""
    changed = file.stat().st_mtime_ns
    parser = etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=True, remove_blank_text=True)
    content = file.read_bytes()
    if content.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<"):
        root = etree.fromstring(content, parser)
        if name_of(root) != "FDSNStationXML":
            raise InputError(file, f"is {name_of(root)}", "give FDSN StationXML")
        created = next((child.text for child in root if name_of(child) == "Created"), None)
        return root, max(changed, parse_open_time(created) if created else changed)
    inventory, _ = read_inventory(file)
    with tempfile.TemporaryDirectory() as folder:
        made = Path(folder) / "stations.xml"
        write_stationxml(inventory, made)
        return etree.fromstring(made.read_bytes(), parser), changed


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
