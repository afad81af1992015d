"""From the model to ObsPy's QuakeML objects."""

from __future__ import annotations

import math
import re
import statistics
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from wadati.formats.channel_codes import channel_code
from wadati.model import Arrival, Catalog, Event, Magnitude, Origin, Pick, SourceId, StationMagnitude, format_time
from wadati.units import MICROSECOND

if TYPE_CHECKING:
    import obspy.core.event as quake

NAMESPACE = "urn:wadati:quakeml:1"
"""The namespace of the elements that hold what QuakeML has no place for."""

METRES_PER_DEGREE = 6_371_000.0 * math.pi / 180.0
"""A degree of arc as QuakeML files mean it: on a sphere of 6,371 km."""

PUBLIC_ID = re.compile(r"(smi|quakeml):[\w\d][\w\d\-.*()_~']{2,}/[\w\d\-.*()_~'][\w\d\-.*()+?_~'=,;#/&]*", re.ASCII)
"""What QuakeML allows as an identifier."""


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
    """Makes ObsPy's objects under one authority."""

    def __init__(self, authority: str) -> None:
        self._authority = authority

    def catalog(self, catalog: Catalog, created: int | None) -> quake.Catalog:
        """The whole catalog; a pick of several events stands in the first of them."""
        import obspy.core.event as quake

        picks = {pick.pick_id: pick for pick in catalog.picks}
        stations = {pick.pick_id: pick.source_id.station_key for pick in catalog.picks}
        written = quake.Catalog(
            [self._event(event, picks, stations) for event in catalog.events],
            resource_id=quake.ResourceIdentifier(f"smi:{self._authority}/wadati"),
        )
        if created is not None:
            written.creation_info = quake.CreationInfo(agency_id=self._authority, creation_time=_instant(created))
        return written

    def _id(self, kind: str, identifier: str) -> quake.ResourceIdentifier:
        import obspy.core.event as quake

        if not PUBLIC_ID.fullmatch(identifier):
            identifier = f"smi:{self._authority}/{kind}/{escaped(identifier)}"
        return quake.ResourceIdentifier(identifier)

    def _optional_id(self, kind: str, identifier: str | None) -> quake.ResourceIdentifier | None:
        return self._id(kind, identifier) if identifier else None

    def _event(self, event: Event, picks: dict[str, Pick], stations: dict[str, tuple[str, str]]) -> quake.Event:
        """The event; picks it uses are taken out of `picks`."""
        import obspy.core.event as quake
        from obspy.core.event.header import EventType

        standard = event.event_type in EventType
        written = quake.Event(
            resource_id=self._id("event", event.event_id),
            event_type=event.event_type if standard else "other event",
            force_resource_id=False,
        )
        written.preferred_origin_id = self._optional_id("origin", event.preferred_origin_id)
        written.preferred_magnitude_id = self._optional_id("magnitude", event.preferred_magnitude_id)
        written.origins = [self._origin(origin, stations) for origin in event.origins]
        used = dict.fromkeys(arrival.pick_id for origin in event.origins for arrival in origin.arrivals)
        own = [picks.pop(pick_id) for pick_id in used if pick_id in picks]
        written.picks = [self._pick(pick) for pick in own]
        written.amplitudes = [self._pick_amplitude(pick) for pick in own if pick.amplitude is not None]
        for magnitude in event.magnitudes:
            written.magnitudes.append(self._magnitude(magnitude))
            for number, station in enumerate(magnitude.station_magnitudes):
                written.station_magnitudes.append(self._station_magnitude(magnitude, station, number))
                if station.amplitude:
                    written.amplitudes.append(self._station_amplitude(magnitude, station, number))
        _extend(
            written,
            event_type=None if standard else event.event_type,
            aliases=" ".join(escaped(alias) for alias in event.aliases) or None,
        )
        return written

    def _origin(self, origin: Origin, stations: dict[str, tuple[str, str]]) -> quake.Origin:
        import obspy.core.event as quake

        written = quake.Origin(
            resource_id=self._id("origin", origin.origin_id),
            time=_instant(origin.time),
            latitude=origin.latitude,
            longitude=origin.longitude,
            depth=origin.depth,
            method_id=self._optional_id("method", origin.method),
            earth_model_id=self._optional_id("earth_model", origin.earth_model),
            evaluation_mode=origin.evaluation_mode,
            evaluation_status=origin.evaluation_status,
            quality=_quality(origin),
        )
        written.arrivals = [
            self._arrival(origin, arrival, number, stations) for number, arrival in enumerate(origin.arrivals)
        ]
        spread = origin.uncertainty
        if spread is None:
            _extend(written, time=_beyond_microseconds(origin.time))
            return written
        written.time_errors.uncertainty = _finite(spread.time)
        written.depth_errors.uncertainty = _finite(spread.depth)
        written.latitude_errors.uncertainty = _finite(math.sqrt(spread.covariance[1][1]) / METRES_PER_DEGREE)
        parallel = METRES_PER_DEGREE * max(math.cos(math.radians(origin.latitude)), 1e-6)
        written.longitude_errors.uncertainty = _finite(math.sqrt(spread.covariance[0][0]) / parallel)
        if math.isfinite(spread.semi_major):
            written.origin_uncertainty = quake.OriginUncertainty(
                horizontal_uncertainty=spread.semi_major,
                min_horizontal_uncertainty=spread.semi_minor,
                max_horizontal_uncertainty=spread.semi_major,
                azimuth_max_horizontal_uncertainty=spread.semi_major_azimuth,
                preferred_description="uncertainty ellipse",
                confidence_level=95.0,
            )
        _extend(
            written,
            time=_beyond_microseconds(origin.time),
            covariance=_numbers(number for row in spread.covariance for number in row),
            ellipse_95=_numbers((spread.semi_major, spread.semi_minor, spread.semi_major_azimuth)),
            depth_95=repr(float(spread.depth_95)),
            time_95=repr(float(spread.time_95)),
            depth_resolved=None if spread.depth_resolved else "false",
        )
        return written

    def _arrival(
        self, origin: Origin, arrival: Arrival, number: int, stations: dict[str, tuple[str, str]]
    ) -> quake.Arrival:
        import obspy.core.event as quake

        written = quake.Arrival(
            resource_id=self._id("arrival", f"{origin.origin_id}.{number}"),
            pick_id=self._id("pick", arrival.pick_id),
            phase=arrival.phase,
            azimuth=_finite(arrival.azimuth),
            distance=_finite(arrival.distance / METRES_PER_DEGREE),
            time_residual=_finite(arrival.time_residual),
            time_weight=arrival.weight,
        )
        if stations.get(arrival.pick_id) != (arrival.network, arrival.station):
            _extend(written, network=arrival.network, station=arrival.station)
        return written

    def _pick(self, pick: Pick) -> quake.Pick:
        import obspy.core.event as quake

        written = quake.Pick(
            resource_id=self._id("pick", pick.pick_id),
            time=_instant(pick.time),
            waveform_id=_waveform(pick.source_id),
            phase_hint=pick.phase_hint or None,
            polarity=pick.polarity,
            method_id=self._optional_id("method", pick.method),
            evaluation_mode=pick.evaluation_mode,
        )
        written.time_errors.uncertainty = _finite(pick.time_uncertainty)
        _extend(written, time=_beyond_microseconds(pick.time), probability=repr(float(pick.probability)))
        return written

    def _pick_amplitude(self, pick: Pick) -> quake.Amplitude:
        import obspy.core.event as quake

        return quake.Amplitude(
            resource_id=self._id("amplitude", pick.pick_id.replace(":", ".")),
            generic_amplitude=pick.amplitude,
            type="AML",
            unit="m",
            pick_id=self._id("pick", pick.pick_id),
            waveform_id=_waveform(pick.source_id),
        )

    def _magnitude(self, magnitude: Magnitude) -> quake.Magnitude:
        import obspy.core.event as quake

        written = quake.Magnitude(
            resource_id=self._id("magnitude", magnitude.magnitude_id),
            mag=magnitude.value,
            magnitude_type=magnitude.magnitude_type,
            origin_id=self._optional_id("origin", magnitude.origin_id),
            method_id=self._optional_id("method", magnitude.method),
            station_count=magnitude.station_count or None,
        )
        written.mag_errors.uncertainty = magnitude.uncertainty
        written.station_magnitude_contributions = [
            quake.StationMagnitudeContribution(
                station_magnitude_id=self._station_magnitude_id(magnitude, number), weight=station.weight
            )
            for number, station in enumerate(magnitude.station_magnitudes)
        ]
        _extend(written, saturated="true" if magnitude.saturated else None)
        return written

    def _station_magnitude_id(self, magnitude: Magnitude, number: int) -> quake.ResourceIdentifier:
        return self._id("station_magnitude", f"{magnitude.magnitude_id.replace(':', '.')}.{number}")

    def _station_amplitude_id(self, magnitude: Magnitude, number: int) -> quake.ResourceIdentifier:
        return self._id("amplitude", f"{magnitude.magnitude_id.replace(':', '.')}.{number}")

    def _station_magnitude(
        self, magnitude: Magnitude, station: StationMagnitude, number: int
    ) -> quake.StationMagnitude:
        import obspy.core.event as quake

        return quake.StationMagnitude(
            resource_id=self._station_magnitude_id(magnitude, number),
            origin_id=self._optional_id("origin", magnitude.origin_id),
            mag=station.value,
            station_magnitude_type=station.magnitude_type,
            amplitude_id=self._station_amplitude_id(magnitude, number) if station.amplitude else None,
            waveform_id=_waveform(station.source_id),
        )

    def _station_amplitude(self, magnitude: Magnitude, station: StationMagnitude, number: int) -> quake.Amplitude:
        import obspy.core.event as quake

        return quake.Amplitude(
            resource_id=self._station_amplitude_id(magnitude, number),
            generic_amplitude=station.amplitude,
            type="AML",
            unit="m",
            waveform_id=_waveform(station.source_id),
        )


