"""Arrival-time residuals: their spread, and each station's."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from wadati.model import Arrival
from wadati.report.chart import (
    LEFT,
    RIGHT,
    TOP,
    WIDTH,
    Scale,
    axes,
    figure,
    line,
    padded,
    svg,
    text,
    ticks,
)  # fmt: skip
from wadati.report.markup import Markup, element, join
from wadati.report.scene import Scene

Floats = npt.NDArray[np.float64]

PHASES = ("P", "S")


def used_arrivals(scene: Scene) -> list[Arrival]:
    """The arrivals that origins rest on."""
    return [arrival for event in scene.events for arrival in event.origin.arrivals if arrival.weight > 0]


def residual_histogram(scene: Scene) -> Markup | None:
    """How residuals of P and of S are spread; None without arrivals."""
    values = {phase: _of(used_arrivals(scene), phase) for phase in PHASES}
    everything = np.concatenate(list(values.values()))
    if not len(everything):
        return None
    reach = min(max(float(np.ceil(np.quantile(np.abs(everything), 0.98) * 10) / 10), 0.5), 5.0)
    edges = np.linspace(-reach, reach, 41)
    counts = {phase: np.histogram(np.clip(sample, -reach, reach), edges)[0] for phase, sample in values.items()}
    x = Scale(-reach, reach, LEFT, WIDTH - RIGHT)
    high = max(int(count.max()) for count in counts.values()) * 1.3
    y = Scale(0.0, max(high, 1.0), TOP + 240, TOP)
    bars = [
        element(
            "path",
            d="M"
            + "L".join(
                f"{x(float(edge)):.1f} {y(float(height)):.1f}"
                for edge, height in zip(np.repeat(edges, 2), [0, *np.repeat(count, 2), 0], strict=True)
            ),
            class_=f"histogram {phase}",
        )
        for phase, count in counts.items()
    ]
    drawing = svg(
        TOP + 288,
        "Histogram of arrival-time residuals of P and S",
        axes(x, y, ticks(-reach, reach), ticks(0, y.high, 5), "observed − expected (s)", "arrivals"),
        line(x(0), y.start, x(0), y.end, "axis"),
        *bars,
        *(_summary(phase, values[phase], x.start + 12, TOP + 16 + 17 * k) for k, phase in enumerate(PHASES)),
    )
    caption = f"Observed minus expected time of arrivals used. What lies beyond ±{reach:g} s stands in the last bins."
    return figure(drawing, "Residuals", caption)


def station_residuals(scene: Scene) -> Markup | None:
    """Each station's median residual of P and of S; None without arrivals."""
    by_station: dict[tuple[str, str], dict[str, Floats]] = {}
    arrivals = used_arrivals(scene)
    for key in sorted({(arrival.network, arrival.station) for arrival in arrivals}):
        own = [arrival for arrival in arrivals if (arrival.network, arrival.station) == key]
        by_station[key] = {phase: _of(own, phase) for phase in PHASES}
    if not by_station:
        return None
    ends = [
        float(q)
        for own in by_station.values()
        for sample in own.values()
        if len(sample)
        for q in np.quantile(sample, (0.25, 0.75))
    ]
    x = Scale(*padded([-0.1, 0.1, *ends], 0.06), 96, WIDTH - RIGHT)
    bottom = TOP + 18 * len(by_station) + 6
    rows: list[Markup | None] = []
    for k, (key, samples) in enumerate(by_station.items()):
        y = TOP + 18 * k + 12
        rows += [line(x.start, y, x.end, y, "grid"), text(x.start - 8, y + 4, ".".join(key), "end")]
        rows += [
            _dot(phase, sample, x, y + shift) for (phase, sample), shift in zip(samples.items(), (-3, 3), strict=True)
        ]
    y_scale = Scale(0.0, 1.0, bottom, TOP)
    drawing = svg(
        bottom + 48,
        f"Median residuals of {len(by_station)} stations",
        axes(x, y_scale, ticks(x.low, x.high), (), "median observed − expected (s)", ""),
        line(x(0), bottom, x(0), TOP, "axis"),
        *rows,
    )
    caption = (
        "Dots are medians, bars hold the middle half of a station's residuals; P blue, S orange. A station whose dots "
        "lie together off zero has a wrong clock or stands on unusual rock."
    )
    return figure(drawing, "Stations' residuals", caption)


def _of(arrivals: list[Arrival], phase: str) -> npt.NDArray[np.float64]:
    return np.array([arrival.time_residual for arrival in arrivals if arrival.phase[:1] == phase], np.float64)


def _summary(phase: str, sample: npt.NDArray[np.float64], x: float, y: float) -> Markup | None:
    if not len(sample):
        return None
    median = float(np.median(sample))
    mad = float(np.median(np.abs(sample - median)))
    words = f"{phase}: {len(sample)}, median {median:+.2f} s, MAD {mad:.2f} s"
    return join(element("circle", cx=x - 2, cy=y - 4, r=4, class_=f"dot {phase}"), text(x + 8, y, words, "start"))


def _dot(phase: str, sample: npt.NDArray[np.float64], x: Scale, y: float) -> Markup | None:
    if not len(sample):
        return None
    low, median, high = (x(float(value)) for value in np.quantile(sample, (0.25, 0.5, 0.75)))
    title = element("title", f"{phase}: median {np.median(sample):+.3f} s of {len(sample)}")
    return join(
        line(low, y, high, y, f"spread {phase}"), element("circle", title, cx=median, cy=y, r=3, class_=f"dot {phase}")
    )
