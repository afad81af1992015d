"""The map: epicentres, stations, coasts and borders, with a small map of the surroundings."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from wadati.model import Event, Origin, Station
from wadati.report import basemap
from wadati.report.basemap import Box, Floats
from wadati.report.chart import TOP, WIDTH, figure, line, path, ramp, svg, text, ticks, triangle
from wadati.report.markup import Markup, element, join, number
from wadati.report.scene import Scene, counted, event_words, radius, size
from wadati.traveltime.geodesy import distance_azimuth
from wadati.units import KILOMETRE

_MARGIN = 56.0
_FINEST = 0.7
_DEGREE = 111_195.0
_FARTHEST = 3.0
"""Events farther from the middle of the network than this many times its radius are left off the map."""


@dataclass(frozen=True)
class Frame:
    """Plate carrée with its true scale along the middle parallel: a box in degrees onto a rectangle."""

    box: Box
    left: float
    top: float
    width: float
    height: float

    def __call__(self, longitude: float, latitude: float) -> tuple[float, float]:
        """Where a place lies, whatever whole turns its longitude has."""
        box = self.box
        middle = (box.west + box.east) / 2
        turned = (longitude - middle + 180.0) % 360.0 + middle - 180.0
        x = self.left + (turned - box.west) / (box.east - box.west) * self.width
        return x, self.top + (box.north - latitude) / (box.north - box.south) * self.height

    def line(self, points: Floats) -> Floats:
        """A line of the basemap without the points that a drawing cannot show apart; its ends stay."""
        box = self.box
        scale = (self.width / (box.east - box.west), -self.height / (box.north - box.south))
        drawn = (points - (box.west, box.north)) * scale + (self.left, self.top)
        cells = np.rint(drawn / _FINEST)
        kept = np.any(np.diff(cells, axis=0) != 0, axis=1)
        kept[-1:] = True
        return np.asarray(drawn[np.concatenate([[True], kept])], np.float64)

    @property
    def metre(self) -> float:
        """Drawing units of a metre."""
        return self.height / ((self.box.north - self.box.south) * _DEGREE)


def epicentre_map(scene: Scene) -> Markup:
    """The map of a scene as a figure."""
    inside, outside = _divide(scene)
    places = [*_places(scene.stations), *_places(event.origin for event in inside)]
    frame = _frame(places)
    drawn = {event.event_id for event in inside}
    shown = [(index, event) for index, event in scene.drawing_order if event.event_id in drawn]
    spots = [frame(*place) for place in places]
    bottom = frame.top + frame.height
    drawing = svg(
        bottom + (98 if scene.events else 52),
        f"Map of {len(shown)} epicentres and {len(scene.stations)} stations",
        element("clipPath", _rectangle(frame), id="map-clip"),
        _ground(frame),
        _graticule(frame),
        element(
            "g",
            *(_truth(scene, frame)),
            element("g", *(_ellipse(frame, event.origin) for _, event in shown), class_="ellipses")
            if scene.detailed
            else None,
            *(_epicentre(scene, frame, index, event) for index, event in shown),
            _stations(scene, frame),
            clip_path="url(#map-clip)",
        ),
        _rectangle(frame, "frame"),
        _surroundings(frame, spots),
        _legend(scene, frame, bottom + 34),
    )
    words = "Triangles are stations, hollow where nothing was used. "
    if shown:
        words += "Circles are epicentres, coloured by depth below sea level and sized by magnitude; "
        words += "thin ellipses hold the epicentre with 95 % probability. "
    if scene.truth is not None:
        words += "Diamonds are true epicentres, joined to what was found; red ones were missed. "
    if outside:
        words += f"Outside the map: {counted(outside, 'event')}. "
    return figure(drawing, "Map", f"{words}{basemap.CREDIT}.")


def _places(items: Iterable[Station | Origin]) -> list[tuple[float, float]]:
    return [(item.longitude, item.latitude) for item in items]


def _divide(scene: Scene) -> tuple[list[Event], int]:
    """The events near enough to the network for the map, and how many are not."""
    if not scene.stations:
        return list(scene.events), 0
    box = _bounds(_places(scene.stations))
    middle = (box.south + box.north) / 2, (box.west + box.east) / 2
    reach = max(float(distance_azimuth(*middle, s.latitude, s.longitude)[0]) for s in scene.stations)
    limit = max(_FARTHEST * reach, 50 * KILOMETRE)
    inside = [
        event
        for event in scene.events
        if distance_azimuth(*middle, event.origin.latitude, event.origin.longitude)[0] <= limit
    ]
    return inside, len(scene.events) - len(inside)


def _bounds(places: list[tuple[float, float]]) -> Box:
    """The box around places; its longitudes run on past 180 degrees where the places do."""
    east = sum(math.cos(math.radians(longitude)) for longitude, _ in places)
    north = sum(math.sin(math.radians(longitude)) for longitude, _ in places)
    middle = math.degrees(math.atan2(north, east))
    longitudes = [middle + (longitude - middle + 180.0) % 360.0 - 180.0 for longitude, _ in places]
    latitudes = [latitude for _, latitude in places]
    return Box(min(longitudes), min(latitudes), max(longitudes), max(latitudes))


def _frame(places: list[tuple[float, float]]) -> Frame:
    """A map around places, a little larger, neither very flat nor very tall."""
    tight = _bounds(places or [(0.0, 0.0)])
    latitude = (tight.south + tight.north) / 2
    shrink = max(math.cos(math.radians(latitude)), 0.05)
    width = max((tight.east - tight.west) * shrink, 0.1) * 1.14
    height = max(tight.north - tight.south, 0.1) * 1.14
    width, height = max(width, height / 1.1), max(height, width * 0.7)
    middle = (tight.west + tight.east) / 2
    box = Box(
        middle - width / shrink / 2, max(latitude - height / 2, -90.0),
        middle + width / shrink / 2, min(latitude + height / 2, 90.0),
    )  # fmt: skip
    across = WIDTH - _MARGIN - 14
    return Frame(box, _MARGIN, TOP, across, across * height / width)


def _rectangle(frame: Frame, class_: str | None = None) -> Markup:
    return element("rect", x=frame.left, y=frame.top, width=frame.width, height=frame.height, class_=class_)


def _ground(frame: Frame) -> Markup:
    world = basemap.cut(frame.box)
    return element(
        "g",
        _rectangle(frame, "sea"),
        *(path(frame.line(ring), "land", close=True) for ring in world.land),
        *(path(frame.line(coast), "coast") for coast in world.coasts),
        *(path(frame.line(border), "border") for border in world.borders),
        clip_path="url(#map-clip)",
    )


def _graticule(frame: Frame) -> Markup:
    box = frame.box
    bottom, right = frame.top + frame.height, frame.left + frame.width
    parts: list[Markup] = []
    for value, _ in ticks(box.west, box.east, 4):
        x, _ = frame(value, box.south)
        label = degrees((value + 180.0) % 360.0 - 180.0, "E", "W")
        parts += [line(x, frame.top, x, bottom, "grid"), text(x, bottom + 17, label)]
    for value, _ in ticks(box.south, box.north, 5):
        _, y = frame(box.west, value)
        label = degrees(value, "N", "S")
        parts += [line(frame.left, y, right, y, "grid"), text(frame.left - 5, y + 4, label, "end")]
    return join(*parts)


def degrees(value: float, positive: str, negative: str) -> str:
    """A latitude or longitude with its side.

    >>> degrees(-117.5, "E", "W")
    '117.5°W'
    """
    side = positive if value > 0 else negative if value < 0 else ""
    return f"{number(abs(value), 3)}°{side}"


def _ellipse(frame: Frame, origin: Origin) -> Markup | None:
    bounds = origin.uncertainty
    if bounds is None or not math.isfinite(bounds.semi_major) or not math.isfinite(bounds.semi_minor):
        return None
    x, y = frame(origin.longitude, origin.latitude)
    return element(
        "ellipse",
        rx=max(bounds.semi_minor * frame.metre, 0.5),
        ry=max(bounds.semi_major * frame.metre, 0.5),
        transform=f"translate({number(x, 1)} {number(y, 1)}) rotate({number(bounds.semi_major_azimuth, 0)})",
    )


def _epicentre(scene: Scene, frame: Frame, index: int, event: Event) -> Markup:
    x, y = frame(event.origin.longitude, event.origin.latitude)
    title = element("title", event_words(event)) if scene.detailed else None
    circle = element(
        "circle", title, cx=round(x, 1), cy=round(y, 1), r=size(event), fill=scene.depth_colour(event), class_="event"
    )
    address = scene.links.get(event.event_id, f"#event-{index}" if scene.detailed else None)
    return element("a", circle, href=address) if address else circle


def _truth(scene: Scene, frame: Frame) -> list[Markup]:
    """Lines from true epicentres to those found, and a diamond for each."""
    if scene.truth is None:
        return []
    found = {event.event_id: event.origin for event in scene.events}
    pairs = {pair.reference_id: pair.candidate_id for pair in scene.evaluation.matches} if scene.evaluation else {}
    lines, marks = [], []
    for event in scene.truth:
        x, y = frame(event.origin.longitude, event.origin.latitude)
        origin = found.get(pairs.get(event.event_id, ""))
        if origin is not None:
            lines.append(line(x, y, *frame(origin.longitude, origin.latitude), "truth"))
        marks.append(diamond(x, y, scene.truth_class(event), f"true: {event_words(event)}" if scene.detailed else None))
    return lines + marks


def diamond(x: float, y: float, class_: str, title: str | None = None) -> Markup:
    """A true hypocentre."""
    return element(
        "path", element("title", title) if title else None, d=f"M{number(x, 1)} {number(y - 4, 1)}l4 4l-4 4l-4-4z",
        class_=class_,
    )  # fmt: skip


def _stations(scene: Scene, frame: Frame) -> Markup:
    """Triangles, and codes where there is room below, above or beside them."""
    spots = {station.key: frame(station.longitude, station.latitude) for station in scene.stations}
    taken = [(x - 6, y - 6, x + 6, y + 6) for x, y in spots.values()]
    parts: list[Markup] = []
    for station in scene.stations:
        x, y = spots[station.key]
        why = scene.silent(station)
        words = f"{station.network}.{station.code}, {station.elevation:.0f} m{f'; {why}' if why else ''}"
        parts.append(triangle(x, y, 10, "station silent" if why else "station", words))
        width = 7.0 * len(station.code)
        for left, base, anchor in (
            (x - width / 2, y + 17, "middle"),
            (x - width / 2, y - 8, "middle"),
            (x + 8, y + 4, "start"),
            (x - 8 - width, y + 4, "end"),
        ):
            box = (left, base - 9, left + width, base + 1)
            if all(box[2] < b[0] or b[2] < box[0] or box[3] < b[1] or b[3] < box[1] for b in taken):
                taken.append(box)
                at = {"middle": x, "start": left, "end": left + width}[anchor]
                parts.append(text(at, base, station.code, anchor, class_="code"))
                break
    return join(*parts)


def _surroundings(frame: Frame, spots: list[tuple[float, float]]) -> Markup:
    """A small map of the region in the emptiest corner, with the map's box in it."""
    width, height, edge = 104.0, 84.0, 6.0
    right, bottom = frame.left + frame.width - width - edge, frame.top + frame.height - height - edge
    corners = [(x, y) for x in (right, frame.left + edge) for y in (frame.top + edge, bottom)]

    def crowd(corner: tuple[float, float]) -> int:
        return sum(
            -12 <= x - corner[0] <= width + 12 and -20 <= y - corner[1] <= height + 12
            for x, y in spots
        )  # fmt: skip

    left, top = min(corners, key=crowd)
    box = frame.box
    tall = min(max((box.north - box.south) * 7, 20.0), 170.0)
    latitude = min(max((box.south + box.north) / 2, tall / 2 - 90), 90 - tall / 2)
    wide = min(tall * width / height / max(math.cos(math.radians(latitude)), 0.2), 360.0)
    middle = (box.west + box.east) / 2
    small = Frame(
        Box(middle - wide / 2, latitude - tall / 2, middle + wide / 2, latitude + tall / 2), left, top, width, height
    )
    world = basemap.cut(small.box)
    x1, y1 = small(box.west, box.north)
    x2, y2 = small(box.east, box.south)
    grown = max(5 - (x2 - x1), 0) / 2
    return element(
        "g",
        element("clipPath", _rectangle(small), id="inset-clip"),
        element(
            "g",
            _rectangle(small, "sea"),
            *(path(small.line(ring), "land", close=True) for ring in world.land),
            *(path(small.line(border), "border") for border in world.borders),
            element(
                "rect", x=x1 - grown, y=y1 - grown, width=x2 - x1 + 2 * grown, height=y2 - y1 + 2 * grown, class_="here"
            ),
            clip_path="url(#inset-clip)",
        ),
        _rectangle(small, "frame"),
    )


