"""Mechanisms of an event as products of the detail GeoJSON: `moment-tensor` and `focal-mechanism`.

Properties as the USGS's product pages and libcomcat read them: tensor components in N m with axes r up, t south and
p east, depths in km, angles in degrees, all as text.
"""

from __future__ import annotations

from wadati.model import Event, FocalMechanism, MomentTensor, Origin, format_time
from wadati.model.mechanism import decompose, principal_axes
from wadati.units import KILOMETRE


def mechanism_products(event: Event) -> dict[str, list[dict[str, str]]]:
    """The properties of each mechanism by the kind of its product, the preferred one first."""
    found: dict[str, list[dict[str, str]]] = {}
    for one in sorted(event.mechanisms, key=lambda one: one.mechanism_id != event.preferred_mechanism_id):
        kind = "focal-mechanism" if one.tensor is None else "moment-tensor"
        found.setdefault(kind, []).append(_texts(_mechanism(event, one)))
    return found


def _mechanism(event: Event, one: FocalMechanism) -> dict[str, object]:
    origin = _origin(event, one.origin_id) or event.origin
    told: dict[str, object] = {
        "eventtime": format_time(origin.time, 3),
        "latitude": round(origin.latitude, 6),
        "longitude": round(origin.longitude, 6),
        "depth": round(origin.depth / KILOMETRE, 3),
    }
    for number, plane in enumerate(one.planes, start=1):
        for name in ("strike", "dip", "rake"):
            told[f"nodal-plane-{number}-{name}"] = round(getattr(plane, name), 2)
    told |= {
        "azimuthal-gap": None if one.gap is None else round(one.gap, 1),
        "num-stations-used": one.stations if one.tensor is not None else one.polarities,
        "misfit": None if one.misfit is None else round(one.misfit, 4),
        "quality": one.quality,
        "method": one.method,
        "review-status": "automatic",
        "evaluation-status": "preliminary",
    }
    return told if one.tensor is None else told | _tensor(event, one, one.tensor)


def _tensor(event: Event, one: FocalMechanism, tensor: MomentTensor) -> dict[str, object]:
    size = next((size for size in event.magnitudes if size.magnitude_id == one.magnitude_id), None)
    explained = one.variance_reduction
    told: dict[str, object] = {
        "tensor-mrr": tensor.dd,
        "tensor-mtt": tensor.nn,
        "tensor-mpp": tensor.ee,
        "tensor-mrt": tensor.nd,
        "tensor-mrp": -tensor.ed,
        "tensor-mtp": -tensor.ne,
        "scalar-moment": tensor.moment,
        "percent-double-couple": round(decompose(tensor).double_couple, 4),
        "derived-magnitude": round(tensor.magnitude if size is None else size.value, 2),
        "derived-magnitude-type": "Mw",
        "variance-reduction": None if explained is None else round(explained, 4),
    }
    if (centroid := _origin(event, one.derived_origin_id)) is not None:
        told |= {
            "derived-eventtime": format_time(centroid.time, 3),
            "derived-latitude": round(centroid.latitude, 6),
            "derived-longitude": round(centroid.longitude, 6),
            "derived-depth": round(centroid.depth / KILOMETRE, 3),
        }
    for name, axis in zip("tnp", principal_axes(tensor), strict=True):
        told |= {
            f"{name}-axis-azimuth": round(axis.azimuth, 2),
            f"{name}-axis-plunge": round(axis.plunge, 2),
            f"{name}-axis-length": axis.length,
        }
    return told


def _origin(event: Event, origin_id: str | None) -> Origin | None:
    return next((origin for origin in event.origins if origin.origin_id == origin_id), None)


def _texts(told: dict[str, object]) -> dict[str, str]:
    return {name: str(value) for name, value in told.items() if value not in (None, "")}
