"""Parts of StationXML documents as they stand: what was written about a station is given on word for word.

The model keeps of an instrument what a catalog needs; a service that hands out station metadata must keep all of it:
comments, stages, identifiers, elements of other namespaces. Standard: FDSN StationXML 1.2
(https://docs.fdsn.org/projects/stationxml) and fdsnws-station 1.1 (https://www.fdsn.org/webservices).
"""

from __future__ import annotations

import copy
import math
import tempfile
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, Literal

import msgspec
from lxml import etree

from wadati.errors import InputError, UsageError
from wadati.formats.inventory import read_inventory, station_files
from wadati.formats.stationxml import write_stationxml
from wadati.model import TimeSpan, format_time, parse_open_time
from wadati.model.time import BEGINNING, END
from wadati.protocols import Problem

Level = Literal["network", "station", "channel", "response"]
_NAMESPACE = "http://www.fdsn.org/xml/station/1"
_DEEP = {"network": 0, "station": 1, "channel": 2, "response": 3}
_HEADS = {
    "network": "#Network|Description|StartTime|EndTime|TotalStations",
    "station": "#Network|Station|Latitude|Longitude|Elevation|SiteName|StartTime|EndTime",
    "channel": "#Network|Station|Location|Channel|Latitude|Longitude|Elevation|Depth|Azimuth|Dip|SensorDescription"
    "|Scale|ScaleFreq|ScaleUnits|SampleRate|StartTime|EndTime",
}


class Place(msgspec.Struct, frozen=True):
    """What a channel is found by: codes, where (degrees) and when it is, and whether it is open to all."""

    network: str
    station: str
    location: str
    channel: str
    latitude: float
    longitude: float
    span: TimeSpan
    restricted: bool = False
    changed: int | None = None


class StationDocuments:
    """The StationXML of files and folders, station tables among them; what cannot be read is in `problems`.

    Raises `InputError` where nothing of it is usable.
    """

    def __init__(self, paths: Iterable[Path]) -> None:
        self.problems: list[Problem] = []
        self._networks: dict[tuple[str, str], _Network] = {}
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
        found = []
        for network in self._networks.values():
            stations = []
            for station in network.stations:
                channels = [channel for channel, place in station.channels if wanted(place)]
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
            root = _root(file)
            for element in root.iterchildren(f"{{{_NAMESPACE}}}Network"):
                self._add(element)
        except (InputError, UsageError, etree.XMLSyntaxError, ValueError, TypeError, OSError) as error:
            self.problems.append(Problem(str(file), f"left out ({error})", "give FDSN StationXML or a station CSV"))

    def _add(self, element: Any) -> None:
        code, start = element.get("code", ""), element.get("startDate", "")
        network = self._networks.setdefault((code, start), _Network(element))
        for child in element.iterchildren(f"{{{_NAMESPACE}}}Station"):
            network.stations.append(_Station(code, child))


class Selected:
    """A part of documents; nothing of it where `empty`."""

    def __init__(self, level: Level, found: list[tuple[_Network, list[tuple[_Station, list[Any]]]]], version: str):
        self._level, self._found, self._version = level, found, version
        self.empty = not found

    def xml(self, source: str, sender: str, created: int, module: str = "") -> Iterator[bytes]:
        """The document, a station at a time."""
        head = [("Source", source), ("Sender", sender), ("Module", module), ("Created", format_time(created, 0))]
        lines = "".join(f" <{name}>{_escaped(value)}</{name}>\n" for name, value in head if value)
        yield (
            "<?xml version='1.0' encoding='UTF-8'?>\n"
            f'<FDSNStationXML xmlns="{_NAMESPACE}" schemaVersion="{self._version}">\n{lines}'
        ).encode()
        for network, stations in self._found:
            opened = network.opened(len(stations))
            yield opened
            if _DEEP[self._level] > 0:
                for station, channels in stations:
                    yield station.written(channels, self._level)
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
                    yield from (station.channel_line(channel) for channel in channels)


class _Network:
    def __init__(self, element: Any) -> None:
        self.code = element.get("code", "")
        self.element = copy.copy(element)
        for child in list(self.element):
            if _name(child) == "Station":
                self.element.remove(child)
        self.stations: list[_Station] = []

    def opened(self, selected: int) -> bytes:
        """Its start tag and what it says of itself."""
        element = copy.deepcopy(self.element)
        for child in list(element):
            if _name(child) in ("TotalNumberStations", "SelectedNumberStations"):
                element.remove(child)
        for name, count in (("TotalNumberStations", len(self.stations)), ("SelectedNumberStations", selected)):
            etree.SubElement(element, f"{{{_NAMESPACE}}}{name}").text = str(count)
        return _tidy(element, 1).removesuffix(b"</Network>\n").rstrip() + b"\n"

    def line(self) -> str:
        start, end = self.element.get("startDate"), self.element.get("endDate")
        described = _text(self.element, "Description")
        return _line(self.code, described, _when(start), _when(end), str(len(self.stations)))


