"""Networks and stations of StationXML as they stand: elements written back word for word, and lines of tables.

Standard: FDSN StationXML 1.2 (https://docs.fdsn.org/projects/stationxml) and the text of fdsnws-station 1.1.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Callable
from typing import Any, Literal

import msgspec
from lxml import etree

from wadati.model import TimeSpan, format_time, parse_open_time
from wadati.model.time import BEGINNING, END

NAMESPACE = "http://www.fdsn.org/xml/station/1"
Level = Literal["network", "station", "channel", "response"]
DEPTH = {"network": 0, "station": 1, "channel": 2, "response": 3}


class Place(msgspec.Struct, frozen=True):
    """What a channel is found by: codes, where (degrees) and when it is, and whether it is open to all.

    `changed` is when what is written of it last became another (ns); 0 where that is not known.
    """

    network: str
    station: str
    location: str
    channel: str
    latitude: float
    longitude: float
    span: TimeSpan
    restricted: bool = False
    changed: int = 0


Available = Callable[[Place], TimeSpan | None]
"""From when until when there are waveforms of a channel."""


class NetworkElement:
    """A network without its stations."""

    def __init__(self, element: Any) -> None:
        self.code = element.get("code", "")
        self.element = copy.copy(element)
        for child in list(self.element):
            if name_of(child) == "Station":
                self.element.remove(child)
        self.stations: list[StationElement] = []

    def opened(self, selected: int) -> bytes:
        """Its start tag and what it says of itself."""
        element = copy.deepcopy(self.element)
        for child in list(element):
            if name_of(child) in ("TotalNumberStations", "SelectedNumberStations"):
                element.remove(child)
        for name, count in (("TotalNumberStations", len(self.stations)), ("SelectedNumberStations", selected)):
            etree.SubElement(element, f"{{{NAMESPACE}}}{name}").text = str(count)
        return _tidy(element, 1).removesuffix(b"</Network>\n").rstrip() + b"\n"

    def line(self) -> str:
        """Its line in the table of networks."""
        start, end = self.element.get("startDate"), self.element.get("endDate")
        described = _text(self.element, "Description")
        return _line(self.code, described, _when(start), _when(end), str(len(self.stations)))


class StationElement:
    """A station, and its channels with what they are found by."""

    def __init__(self, network: str, element: Any, changed: int) -> None:
        self.network, self.code = network, element.get("code", "")
        self.element = copy.copy(element)
        own = [child for child in element if name_of(child) == "Channel"]
        for child in list(self.element):
            if name_of(child) == "Channel":
                self.element.remove(child)
        self.place = _place(network, self.code, element, element, changed)
        self.channels = [(copy.deepcopy(child), _place(network, self.code, element, child, changed)) for child in own]

    def written(self, channels: list[tuple[Any, Place]], level: Level, available: Available | None) -> bytes:
        """The station with some of its channels, down to a level, and when there are waveforms of them."""
        element = copy.deepcopy(self.element)
        for child in list(element):
            if name_of(child) in ("TotalNumberChannels", "SelectedNumberChannels"):
                element.remove(child)
        behind = next((k for k, child in enumerate(element) if name_of(child) == "ExternalReference"), len(element))
        chosen = channels if DEPTH[level] > 1 else []
        for name, count in (("SelectedNumberChannels", len(chosen)), ("TotalNumberChannels", len(self.channels))):
            counted = etree.Element(f"{{{NAMESPACE}}}{name}")
            counted.text = str(count)
            element.insert(behind, counted)
        for channel, place in chosen:
            own = _without_stages(channel) if level == "channel" else copy.deepcopy(channel)
            span = None if available is None else available(place)
            if span is not None:
                _say_available(own, span)
            element.append(own)
        return _tidy(element, 2)

    def line(self) -> str:
        """Its line in the table of stations."""
        site = next((child for child in self.element if name_of(child) == "Site"), None)
        name = "" if site is None else _text(site, "Name")
        place = [_text(self.element, field) for field in ("Latitude", "Longitude", "Elevation")]
        start, end = self.element.get("startDate"), self.element.get("endDate")
        return _line(self.network, self.code, *place, name, _when(start), _when(end))

    def channel_line(self, channel: Any) -> str:
        """The line of one of its channels."""
        names = ("Latitude", "Longitude", "Elevation", "Depth", "Azimuth", "Dip")
        place = [_text(channel, field) for field in names]
        sensor = next((child for child in channel if name_of(child) == "Sensor"), None)
        described = "" if sensor is None else _text(sensor, "Description") or _text(sensor, "Type")
        sensitivity = channel.find(f"{{{NAMESPACE}}}Response/{{{NAMESPACE}}}InstrumentSensitivity")
        scale = ["", "", ""]
        if sensitivity is not None:
            units = next((child for child in sensitivity if name_of(child) == "InputUnits"), None)
            named = "" if units is None else _text(units, "Name")
            scale = [_text(sensitivity, "Value"), _text(sensitivity, "Frequency"), named]
        start, end = channel.get("startDate"), channel.get("endDate")
        codes = (self.network, self.code, channel.get("locationCode", "").strip(), channel.get("code", ""))
        rate = _text(channel, "SampleRate")
        return _line(*codes, *place, described, *scale, rate, _when(start), _when(end))


def _place(network: str, station: str, around: Any, element: Any, changed: int) -> Place:
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
        changed,
    )


def _without_stages(channel: Any) -> Any:
    """A channel whose response is the overall sensitivity alone."""
    element = copy.deepcopy(channel)
    for response in [child for child in element if name_of(child) == "Response"]:
        for child in list(response):
            if name_of(child) not in ("InstrumentSensitivity", "InstrumentPolynomial"):
                response.remove(child)
        if not len(response):
            element.remove(response)
    return element


def _say_available(channel: Any, span: TimeSpan) -> None:
    """Say in a channel from when until when there are samples, in the place of what may be said of it there."""
    for child in [child for child in channel if name_of(child) == "DataAvailability"]:
        channel.remove(child)
    before = ("Description", "Identifier", "Comment")
    behind = next((k for k, child in enumerate(channel) if name_of(child) not in before), len(channel))
    element = etree.Element(f"{{{NAMESPACE}}}DataAvailability")
    extent = etree.SubElement(element, f"{{{NAMESPACE}}}Extent")
    extent.set("start", format_time(span.start))
    extent.set("end", format_time(span.end))
    channel.insert(behind, element)


def _tidy(element: Any, depth: int) -> bytes:
    """An element as lines, without the declaration of the namespace that the root makes."""
    etree.indent(element, space=" ", level=depth)
    written: bytes = etree.tostring(element, encoding="utf-8")
    declared = f' xmlns="{NAMESPACE}"'.encode()
    return b" " * depth + written.strip().replace(declared, b"", 1) + b"\n"


def name_of(element: Any) -> str:
    """The name of an element without its namespace; empty for comments."""
    return etree.QName(element).localname if isinstance(element.tag, str) else ""


def _text(element: Any, name: str) -> str:
    found = next((child for child in element if name_of(child) == name), None)
    return (found.text or "").strip() if found is not None else ""


def _when(text: str | None) -> str:
    """A time as text has it: without a zone, and nothing for one that means for ever."""
    time = END if not text else parse_open_time(text)
    return "" if time in (BEGINNING, END) or text is None else format_time(time, 4 if "." in text else 0)[:-1]


def _line(*fields: str) -> str:
    return "|".join(field.replace("|", " ").replace("\n", " ") for field in fields) + "\n"
