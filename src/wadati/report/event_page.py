"""The page of one event: where it was, what the stations saw of it, how large it was, and what it rests on."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from wadati.model import Arrival, Catalog, Event, Inventory, Origin, Pick, VelocityModel
from wadati.report.chart import LEFT, RIGHT, TOP, WIDTH, Scale, axes, figure, line, padded, svg, ticks
from wadati.report.map import degrees, epicentre_map
from wadati.report.markup import Markup, element, join
from wadati.report.mechanism_figures import mechanism_figure, mechanism_table
from wadati.report.page import facts, figures, link, section, whole_page
from wadati.report.record_section import Records, record_sections
from wadati.report.scene import Scene, instant, kilometres, size_words
from wadati.report.tables import pair_table, table
from wadati.units import KILOMETRE

HOME = "../../index.html"
_NEAR = 6.0
"""Stations of the map lie within this many times the distance of the nearest used one, and 60 km at least."""


@dataclass(frozen=True)
class About:
    """What stands on an event's page besides the event.

    `place` is its region in words, `network` whose page it is, `terms` (license, citation, contact) in a line,
    `downloads` pairs of address and words, `earlier` origins that the event once had.
    """

    place: str
    network: str
    terms: str = ""
    downloads: Sequence[tuple[str, str]] = ()
    earlier: Sequence[Origin] = ()
    updated: int | None = None


def event_page(
    event: Event,
    picks: Mapping[str, Pick],
    inventory: Inventory,
    about: About,
    *,
    source: Records | None = None,
    earth: VelocityModel | None = None,
) -> str:
    """The page in HTML, without script and without anything to fetch. Equal input gives equal text.

    >>> event = Event("wd1", (Origin.of(0, 35.7, -117.5, 8000.0),))
    >>> "no magnitude, Central California" in event_page(event, {}, Inventory(), About("Central California", "Example"))
    True
    """
    near = _near(event, inventory)
    scene = Scene(Catalog((event,), tuple(picks.values())), near, {}, earth)
    wide = replace(scene, inventory=inventory)
    title = f"{size_words(event)}, {about.place}"
    records = record_sections(wide, source, 1) if source is not None else []
    drawn = [epicentre_map(scene), *records, _residuals(event)]
    downloads = [element("li", link(address, words)) for address, words in about.downloads]
    body = join(
        _header(title, event, about),
        element(
            "main",
            section("Where and when", _facts(event, about), _notice(event)),
            figures(*drawn),
            section("How it moved", *_moved(event)) if event.mechanisms else None,
            section("Downloads", element("ul", *downloads)) if downloads else None,
            section("Arrivals", _arrivals(event.origin, picks)) if event.origin.arrivals else None,
            section("Magnitudes", *_magnitudes(event)) if event.magnitudes else None,
            section("Origins", _origins(event, about.earlier)),
            section("How to read this page", _reading()),
        ),
        footer(about.terms),
    )
    place = f"{instant(event.origin.time, 0)} UTC, {kilometres(event.origin.depth)} deep"
    return whole_page(f"{title} – {about.network}", body, description=f"{title}, {place}")


def cancelled_page(event_id: str, network: str, terms: str = "", now: tuple[str, str] | None = None) -> str:
    """The page of an event that is none any more; `now` are address and name of the one that it is part of.

    >>> "cancelled" in cancelled_page("wd1", "Example")
    True
    """
    if now is None:
        words: list[str | None] = [
            "This event was cancelled. What was told of it was automatic, and was found not to be an earthquake here."
        ]
    else:
        words = ["This event is part of another one, ", link(*now), "."]
    body = join(
        element(
            "header", element("nav", link(HOME, network)), element("h1", f"Event {event_id}"), element("p", "cancelled")
        ),
        element("main", element("p", *words, class_="notice")),
        footer(terms),
    )
    return whole_page(f"Event {event_id}, cancelled – {network}", body, robots="noindex")


def footer(terms: str) -> Markup:
    """The end of a page: under what terms its content may be used."""
    words = "Automatic results may be wrong, and change as more data arrive. This is no public warning system."
    return element("footer", element("p", words), element("p", terms) if terms else None)


def _moved(event: Event) -> list[Markup]:
    shown = event.mechanism
    drawn = [] if shown is None else [figures(mechanism_figure(event, shown))]
    return [*drawn, mechanism_table(event)]


def _header(title: str, event: Event, about: About) -> Markup:
    told = f"{instant(event.origin.time)} UTC, {kilometres(event.origin.depth)} deep"
    return element(
        "header", element("nav", link(HOME, about.network)), element("h1", title), element("p", told), id="event-0"
    )


def _near(event: Event, inventory: Inventory) -> Inventory:
    """The stations for a map that shows the event, not the whole network."""
    used = {(a.network, a.station): a.distance for a in event.origin.arrivals if math.isfinite(a.distance)}
    if not used:
        return inventory
    reach = max(_NEAR * min(used.values()), 60 * KILOMETRE, sorted(used.values())[min(7, len(used) - 1)])
    near = {key for key, distance in used.items() if distance <= reach}
    return Inventory(tuple(channel for channel in inventory if channel.source_id.station_key in near))


def _facts(event: Event, about: About) -> Markup:
    origin, magnitude, spread = event.origin, event.magnitude, event.origin.uncertainty
    used = [arrival for arrival in origin.arrivals if arrival.weight > 0]
    size = size_words(event)
    if magnitude is not None and magnitude.uncertainty is not None:
        size += f" ± {magnitude.uncertainty:.2f}"
    depth = kilometres(origin.depth)
    if spread is not None:
        depth += f" ± {kilometres(spread.depth_95)}" if spread.depth_resolved else ", free"
    told = [
        ("magnitude", size),
        ("depth below the sea", depth),
        ("latitude", degrees(round(origin.latitude, 4), "N", "S")),
        ("longitude", degrees(round(origin.longitude, 4), "E", "W")),
        ("status", "reviewed" if origin.evaluation_mode == "manual" else f"automatic, {origin.evaluation_status}"),
        ("arrivals", f"{len(used)} at {len({(a.network, a.station) for a in used})} stations"),
    ]
    if spread is not None and math.isfinite(spread.semi_major):
        told.append(("epicentre within", f"{kilometres(spread.semi_major)} (95 %)"))
    if origin.azimuthal_gap is not None:
        told.append(("gap", f"{origin.azimuthal_gap:.0f}°"))
    if event.event_type != "earthquake":
        told.insert(0, ("kind", event.event_type))
    if about.updated:
        told.append(("last change", f"{instant(about.updated, 0)} UTC"))
    return facts(told)


def _notice(event: Event) -> Markup | None:
    if event.origin.evaluation_mode == "manual":
        return None
    words = "Found and located by a computer; no analyst has looked at it."
    return element("p", words, class_="notice")


def _residuals(event: Event) -> Markup | None:
    """Residuals of P and S against distance."""
    used = [a for a in event.origin.arrivals if a.weight > 0 and math.isfinite(a.distance + a.time_residual)]
    if not used:
        return None
    x = Scale(0.0, max(a.distance for a in used) / KILOMETRE * 1.05, LEFT, WIDTH - RIGHT)
    y = Scale(*padded([a.time_residual for a in used], 0.1, 0.4), TOP + 240, TOP)
    drawing = svg(
        TOP + 288,
        f"Residuals of {len(used)} arrivals against distance",
        axes(x, y, ticks(0, x.high), ticks(y.low, y.high, 5), "distance (km)", "observed − expected (s)"),
        line(x.start, y(0), x.end, y(0), "axis") if y.low < 0 < y.high else None,
        *(_dot(arrival, x, y) for arrival in used),
    )
    return figure(drawing, "Residuals", "Observed minus expected time of the arrivals used; P blue, S orange.")


def _dot(arrival: Arrival, x: Scale, y: Scale) -> Markup:
    words = f"{arrival.network}.{arrival.station} {arrival.phase} {arrival.time_residual:+.2f} s"
    return element(
        "circle",
        element("title", words),
        cx=round(x(arrival.distance / KILOMETRE), 1),
        cy=round(y(arrival.time_residual), 1),
        r=3.5,
        class_=f"dot {arrival.phase[:1]}",
    )


def _arrivals(origin: Origin, picks: Mapping[str, Pick]) -> Markup:
    header = (
        "station", "phase", "time (UTC)", "distance (km)", "azimuth (°)", "residual (s)", "weight", "probability",
        "mode",
    )  # fmt: skip
    rows = []
    for arrival in sorted(origin.arrivals, key=lambda a: (a.distance, a.network, a.station, a.phase)):
        pick = picks.get(arrival.pick_id)
        rows.append(
            [
                f"{arrival.network}.{arrival.station}",
                arrival.phase,
                instant(pick.time) if pick else "",
                _known(arrival.distance / KILOMETRE, 1),
                _known(arrival.azimuth, 0),
                _known(arrival.time_residual, 2),
                f"{arrival.weight:.2f}",
                f"{pick.probability:.2f}" if pick else "",
                pick.evaluation_mode if pick else "",
            ]
        )
    return table(header, rows)


def _magnitudes(event: Event) -> list[Markup]:
    preferred = event.preferred_magnitude_id
    rows = [
        [
            one.magnitude_type,
            f"{one.value:.2f}",
            _known(one.uncertainty, 2),
            str(one.station_count),
            one.method,
            "saturated" if one.saturated else "preferred" if one.magnitude_id == preferred else "",
        ]
        for one in event.magnitudes
    ]
    parts = [table(("type", "value", "±", "stations", "method", ""), rows)]
    stations = [
        [
            ".".join(one.source_id.station_key),
            one.magnitude_type,
            f"{one.value:.2f}",
            _known(one.amplitude * 1e3, 3),
            f"{one.weight:.2f}",
        ]
        for magnitude in event.magnitudes
        for one in magnitude.station_magnitudes
    ]
    if stations:
        header = ("station", "type", "value", "amplitude (mm)", "weight")
        parts += [element("h3", "Of each station"), table(header, stations)]
    return parts


def _origins(event: Event, earlier: Sequence[Origin]) -> Markup:
    header = ("time (UTC)", "latitude", "longitude", "depth (km)", "arrivals", "RMS (s)", "method", "earth", "mode", "")
    rows = [
        [
            instant(origin.time),
            f"{origin.latitude:.4f}",
            f"{origin.longitude:.4f}",
            f"{origin.depth / KILOMETRE:.1f}",
            str(sum(arrival.weight > 0 for arrival in origin.arrivals)),
            _known(origin.standard_error, 2),
            origin.method,
            origin.earth_model,
            origin.evaluation_mode,
            "preferred" if origin is event.origin else "superseded" if origin in earlier else "",
        ]
        for origin in (*event.origins, *earlier)
    ]
    return table(header, rows)


def _known(value: float | None, digits: int) -> str:
    return "" if value is None or not math.isfinite(value) else f"{value:.{digits}f}"


def _reading() -> Markup:
    return pair_table(
        [
            ("Depth", "in kilometres below sea level; “free” means that the arrivals do not decide it."),
            ("±", "95 % for depth and epicentre; one standard error for magnitudes."),
            ("Gap", "the largest angle, seen from the epicentre, without a station; above 180° locations are weak."),
            ("Residual", "observed minus expected time of an arrival."),
            ("Mechanism", "both planes fit alike. Quality A is the best; one of quality D is never preferred."),
        ]
    )
