"""From the model to the text of QuakeML 1.2, an event at a time, so that a catalog of any size passes through.

Standard: QuakeML 1.2 Basic Event Description (https://quake.ethz.ch/quakeml).
"""

from __future__ import annotations

import math
import re
import statistics
from collections.abc import Iterable, Iterator, Mapping
from xml.sax.saxutils import quoteattr

from wadati.formats.channel_codes import channel_code
from wadati.formats.quakeml_elements import (
    NAMESPACE,
    STEP,
    Lines,
    indented,
    nest,
    number_element,
    numbers,
    own_element,
    quantity,
    real,
    text_element,
)
from wadati.formats.quakeml_mechanisms import mechanism_lines
from wadati.model import Arrival, Catalog, Event, Magnitude, Origin, Pick, SourceId, StationMagnitude, format_time
from wadati.units import MICROSECOND

METRES_PER_DEGREE = 6_371_000.0 * math.pi / 180.0
"""A degree of arc as QuakeML files mean it: on a sphere of 6,371 km."""

PUBLIC_ID = re.compile(r"(smi|quakeml):[\w\d][\w\d\-.*()_~']{2,}/[\w\d\-.*()_~'][\w\d\-.*()+?_~'=,;#/&]*", re.ASCII)
"""What QuakeML allows as an identifier."""

EVENT_TYPES = frozenset(
    (  # noqa: SIM905
        "accidental explosion, acoustic noise, anthropogenic event, atmospheric event, avalanche, blasting levee, "
        "boat crash, building collapse, cavity collapse, chemical explosion, collapse, controlled explosion, crash, "
        "debris avalanche, earthquake, experimental explosion, explosion, fluid extraction, fluid injection, "
        "hydroacoustic event, ice quake, induced or triggered event, industrial explosion, landslide, meteorite, "
        "mine collapse, mining explosion, not existing, not reported, nuclear explosion, other event, plane crash, "
        "quarry blast, reservoir loading, road cut, rock burst, rockslide, slide, snow avalanche, sonic blast, "
        "sonic boom, thunder, train crash, volcanic eruption"
    ).split(", ")
)
"""The types of events that QuakeML has a word for."""

_HEAD = f"""<?xml version='1.0' encoding='utf-8'?>
<q:quakeml xmlns:wadati="{NAMESPACE}" xmlns="http://quakeml.org/xmlns/bed/1.2" \
xmlns:q="http://quakeml.org/xmlns/quakeml/1.2">
"""


def escaped(text: str) -> str:
    """Text as QuakeML allows it in an identifier: other characters as `~` and two hexadecimal digits a byte.

    >>> escaped("a b"), unescaped("a~20b")
    ('a~20b', 'a b')
    """
    return re.sub(rb"[^A-Za-z0-9.()_*'-]", lambda match: b"~%02x" % match[0][0], text.encode()).decode()


def unescaped(text: str) -> str:
    """The way back from `escaped`."""
    return re.sub(rb"~([0-9a-f]{2})", lambda match: bytes([int(match[1], 16)]), text.encode()).decode()


