"""What a moment tensor leaves in a folder: `tensor.json`, `tensor.html`, `beachball.svg` and `tensor.xml` (QuakeML)."""

from __future__ import annotations

import math
from importlib.resources import files
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from wadati.engine.first_motion import METHOD as FIRST_MOTION
from wadati.engine.tensor import TensorResult
from wadati.formats.atomic import atomic_write
from wadati.formats.quakeml import write_quakeml
from wadati.model import Catalog, format_time
from wadati.model.mechanism import decompose, nodal_planes, principal_axes
from wadati.report.markup import number
from wadati.report.scene import instant
from wadati.report.tensor_page import ShownStation, ShownTensor, ball_drawing, tensor_page
from wadati.tensors.centroid import Inversion
from wadati.tensors.stations import Seen, Window
from wadati.units import KILOMETRE


def write_tensor(result: TensorResult, folder: Path, authority: str = "local") -> None:
    """Write all files, each atomically; the same result gives the same bytes."""
    page = shown(result)
    _write(folder / "tensor.json", msgspec.json.format(msgspec.json.encode(record(result)), indent=1) + b"\n")
    _write(folder / "tensor.html", tensor_page(page).encode())
    _write(folder / "beachball.svg", _alone(ball_drawing(page.tensor, page.planes)).encode())
    write_quakeml(Catalog((result.event,)), folder / "tensor.xml", authority)


def record(result: TensorResult) -> dict[str, Any]:
    """The content of `tensor.json`: km, degrees, N m and seconds, as the names say."""
    found, window = result.inversion, result.window
    node, tensor, grade = found.node, found.tensor, found.quality
    parts = decompose(tensor)
    mechanism = result.event.mechanism
    centroid = next(one for one in result.event.origins if mechanism and one.origin_id == mechanism.derived_origin_id)
    reasons = {problem.subject: problem.wrong for problem in result.left_out}
    return {
        "event_id": result.event.event_id,
        "mw": tensor.magnitude,
        "depth_km": node.depth / KILOMETRE,
        "variance_reduction": node.fit.solution.variance_reduction,
        "tensor": dict(zip(("nn", "ee", "dd", "ne", "nd", "ed"), tensor.components, strict=True)),
        "moment_n_m": tensor.moment,
        "kind": found.kind,
        "isotropic_chance": found.chance,
        "nodal_planes": msgspec.to_builtins(nodal_planes(tensor)),
        "principal_axes": dict(zip("tbp", msgspec.to_builtins(principal_axes(tensor)), strict=True)),
        "decomposition": msgspec.to_builtins(parts),
        "centroid": {
            "time": format_time(centroid.time),
            "latitude": node.latitude,
            "longitude": node.longitude,
            "shift_s": node.fit.centroid / window.sampling_rate_hz,
        },
        "band_hz": window.band,
        "quality": msgspec.to_builtins(grade),
        "bootstrap": msgspec.to_builtins(found.spread),
        "depth_curve": [
            {
                "depth_km": one.depth / KILOMETRE,
                "variance_reduction": one.fit.solution.variance_reduction,
                "mw": _magnitude(one.fit.solution.tensor),
            }
            for one in found.curve
        ],
        "first_motion": _first_motion(result),
        "stations": [_station_record(found, window, k) for k in range(len(found.stations)) if found.weights[k] > 0],
        "left_out": [{"station": name, "reason": why} for name, why in sorted(reasons.items())],
    }


def _first_motion(result: TensorResult) -> Any:
    """The mechanism of first motions, None where there are too few."""
    found = next((one for one in result.event.mechanisms if one.method == FIRST_MOTION), None)
    if found is None:
        return None
    names = ("planes", "polarities", "misfit", "gap", "quality")
    return {name: msgspec.to_builtins(getattr(found, name)) for name in names}


