"""From ObsPy's QuakeML objects to the model."""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING, Any

import msgspec

from wadati.formats.channel_codes import source_id_of
from wadati.formats.quakeml_elements import NAMESPACE
from wadati.formats.quakeml_mechanisms import mechanism_of
from wadati.formats.quakeml_writing import METRES_PER_DEGREE, unescaped
from wadati.formats.tables import in_order, stated_uncertainty
from wadati.model import (
    Arrival,
    Catalog,
    Event,
    Magnitude,
    Origin,
    Pick,
    SourceId,
    StationMagnitude,
    Uncertainty,
    content_id,
    parse_time,
)
from wadati.protocols import Problem
from wadati.units import KILOMETRE

if TYPE_CHECKING:
    import obspy.core.event as quake

_OURS = re.compile(r"smi:([^/]+)/wadati")
_SIGMA_95 = 2.4477
_ASSIGNED = "operator assigned"


class Reader:
    """Makes model values of one QuakeML document; identifiers written by `quakeml_writing` become short again."""

    def __init__(self, found: quake.Catalog, subject: str, problems: list[Problem]) -> None:
        self._found, self._subject, self._problems = found, subject, problems
        ours = _OURS.fullmatch(str(found.resource_id))
        self._own = re.compile(rf"smi:{re.escape(ours[1])}/[a-z_]+/(.*)") if ours else None
        self._picks: dict[str, Pick] = {}

    def catalog(self) -> Catalog:
        """Events and the picks they hold, in order of time."""
        for event in self._found:
            amplitudes = self._pick_amplitudes(event)
            for pick in event.picks:
                read = self._pick(pick, amplitudes)
                if read is not None:
                    self._picks[read.pick_id] = read
        events = [event for event in map(self._event, self._found) if event is not None]
        return in_order(events, self._picks.values())

    def _id(self, resource: Any) -> str:
        """An identifier of our own without authority and kind, any other as it stands; empty where there is none."""
        text = str(resource.id) if resource is not None else ""
        own = self._own.fullmatch(text) if self._own else None
        return unescaped(own[1]) if own else text

    def _problem(self, what: str, resource: Any, wrong: str) -> None:
        self._problems.append(Problem(f"{self._subject}: {what} {self._id(resource)}", wrong, "complete the file"))

    def _pick_amplitudes(self, event: quake.Event) -> dict[str, float]:
        """Wood–Anderson amplitudes of picks; only our own files say what kind of amplitude they mean."""
        if self._own is None:
            return {}
        return {self._id(item.pick_id): item.generic_amplitude for item in event.amplitudes if item.pick_id is not None}

    def _pick(self, pick: quake.Pick, amplitudes: dict[str, float]) -> Pick | None:
        if pick.time is None:
            self._problem("pick", pick.resource_id, "has no time; it is left out")
            return None
        extra = _extra(pick)
        read = Pick.of(
            _source_id(pick.waveform_id),
            pick.phase_hint or "",
            parse_time(extra["time"]) if "time" in extra else pick.time.ns,
            time_uncertainty=_spread(pick.time_errors),
            probability=float(extra.get("probability", 1.0)),
            polarity=pick.polarity if pick.polarity in ("positive", "negative") else None,
            method=self._id(pick.method_id),
            evaluation_mode=pick.evaluation_mode or "automatic",
        )
        pick_id = self._id(pick.resource_id) or read.pick_id
        return msgspec.structs.replace(read, pick_id=pick_id, amplitude=amplitudes.get(pick_id))

    def _event(self, event: quake.Event) -> Event | None:
        origins = tuple(origin for origin in map(self._origin, event.origins) if origin is not None)
        if not origins:
            self._problem("event", event.resource_id, "has no origin with time, latitude and longitude; it is left out")
            return None
        origin_ids = {origin.origin_id for origin in origins}
        preferred = self._id(event.preferred_origin_id)
        preferred_origin = preferred if preferred in origin_ids else None
        chosen = preferred_origin or origins[0].origin_id
        stations = {self._id(item.resource_id): item for item in event.station_magnitudes}
        amplitudes = {self._id(item.resource_id): item for item in event.amplitudes}
        magnitudes = tuple(
            self._magnitude(item, chosen, stations, amplitudes) for item in event.magnitudes if item.mag is not None
        )
        extra = _extra(event)
        mechanisms = tuple(
            one
            for one in (mechanism_of(item, chosen, _extra(item), self._id) for item in event.focal_mechanisms)
            if one is not None
        )
        preferred_mechanism = self._id(event.preferred_focal_mechanism_id)
        return Event(
            self._id(event.resource_id) or content_id("event", chosen),
            origins,
            magnitudes,
            preferred_origin,
            self._preferred_magnitude(event, magnitudes, chosen),
            extra.get("event_type") or event.event_type or "earthquake",
            tuple(unescaped(alias) for alias in extra.get("aliases", "").split()),
            mechanisms,
            preferred_mechanism if any(one.mechanism_id == preferred_mechanism for one in mechanisms) else None,
        )

    def _preferred_magnitude(self, event: quake.Event, magnitudes: tuple[Magnitude, ...], chosen: str) -> str | None:
        preferred = self._id(event.preferred_magnitude_id)
        if any(magnitude.magnitude_id == preferred for magnitude in magnitudes):
            return preferred
        if self._own is not None or not magnitudes:
            return None
        return next((m.magnitude_id for m in magnitudes if m.origin_id == chosen), magnitudes[0].magnitude_id)

    def _origin(self, origin: quake.Origin) -> Origin | None:
        if origin.time is None or origin.latitude is None or origin.longitude is None:
            return None
        extra, quality = _extra(origin), origin.quality
        read = Origin.of(
            parse_time(extra["time"]) if "time" in extra else origin.time.ns,
            origin.latitude,
            origin.longitude,
            0.0 if origin.depth is None else origin.depth,
            arrivals=tuple(self._arrival(arrival) for arrival in origin.arrivals),
            uncertainty=_uncertainty(origin, extra),
            azimuthal_gap=quality.azimuthal_gap if quality else None,
            standard_error=quality.standard_error if quality else None,
            earth_model=self._id(origin.earth_model_id),
            method=self._id(origin.method_id),
            evaluation_mode=origin.evaluation_mode or "automatic",
            evaluation_status=origin.evaluation_status or "preliminary",
        )
        return msgspec.structs.replace(read, origin_id=self._id(origin.resource_id) or read.origin_id)

    def _arrival(self, arrival: quake.Arrival) -> Arrival:
        extra, pick_id = _extra(arrival), self._id(arrival.pick_id)
        pick = self._picks.get(pick_id)
        distance = None if arrival.distance is None else round(arrival.distance * METRES_PER_DEGREE, 6)
        return Arrival(
            pick_id,
            extra.get("network", pick.source_id.network if pick else ""),
            extra.get("station", pick.source_id.station if pick else ""),
            arrival.phase or "",
            _or_nan(distance),
            _or_nan(arrival.azimuth),
            _or_nan(arrival.time_residual),
            1.0 if arrival.time_weight is None else arrival.time_weight,
        )

    def _magnitude(
        self, magnitude: quake.Magnitude, chosen: str, stations: dict[str, Any], amplitudes: dict[str, Any]
    ) -> Magnitude:
        used = []
        for part in magnitude.station_magnitude_contributions:
            station = stations.get(self._id(part.station_magnitude_id))
            if station is not None and station.mag is not None:
                amplitude = amplitudes.get(self._id(station.amplitude_id))
                used.append(
                    StationMagnitude(
                        _source_id(station.waveform_id),
                        station.station_magnitude_type or magnitude.magnitude_type or "M",
                        station.mag,
                        amplitude.generic_amplitude if amplitude is not None and amplitude.unit == "m" else 0.0,
                        1.0 if part.weight is None else part.weight,
                    )
                )
        read = Magnitude(
            self._id(magnitude.resource_id),
            self._id(magnitude.origin_id) or chosen,
            magnitude.magnitude_type or "M",
            magnitude.mag,
            magnitude.mag_errors.uncertainty,
            tuple(used),
            _extra(magnitude).get("saturated") == "true",
            self._id(magnitude.method_id),
        )
        if read.magnitude_id:
            return read
        stated = content_id("magnitude", read.origin_id, read.magnitude_type, read.value)
        return msgspec.structs.replace(read, magnitude_id=stated)


