"""Focal mechanisms and moment tensors as QuakeML has them, there and back.

QuakeML's axes of a tensor are r up, t south, p east (those of the Global CMT).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any
from xml.sax.saxutils import quoteattr

from wadati.formats.quakeml_elements import (
    Lines,
    indented,
    nest,
    number_element,
    own_element,
    quantity,
    real,
    text_element,
)
from wadati.model import FocalMechanism, MomentTensor, NodalPlane, content_id
from wadati.model.mechanism import decompose, nodal_planes, principal_axes

_PER_CENT = 100.0
_NO_CENTROID = "none"


def mechanism_lines(mechanism: FocalMechanism, public_id: Callable[[str, str], str]) -> Lines:
    """A `focalMechanism` element; `public_id` makes a public identifier of a kind and an identifier."""
    lines: Lines = [text_element("triggeringOriginID", public_id("origin", mechanism.origin_id))]
    planes: Lines = []
    for number, plane in enumerate(mechanism.planes, start=1):
        angles = zip(("strike", "dip", "rake"), (plane.strike, plane.dip, plane.rake), strict=True)
        planes += nest(f"nodalPlane{number}", [line for name, angle in angles for line in quantity(name, real(angle))])
    lines += nest("nodalPlanes", planes)
    tensor = mechanism.tensor
    if tensor is not None:
        axes: Lines = []
        for name, axis in zip("tnp", principal_axes(tensor), strict=True):
            told = (("azimuth", axis.azimuth), ("plunge", axis.plunge), ("length", axis.length))
            axes += nest(f"{name}Axis", [line for key, value in told for line in quantity(key, real(value))])
        lines += nest("principalAxes", axes)
    lines += number_element("azimuthalGap", mechanism.gap)
    if mechanism.polarities is not None:
        lines.append(text_element("stationPolarityCount", f"{mechanism.polarities}"))
    lines += number_element("misfit", mechanism.misfit)
    if mechanism.method:
        lines.append(text_element("methodID", public_id("method", mechanism.method)))
    lines.append(text_element("evaluationMode", "automatic"))
    if tensor is not None:
        # The standard asks for an origin of the tensor: without a centroid it is the one that it was made from.
        lines += _tensor_lines(mechanism, tensor, mechanism.derived_origin_id or mechanism.origin_id, public_id)
        lines += own_element("centroid", None if mechanism.derived_origin_id is not None else _NO_CENTROID)
    lines += own_element("quality", mechanism.quality or None)
    explained = mechanism.variance_reduction
    lines += own_element("variance_reduction", None if explained is None else real(explained))
    name = quoteattr(public_id("focal_mechanism", mechanism.mechanism_id))
    return [f"<focalMechanism publicID={name}>", *indented(lines), "</focalMechanism>"]


def mechanism_of(
    found: Any, chosen: str, extra: Mapping[str, str], short_id: Callable[[Any], str]
) -> FocalMechanism | None:
    """The model of ObsPy's focal mechanism; None where it has neither planes nor a whole tensor.

    `chosen` is the origin for one that names none, `extra` its elements of our own namespace.
    """
    stated = found.moment_tensor
    tensor = _tensor_of(stated.tensor) if stated is not None and stated.tensor is not None else None
    planes = _planes_of(found.nodal_planes) or (None if tensor is None else nodal_planes(tensor))
    if planes is None:
        return None
    explained = stated.variance_reduction if stated is not None else None
    own = extra.get("variance_reduction")
    used = stated.data_used if stated is not None else None
    origin_id = short_id(found.triggering_origin_id) or chosen
    centroid = short_id(stated.derived_origin_id) if stated is not None else ""
    return FocalMechanism(
        short_id(found.resource_id) or content_id("mechanism", origin_id, planes),
        origin_id,
        planes,
        tensor,
        None if extra.get("centroid") == _NO_CENTROID else centroid or None,
        (short_id(stated.moment_magnitude_id) or None) if stated is not None else None,
        float(own) if own is not None else None if explained is None else explained / _PER_CENT,
        used[0].station_count if used else None,
        found.station_polarity_count,
        found.misfit,
        found.azimuthal_gap,
        extra.get("quality", ""),
        short_id(found.method_id),
    )


def _tensor_lines(
    mechanism: FocalMechanism, tensor: MomentTensor, derived: str, public_id: Callable[[str, str], str]
) -> Lines:
    lines: Lines = [text_element("derivedOriginID", public_id("origin", derived))]
    if mechanism.magnitude_id is not None:
        lines.append(text_element("momentMagnitudeID", public_id("magnitude", mechanism.magnitude_id)))
    lines += quantity("scalarMoment", real(tensor.moment))
    spherical = {
        "Mrr": tensor.dd,
        "Mtt": tensor.nn,
        "Mpp": tensor.ee,
        "Mrt": tensor.nd,
        "Mrp": -tensor.ed,
        "Mtp": -tensor.ne,
    }
    lines += nest("tensor", [line for name, value in spherical.items() for line in quantity(name, real(value))])
    if mechanism.variance_reduction is not None:
        lines += number_element("varianceReduction", _PER_CENT * mechanism.variance_reduction)
    parts = decompose(tensor)
    lines += number_element("doubleCouple", parts.double_couple)
    lines += number_element("clvd", parts.clvd)
    lines += number_element("iso", parts.isotropic)
    if mechanism.stations is not None:
        used = [text_element("waveType", "combined"), text_element("stationCount", f"{mechanism.stations}")]
        lines += nest("dataUsed", used)
    lines.append(text_element("category", "regional"))
    name = quoteattr(public_id("moment_tensor", mechanism.mechanism_id))
    return [f"<momentTensor publicID={name}>", *indented(lines), "</momentTensor>"]


def _tensor_of(stated: Any) -> MomentTensor | None:
    values = [getattr(stated, name) for name in ("m_tt", "m_pp", "m_rr", "m_tp", "m_rt", "m_rp")]
    if any(value is None or not math.isfinite(value) for value in values):
        return None
    tt, pp, rr, tp, rt, rp = map(float, values)
    return MomentTensor(tt, pp, rr, -tp, rt, -rp)


def _planes_of(stated: Any) -> tuple[NodalPlane, NodalPlane] | None:
    if stated is None:
        return None
    found = [
        NodalPlane(float(plane.strike), float(plane.dip), float(plane.rake))
        for plane in (stated.nodal_plane_1, stated.nodal_plane_2)
        if plane is not None and None not in (plane.strike, plane.dip, plane.rake)
    ]
    if len(found) == 1:
        only = found[0]
        both = nodal_planes(MomentTensor.of_fault(only.strike, only.dip, only.rake, 1.0))
        found.append(max(both, key=lambda plane: abs((plane.strike - only.strike + 180) % 360 - 180)))
    return (found[0], found[1]) if len(found) == 2 else None
