"""One event with everything known of it, as the detail GeoJSON of the USGS feeds with its tree of products.

Format: https://earthquake.usgs.gov/earthquakes/feed/v1.0/geojson_detail.php.
"""

from __future__ import annotations

from typing import Any

from wadati.formats.geojson import METRES_PER_DEGREE, Feature
from wadati.formats.geojson_mechanisms import mechanism_products
from wadati.model import Event, Magnitude, Origin, format_time
from wadati.units import KILOMETRE, MILLISECOND


def with_products(summary: Feature, event: Event, *, authority: str, updated: int, quakeml: str) -> Feature:
    """A feature of a feed with the products of its event; `quakeml` is the address of its QuakeML.

    Products: `origin`, `phase-data` where there are arrivals, `moment-tensor` and `focal-mechanism` where there are
    mechanisms, the preferred one first. Properties of products are text, as in the feeds that readers know.
    """
    origin, size = event.origin, event.magnitude
    contents = {"quakeml.xml": {"contentType": "application/xml", "url": quakeml}}
    products = {"origin": [_product("origin", event, authority, updated, _origin(origin, size), contents)]}
    if origin.arrivals:
        told = _origin(origin, size)
        products["phase-data"] = [_product("phase-data", event, authority, updated, told, contents)]
    for kind, mechanisms in mechanism_products(event).items():
        products[kind] = [
            _product(kind, event, authority, updated, told, contents, number) for number, told in enumerate(mechanisms)
        ]
    types = f",{','.join(sorted(products))},"
    return summary | {"properties": summary["properties"] | {"types": types, "products": products}}


def _product(
    kind: str,
    event: Event,
    authority: str,
    updated: int,
    told: dict[str, str],
    contents: dict[str, Any],
    number: int = 0,
) -> dict[str, Any]:
    """A product; of several of a kind the first is preferred."""
    code = event.event_id if number == 0 else f"{event.event_id}-{number + 1}"
    return {
        "id": f"urn:wadati:{authority}:{kind}:{code}",
        "type": kind,
        "code": code,
        "source": authority,
        "updateTime": updated // MILLISECOND,
        "status": "UPDATE",
        "properties": {"eventsource": authority, "eventsourcecode": event.event_id, **told},
        "preferredWeight": 1 if number == 0 else 0,
        "contents": contents,
    }


def _origin(origin: Origin, size: Magnitude | None) -> dict[str, str]:
    used = [arrival for arrival in origin.arrivals if arrival.weight > 0]
    spread = origin.uncertainty
    told: dict[str, object] = {
        "eventtime": format_time(origin.time, 3),
        "latitude": round(origin.latitude, 6),
        "longitude": round(origin.longitude, 6),
        "depth": round(origin.depth / KILOMETRE, 3),
        "magnitude": None if size is None else round(size.value, 2),
        "magnitude-type": None if size is None else size.magnitude_type,
        "magnitude-error": None if size is None or size.uncertainty is None else round(size.uncertainty, 3),
        "magnitude-num-stations-used": None if size is None else size.station_count,
        "azimuthal-gap": origin.azimuthal_gap,
        "standard-error": origin.standard_error,
        "minimum-distance": min((arrival.distance for arrival in used), default=0) / METRES_PER_DEGREE or None,
        "num-phases-used": len(used) or None,
        "num-stations-used": len({(arrival.network, arrival.station) for arrival in used}) or None,
        "horizontal-error": None if spread is None else round(spread.horizontal / KILOMETRE, 3),
        "vertical-error": None if spread is None else round(spread.depth / KILOMETRE, 3),
        "review-status": "reviewed" if origin.evaluation_mode == "manual" else "automatic",
        "evaluation-status": origin.evaluation_status,
        "earth-model": origin.earth_model,
        "method": origin.method,
    }
    return {name: str(value) for name, value in told.items() if value not in (None, "")}