def _uncertainty(origin: quake.Origin, extra: dict[str, str]) -> Uncertainty | None:
    if "covariance" in extra:
        numbers = [float(text) for text in extra["covariance"].split()]
        rows = tuple((a, b, c, d) for a, b, c, d in zip(*[iter(numbers)] * 4, strict=True))
        major, minor, azimuth = map(float, extra["ellipse_95"].split())
        resolved = extra.get("depth_resolved") != "false"
        return Uncertainty(rows, major, minor, azimuth, float(extra["depth_95"]), float(extra["time_95"]), resolved)
    horizontal = _horizontal(origin)
    depth = _spread(origin.depth_errors)
    plain = stated_uncertainty(
        horizontal / KILOMETRE if math.isfinite(horizontal) else None,
        depth / KILOMETRE if math.isfinite(depth) else None,
        depth_resolved=origin.depth is not None and origin.depth_type != _ASSIGNED,
    )
    time = _spread(origin.time_errors)
    if plain is None or not math.isfinite(time):
        return plain
    covariance = (*plain.covariance[:3], (0.0, 0.0, 0.0, time**2))
    return msgspec.structs.replace(plain, covariance=covariance, time_95=1.96 * time)


def _horizontal(origin: quake.Origin) -> float:
    """The horizontal standard error (m) that an agency states; a stated confidence level is converted."""
    stated = origin.origin_uncertainty
    if stated is not None:
        axis = stated.max_horizontal_uncertainty or stated.horizontal_uncertainty
        if axis:
            level = stated.confidence_level
            known = level is not None and 0 < level < 100
            return float(axis / math.sqrt(-2 * math.log(1 - level / 100)) if known else axis)
    north, east = _spread(origin.latitude_errors), _spread(origin.longitude_errors)
    return max(north, east * math.cos(math.radians(origin.latitude))) * METRES_PER_DEGREE


def _spread(errors: Any) -> float:
    """The standard error of a quantity; infinite where unknown."""
    if errors is None:
        return math.inf
    if errors.uncertainty is not None:
        return float(errors.uncertainty)
    sides = [side for side in (errors.lower_uncertainty, errors.upper_uncertainty) if side is not None]
    return float(sum(sides) / len(sides)) if sides else math.inf


def _source_id(waveform: Any) -> SourceId:
    if waveform is None:
        return SourceId("", "", "", "", "", "")
    codes = (waveform.network_code, waveform.station_code, waveform.location_code, waveform.channel_code)
    return source_id_of(*(code or "" for code in codes))


def _extra(found: Any) -> dict[str, str]:
    """The elements of our own namespace."""
    extra = getattr(found, "extra", None) or {}
    return {name: item["value"] or "" for name, item in extra.items() if item.get("namespace") == NAMESPACE}


def _or_nan(value: float | None) -> float:
    return math.nan if value is None else value
