"""What stands on the page, from top to bottom."""

from __future__ import annotations

from typing import Any

from wadati.protocols import Source
from wadati.report import tables
from wadati.report.map import epicentre_map
from wadati.report.markup import Markup, element, join
from wadati.report.mechanism_figures import largest_mechanisms
from wadati.report.page import facts, figures, section
from wadati.report.record_section import record_sections
from wadati.report.residuals import residual_histogram, station_residuals, used_arrivals
from wadati.report.scene import Scene, instant, shown_magnitude, size_words
from wadati.report.section import depth_sections
from wadati.report.timeline import frequency_magnitude, timeline
from wadati.report.wadati_diagram import wadati_diagram


def body(scene: Scene, title: str, source: Source | None, largest: int) -> Markup:
    """The header, and a section for everything there is to show."""
    has_events = bool(scene.events)
    records = record_sections(scene, source, largest) if source is not None else []
    balls = largest_mechanisms(scene.events)
    evidence = [residual_histogram(scene), wadati_diagram(scene), station_residuals(scene)]
    where = [epicentre_map(scene)] if scene.stations or has_events else []
    when = [frequency_magnitude(scene), depth_sections(scene), timeline(scene)] if has_events else []
    parts = [
        section("Summary", _summary(scene), None if has_events else _nothing(scene)),
        section("Against the truth", tables.pair_table(scene.scorecard)) if scene.scorecard else None,
        section("Where and when", figures(*where, *when)),
        section("Records of the largest events", figures(*records)) if records else None,
        section("How they moved", figures(*balls)) if balls else None,
        section("Arrivals", figures(*evidence)) if any(evidence) else None,
        section("Events", tables.event_table(scene)) if has_events else None,
        section("Stations", tables.station_table(scene)),
        section("Left out, and why", *_left_out(scene)),
        section("How it was made", *_made(scene)),
        section("How to read this page", _reading(scene)),
    ]
    return join(element("header", element("h1", title), element("p", _span(scene))), element("main", *parts))


def _span(scene: Scene) -> str:
    if not scene.events:
        return "No events."
    first, last = scene.events[0].origin.time, scene.events[-1].origin.time
    return f"{instant(first, 0)} to {instant(last, 0)} UTC"


def _summary(scene: Scene) -> Markup:
    sized = [(magnitude.value, event) for event in scene.events if (magnitude := shown_magnitude(event))]
    arrivals = used_arrivals(scene)
    associated = len({arrival.pick_id for arrival in arrivals})
    active = sum(scene.silent(station) is None for station in scene.stations)
    told = [("events", str(len(scene.events)))]
    if sized:
        told.append(("largest", size_words(max(sized, key=lambda pair: pair[0])[1])))
    told += [
        ("stations used", f"{active} of {len(scene.stations)}"),
        ("picks", f"{len(scene.catalog.picks):,}".replace(",", "\u202f")),
    ]
    if scene.catalog.picks:
        told.append(("picks in events", f"{100 * associated / len(scene.catalog.picks):.0f} %"))
    if scene.events:
        told.append(("arrivals an event", f"{len(arrivals) / len(scene.events):.0f}"))
    return facts(told)


def _nothing(scene: Scene) -> Markup:
    """Why there are no events, as far as the run tells."""
    silent = sum(scene.silent(station) is not None for station in scene.stations)
    if not scene.stations:
        why = "No station was given, so nothing could be read."
    elif silent == len(scene.stations):
        why = "No station gave usable data; the table of stations says why for each."
    elif not scene.catalog.picks:
        why = "The picker found no arrivals: the time may be quiet, or its threshold too high for these records."
    else:
        why = (
            f"There are {len(scene.catalog.picks)} picks, but no group of them fits one event. Check station "
            "coordinates, clocks and the velocity model, or that the stations lie near each other."
        )
    return element("p", element("strong", "No events. "), why, class_="notice")


def _left_out(scene: Scene) -> list[Markup | None]:
    problems, notes = list(scene.run.get("problems", ())), list(scene.run.get("notes", ()))
    return [
        tables.problem_table(problems) if problems else element("p", "Nothing of the input was left out."),
        element("h3", "Used with less than it could have given") if notes else None,
        tables.problem_table(notes) if notes else None,
    ]


def _made(scene: Scene) -> list[Markup | None]:
    run = scene.run
    command = str(run.get("command", ""))
    parts: list[Markup | None] = [
        element("p", "Made by ", element("code", f"wadati {command}"), ".") if command else None
    ]
    for title, key in (("Settings", "settings"), ("Versions", "versions")):
        if run.get(key):
            parts += [element("h3", title), tables.pair_table(_pairs(run[key]))]
    layers = tables.layer_table(scene)
    if scene.earth is not None and layers is not None:
        parts += [element("h3", f"Velocity model: {scene.earth.name}"), element("p", scene.earth.source), layers]
    if run.get("timings"):
        parts += [element("h3", "Time taken"), tables.timing_table(run["timings"])]
    return parts


def _pairs(values: dict[str, Any]) -> list[tuple[str, str]]:
    return [(name, "not set" if value is None else str(value)) for name, value in values.items()]


def _reading(scene: Scene) -> Markup:
    items = [
        ("Depth", "in kilometres below sea level; negative depths lie above it."),
        ("Times", "are UTC. A residual is the observed time minus the expected one."),
        (
            "Ellipses, ± of depth and of epicentre",
            (
                "are 95 % intervals of the location's posterior: what follows from pick errors and the assumed error "
                "of the velocity model. A model that is wrong for the whole region can shift all events together by "
                "more. “free” means that the arrivals do not decide the depth."
            ),
        ),
        ("± of a magnitude", "is one standard error of the mean over stations."),
        ("Gap", "is the largest angle, seen from the epicentre, without a station; above 180° locations are weak."),
        ("RMS", "is the weighted root mean square of an event's residuals."),
        ("Automatic", "results, not reviewed by an analyst, unless an event says otherwise."),
    ]
    if scene.evaluation is not None:
        items.append(("Against the truth", "differences are found minus true; MAD is the median absolute deviation."))
    return element("dl", *(join(element("dt", name), element("dd", words)) for name, words in items), class_="reading")
