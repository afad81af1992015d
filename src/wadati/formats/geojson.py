"""A catalog as GeoJSON with the fields of the USGS feeds, for maps and notebooks that know those.

Feed format: https://earthquake.usgs.gov/earthquakes/feed/v1.0/geojson.php. Times are in milliseconds since 1970, depths
in km, distances in degrees. What Wadati does not know (place, felt reports, alerts) is null.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

from wadati.formats.atomic import atomic_write
from wadati.model import Catalog, EventSummary
from wadati.units import KILOMETRE, MILLISECOND

Feature = dict[str, Any]

METRES_PER_DEGREE = 111_194.93
"""A degree of arc on the sphere of 6,371 km radius."""


def write_geojson(
    catalog: Catalog,
    path: Path,
    *,
    authority: str = "local",
    title: str = "Wadati catalog",
    generated: int | None = None,
) -> None:
    """Write a catalog as a GeoJSON FeatureCollection, atomically, in the catalog's order.

    `authority` becomes `net`. `generated` (ns) becomes `metadata.generated` and every `updated`; without it they are
    null, so that the same catalog gives the same bytes.
    """
    _write(feature_collection(catalog, authority=authority, title=title, generated=generated), path)


def write_features(features: Sequence[Feature], path: Path, *, title: str, generated: int) -> None:
    """Write features that are there already as a GeoJSON FeatureCollection, atomically, in their order."""
    _write(_collection(features, title, generated // MILLISECOND), path)


def _write(collection: dict[str, Any], path: Path) -> None:
    with atomic_write(path) as partial:
        partial.write_bytes(msgspec.json.format(msgspec.json.encode(collection), indent=1) + b"\n")


def feature_collection(
    catalog: Catalog, *, authority: str = "local", title: str = "Wadati catalog", generated: int | None = None
) -> dict[str, Any]:
    """What `write_geojson` writes, as plain values.

    >>> from wadati.model import Event, Origin
    >>> event = Event("wd1", (Origin.of(1_500_000_000, 35.7, -117.5, 8000.0),))
    >>> feature_collection(Catalog((event,)))["bbox"]
    [-117.5, 35.7, 8.0, -117.5, 35.7, 8.0]
    """
    features = [feature(EventSummary.of(event, generated), authority=authority) for event in catalog]
    return _collection(features, title, None if generated is None else generated // MILLISECOND)


def collection_chunks(
    features: Iterable[Feature], *, title: str, generated: int, more: Mapping[str, str] | None = None
) -> Iterator[bytes]:
    """A FeatureCollection a feature at a time, for answers of any size; its count and box come after the features.

    `more` goes into its metadata.
    """
    yield b'{"type":"FeatureCollection","features":['
    west, south, top = math.inf, math.inf, math.inf
    east, north, bottom = -math.inf, -math.inf, -math.inf
    count = 0
    for one in features:
        longitude, latitude, depth = one["geometry"]["coordinates"]
        west, south, top = min(west, longitude), min(south, latitude), min(top, depth)
        east, north, bottom = max(east, longitude), max(north, latitude), max(bottom, depth)
        yield (b",\n" if count else b"\n") + msgspec.json.encode(one)
        count += 1
    metadata = {
        "generated": generated // MILLISECOND,
        "url": None,
        "title": title,
        "status": 200,
        "api": None,
        "count": count,
        **(more or {}),
    }
    box = b',"bbox":' + msgspec.json.encode([west, south, top, east, north, bottom]) if count else b""
    yield b'\n],"metadata":' + msgspec.json.encode(metadata) + box + b"}\n"


def _collection(features: Sequence[Feature], title: str, generated: int | None) -> dict[str, Any]:
    collection: dict[str, Any] = {
        "type": "FeatureCollection",
        "metadata": {
            "generated": generated,
            "url": None,
            "title": title,
            "status": 200,
            "api": None,
            "count": len(features),
        },
        "features": features,
    }
    if features:
        points = [one["geometry"]["coordinates"] for one in features]
        collection["bbox"] = [min(axis) for axis in zip(*points, strict=True)]
        collection["bbox"] += [max(axis) for axis in zip(*points, strict=True)]
    return collection


def feature(event: EventSummary, *, authority: str = "local", place: str | None = None) -> Feature:
    """One event as a GeoJSON Feature; `place` says in words where it is."""
    size = None if event.magnitude is None else round(event.magnitude, 2)
    nearest = event.minimum_distance
    properties = {
        "mag": size,
        "place": place,
        "time": event.time // MILLISECOND,
        "updated": None if event.updated is None else event.updated // MILLISECOND,
        "tz": None,
        "url": None,
        "detail": None,
        "felt": None,
        "cdi": None,
        "mmi": None,
        "alert": None,
        "status": "reviewed" if event.evaluation_mode == "manual" else "automatic",
        "tsunami": 0,
        "sig": significance(size),
        "net": authority,
        "code": event.event_id,
        "ids": "," + ",".join((event.event_id, *event.aliases)) + ",",
        "sources": f",{authority},",
        "types": ",origin,phase-data," if event.arrivals else ",origin,",
        "nst": event.used_stations or None,
        "dmin": None if nearest is None else round(nearest / METRES_PER_DEGREE, 5),
        "rms": _rounded(event.standard_error, 4),
        "gap": _rounded(event.azimuthal_gap, 2),
        "magType": event.magnitude_type.lower() if event.magnitude_type else None,
        "type": event.event_type,
        "title": _title(event, place),
    }
    point = [round(event.longitude, 6), round(event.latitude, 6), round(event.depth / KILOMETRE, 3)]
    return {
        "type": "Feature",
        "properties": properties,
        "geometry": {"type": "Point", "coordinates": point},
        "id": event.event_id,
    }


def significance(magnitude: float | None) -> int | None:
    """The part of the feed's 0–1000 significance that the magnitude gives, where nothing is known of its effects."""
    return None if magnitude is None else max(round(magnitude * 100 * magnitude / 6.5), 0)


def _title(event: EventSummary, place: str | None) -> str:
    latitude = f"{abs(event.latitude):.3f}°{'N' if event.latitude >= 0 else 'S'}"
    longitude = f"{abs(event.longitude):.3f}°{'E' if event.longitude >= 0 else 'W'}"
    size = "?" if event.magnitude is None else f"{event.magnitude:.1f}"
    return f"M {size} - {place or f'{latitude} {longitude}'}"


def _rounded(value: float | None, decimals: int) -> float | None:
    return None if value is None else round(value, decimals)