def _legend(scene: Scene, frame: Frame, y: float) -> Markup:
    """The scale bar, the ramp of depths and the sizes of magnitudes."""
    length = frame.width * 0.3 / frame.metre
    power = 10.0 ** math.floor(math.log10(length))
    bar = next(m * power for m in (5, 2, 1) if m * power <= length)
    x, end = frame.left + 4, frame.left + 4 + bar * frame.metre
    low, high = scene.depth_range
    parts = [
        element("path", d=f"M{number(x)} {number(y)}v6H{number(end)}v-6", class_="axis"),
        text(end + 8, y + 7, f"{number(bar / KILOMETRE)} km", "start"),
    ]
    if scene.events:
        parts.append(
            ramp(frame.left + 330, y + 3, f"depth {low / KILOMETRE:.0f}", f"{high / KILOMETRE:.0f} km", "map-ramp")
        )
        magnitudes = [event.magnitude.value for event in scene.events if event.magnitude]
        at = frame.left + 14.0
        for whole in _whole(magnitudes):
            r = radius(whole)
            parts.append(element("circle", cx=at, cy=y + 38, r=r, class_="sample"))
            parts.append(text(at + r + 4, y + 42, f"M{whole}", "start"))
            at += 2 * r + 38
    return join(*parts)


def _whole(magnitudes: list[float]) -> range:
    """A few whole magnitudes that span some."""
    if not magnitudes:
        return range(0)
    low, high = math.floor(min(magnitudes)), math.ceil(max(magnitudes))
    return range(low, high + 1, 1 + (high - low) // 5)