class Writer:
    """Writes under one authority.

    >>> catalog = Catalog((Event("wd1", (Origin.of(0, 35.7, -117.5, 8000.0),)),))
    >>> text = "".join(Writer("org.example").document(catalog, None))
    >>> text.count("<event "), 'publicID="smi:org.example/event/wd1"' in text
    (1, True)
    """

    def __init__(self, authority: str) -> None:
        self._authority = authority

    def document(self, catalog: Catalog, created: int | None) -> Iterator[str]:
        """The text of a whole catalog; a pick of several events stands in the first of them."""
        picks = {pick.pick_id: pick for pick in catalog.picks}
        stations = {pick.pick_id: pick.source_id.station_key for pick in catalog.picks}
        yield self.head(created)
        for event in catalog.events:
            yield self.event(event, picks, stations)
            for pick_id in _evidence(event):
                picks.pop(pick_id, None)
        yield self.tail()

    def head(self, created: int | None, comment: str = "") -> str:
        """What stands before the events."""
        lines = [f"<eventParameters publicID={quoteattr(f'smi:{self._authority}/wadati')}>"]
        if comment:
            lines += indented(nest("comment", [text_element("text", comment)]))
        if created is not None:
            told = [text_element("agencyID", self._authority), text_element("creationTime", format_time(created, 6))]
            lines += indented(nest("creationInfo", told))
        return _HEAD + "".join(f"{STEP}{line}\n" for line in lines)

    @staticmethod
    def tail() -> str:
        """What stands after the events."""
        return f"{STEP}</eventParameters>\n</q:quakeml>\n"

    def event(
        self,
        event: Event,
        picks: Mapping[str, Pick],
        stations: Mapping[str, tuple[str, str]],
        *,
        arrivals: bool = True,
        described: str | None = None,
    ) -> str:
        """One event with those of its picks that are in `picks`; `stations` are those of picks.

        Without `arrivals` the origins stand alone, with no picks and no amplitudes of picks. `described` is its
        Flinn-Engdahl region.
        """
        lines = self._optional_id("preferredOriginID", "origin", event.preferred_origin_id)
        lines += self._optional_id("preferredMagnitudeID", "magnitude", event.preferred_magnitude_id)
        lines += self._optional_id("preferredFocalMechanismID", "focal_mechanism", event.preferred_mechanism_id)
        standard = event.event_type in EVENT_TYPES
        lines.append(text_element("type", event.event_type if standard else "other event"))
        if described:
            lines += nest(
                "description", [text_element("text", described), text_element("type", "Flinn-Engdahl region")]
            )
        for origin in event.origins:
            lines += self._origin(origin, stations, arrivals=arrivals)
        own = [picks[pick_id] for pick_id in _evidence(event) if pick_id in picks] if arrivals else []
        for pick in own:
            lines += self._pick(pick)
        for pick in own:
            if pick.amplitude is not None:
                lines += self._pick_amplitude(pick)
        amplitudes: Lines = []
        contributions: Lines = []
        for magnitude in event.magnitudes:
            lines += self._magnitude(magnitude)
            for number, station in enumerate(magnitude.station_magnitudes):
                contributions += self._station_magnitude(magnitude, station, number)
                if station.amplitude:
                    amplitudes += self._station_amplitude(magnitude, station, number)
        lines += contributions + amplitudes
        for mechanism in event.mechanisms:
            lines += mechanism_lines(mechanism, self._id)
        lines += own_element("event_type", None if standard else event.event_type)
        lines += own_element("aliases", " ".join(escaped(alias) for alias in event.aliases) or None)
        opened = f"<event publicID={quoteattr(self._id('event', event.event_id))}>"
        return "".join(f"    {line}\n" for line in [opened, *indented(lines), "</event>"])

    def _id(self, kind: str, identifier: str) -> str:
        if PUBLIC_ID.fullmatch(identifier):
            return identifier
        return f"smi:{self._authority}/{kind}/{escaped(identifier)}"

    def _optional_id(self, name: str, kind: str, identifier: str | None) -> Lines:
        return [text_element(name, self._id(kind, identifier))] if identifier else []

    def _nest(self, name: str, kind: str, identifier: str, lines: Lines) -> Lines:
        opened = f"<{name} publicID={quoteattr(self._id(kind, identifier))}>"
        return [opened, *indented(lines), f"</{name}>"]

    def _origin(self, origin: Origin, stations: Mapping[str, tuple[str, str]], *, arrivals: bool) -> Lines:
        spread = origin.uncertainty
        errors: tuple[float | None, ...] = (None,) * 4
        if spread is not None:
            parallel = METRES_PER_DEGREE * max(math.cos(math.radians(origin.latitude)), 1e-6)
            north, east = math.sqrt(spread.covariance[1][1]), math.sqrt(spread.covariance[0][0])
            errors = (spread.time, north / METRES_PER_DEGREE, east / parallel, spread.depth)
        lines = quantity("time", format_time(origin.time, 6), errors[0])
        lines += quantity("latitude", real(origin.latitude), errors[1])
        lines += quantity("longitude", real(origin.longitude), errors[2])
        lines += quantity("depth", real(origin.depth), errors[3])
        lines += self._optional_id("methodID", "method", origin.method)
        lines += self._optional_id("earthModelID", "earth_model", origin.earth_model)
        lines += _quality(origin)
        lines.append(text_element("evaluationMode", origin.evaluation_mode))
        lines.append(text_element("evaluationStatus", origin.evaluation_status))
        if spread is not None and math.isfinite(spread.semi_major):
            ellipse = [
                text_element("preferredDescription", "uncertainty ellipse"),
                *number_element("horizontalUncertainty", spread.semi_major),
                *number_element("minHorizontalUncertainty", spread.semi_minor),
                *number_element("maxHorizontalUncertainty", spread.semi_major),
                *number_element("azimuthMaxHorizontalUncertainty", spread.semi_major_azimuth),
                *number_element("confidenceLevel", 95.0),
            ]
            lines += nest("originUncertainty", ellipse)
        if arrivals:
            for number, arrival in enumerate(origin.arrivals):
                lines += self._arrival(origin, arrival, number, stations)
        lines += own_element("time", _beyond_microseconds(origin.time))
        if spread is not None:
            ellipse_95 = (spread.semi_major, spread.semi_minor, spread.semi_major_azimuth)
            lines += own_element("covariance", numbers(number for row in spread.covariance for number in row))
            lines += own_element("ellipse_95", numbers(ellipse_95))
            lines += own_element("depth_95", real(spread.depth_95))
            lines += own_element("time_95", real(spread.time_95))
            lines += own_element("depth_resolved", None if spread.depth_resolved else "false")
        return self._nest("origin", "origin", origin.origin_id, lines)

    def _arrival(self, origin: Origin, arrival: Arrival, number: int, stations: Mapping[str, tuple[str, str]]) -> Lines:
        lines = [text_element("pickID", self._id("pick", arrival.pick_id)), text_element("phase", arrival.phase)]
        lines += number_element("azimuth", arrival.azimuth)
        lines += number_element("distance", arrival.distance / METRES_PER_DEGREE)
        lines += number_element("timeResidual", arrival.time_residual)
        lines += number_element("timeWeight", arrival.weight)
        if stations.get(arrival.pick_id) != (arrival.network, arrival.station):
            lines += [*own_element("network", arrival.network), *own_element("station", arrival.station)]
        return self._nest("arrival", "arrival", f"{origin.origin_id}.{number}", lines)

    def _pick(self, pick: Pick) -> Lines:
        lines = quantity("time", format_time(pick.time, 6), pick.time_uncertainty)
        lines.append(_waveform(pick.source_id))
        lines += self._optional_id("methodID", "method", pick.method)
        if pick.phase_hint:
            lines.append(text_element("phaseHint", pick.phase_hint))
        if pick.polarity:
            lines.append(text_element("polarity", pick.polarity))
        lines.append(text_element("evaluationMode", pick.evaluation_mode))
        lines += own_element("time", _beyond_microseconds(pick.time))
        lines += own_element("probability", real(pick.probability))
        return self._nest("pick", "pick", pick.pick_id, lines)

    def _pick_amplitude(self, pick: Pick) -> Lines:
        assert pick.amplitude is not None
        lines = _amplitude(pick.amplitude)
        lines.append(text_element("pickID", self._id("pick", pick.pick_id)))
        lines.append(_waveform(pick.source_id))
        return self._nest("amplitude", "amplitude", pick.pick_id.replace(":", "."), lines)

    def _magnitude(self, magnitude: Magnitude) -> Lines:
        lines = quantity("mag", real(magnitude.value), magnitude.uncertainty)
        lines.append(text_element("type", magnitude.magnitude_type))
        lines += self._optional_id("originID", "origin", magnitude.origin_id)
        lines += self._optional_id("methodID", "method", magnitude.method)
        if magnitude.station_count:
            lines.append(text_element("stationCount", f"{magnitude.station_count}"))
        for number, station in enumerate(magnitude.station_magnitudes):
            name = self._id("station_magnitude", _part(magnitude, number))
            told = [text_element("stationMagnitudeID", name), *number_element("weight", station.weight)]
            lines += nest("stationMagnitudeContribution", told)
        lines += own_element("saturated", "true" if magnitude.saturated else None)
        return self._nest("magnitude", "magnitude", magnitude.magnitude_id, lines)

    def _station_magnitude(self, magnitude: Magnitude, station: StationMagnitude, number: int) -> Lines:
        lines = self._optional_id("originID", "origin", magnitude.origin_id)
        lines += quantity("mag", real(station.value))
        lines.append(text_element("type", station.magnitude_type))
        if station.amplitude:
            lines.append(text_element("amplitudeID", self._id("amplitude", _part(magnitude, number))))
        lines.append(_waveform(station.source_id))
        return self._nest("stationMagnitude", "station_magnitude", _part(magnitude, number), lines)

    def _station_amplitude(self, magnitude: Magnitude, station: StationMagnitude, number: int) -> Lines:
        lines = [*_amplitude(station.amplitude), _waveform(station.source_id)]
        return self._nest("amplitude", "amplitude", _part(magnitude, number), lines)


