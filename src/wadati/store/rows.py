"""Model values to rows of the tables and back."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from typing import Any

import msgspec
import sqlalchemy as sa

from wadati.model import (
    Arrival,
    Event,
    EventSummary,
    FocalMechanism,
    Magnitude,
    Origin,
    Pick,
    SourceId,
    StationMagnitude,
    Uncertainty,
    decode_json,
    encode_json,
)

Row = dict[str, Any]


def event_row(event: Event, number: int) -> Row:
    """The row of a current event."""
    return {
        "event_id": event.event_id,
        "number": number,
        "current": True,
        "event_type": event.event_type,
        "preferred_origin_id": event.preferred_origin_id,
        "preferred_magnitude_id": event.preferred_magnitude_id,
    }


def summary_row(event: Event, number: int, revision: int, updated: int) -> Row:
    """The row of a current event that searches look at."""
    found = msgspec.structs.asdict(EventSummary.of(event, updated))
    del found["aliases"]
    return found | {"number": number, "current": True, "revision": revision}


SUMMARY_FIELDS = tuple(name for name in EventSummary.__struct_fields__ if name != "aliases")
"""The columns of `summary_row` that a summary has."""


def summary_of(values: Iterable[Any], aliases: tuple[str, ...]) -> EventSummary:
    """The way back from `summary_row`, from the values of `SUMMARY_FIELDS`."""
    return EventSummary(**dict(zip(SUMMARY_FIELDS, values, strict=True)), aliases=aliases)


def alias_rows(event: Event) -> Iterator[Row]:
    """One row an alias."""
    for position, alias in enumerate(event.aliases):
        yield {"event_id": event.event_id, "alias": alias, "position": position}


def origin_rows(event: Event) -> Iterator[Row]:
    """One row an origin."""
    for position, origin in enumerate(event.origins):
        yield {
            "event_id": event.event_id,
            "origin_id": origin.origin_id,
            "position": position,
            "preferred": origin.origin_id == event.origin.origin_id,
            "time": origin.time,
            "latitude": origin.latitude,
            "longitude": origin.longitude,
            "depth": origin.depth,
            "azimuthal_gap": origin.azimuthal_gap,
            "standard_error": origin.standard_error,
            "earth_model": origin.earth_model,
            "method": origin.method,
            "evaluation_mode": origin.evaluation_mode,
            "evaluation_status": origin.evaluation_status,
            **_uncertainty_fields(origin.uncertainty),
        }


def _uncertainty_fields(spread: Uncertainty | None) -> Row:
    if spread is None:
        names = ("semi_major", "semi_minor", "semi_major_azimuth", "depth_95", "time_95", "depth_resolved")
        return {"covariance": None, **dict.fromkeys(names)}
    return {
        "covariance": " ".join(repr(float(number)) for row in spread.covariance for number in row),
        "semi_major": spread.semi_major,
        "semi_minor": spread.semi_minor,
        "semi_major_azimuth": spread.semi_major_azimuth,
        "depth_95": spread.depth_95,
        "time_95": spread.time_95,
        "depth_resolved": spread.depth_resolved,
    }


def arrival_rows(event: Event) -> Iterator[Row]:
    """One row an arrival of any of the origins."""
    for origin in event.origins:
        for position, arrival in enumerate(origin.arrivals):
            yield {
                "event_id": event.event_id,
                "origin_id": origin.origin_id,
                "position": position,
                "pick_id": arrival.pick_id,
                "network": arrival.network,
                "station": arrival.station,
                "phase": arrival.phase,
                "distance": _known(arrival.distance),
                "azimuth": _known(arrival.azimuth),
                "time_residual": _known(arrival.time_residual),
                "weight": arrival.weight,
            }


def magnitude_rows(event: Event) -> Iterator[Row]:
    """One row a magnitude."""
    for position, magnitude in enumerate(event.magnitudes):
        yield {
            "event_id": event.event_id,
            "magnitude_id": magnitude.magnitude_id,
            "position": position,
            "origin_id": magnitude.origin_id,
            "magnitude_type": magnitude.magnitude_type,
            "value": magnitude.value,
            "uncertainty": magnitude.uncertainty,
            "saturated": magnitude.saturated,
            "method": magnitude.method,
        }


def mechanism_rows(event: Event) -> Iterator[Row]:
    """One row a focal mechanism."""
    for position, mechanism in enumerate(event.mechanisms):
        yield {
            "event_id": event.event_id,
            "mechanism_id": mechanism.mechanism_id,
            "position": position,
            "preferred": mechanism.mechanism_id == event.preferred_mechanism_id,
            "content": encode_json(mechanism).decode(),
        }


def mechanism_of(row: sa.RowMapping) -> FocalMechanism:
    """The way back from a row of `mechanism_rows`."""
    return decode_json(row["content"].encode(), FocalMechanism)


def station_magnitude_rows(event: Event) -> Iterator[Row]:
    """One row a station's magnitude."""
    for magnitude in event.magnitudes:
        for position, station in enumerate(magnitude.station_magnitudes):
            yield {
                "event_id": event.event_id,
                "magnitude_id": magnitude.magnitude_id,
                "position": position,
                "source_id": str(station.source_id),
                "magnitude_type": station.magnitude_type,
                "value": station.value,
                "amplitude": station.amplitude,
                "weight": station.weight,
            }