def shown(result: TensorResult) -> ShownTensor:
    """What the page of a result tells."""
    found, window = result.inversion, result.window
    node, tensor, grade = found.node, found.tensor, found.quality
    parts = decompose(tensor)
    origin = result.event.origin
    reasons = {problem.subject: problem.wrong for problem in result.left_out}
    planes = nodal_planes(tensor)
    told = [
        ("Mw", f"{tensor.magnitude:.2f} ± {found.spread.magnitude:.2f}"),
        ("centroid depth", f"{node.depth / KILOMETRE:.0f} km"),
        ("variance reduction", f"{100 * node.fit.solution.variance_reduction:.0f} %"),
        ("quality", grade.grade),
        ("double couple / CLVD / isotropic", " / ".join(number(100 * share, 0) for share in _shares(parts)) + " %"),
        ("stations", f"{len(found.used)} of {len(found.used) + len(reasons)}"),
        ("gap", f"{grade.gap:.0f}°"),
        ("mechanisms within", f"{grade.bootstrap_angle:.0f}° (90 %)"),
    ]
    notes = []
    if grade.because:
        names = ", ".join(name.replace("_", " ") for name in grade.because)
        notes.append(f"What kept the quality from being better: {names}.")
    return ShownTensor(
        f"Mw {tensor.magnitude:.1f} moment tensor of {result.event.event_id}",
        f"{instant(origin.time)} UTC, {node.latitude:.3f}, {node.longitude:.3f}; {found.kind}",
        tensor,
        planes,
        told,
        [_shown_station(found, window, k, reasons) for k in range(len(found.stations))],
        window.sampling_rate_hz,
        window.band,
        [(n.depth, n.fit.solution.variance_reduction, _magnitude(n.fit.solution.tensor)) for n in found.curve],
        node.depth,
        reasons,
        notes,
    )


def _shares(parts: Any) -> tuple[float, float, float]:
    return parts.double_couple, parts.clvd, parts.isotropic


def _magnitude(tensor: np.ndarray[Any, Any]) -> float:
    from wadati.model import MomentTensor

    return MomentTensor(*tensor.tolist()).magnitude


def _name(seen: Seen) -> str:
    return f"{seen.station.network}.{seen.station.code}"


def _station_record(found: Inversion, window: Window, k: int) -> dict[str, Any]:
    seen = found.stations[k]
    return {
        "station": _name(seen),
        "instrument": seen.instrument,
        "distance_km": seen.distance / KILOMETRE,
        "azimuth": seen.azimuth,
        "shift_s": (int(found.node.fit.lags[k]) - found.node.fit.centroid) / window.sampling_rate_hz,
        "weight": float(found.weights[k]),
        "variance_reduction": float(found.explained[k]),
        "snr": dict(zip("ZNE", seen.snr.round(2).tolist(), strict=True)),
    }


def _shown_station(found: Inversion, window: Window, k: int, reasons: dict[str, str]) -> ShownStation:
    seen, fit = found.stations[k], found.node.fit
    lag = int(fit.lags[k])
    count = round(window.until(seen.distance) * window.sampling_rate_hz)
    first = window.margin + lag
    data = seen.data[:, first : first + count]
    synthetics = np.einsum("cit,i->ct", found.node.synthetics[k], fit.solution.tensor)[:, :count]
    name = _name(seen)
    return ShownStation(
        name,
        seen.distance,
        seen.azimuth,
        _away(data, seen.azimuth),
        _away(synthetics, seen.azimuth),
        float(found.explained[k]),
        float(found.weights[k]),
        (lag - fit.centroid) / window.sampling_rate_hz,
        reasons.get(name, ""),
    )


def _away(motion: np.ndarray[Any, Any], azimuth: float) -> np.ndarray[Any, Any]:
    """Up, north, east as up, radial (away from the source), transverse (clockwise from above)."""
    up, north, east = motion
    turn = math.radians(azimuth)
    radial = north * math.cos(turn) + east * math.sin(turn)
    return np.array([up, radial, east * math.cos(turn) - north * math.sin(turn)])


def _alone(drawing: str) -> str:
    """A drawing as a file of its own."""
    style = (files("wadati.report") / "data" / "style.css").read_text(encoding="utf-8")
    head, _, rest = drawing.partition(">")
    return f'{head} xmlns="http://www.w3.org/2000/svg"><style><![CDATA[{style}]]></style>{rest}\n'


def _write(path: Path, content: bytes) -> None:
    with atomic_write(path) as partial:
        partial.write_bytes(content)
