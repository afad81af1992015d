"""The report's tables: events, stations, what was left out, how the run was made."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from wadati.model import Event, Station
from wadati.report.markup import Markup, element, join
from wadati.report.residuals import used_arrivals
from wadati.report.scene import Scene, instant, shown_magnitude
from wadati.units import KILOMETRE

LONGEST = 2000
"""Rows of a table at most; the files beside the report hold everything."""

Cell = str | Markup


def event_table(scene: Scene) -> Markup:
    """The events in order of time, each with an anchor that the drawings link to."""
    header = (
        "time (UTC)", "latitude", "longitude", "depth (km)", "± km", "magnitude", "±", "type",
        "arrivals", "gap (°)", "RMS (s)", "epicentre ± km", "identifier",
    )  # fmt: skip
    rows = [_event_row(event) for event in scene.events]
    return table(header, rows, anchors="event-")


def _event_row(event: Event) -> list[Cell]:
    origin, magnitude, bounds = event.origin, shown_magnitude(event), event.origin.uncertainty
    return [
        instant(origin.time),
        f"{origin.latitude:.4f}",
        f"{origin.longitude:.4f}",
        f"{origin.depth / KILOMETRE:.1f}",
        "free"
        if bounds and not bounds.depth_resolved
        else _optional(bounds.depth_95 if bounds else None, KILOMETRE, 1),
        ""
        if magnitude is None
        else f"> {math.floor(magnitude.value)}"
        if magnitude.saturated
        else f"{magnitude.value:.2f}",
        _optional(magnitude.uncertainty if magnitude and not magnitude.saturated else None, 1.0, 2),
        magnitude.magnitude_type if magnitude else "",
        str(sum(arrival.weight > 0 for arrival in origin.arrivals)),
        _optional(origin.azimuthal_gap, 1.0, 0),
        _optional(origin.standard_error, 1.0, 2),
        _optional(bounds.semi_major if bounds else None, KILOMETRE, 1),
        event.event_id,
    ]


def station_table(scene: Scene) -> Markup:
    """Every station of the inventory and what came of it, then those with data that the inventory lacks."""
    header = (
        "station", "latitude", "longitude", "elevation (m)", "band", "data (min)", "P picks", "S picks", "used",
        "median P (s)", "median S (s)", "state",
    )  # fmt: skip
    picks = Counter((*pick.source_id.station_key, pick.phase_hint[:1]) for pick in scene.catalog.picks)
    used: dict[tuple[str, str, str], list[float]] = {}
    for arrival in used_arrivals(scene):
        used.setdefault((arrival.network, arrival.station, arrival.phase[:1]), []).append(arrival.time_residual)
    rows = [_station_row(scene, station, picks, used) for station in scene.stations]
    known = {f"{station.network}.{station.code}" for station in scene.stations}
    for name in sorted(scene.coverage.keys() - known):
        state = f"{scene.coverage[name].get('status', '')}: {scene.coverage[name].get('reason', '')}".strip(": ")
        rows.append([name, *[""] * (len(header) - 2), state])
    return table(header, rows)


def _station_row(
    scene: Scene,
    station: Station,
    picks: Mapping[tuple[str, str, str], int],
    used: Mapping[tuple[str, str, str], Sequence[float]],
) -> list[Cell]:
    unit = scene.coverage.get(f"{station.network}.{station.code}", {})
    of_p, of_s = ((*station.key, phase) for phase in ("P", "S"))
    seconds = unit.get("seconds")
    return [
        f"{station.network}.{station.code}",
        f"{station.latitude:.4f}",
        f"{station.longitude:.4f}",
        f"{station.elevation:.0f}",
        str(unit.get("band", "")),
        f"{float(seconds) / 60:.1f}" if seconds is not None else "",
        str(picks.get(of_p, 0)),
        str(picks.get(of_s, 0)),
        str(len(used.get(of_p, ())) + len(used.get(of_s, ()))),
        _median(used.get(of_p, ())),
        _median(used.get(of_s, ())),
        scene.silent(station) or str(unit.get("status", "")),
    ]


def problem_table(problems: Iterable[Mapping[str, Any]]) -> Markup:
    """What was left out, why, and the mend."""
    rows = [[str(problem.get(key, "")) for key in ("subject", "wrong", "mend")] for problem in problems]
    return table(("what", "why", "what helps"), rows, class_="words")


def pair_table(pairs: Iterable[tuple[str, str]]) -> Markup:
    """Names and values."""
    body = [element("tr", element("th", name, scope="row"), element("td", value)) for name, value in pairs]
    return element("div", element("table", element("tbody", *body), class_="pairs"), class_="scroll")


def timing_table(timings: Iterable[Mapping[str, Any]]) -> Markup:
    """Seconds that each stage took."""
    rows = [
        [str(t.get("stage", "")), f"{float(t.get('wall_s', 0)):.1f}", f"{float(t.get('cpu_s', 0)):.1f}"]
        for t in timings
    ]
    return table(("stage", "wall clock (s)", "CPU (s)"), rows)


def layer_table(scene: Scene) -> Markup | None:
    """The velocity model; None where it is not known."""
    if scene.earth is None:
        return None
    rows = [
        [
            *(f"{v / KILOMETRE:g}" for v in (layer.top, layer.p_velocity, layer.s_velocity)),
            f"{layer.p_velocity / layer.s_velocity:.3f}",
        ]
        for layer in scene.earth.layers
    ]
    return table(("top (km below sea level)", "Vp (km/s)", "Vs (km/s)", "Vp/Vs"), rows)


def table(
    header: Sequence[str],
    rows: Sequence[Sequence[Cell]],
    anchors: str | None = None,
    class_: str = "sortable",
    longest: int = LONGEST,
) -> Markup:
    """A table that scrolls within the page; numbers to the right."""
    numeric = [bool(rows) and all(_is_number(row[k]) for row in rows) for k in range(len(header))]
    classes = ["number" if flag else None for flag in numeric]
    head = element("tr", *(element("th", name, scope="col", class_=c) for name, c in zip(header, classes, strict=True)))
    body = [
        element(
            "tr",
            *(element("td", cell, class_=c) for cell, c in zip(row, classes, strict=True)),
            id=f"{anchors}{index}" if anchors else None,
        )
        for index, row in enumerate(rows[:longest])
    ]
    whole = element("table", element("thead", head), element("tbody", *body), class_=class_)
    note = (
        element("p", f"The first {longest} of {len(rows)} rows; the CSV files hold all.")
        if len(rows) > longest
        else None
    )
    return join(element("div", whole, class_="scroll", tabindex="0"), note)


def _is_number(cell: str) -> bool:
    return not cell.strip("+-−0123456789.") or cell == "free"


def _optional(value: float | None, scale: float, digits: int) -> str:
    return "" if value is None or not math.isfinite(value) else f"{value / scale:.{digits}f}"


def _median(values: Sequence[float]) -> str:
    return f"{np.median(values):+.2f}" if len(values) else ""