def pick_row(pick: Pick) -> Row:
    """The row of a pick."""
    return {
        "pick_id": pick.pick_id,
        "source_id": str(pick.source_id),
        "phase_hint": pick.phase_hint,
        "time": pick.time,
        "time_uncertainty": pick.time_uncertainty,
        "probability": pick.probability,
        "polarity": pick.polarity,
        "amplitude": pick.amplitude,
        "method": pick.method,
        "evaluation_mode": pick.evaluation_mode,
    }


def pick_of(row: sa.RowMapping | Row) -> Pick:
    """The way back from `pick_row`."""
    return Pick(**{**row, "source_id": SourceId.parse(row["source_id"])})


def arrival_of(row: sa.RowMapping) -> Arrival:
    """The way back from a row of `arrival_rows`."""
    return Arrival(
        row["pick_id"],
        row["network"],
        row["station"],
        row["phase"],
        _or_nan(row["distance"]),
        _or_nan(row["azimuth"]),
        _or_nan(row["time_residual"]),
        row["weight"],
    )


def origin_of(row: sa.RowMapping, arrivals: tuple[Arrival, ...]) -> Origin:
    """The way back from a row of `origin_rows`."""
    return Origin(
        row["origin_id"],
        row["time"],
        row["latitude"],
        row["longitude"],
        row["depth"],
        arrivals,
        _uncertainty_of(row),
        row["azimuthal_gap"],
        row["standard_error"],
        row["earth_model"],
        row["method"],
        row["evaluation_mode"],
        row["evaluation_status"],
    )


def _uncertainty_of(row: sa.RowMapping) -> Uncertainty | None:
    if row["covariance"] is None:
        return None
    numbers = iter(map(float, row["covariance"].split()))
    return Uncertainty(
        tuple(zip(numbers, numbers, numbers, numbers, strict=True)),
        row["semi_major"],
        row["semi_minor"],
        row["semi_major_azimuth"],
        row["depth_95"],
        row["time_95"],
        row["depth_resolved"],
    )


def station_magnitude_of(row: sa.RowMapping) -> StationMagnitude:
    """The way back from a row of `station_magnitude_rows`."""
    return StationMagnitude(
        SourceId.parse(row["source_id"]), row["magnitude_type"], row["value"], row["amplitude"], row["weight"]
    )


def magnitude_of(row: sa.RowMapping, stations: tuple[StationMagnitude, ...]) -> Magnitude:
    """The way back from a row of `magnitude_rows`."""
    return Magnitude(
        row["magnitude_id"],
        row["origin_id"],
        row["magnitude_type"],
        row["value"],
        row["uncertainty"],
        stations,
        row["saturated"],
        row["method"],
    )


def _known(value: float) -> float | None:
    return None if math.isnan(value) else value


def _or_nan(value: float | None) -> float:
    return math.nan if value is None else value