class _Station:
    def __init__(self, network: str, element: Any) -> None:
        self.network, self.code = network, element.get("code", "")
        self.element = copy.copy(element)
        own = [child for child in element if _name(child) == "Channel"]
        for child in list(self.element):
            if _name(child) == "Channel":
                self.element.remove(child)
        self.place = _place(network, self.code, element, element)
        self.channels = [(copy.deepcopy(child), _place(network, self.code, element, child)) for child in own]

    def written(self, channels: list[Any], level: Level) -> bytes:
        """The station with some of its channels, down to a level."""
        element = copy.deepcopy(self.element)
        for child in list(element):
            if _name(child) in ("TotalNumberChannels", "SelectedNumberChannels"):
                element.remove(child)
        behind = next((k for k, child in enumerate(element) if _name(child) == "ExternalReference"), len(element))
        chosen = channels if _DEEP[level] > 1 else []
        for name, count in (("SelectedNumberChannels", len(chosen)), ("TotalNumberChannels", len(self.channels))):
            counted = etree.Element(f"{{{_NAMESPACE}}}{name}")
            counted.text = str(count)
            element.insert(behind, counted)
        for channel in chosen:
            element.append(_without_stages(channel) if level == "channel" else copy.deepcopy(channel))
        return _tidy(element, 2)

    def line(self) -> str:
        site = next((child for child in self.element if _name(child) == "Site"), None)
        name = "" if site is None else _text(site, "Name")
        place = [_text(self.element, field) for field in ("Latitude", "Longitude", "Elevation")]
        start, end = self.element.get("startDate"), self.element.get("endDate")
        return _line(self.network, self.code, *place, name, _when(start), _when(end))

    def channel_line(self, channel: Any) -> str:
        names = ("Latitude", "Longitude", "Elevation", "Depth", "Azimuth", "Dip")
        place = [_text(channel, field) for field in names]
        sensor = next((child for child in channel if _name(child) == "Sensor"), None)
        described = "" if sensor is None else _text(sensor, "Description") or _text(sensor, "Type")
        sensitivity = channel.find(f"{{{_NAMESPACE}}}Response/{{{_NAMESPACE}}}InstrumentSensitivity")
        scale = ["", "", ""]
        if sensitivity is not None:
            units = next((child for child in sensitivity if _name(child) == "InputUnits"), None)
            named = "" if units is None else _text(units, "Name")
            scale = [_text(sensitivity, "Value"), _text(sensitivity, "Frequency"), named]
        start, end = channel.get("startDate"), channel.get("endDate")
        codes = (self.network, self.code, channel.get("locationCode", "").strip(), channel.get("code", ""))
        rate = _text(channel, "SampleRate")
        return _line(*codes, *place, described, *scale, rate, _when(start), _when(end))


def _root(file: Path) -> Any:
    parser = etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=True, remove_blank_text=True)
    content = file.read_bytes()
    if content.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<"):
        root = etree.fromstring(content, parser)
        if _name(root) != "FDSNStationXML":
            raise InputError(file, f"is {_name(root)}", "give FDSN StationXML")
        return root
    inventory, _ = read_inventory(file)
    with tempfile.TemporaryDirectory() as folder:
        made = Path(folder) / "stations.xml"
        write_stationxml(inventory, made)
        return etree.fromstring(made.read_bytes(), parser)


def _place(network: str, station: str, around: Any, element: Any) -> Place:
    latitude = _text(element, "Latitude") or _text(around, "Latitude")
    longitude = _text(element, "Longitude") or _text(around, "Longitude")
    channel = element is not around
    start, end = element.get("startDate"), element.get("endDate")
    return Place(
        network,
        station,
        (element.get("locationCode") or "").strip() if channel else "",
        element.get("code", "") if channel else "",
        float(latitude) if latitude else math.nan,
        float(longitude) if longitude else math.nan,
        TimeSpan(BEGINNING if not start else parse_open_time(start), END if not end else parse_open_time(end)),
        (element.get("restrictedStatus") or around.get("restrictedStatus") or "open") == "closed",
    )


def _without_stages(channel: Any) -> Any:
    """A channel whose response is the overall sensitivity alone."""
    element = copy.deepcopy(channel)
    for response in [child for child in element if _name(child) == "Response"]:
        for child in list(response):
            if _name(child) not in ("InstrumentSensitivity", "InstrumentPolynomial"):
                response.remove(child)
        if not len(response):
            element.remove(response)
    return element


def _tidy(element: Any, depth: int) -> bytes:
    """An element as lines, without the declaration of the namespace that the root makes."""
    etree.indent(element, space=" ", level=depth)
    written: bytes = etree.tostring(element, encoding="utf-8")
    declared = f' xmlns="{_NAMESPACE}"'.encode()
    return b" " * depth + written.strip().replace(declared, b"", 1) + b"\n"


def _name(element: Any) -> str:
    return etree.QName(element).localname if isinstance(element.tag, str) else ""


def _text(element: Any, name: str) -> str:
    found = next((child for child in element if _name(child) == name), None)
    return (found.text or "").strip() if found is not None else ""


def _when(text: str | None) -> str:
    """A time as text has it: without a zone, and nothing for one that means for ever."""
    time = END if not text else parse_open_time(text)
    return "" if time in (BEGINNING, END) or text is None else format_time(time, 4 if "." in text else 0)[:-1]


def _line(*fields: str) -> str:
    return "|".join(field.replace("|", " ").replace("\n", " ") for field in fields) + "\n"


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
