"""How the sequence goes on in time, and how many events there are of each magnitude."""

from __future__ import annotations

import numpy as np

from wadati.model import Event
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
    path,
    svg,
    text,
    ticks,
    time_ticks,
)  # fmt: skip
from wadati.report.map import diamond
from wadati.report.markup import Markup, element
from wadati.report.scene import Scene, counted, event_words, shown_magnitude, size


def timeline(scene: Scene) -> Markup:
    """Magnitudes against time above the cumulative number; the scene must have events."""
    times = [event.origin.time for event in scene.events]
    x = Scale(*padded(times, 0.03, least=60e9), LEFT, WIDTH - RIGHT)
    labels, label = time_ticks(x.low, x.high)
    truth = [event for event in scene.truth or () if x.low <= event.origin.time <= x.high and event.magnitude]
    sizes = [size.value for event in (*scene.events, *truth) if (size := shown_magnitude(event))] or [0.0]
    low, high = padded(sizes, 0.12)
    y = Scale(low, high, TOP + 210, TOP)
    count = Scale(0, len(times) * 1.06, TOP + 400, TOP + 262)
    unsized = sum(shown_magnitude(event) is None for event in scene.events)
    steps = [(x(x.low), count(0))]
    for number, time in enumerate(times, start=1):
        steps += [(x(time), count(number - 1)), (x(time), count(number))]
    steps.append((x.end, count(len(times))))
    drawing = svg(
        TOP + 448,
        f"Magnitudes and cumulative number of {len(times)} events against time",
        axes(x, y, [(value, "") for value, _ in labels], ticks(low, high, 6), "", "magnitude"),
        *(
            diamond(x(event.origin.time), y(event.magnitude.value), scene.truth_class(event))
            for event in truth
            if event.magnitude
        ),
        *(_stem(scene, event, x, y) for _, event in scene.drawing_order),
        axes(x, count, labels, ticks(0, count.low + count.high, 4), label, "events so far"),
        path(steps, "curve"),
    )
    words = "Above: magnitude, coloured by depth as on the map. Below: the number of events so far."
    if unsized:
        words += f" On the bottom line: {counted(unsized, 'event')} without a magnitude."
    if truth:
        words += " Diamonds are true events, red where missed."
    return figure(drawing, "Time", words)


def _stem(scene: Scene, event: Event, x: Scale, y: Scale) -> Markup:
    at = x(event.origin.time)
    magnitude = shown_magnitude(event)
    top = y(magnitude.value) if magnitude else y.start
    return element(
        "g",
        line(at, y.start, at, top, "stem"),
        element(
            "circle",
            element("title", event_words(event)) if scene.detailed else None,
            cx=round(at, 1),
            cy=round(top, 1),
            r=size(event),
            fill=scene.depth_colour(event),
            class_="event",
        ),
    )


def frequency_magnitude(scene: Scene) -> Markup | None:
    """How many events reach each magnitude; None with fewer than five magnitudes."""
    sizes = np.array([event.magnitude.value for event in scene.events if event.magnitude])
    if len(sizes) < 5:
        return None
    steps = np.arange(np.floor(sizes.min() * 10), np.ceil(sizes.max() * 10) + 1) / 10
    reached = [(float(step), int((sizes >= step - 1e-9).sum())) for step in steps]
    within = [(m, int(((sizes >= m - 0.05) & (sizes < m + 0.05)).sum())) for m in steps]
    x = Scale(*padded(sizes, 0.04), LEFT, WIDTH - RIGHT)
    y = Scale(-0.15, float(np.log10(len(sizes))) + 0.15, TOP + 260, TOP)
    labels = [(float(np.log10(n)), str(n)) for n in (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10000)]
    drawing = svg(
        TOP + 308,
        "Number of events against magnitude",
        axes(x, y, ticks(x.low, x.high), [tick for tick in labels if tick[0] <= y.high], "magnitude", "events"),
        *(element("circle", cx=x(float(m)), cy=y(float(np.log10(n))), r=2.5, class_="bin") for m, n in within if n),
        path(_stairs([(x(m), y(float(np.log10(n)))) for m, n in reached if n]), "curve"),
        text(x.end - 6, TOP + 14, "line: of this magnitude or more", "end"),
        text(x.end - 6, TOP + 30, "dots: within 0.05", "end"),
    )
    kinds = sorted({event.magnitude.magnitude_type for event in scene.events if event.magnitude})
    caption = f"Preferred magnitudes ({', '.join(kinds)}). Where the line bends flat on the left, events go unseen."
    return figure(drawing, "Magnitudes", caption)


def _stairs(points: list[tuple[float, float]]) -> list[tuple[float, float]]:
    """The corners of a line that drops to each point from the height of the one before."""
    before = [points[0], *points[:-1]]
    return [corner for old, new in zip(before, points, strict=True) for corner in ((old[0], new[1]), new)]