def _quality(origin: Origin) -> quake.OriginQuality:
    import obspy.core.event as quake

    used = [arrival for arrival in origin.arrivals if arrival.weight > 0]
    quality = quake.OriginQuality(standard_error=origin.standard_error, azimuthal_gap=origin.azimuthal_gap)
    if origin.arrivals:
        quality.associated_phase_count = len(origin.arrivals)
        quality.associated_station_count = len({(arrival.network, arrival.station) for arrival in origin.arrivals})
        quality.used_phase_count = len(used)
        quality.used_station_count = len({(arrival.network, arrival.station) for arrival in used})
    degrees = [arrival.distance / METRES_PER_DEGREE for arrival in used if math.isfinite(arrival.distance)]
    if degrees:
        quality.minimum_distance, quality.maximum_distance = min(degrees), max(degrees)
        quality.median_distance = statistics.median(degrees)
    return quality


def _waveform(source_id: SourceId) -> quake.WaveformStreamID:
    import obspy.core.event as quake

    return quake.WaveformStreamID(
        network_code=source_id.network,
        station_code=source_id.station,
        location_code=source_id.location or None,
        channel_code=channel_code(source_id) or None,
    )


def _instant(time: int) -> Any:
    from obspy import UTCDateTime

    return UTCDateTime(format_time(time, 6))


def _beyond_microseconds(time: int) -> str | None:
    """The instant in full where microseconds do not say it."""
    return format_time(time, 9) if time % MICROSECOND else None


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None


def _numbers(values: Iterator[float] | tuple[float, ...]) -> str:
    return " ".join(repr(float(value)) for value in values)


def _extend(written: Any, **elements: str | None) -> None:
    """Add elements of our own namespace; those that are None are left out."""
    extra = {name: {"value": value, "namespace": NAMESPACE} for name, value in elements.items() if value is not None}
    if extra:
        from obspy.core.util import AttribDict

        written.extra = AttribDict(extra)
