"""The Wadati diagram: S − P time against P travel time, whose slope is Vp/Vs − 1.

Wadati (1933), On the travel time of earthquake waves, Part II, Geophysical Magazine 7, 101–111.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from wadati.report.chart import LEFT, RIGHT, TOP, WIDTH, Scale, axes, figure, line, svg, text, ticks
from wadati.report.markup import Markup, element
from wadati.report.scene import Scene
from wadati.units import SECOND

Floats = npt.NDArray[np.float64]


def vp_over_vs(events: list[tuple[Floats, Floats]]) -> float | None:
    """Vp/Vs of several events' P times and S − P times (s), one pair of arrays an event; None where there are too few.

    The slope of least absolute misfit after the medians of each event are taken off, so that origin times, and
    with them locations, do not matter, and wrong picks hardly do.

    >>> p = np.array([1.0, 2.0, 4.0, 5.0, 7.0])
    >>> round(vp_over_vs([(p + 100.0, 0.73 * p), (p, 0.73 * p)]), 3)
    1.73
    """
    centred = [(p - np.median(p), d - np.median(d)) for p, d in events if len(p) >= 3]
    if not centred:
        return None
    x, y = (np.concatenate(parts) for parts in zip(*centred, strict=True))
    x, y = x[np.abs(x) > 1e-6], y[np.abs(x) > 1e-6]
    if len(x) < 6:
        return None
    slopes, weights = y / x, np.abs(x)
    order = np.argsort(slopes)
    half = np.searchsorted(np.cumsum(weights[order]), weights.sum() / 2)
    return 1.0 + float(slopes[order][half])


def wadati_diagram(scene: Scene) -> Markup | None:
    """The diagram of all events together; None where fewer than six stations have both P and S."""
    events = _pairs(scene)
    ratio = vp_over_vs(events)
    if ratio is None:
        return None
    p, difference = (np.concatenate(parts) for parts in zip(*events, strict=True))
    inside = (p > 0) & (difference > 0)
    p, difference = p[inside], difference[inside]
    if not len(p):
        return None
    x = Scale(0.0, float(np.quantile(p, 0.995)) * 1.06, LEFT, WIDTH - RIGHT)
    y = Scale(0.0, x.high * max(ratio - 1, 0.4) * 1.25, TOP + 300, TOP)
    shown = (p <= x.high) & (difference <= y.high)
    model = _model_ratio(scene)
    lines = [("curve", f"Vp/Vs {ratio:.3f} from these picks", ratio)]
    if model is not None:
        lines.append(("model", f"Vp/Vs {model:.3f} of the model {scene.earth.name if scene.earth else ''}", model))
    drawing = svg(
        TOP + 348,
        f"Wadati diagram, Vp/Vs {ratio:.3f}",
        axes(x, y, ticks(0, x.high), ticks(0, y.high, 6), "P travel time (s)", "S − P time (s)"),
        *(
            element("circle", cx=round(x(float(a)), 1), cy=round(y(float(b)), 1), r=1.8, class_="bin")
            for a, b in zip(p[shown][:5000], difference[shown][:5000], strict=True)
        ),
        *(
            line(x(0), y(0), x(min(x.high, y.high / slope)), y(min(x.high * slope, y.high)), kind)
            for kind, slope in ((kind, value - 1) for kind, _, value in lines)
        ),
        *(
            element("g", line(x.start + 12, TOP + 12 + 18 * k, x.start + 36, TOP + 12 + 18 * k, kind),
                    text(x.start + 44, TOP + 16 + 18 * k, words, "start"))
            for k, (kind, words, _) in enumerate(lines)
        ),
    )  # fmt: skip
    caption = (
        f"{len(p)} pairs of P and S at one station. The slope is Vp/Vs − 1; it is fitted within each event, so that it "
        "rests on neither origin times nor locations (Wadati, 1933)."
    )
    return figure(drawing, "Wadati diagram", caption)


def _pairs(scene: Scene) -> list[tuple[Floats, Floats]]:
    """For each event the P travel times and S − P times (s) of the stations that have both."""
    events = []
    for event in scene.events:
        times: dict[str, dict[tuple[str, str], int]] = {"P": {}, "S": {}}
        for arrival in event.origin.arrivals:
            pick = scene.picks.get(arrival.pick_id)
            if pick is not None and arrival.weight > 0 and arrival.phase[:1] in times:
                times[arrival.phase[:1]][arrival.network, arrival.station] = pick.time
        both = sorted(times["P"].keys() & times["S"].keys())
        if both:
            p = np.array([times["P"][key] - event.origin.time for key in both]) / SECOND
            difference = np.array([times["S"][key] - times["P"][key] for key in both]) / SECOND
            events.append((p, difference))
    return events


def _model_ratio(scene: Scene) -> float | None:
    """Vp/Vs of the model at the median depth."""
    if scene.earth is None:
        return None
    depth = float(np.median([event.origin.depth for event in scene.events]))
    return scene.earth.velocity("P", depth) / scene.earth.velocity("S", depth)
