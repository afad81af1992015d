"""Depth sections from west to east and from south to north."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from wadati.model import Event, Station
from wadati.report.chart import LEFT, RIGHT, TOP, WIDTH, Scale, axes, figure, line, padded, ramp, svg, ticks, triangle
from wadati.report.map import degrees, diamond
from wadati.report.markup import Markup, element
from wadati.report.scene import Scene, event_words, instant, size
from wadati.traveltime.geodesy import LocalFrame
from wadati.units import KILOMETRE

_HEIGHT = 220.0


def depth_sections(scene: Scene) -> Markup:
    """Both sections of a scene as one figure; the scene must have events."""
    middle = _middle(scene)
    frame = LocalFrame(*middle)
    height = 2 * (_HEIGHT + 62) + 22
    drawing = svg(
        height,
        f"Depth sections of {len(scene.events)} events",
        _section(scene, frame, 0, TOP, "km east"),
        _section(scene, frame, 1, TOP + _HEIGHT + 62, "km north"),
        ramp(
            WIDTH / 2,
            height - 12,
            instant(scene.events[0].origin.time, 0)[5:16],
            instant(scene.events[-1].origin.time, 0)[5:16],
            "time-ramp",
        ),
    )
    caption = (
        "Depth below sea level, from west to east and from south to north, coloured by time. Bars are 95 % intervals; "
        "dashed ones mean that the data leave the depth free. Distances from "
        f"{degrees(middle[0], 'N', 'S')} {degrees(middle[1], 'E', 'W')}."
    )
    return figure(drawing, "Depth", caption)


def _middle(scene: Scene) -> tuple[float, float]:
    """The median epicentre, rounded; longitudes are taken around the first event's."""
    first = scene.events[0].origin.longitude
    turned = [(event.origin.longitude - first + 180.0) % 360.0 - 180.0 for event in scene.events]
    latitude = float(np.median([event.origin.latitude for event in scene.events]))
    return round(latitude, 2), round((first + float(np.median(turned)) + 180.0) % 360.0 - 180.0, 2)


def _section(scene: Scene, frame: LocalFrame, axis: int, top: float, label: str) -> Markup:
    def across(item: Event | Station) -> float:
        place = item.origin if isinstance(item, Event) else item
        return float(frame.to_xy(place.latitude, place.longitude)[axis]) / KILOMETRE

    x = Scale(*padded(map(across, scene.events), 0.08, least=10.0), LEFT, WIDTH - RIGHT)
    near = [station for station in scene.stations if x.low <= across(station) <= x.high]
    depths = [event.origin.depth / KILOMETRE for event in scene.events]
    highest = max(0.0, -min(depths), *(station.elevation / KILOMETRE for station in near))
    deepest = max(1.0, *depths)
    span = max(deepest + highest, 4.0)
    y = Scale(-highest - 0.09 * span, deepest + 0.1 * span, top, top + _HEIGHT)
    y_ticks = ticks(y.low, y.high, 5)
    return element(
        "g",
        axes(x, y, ticks(x.low, x.high), y_ticks, label, "depth (km)"),
        line(x.start, y(0), x.end, y(0), "sea-level"),
        *(triangle(x(across(s)), y(-s.elevation / KILOMETRE) - 4, 8, "station", f"{s.network}.{s.code}") for s in near),
        *(_truth(scene, x, y, across)),
        *(_bars(event, x(across(event)), y) for _, event in scene.drawing_order if scene.detailed),
        *(
            element(
                "circle",
                element("title", event_words(event)) if scene.detailed else None,
                cx=round(x(across(event)), 1),
                cy=round(y(event.origin.depth / KILOMETRE), 1),
                r=size(event),
                fill=scene.time_colour(event),
                class_="event",
            )
            for _, event in scene.drawing_order
        ),
    )


def _truth(scene: Scene, x: Scale, y: Scale, across: Callable[[Event], float]) -> list[Markup]:
    events = [event for event in scene.truth or () if x.low <= across(event) <= x.high]
    return [
        diamond(x(across(event)), y(event.origin.depth / KILOMETRE), scene.truth_class(event))
        for event in events
        if event.origin.depth / KILOMETRE <= y.high
    ]


def _bars(event: Event, at: float, y: Scale) -> Markup | None:
    bounds = event.origin.uncertainty
    if bounds is None or not math.isfinite(bounds.depth_95):
        return None
    low, high = (min(max((event.origin.depth + sign * bounds.depth_95) / KILOMETRE, y.low), y.high) for sign in (-1, 1))
    return line(at, y(low), at, y(high), "bar" if bounds.depth_resolved else "bar free")
