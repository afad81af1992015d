"""The page as a reader's browser takes it: well formed, self-contained, safe, repeatable, and complete."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest
from lxml import etree, html

from wadati.evaluation.evaluate import evaluate
from wadati.evaluation.table import rows
from wadati.model import (
    Arrival,
    Catalog,
    Channel,
    Event,
    FocalMechanism,
    Inventory,
    Layer,
    Magnitude,
    MomentTensor,
    Origin,
    Pick,
    SourceId,
    TimeSpan,
    Trace,
    Uncertainty,
    VelocityModel,
    parse_time,
)  # fmt: skip
from wadati.model.mechanism import nodal_planes
from wadati.report.event_page import About, event_page
from wadati.report.report import write_report
from wadati.traveltime.geodesy import distance_azimuth
from wadati.traveltime.layered import first_arrival
from wadati.units import SECOND

EARTH = VelocityModel("half-space", (Layer(0.0, 6000.0, 3468.0),), "a <test>")
START = parse_time("2024-02-29T23:50:00")
EVIL = "</text><script>alert('x')</script>"


class Noise:
    """A source that makes up its records; S04 cannot be read and S05 has a gap."""

    def source_ids(self) -> list[SourceId]:
        return []

    def span(self) -> TimeSpan | None:
        return None

    def problems(self) -> list[Any]:
        return []

    def read(self, network: str, station: str, span: TimeSpan | None = None) -> Iterator[Trace]:
        assert span is not None
        if station == "S04":
            return
        data = np.random.default_rng(int(station[1:])).normal(size=int(span.seconds * 100))
        for component in "ENZ":
            trace = Trace(SourceId(network, station, "", "H", "H", component), span.start, Fraction(100), data)
            if station == "S05":
                yield trace.cut(TimeSpan(span.start, span.start + 12 * SECOND))
                yield trace.cut(TimeSpan(span.start + 14 * SECOND, span.end))
            else:
                yield trace


def network(count: int, *, latitude: float = 36.0, longitude: float = 14.0, code: str = "S{:02d}") -> Inventory:
    generator = np.random.default_rng(1)
    places = [(latitude + generator.uniform(-0.3, 0.3), longitude + generator.uniform(-0.3, 0.3)) for _ in range(count)]
    return Inventory.of(
        Channel(SourceId("XX", code.format(k), "", "H", "H", z), lat, (lon + 180) % 360 - 180, 100.0)
        for k, (lat, lon) in enumerate(places)
        for z in "ENZ"
    )


def sequence(inventory: Inventory, count: int) -> Catalog:
    generator = np.random.default_rng(2)
    stations = inventory.stations()
    events, picks = [], []
    for k in range(count):
        latitude = stations[0].latitude + float(generator.normal(0, 0.1))
        longitude = (stations[0].longitude + float(generator.normal(0, 0.1)) + 180) % 360 - 180
        depth, time = float(generator.uniform(2e3, 2e4)), START + int(generator.uniform(0, 1200) * SECOND)
        arrivals = []
        for station in stations:
            distance, azimuth = map(
                float, distance_azimuth(latitude, longitude, station.latitude, station.longitude)
            )  # fmt: skip
            for phase in ("P", "S"):
                residual = float(generator.normal(0, 0.1))
                expected = float(first_arrival(EARTH, phase, distance, depth, station.elevation))
                pick = Pick.of(
                    SourceId(*station.key, "", "H", "H", "Z"),
                    phase,
                    time + round((expected + residual) * SECOND),
                    time_uncertainty=0.1,
                    probability=0.9,
                )
                picks.append(pick)
                arrivals.append(Arrival(pick.pick_id, *station.key, phase, distance, azimuth, residual, 1.0))
        semi = math.inf if k == 0 else 900.0
        bounds = Uncertainty(
            ((1e6, 0, 0, 0), (0, 1e6, 0, 0), (0, 0, 4e6, 0), (0, 0, 0, 0.01)), semi, 500.0, 30.0, 4e3, 0.2
        )
        origin = Origin.of(time, latitude, longitude, depth, arrivals=tuple(arrivals), uncertainty=bounds)
        magnitude = Magnitude(f"m{k}", origin.origin_id, "ML", float(generator.uniform(0, 4)), 0.1)
        events.append(Event(f"wd{k}", (origin,), (magnitude,), None, None if k == 1 else magnitude.magnitude_id))
    return Catalog(tuple(events), tuple(picks))


def record(inventory: Inventory) -> dict[str, Any]:
    units = [f"{station.network}.{station.code}" for station in inventory.stations()]
    done = {"status": "done", "seconds": 1200.0, "band": "HH", "picks": 4}
    return {
        "command": "catalog",
        "versions": {"wadati": "0.1.0"},
        "settings": {"picker": "stalta", "start": None},
        "timings": [{"stage": "pick", "wall_s": 1.25, "cpu_s": 2.0}],
        "coverage": [
            *({"unit": unit, **done} for unit in units[1:]),
            *({"unit": unit, "status": "no data", "reason": "no samples in the span"} for unit in units[:1]),
        ],
        "problems": [{"subject": "bad.mseed", "wrong": "cut off", "mend": "fetch it again"}],
        "notes": [{"subject": "XX.S01", "wrong": "no response", "mend": "give one"}],
    }


def written(folder: Path, catalog: Catalog, inventory: Inventory, **more: Any) -> str:
    path = folder / "report.html"
    write_report(path, catalog, inventory, **more)
    return path.read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def full(tmp_path_factory: pytest.TempPathFactory) -> str:
    inventory = network(8)
    catalog = sequence(inventory, 12)
    truth = sequence(inventory, 14)
    return written(
        tmp_path_factory.mktemp("full"),
        catalog,
        inventory,
        title="Malta",
        source=Noise(),
        earth=EARTH,
        run=record(inventory),
        truth=truth,
        evaluation=evaluate(catalog, truth),
        scorecard=rows(evaluate(catalog, truth)),
    )


def check(page: str) -> Any:
    """Well formed (every tag closed, identifiers unique, links within) and without anything to load."""
    assert page.startswith("<!DOCTYPE html>\n<html")
    xml = re.sub(r"<(meta[^>]*)>", r"<\1/>", page.split("\n", 1)[1])
    xml = re.sub(r"(<script>).*(</script>)", r"\1\2", xml, flags=re.S)
    tree = etree.fromstring(xml)
    names = tree.xpath("//@id")
    assert len(names) == len(set(names))
    assert set(tree.xpath("//@href")) <= {f"#{name}" for name in names}
    used = re.findall(r"url\(([^)]*)\)", page)
    assert set(used) <= {f"#{name}" for name in names}
    assert not tree.xpath("//@src | //link | //iframe | //object | //img | //image | //use")
    assert "@import" not in page
    assert not re.search(r"\bon\w+=", xml)
    assert "nan" not in " ".join(tree.xpath("//@d | //@cx | //@cy | //@r | //@x | //@y | //@transform"))
    assert "inf" not in " ".join(tree.xpath("//@d | //@cx | //@cy | //@rx | //@ry"))
    return html.fromstring(page)


def test_a_full_page_is_well_formed_and_complete(full: str) -> None:
    tree = check(full)
    assert tree.xpath("//h1/text()") == ["Malta"]
    assert tree.xpath("//h2/text()") == [
        "Summary",
        "Against the truth",
        "Where and when",
        "Records of the largest events",
        "Arrivals",
        "Events",
        "Stations",
        "Left out, and why",
        "How it was made",
        "How to read this page",
    ]
    figures = tree.xpath("//figure/h3/text()")
    assert {"Map", "Depth", "Time", "Magnitudes", "Residuals", "Stations' residuals", "Wadati diagram"} <= set(figures)
    assert sum(figure.startswith("2024-0") for figure in figures) == 4
    assert len(tree.xpath("//tr[starts-with(@id, 'event-')]")) == 12
    assert "Natural Earth, public domain" in full
    assert "below sea level" in full
    assert "fetch it again" in full


def test_every_drawing_says_in_words_what_it_shows(full: str) -> None:
    drawings = check(full).xpath("//svg")
    assert len(drawings) == 11
    assert all(drawing.get("role") == "img" and drawing.get("aria-label") for drawing in drawings)


def test_records_show_gaps_and_leave_out_what_cannot_be_read(full: str) -> None:
    traces = check(full).xpath("//path[@class='trace']/@d")
    assert len(traces) == 4 * 7
    assert {trace.count("M") for trace in traces} == {1, 2}


def test_records_of_few_samples_are_drawn_whole(tmp_path: Path) -> None:
    class Slow(Noise):
        def read(self, network: str, station: str, span: TimeSpan | None = None) -> Iterator[Trace]:
            for trace in super().read(network, station, span):
                yield Trace(trace.source_id, trace.start, Fraction(4), trace.data[::25])

    inventory = network(4)
    page = written(tmp_path, sequence(inventory, 3), inventory, source=Slow(), earth=EARTH)
    traces = check(page).xpath("//path[@class='trace']/@d")
    assert len(traces) == 3 * 4
    assert {trace.count("M") for trace in traces} == {1}


def test_the_wadati_diagram_finds_the_ratio(full: str) -> None:
    ratio = float(re.findall(r"Vp/Vs (\d\.\d+) from these picks", full)[0])
    assert abs(ratio - 6000 / 3468) < 0.03


def test_missed_events_are_marked(full: str) -> None:
    tree = check(full)
    assert len(tree.xpath("//svg[starts-with(@aria-label, 'Map')]//path[@class='truth missed']")) == 2


def test_equal_input_gives_equal_bytes(full: str, tmp_path: Path) -> None:
    inventory = network(8)
    catalog = sequence(inventory, 12)
    truth = sequence(inventory, 14)
    page = written(
        tmp_path, catalog, inventory, title="Malta", source=Noise(), earth=EARTH, run=record(inventory), truth=truth,
        evaluation=evaluate(catalog, truth),
        scorecard=rows(evaluate(catalog, truth)),
    )  # fmt: skip
    assert page == full


def test_the_order_of_events_does_not_matter(tmp_path: Path) -> None:
    inventory = network(5)
    catalog = sequence(inventory, 9)
    turned = Catalog(catalog.events[::-1], catalog.picks[::-1])
    assert written(tmp_path, catalog, inventory) == written(tmp_path, turned, inventory)


def test_no_input_can_become_markup(tmp_path: Path) -> None:
    inventory = network(5, code=EVIL + "{:02d}")
    catalog = sequence(inventory, 6)
    evil = tuple(msgspec.structs.replace(event, event_id=EVIL + event.event_id) for event in catalog)
    run = record(inventory)
    run["problems"] = [{"subject": EVIL, "wrong": EVIL, "mend": EVIL}]
    run["settings"] = {EVIL: EVIL}
    run["coverage"].append({"unit": EVIL, "status": EVIL, "reason": EVIL})
    earth = VelocityModel(EVIL, EARTH.layers, EVIL)
    page = written(tmp_path, Catalog(evil, catalog.picks), inventory, title=EVIL, run=run, earth=earth)
    check(page)
    assert page.count("<script") == 1
    assert EVIL not in page


@pytest.mark.parametrize(
    ("stations", "picks", "status", "why"),
    [
        (0, False, "done", "No station was given"),
        (3, False, "no data", "No station gave usable data"),
        (3, False, "done", "The picker found no arrivals"),
        (3, True, "done", "no group of them fits one event"),
    ],
)
def test_without_events_the_page_says_why(tmp_path: Path, stations: int, picks: bool, status: str, why: str) -> None:
    inventory = network(stations)
    units = [f"{station.network}.{station.code}" for station in inventory.stations()]
    run = {"coverage": [{"unit": unit, "status": status} for unit in units]}
    found = sequence(inventory, 1).picks if picks else ()
    page = written(tmp_path, Catalog((), found), inventory, run=run, source=Noise(), earth=EARTH)
    check(page)
    assert why in page


@pytest.mark.parametrize("count", [1, 2])
def test_few_events_without_arrivals_or_magnitudes(tmp_path: Path, count: int) -> None:
    bare = tuple(Event(f"e{k}", (Origin.of(START + k, -10.0, 179.99, -500.0),)) for k in range(count))
    check(written(tmp_path, Catalog(bare), Inventory(), source=Noise(), earth=EARTH))
    check(written(tmp_path, Catalog(bare), network(3, latitude=-10.0, longitude=180.0), source=Noise(), earth=EARTH))


def test_a_far_event_is_left_off_the_map_and_counted(tmp_path: Path) -> None:
    inventory = network(5)
    catalog = sequence(inventory, 3)
    far = Event("far", (Origin.of(START, -36.0, -100.0, 1e4),))
    page = written(tmp_path, Catalog((*catalog.events, far), catalog.picks), inventory)
    assert "Outside the map: 1 event." in page


def test_a_hundred_events_at_thirty_stations_stay_small(tmp_path: Path) -> None:
    inventory = network(30)
    page = written(tmp_path, sequence(inventory, 100), inventory, source=Noise(), earth=EARTH)
    assert len(page.encode()) < 1_500_000


def test_very_many_events_stay_small(tmp_path: Path) -> None:
    many = tuple(Event(f"e{k}", (Origin.of(START + k * SECOND, 36.0 + k * 1e-5, 14.0, 5e3),)) for k in range(3000))
    page = written(tmp_path, Catalog(many), Inventory())
    check(page)
    assert len(page.encode()) < 3_000_000
    assert "The first 2000 of 3000 rows" in page


def test_an_events_page_and_the_report_show_how_it_moved(tmp_path: Path) -> None:
    inventory = network(4)
    catalog = sequence(inventory, 2)
    tensor = MomentTensor.of_fault(30.0, 60.0, 20.0, 1e15)
    origin_id = catalog.events[0].origin.origin_id
    mechanisms = (
        FocalMechanism("t", origin_id, nodal_planes(tensor), tensor, stations=9, gap=80.0, quality="A"),
        FocalMechanism("p", origin_id, nodal_planes(tensor), polarities=12, misfit=0.08, quality="B"),
    )
    moved = msgspec.structs.replace(catalog.events[0], mechanisms=mechanisms, preferred_mechanism_id="t")
    about = About("Central California", "Example")
    page = event_page(moved, {}, inventory, about)
    root = html.fromstring(page)
    (balls,) = root.xpath("//section[h2='How it moved']")
    assert len(balls.xpath(".//svg")) == 1
    assert [row.xpath("string(td[last()])") for row in balls.xpath(".//tbody/tr")] == ["preferred", ""]
    assert "How it moved" not in event_page(catalog.events[1], {}, inventory, about)
    polar = msgspec.structs.replace(moved, preferred_mechanism_id="p")
    assert "by 12 first motions, quality B" in event_page(polar, {}, inventory, about)
    write_report(tmp_path / "report.html", Catalog((moved, catalog.events[1]), catalog.picks), inventory)
    report = html.fromstring((tmp_path / "report.html").read_text())
    assert len(report.xpath("//section[h2='How they moved']//svg")) == 1