def _evidence(event: Event) -> Iterable[str]:
    """The picks of all origins, each once."""
    return dict.fromkeys(arrival.pick_id for origin in event.origins for arrival in origin.arrivals)


def _part(magnitude: Magnitude, number: int) -> str:
    return f"{magnitude.magnitude_id.replace(':', '.')}.{number}"


def _amplitude(metres: float) -> Lines:
    return [*quantity("genericAmplitude", real(metres)), text_element("type", "AML"), text_element("unit", "m")]


def _quality(origin: Origin) -> Lines:
    used = [arrival for arrival in origin.arrivals if arrival.weight > 0]
    lines: Lines = []
    if origin.arrivals:
        counts = {
            "associatedPhaseCount": len(origin.arrivals),
            "usedPhaseCount": len(used),
            "associatedStationCount": len({(arrival.network, arrival.station) for arrival in origin.arrivals}),
            "usedStationCount": len({(arrival.network, arrival.station) for arrival in used}),
        }
        lines += [text_element(name, f"{count}") for name, count in counts.items()]
    lines += number_element("standardError", origin.standard_error)
    lines += number_element("azimuthalGap", origin.azimuthal_gap)
    degrees = [arrival.distance / METRES_PER_DEGREE for arrival in used if math.isfinite(arrival.distance)]
    if degrees:
        lines += number_element("minimumDistance", min(degrees))
        lines += number_element("maximumDistance", max(degrees))
        lines += number_element("medianDistance", statistics.median(degrees))
    return nest("quality", lines)


def _waveform(source_id: SourceId) -> str:
    codes = {
        "networkCode": source_id.network,
        "stationCode": source_id.station,
        "locationCode": source_id.location,
        "channelCode": channel_code(source_id),
    }
    told = [
        f"{name}={quoteattr(code)}" for name, code in codes.items() if code or name in ("networkCode", "stationCode")
    ]
    return f"<waveformID {' '.join(told)}></waveformID>"


def _beyond_microseconds(time: int) -> str | None:
    """The instant in full where microseconds do not say it."""
    return format_time(time, 9) if time % MICROSECOND else None
