"""One table of laws for every text format that is read and written: what it holds comes back, order does not matter."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wadati.errors import InputError
from wadati.formats.catalogs import read_catalog, read_picks
from wadati.formats.hypo71_phases import write_hypo71_phases
from wadati.formats.hypodd import write_hypodd_phases
from wadati.formats.hypoinverse import write_hypoinverse
from wadati.formats.nonlinloc_obs import write_nonlinloc_obs
from wadati.formats.nordic_writing import write_nordic
from wadati.model import Arrival, Catalog, Event, Inventory, Magnitude, Origin, Pick, SourceId, TimeSpan, parse_time
from wadati.model.station import Channel
from wadati.protocols import Problem
from wadati.units import MILLISECOND, SECOND

SPAN = TimeSpan(parse_time("1961-01-01"), parse_time("2058-12-01"))
UNCERTAINTIES = (0.05, 0.05 / 0.75, 0.1, 0.2)
"""Those of the weight codes 0 to 3."""


def groups_of(catalog: Catalog) -> list[list[Pick]]:
    picks = {pick.pick_id: pick for pick in catalog.picks}
    return [[picks[arrival.pick_id] for arrival in event.origin.arrivals] for event in catalog]


class Written(NamedTuple):
    """How a format is written, and how finely: times (ns), degrees, metres; what of a pick it keeps."""

    write: Callable[[Catalog, Path], object]
    time: int
    degrees: float
    metres: float
    codes: Callable[[SourceId], tuple[str, ...]]
    located: bool = True
    weights: bool = True


def station_alone(sid: SourceId) -> tuple[str, ...]:
    return (sid.station,)


def station_and_channel(sid: SourceId) -> tuple[str, ...]:
    return sid.station, sid.channel


def all_codes(sid: SourceId) -> tuple[str, ...]:
    return sid.network, sid.station, sid.location, sid.channel


FORMATS = {
    "NonLinLoc obs": Written(
        lambda catalog, path: write_nonlinloc_obs(groups_of(catalog), path),
        MILLISECOND // 10,
        0,
        0,
        station_and_channel,
        located=False,
    ),
    "HYPO71 phases": Written(
        lambda catalog, path: write_hypo71_phases(groups_of(catalog), path),
        10 * MILLISECOND,
        0,
        0,
        all_codes,
        located=False,
    ),
    "HypoInverse": Written(write_hypoinverse, 10 * MILLISECOND, 0.005 / 60 + 1e-7, 5.01, all_codes),
    "hypoDD": Written(write_hypodd_phases, MILLISECOND, 5.1e-7, 0.51, station_alone, weights=False),
    "Nordic": Written(write_nordic, MILLISECOND, 5.1e-6, 0.51, all_codes),
}


@st.composite
def catalogs(draw: st.DrawFn) -> Catalog:
    """Catalogs within what the narrowest of the formats can hold: P and S of stations within 90 s of the origin."""
    events, picks = [], {}
    for number in draw(st.lists(st.integers(1, 99999), unique=True, max_size=3)):
        time = draw(st.integers(SPAN.start // MILLISECOND, SPAN.end // MILLISECOND)) * MILLISECOND
        arrivals = []
        for station in draw(st.lists(st.text("ABCXYZ019", min_size=3, max_size=5), unique=True, max_size=4)):
            # Some formats name stations only, so that a code stands for one of them.
            sid = SourceId(
                ("CI", "NC", "7D")[sum(map(ord, station)) % 3],
                station,
                draw(st.sampled_from(("", "00", "10"))),
                "H",
                "H",
                "Z",
            )
            delays = sorted(draw(st.lists(st.integers(0, 2900), min_size=2, max_size=2, unique=True)))
            phases = draw(st.sampled_from((("P",), ("S",), ("P", "S"))))
            for phase, delay in zip(phases, delays, strict=False):
                pick = Pick.of(
                    sid,
                    phase,
                    time // (10 * MILLISECOND) * 10 * MILLISECOND + delay * 10 * MILLISECOND,
                    time_uncertainty=draw(st.sampled_from(UNCERTAINTIES)),
                    probability=1.0,
                    polarity=draw(st.sampled_from((None, "positive", "negative"))) if phase == "P" else None,
                )
                picks[pick.pick_id] = pick
                arrivals.append(
                    Arrival(
                        pick.pick_id,
                        *sid.station_key,
                        phase,
                        draw(st.floats(0, 90_000)),
                        draw(st.floats(0, 359)),
                        draw(st.floats(-9, 9)),
                        draw(st.sampled_from((0.1, 0.5, 1.0))),
                    )
                )
        origin = Origin.of(
            time,
            draw(st.floats(-89.9, 89.9)),
            draw(st.floats(-179.9, 179.9)),
            draw(st.floats(-3000, 99_000)),
            arrivals=tuple(arrivals),
            azimuthal_gap=float(draw(st.integers(1, 359))),
            standard_error=draw(st.floats(0, 9)),
        )
        size = Magnitude("m", origin.origin_id, "ML", draw(st.integers(-9, 79)) / 10)
        sizes = draw(st.sampled_from(((), (size,))))
        events.append(Event(str(number), (origin,), sizes, origin.origin_id, size.magnitude_id if sizes else None))
    events.sort(key=lambda event: (event.origin.time, event.event_id))
    return Catalog(tuple(events), tuple(picks.values()))


def written(catalog: Catalog, format_: Written, folder: Path) -> Path:
    path = folder / "no-extension"
    format_.write(catalog, path)
    return path


def shape(pick: Pick, format_: Written) -> tuple[object, ...]:
    weight = round(pick.time_uncertainty, 3) if format_.weights else None
    polarity = pick.polarity if format_.weights else None
    return *format_.codes(pick.source_id), pick.phase_hint, weight, polarity


@pytest.mark.parametrize("name", FORMATS)
@settings(max_examples=25)
@given(catalog=catalogs())
def test_what_the_format_holds_comes_back(tmp_path_factory, name, catalog):
    format_ = FORMATS[name]
    path = written(catalog, format_, tmp_path_factory.mktemp("t"))
    if not any(catalog.picks if not format_.located else catalog.events):
        return
    problems: list[Problem] = []
    picks = read_picks(path, None, problems)
    assert problems == []
    assert len(picks) == len(catalog.picks)
    by_shape: dict[tuple[object, ...], list[int]] = {}
    for pick in catalog.picks:
        by_shape.setdefault(shape(pick, format_), []).append(pick.time)
    for pick in picks:
        times = by_shape[shape(pick, format_)]
        nearest = min(times, key=lambda time: abs(time - pick.time))
        assert abs(nearest - pick.time) <= format_.time
        times.remove(nearest)
    if not format_.located:
        return
    back = read_catalog(path)
    by_id = {event.event_id: event for event in back}  # those whose times round to the same may change places
    assert len(by_id) == len(back) == len(catalog)
    for old in catalog:
        event = by_id[old.event_id]
        assert abs(event.origin.time - old.origin.time) <= format_.time
        assert event.origin.latitude == pytest.approx(old.origin.latitude, abs=format_.degrees)
        assert event.origin.longitude == pytest.approx(old.origin.longitude, abs=format_.degrees)
        assert event.origin.depth == pytest.approx(old.origin.depth, abs=format_.metres)
        assert len(event.origin.arrivals) == len(old.origin.arrivals)
        assert event.origin.azimuthal_gap in (None, old.origin.azimuthal_gap)
        assert event.origin.standard_error == pytest.approx(old.origin.standard_error, abs=0.0051) or name == "hypoDD"
        if old.magnitude is not None and old.magnitude.value != 0:
            assert event.magnitude.value == pytest.approx(old.magnitude.value)
        if old.magnitude is None:
            assert event.magnitude is None


@pytest.mark.parametrize("name", FORMATS)
@settings(max_examples=25)
@given(catalog=catalogs())
def test_written_again_from_what_was_read_gives_the_same_lines(tmp_path_factory, name, catalog):
    format_ = FORMATS[name]
    folder = tmp_path_factory.mktemp("t")
    path = written(catalog, format_, folder)
    stations = Inventory.of(Channel(pick.source_id, 35.0, -117.0, 0.0) for pick in catalog.picks if name != "hypoDD")
    if not catalog.picks:
        return
    back = read_catalog(path, stations)
    format_.write(back, folder / "again")
    # Events whose times round to the same may change places.
    assert sorted((folder / "again").read_text().splitlines()) == sorted(path.read_text().splitlines())


@pytest.mark.parametrize("name", FORMATS)
@settings(max_examples=15)
@given(catalog=catalogs(), random=st.randoms())
def test_the_order_of_events_does_not_matter(tmp_path_factory, name, catalog, random):
    format_ = FORMATS[name]
    folder = tmp_path_factory.mktemp("t")
    if not catalog.picks:
        return
    events = list(catalog.events)
    random.shuffle(events)
    shuffled = written(Catalog(tuple(events), catalog.picks), format_, folder)
    read = read_picks(shuffled)
    format_.write(catalog, folder / "ordered")
    assert read_picks(folder / "ordered") == read
    if format_.located:
        assert read_catalog(shuffled) == read_catalog(folder / "ordered")


@pytest.mark.parametrize("ends", ["\r\n", "\r\n\r\n\r\n", "\n   \n\n"])
@pytest.mark.parametrize("name", FORMATS)
def test_line_ends_and_blank_lines_at_the_end_do_not_matter(tmp_path, name, ends):
    path = written(CATALOG, FORMATS[name], tmp_path)
    plain = read_picks(path)
    text = path.read_text()
    other = tmp_path / "other"
    other.write_bytes((text.replace("\n", "\r\n") if ends.startswith("\r") else text).encode() + ends.encode())
    assert read_picks(other) == plain


@pytest.mark.parametrize("name", FORMATS)
def test_a_line_cut_short_costs_no_other(tmp_path, name):
    path = written(CATALOG, FORMATS[name], tmp_path)
    lines = path.read_text().splitlines()
    victim = next(k for k, line in enumerate(lines) if line.lstrip().startswith("DEF"))
    lines[victim] = lines[victim][: 12 if name != "hypoDD" else 5]
    path.write_text("\n".join(lines))
    problems: list[Problem] = []
    picks = read_picks(path, None, problems)
    lost = sum(pick.source_id.station == "DEF" for pick in CATALOG.picks)
    assert len(CATALOG.picks) - lost <= len(picks) < len(CATALOG.picks)
    assert [problem.subject for problem in problems] == [f"{path}, line {victim + 1}"]
    assert problems[0].wrong
    assert problems[0].mend
    with pytest.raises(InputError, match=f"line {victim + 1}"):
        read_picks(path)


def _catalog() -> Catalog:
    start = parse_time("2019-07-04T23:59:58.5")
    picks, arrivals = [], []
    for count, station in enumerate(("ABC", "DEF", "GHIJ")):
        sid = SourceId.from_nslc("CI", station, "", "HHZ")
        for phase, delay in (("P", 1 + count), ("S", 2 + 2 * count)):
            pick = Pick.of(sid, phase, start + delay * SECOND, time_uncertainty=0.05, probability=1.0)
            picks.append(pick)
            arrivals.append(Arrival(pick.pick_id, "CI", station, phase, 1e4, 90.0, 0.1, 1.0))
    origin = Origin.of(start, 35.7, -117.5, 8000.0, arrivals=tuple(arrivals))
    return Catalog((Event("7", (origin,), (), origin.origin_id),), tuple(picks))


CATALOG = _catalog()


@pytest.mark.parametrize("name", FORMATS)
def test_arrivals_after_midnight_belong_to_the_next_day(tmp_path, name):
    path = written(CATALOG, FORMATS[name], tmp_path)
    assert sorted(pick.time for pick in read_picks(path)) == sorted(pick.time for pick in CATALOG.picks)


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize("second", ["59.9999", "59.994", "59.9996"])
def test_seconds_that_round_to_sixty_carry(tmp_path, name, second):
    time = parse_time(f"2019-12-31T23:59:{second}")
    sid = SourceId.from_nslc("CI", "ABC", "", "HHZ")
    pick = Pick.of(sid, "P", time, time_uncertainty=0.05, probability=1.0)
    origin = Origin.of(time, 0.0, 0.0, 0.0, arrivals=(Arrival(pick.pick_id, "CI", "ABC", "P", 0.0, 0.0, 0.0, 1.0),))
    path = written(Catalog((Event("1", (origin,), (), origin.origin_id),), (pick,)), FORMATS[name], tmp_path)
    (back,) = read_picks(path)
    assert abs(back.time - time) <= FORMATS[name].time
    assert "60." not in path.read_text()


def test_stations_too_long_for_a_format_are_told(tmp_path):
    sid = SourceId.from_nslc("CI", "TOOLONG", "", "HHZ")
    pick = Pick.of(sid, "P", SPAN.start, time_uncertainty=0.05, probability=1.0)
    arrival = Arrival(pick.pick_id, "CI", "TOOLONG", "P", math.nan, math.nan, math.nan, 1.0)
    origin = Origin.of(SPAN.start, 0.0, 0.0, 0.0, arrivals=(arrival,))
    catalog = Catalog((Event("1", (origin,), (), origin.origin_id),), (pick,))
    for name in ("HYPO71 phases", "HypoInverse", "Nordic"):
        with pytest.raises(InputError, match="station codes of"):
            written(catalog, FORMATS[name], tmp_path)
        assert not (tmp_path / "no-extension").exists()
