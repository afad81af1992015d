"""fdsnws-station 1.1: metadata of stations as StationXML, word for word, or as text."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from typing import Any

import msgspec

import wadati
from wadati.api.errors import Refused
from wadati.api.fdsn.area import AREA, check_area
from wadati.api.fdsn.selections import CODES, TIMES, selections
from wadati.api.fdsn.service import Answer, Selecting, Service
from wadati.api.holdings import Holdings
from wadati.api.parameters import Parameter
from wadati.formats.stationxml_elements import Available, Place
from wadati.model import TimeSpan
from wadati.sources.archive import Extent
from wadati.sources.selection import Selection
from wadati.traveltime.geodesy import distance_azimuth

VERSION = "1.1.4"
_METRES_PER_DEGREE = 111_194.93
PARAMETERS = (
    *TIMES,
    Parameter(name="startbefore", kind="time", words="epochs that start before it"),
    Parameter(name="startafter", kind="time", words="epochs that start after it"),
    Parameter(name="endbefore", kind="time", words="epochs that end before it"),
    Parameter(name="endafter", kind="time", words="epochs that end after it"),
    *CODES,
    *AREA,
    Parameter(
        name="level", choices=("network", "station", "channel", "response"), usual="station", words="how much is told"
    ),
    Parameter(name="includerestricted", kind="boolean", usual=True, words="also what is not open to all"),
    Parameter(
        name="includeavailability", kind="boolean", usual=False, words="also from when until when there are waveforms"
    ),
    Parameter(name="matchtimeseries", kind="boolean", usual=False, words="only where there are waveforms"),
    Parameter(name="updatedafter", kind="time", words="what changed here after it"),
    Parameter(name="format", choices=("xml", "text"), usual="xml", words="of the answer"),
)


class StationService:
    """What answers for the stations of one network."""

    def __init__(self, holdings: Holdings) -> None:
        self._holdings = holdings
        self.service = Service("station", VERSION, PARAMETERS, self.ask, lists=True)

    def ask(
        self, values: dict[str, Any], lines: list[Selecting] | None = None, __: frozenset[str] = frozenset()
    ) -> Answer | None:
        """What is wanted of the documents; None where it is nothing. Raises `Refused`."""
        level = values["level"]
        if values["format"] == "text" and level == "response":
            raise Refused(400, "format=text knows no level=response")
        documents, settings = self._holdings.documents, self._holdings.settings
        asked = selections(values, lines)
        wanted = wanted_of(values, asked, self._extents(values, asked))
        selected = None if documents is None else documents.select(level, wanted)
        if selected is None or selected.empty:
            return None
        if values["format"] == "text":
            return Answer((line.encode() for line in selected.text()), "text/plain; charset=utf-8", "stations.txt")
        module = f"Wadati {wadati.__version__}"
        chunks = selected.xml(self._holdings.authority, settings.title, time.time_ns(), module, self._available(values))
        return Answer(chunks, "application/xml", "stations.xml")

    def _extents(self, values: dict[str, Any], asked: list[Selection]) -> list[Extent] | None:
        if not values["matchtimeseries"]:
            return None
        return [] if self._holdings.archive is None else self._holdings.archive.extents(asked)

    def _available(self, values: dict[str, Any]) -> Available | None:
        archive = self._holdings.archive
        if archive is None or not values["includeavailability"]:
            return None

        def available(place: Place) -> TimeSpan | None:
            codes = (place.network, place.station, place.location or "--", place.channel)
            return archive.available(Selection(*codes, place.span))

        return available


def wanted_of(values: dict[str, Any], wanted: list[Selection], extents: list[Extent] | None) -> Callable[[Place], bool]:
    """Whether a request asks for a channel. Raises `Refused` for what contradicts itself."""
    check_area(values)

    def holds(place: Place) -> bool:
        if place.restricted and not values["includerestricted"]:
            return False
        codes = (place.network, place.station, place.location, place.channel)
        if not place.channel:
            # A station without channels is asked by its own codes alone.
            fitting = [one for one in wanted if one.network and _without_channels(one).holds_codes(*codes)]
        else:
            fitting = [one for one in wanted if one.holds_codes(*codes)]
        if not any(one.span.overlaps(place.span) for one in fitting):
            return False
        if values["updatedafter"] is not None and place.changed <= values["updatedafter"]:
            return False
        return _in_time(values, place.span) and _in_space(values, place) and _has_samples(place, wanted, extents)

    return holds


def _without_channels(one: Selection) -> Selection:
    return msgspec.structs.replace(one, location="*", channel="*")


def _in_time(values: dict[str, Any], span: TimeSpan) -> bool:
    before, after = values["startbefore"], values["startafter"]
    ends_before, ends_after = values["endbefore"], values["endafter"]
    return (
        (before is None or span.start < before)
        and (after is None or span.start > after)
        and (ends_before is None or span.end < ends_before)
        and (ends_after is None or span.end > ends_after)
    )


def _in_space(values: dict[str, Any], place: Place) -> bool:
    south, north = values["minlatitude"], values["maxlatitude"]
    west, east = values["minlongitude"], values["maxlongitude"]
    if (south is not None and not place.latitude >= south) or (north is not None and not place.latitude <= north):
        return False
    right_of = west is None or place.longitude >= west
    left_of = east is None or place.longitude <= east
    across = west is not None and east is not None and west > east
    if not (right_of or left_of if across else right_of and left_of):
        return False
    if values["latitude"] is None:
        return True
    if math.isnan(place.latitude):
        return False
    metres, _ = distance_azimuth(values["latitude"], values["longitude"], place.latitude, place.longitude)
    arc = float(metres) / _METRES_PER_DEGREE
    return (values["minradius"] or 0.0) <= arc <= (180.0 if values["maxradius"] is None else values["maxradius"])


def _has_samples(place: Place, wanted: list[Selection], extents: list[Extent] | None) -> bool:
    if extents is None:
        return True
    return any(
        extent.source_id.station_key == (place.network, place.station)
        and extent.source_id.location == place.location
        and (not place.channel or Selection("*", "*", "*", place.channel, extent.span).holds(extent.source_id))
        and extent.span.overlaps(place.span)
        and any(one.span.overlaps(extent.span) for one in wanted)
        for extent in extents
    )
