"""Decorators and coincidences."""

from __future__ import annotations

from pathlib import Path

import msgspec
import numpy as np
import pytest

from wadati.errors import InputError
from wadati.listeners.coincidence import Coincidence, Other, read_cloud_event
from wadati.listeners.felt_radius import FeltRadius, intensity
from wadati.listeners.nearest_place import NearestPlace
from wadati.model import Event, Magnitude, Origin
from wadati.protocols import Decorator
from wadati.units import SECOND


def event(magnitude: float | None = 5.0, *, time: int = 0, latitude: float = 35.7, name: str = "wd1") -> Event:
    origin = Origin.of(time, latitude, -117.5, 8000.0)
    if magnitude is None:
        return Event(name, (origin,))
    size = Magnitude("m", origin.origin_id, "ML", magnitude)
    return Event(name, (origin,), (size,), origin.origin_id, "m")


def test_both_are_decorators() -> None:
    assert isinstance(FeltRadius(), Decorator)
    assert isinstance(NearestPlace([]), Decorator)


def test_places_are_read_and_the_nearest_is_named(tmp_path: Path) -> None:
    table = tmp_path / "places.csv"
    table.write_text(
        "name,latitude,longitude,population\nTrona,35.7627,-117.3728,2000\nRidgecrest,35.6225,-117.6709,28000\n"
    )
    found = NearestPlace.read(table).decorate(event())
    assert (found["place"], found["direction"], found["population"]) == ("Trona", "WSW", 2000)
    assert found["distance_km"] == pytest.approx(13.5, abs=0.3)


@pytest.mark.parametrize("text", ["name,lat\nx,1\n", "name,latitude,longitude\nx,north,1\n"])
def test_a_table_that_is_none_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "places.csv").write_text(text)
    with pytest.raises(InputError, match="no table of places"):
        NearestPlace.read(tmp_path / "places.csv")


def test_the_felt_radius_grows_with_magnitude_and_is_where_intensity_falls_to_3() -> None:
    radii = [FeltRadius().decorate(event(m)).get("radius_km") for m in (2.5, 3.5, 4.5, 5.5, 6.5)]
    assert radii == sorted(radii)
    assert intensity(5.5, np.hypot(radii[3], 8.0)) >= 3.0 > intensity(5.5, np.hypot(radii[3] + 1, 8.0))
    assert FeltRadius().decorate(event(None)) == {}
    assert FeltRadius().decorate(event(9.0)) == {}


def other(seconds: float, latitude: float | None = 35.7, name: str = "a") -> Other:
    return Other(name, "/s", "felt", round(seconds * SECOND), latitude, None if latitude is None else -117.5)


def test_a_pair_is_found_in_either_order_and_told_once() -> None:
    one, two = Coincidence(60.0, 50_000.0), Coincidence(60.0, 50_000.0)
    assert one.event(event()) == []
    assert [m.event_id for m in one.other(other(30))] == ["wd1"]
    assert one.event(event()) == []
    assert two.other(other(30)) == []
    assert [m.other.other_id for m in two.event(event())] == ["a"]


def test_too_late_too_far_and_retracted_do_not_coincide() -> None:
    join = Coincidence(60.0, 50_000.0)
    join.event(event())
    assert join.other(other(61)) == []
    assert join.other(other(0, 36.7, "b")) == []
    assert len(join.other(other(5, None, "nowhere"))) == 1
    join.retract("wd1")
    assert join.other(other(1, 35.7, "c")) == []


def test_a_wave_of_known_speed_is_awaited() -> None:
    join = Coincidence(20.0, 200_000.0, speed=300.0)
    join.event(event())
    assert len(join.other(other(111_000 / 300, 36.7))) == 1
    assert join.other(other(5, 36.7, "b")) == []


def test_the_rate_of_chance_is_what_independent_streams_give() -> None:
    rng = np.random.default_rng(3)
    join = Coincidence(30.0, 40_000.0, memory_s=1e9)
    lasts, ours, theirs, met = 2_000_000.0, 400, 400, 0
    told = [("ours", t) for t in rng.uniform(0, lasts, ours)] + [("theirs", t) for t in rng.uniform(0, lasts, theirs)]
    for k, (which, time) in enumerate(sorted(told, key=lambda one: one[1])):
        latitude, longitude = rng.uniform(35, 36), rng.uniform(-118, -117)
        if which == "ours":
            origin = Origin.of(round(time * SECOND), latitude, longitude, 8000.0)
            met += len(join.event(Event(f"wd{k}", (origin,))))
        else:
            met += len(join.other(Other(str(k), "/s", "x", round(time * SECOND), latitude, longitude)))
    expected = join.chance_rate() * lasts / (365.25 * 86400)
    assert 0.5 < expected < 4
    assert abs(met - expected) < 4 * np.sqrt(expected)


def test_what_is_no_cloud_event_is_refused() -> None:
    with pytest.raises(ValueError, match="no id"):
        read_cloud_event({"source": "/s", "type": "t"})
    with pytest.raises(ValueError, match="no time"):
        read_cloud_event({"id": "1", "source": "/s", "type": "t"})
    assert msgspec.json.encode(
        read_cloud_event({"id": "1", "source": "/s", "type": "t", "time": "2019-07-04T00:00:00Z"})
    )
