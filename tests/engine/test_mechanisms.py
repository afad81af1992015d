"""Mechanisms that come by themselves: the truth is found, and the rules of what is preferred and what stays hold."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.engine.conftest import Moved
from wadati.cli.main import main
from wadati.engine import mechanisms
from wadati.engine.ledger import Ledger
from wadati.engine.local import SILENT
from wadati.engine.mechanism_settings import Tensor
from wadati.engine.mechanisms import (
    carried,
    computed,
    has_tensor,
    is_large,
    preferring,
    with_mechanisms,
    with_tensor,
    without_tensor,
)
from wadati.engine.review import review
from wadati.engine.tensor import METHOD
from wadati.errors import ReadError
from wadati.formats.quakeml import read_quakeml
from wadati.greens.stored import StoredGreens
from wadati.model import (
    Catalog,
    Event,
    FocalMechanism,
    Magnitude,
    MomentTensor,
    NodalPlane,
    Origin,
    Review,
    reviewed,
)
from wadati.model.mechanism import kagan_angle, nodal_planes
from wadati.store.catalog import CatalogStore
from wadati.synthetics.scenario import prepare
from wadati.synthetics.truth import truth_of

TENSOR = MomentTensor.of_fault(30.0, 60.0, 20.0, 1e15)
PLANES = nodal_planes(TENSOR)


def largest(catalog: Catalog) -> Event:
    return max((event for event in catalog if event.magnitude), key=lambda event: event.magnitude.value)


def event_of(quality: str = "A", *, polar: str = "", manual: bool = False, moved: float = 0.0) -> Event:
    """An event with a tensor, maybe first motions, maybe an analyst's origin; its computed origin so much farther (m)
    down."""
    origin = Origin.of(0, 35.7, -117.5, 8000.0 + moved, method="edt")
    centroid = Origin.of(10**9, 35.71, -117.5, 9000.0, method=f"{METHOD}-centroid")
    sizes = [
        Magnitude("ml", origin.origin_id, "ML", 4.4),
        Magnitude("mw", centroid.origin_id, "Mw", 4.2, method=METHOD),
    ]
    mechanisms = [
        FocalMechanism("t", origin.origin_id, PLANES, TENSOR, centroid.origin_id, "mw", quality=quality, method=METHOD)
    ]
    if polar:
        mechanisms.append(
            FocalMechanism("p", origin.origin_id, PLANES, polarities=9, quality=polar, method="wadati-first-motion")
        )
    event = Event("wd1", (origin, centroid), tuple(sizes), origin.origin_id, "ml", mechanisms=tuple(mechanisms))
    if not manual:
        return preferring(event)
    own = Origin.of(0, 35.8, -117.5, 5000.0, evaluation_mode="manual")
    size = Magnitude("own", own.origin_id, "ML", 4.6)
    said = Review(event_id="wd1", time=1, reviewer="me", action="relocate", origin=own, magnitudes=(size,))
    found = reviewed(preferring(event), (said,))
    assert found is not None
    return found


def test_the_tensor_of_a_simulated_earthquake_is_found_by_itself(moved: Moved) -> None:
    truth, found = largest(moved.scenario.truth), largest(moved.result.catalog)
    assert found.mechanism is not None
    assert found.mechanism.tensor is not None
    assert truth.mechanism is not None
    assert truth.mechanism.tensor is not None
    assert found.mechanism.quality in "ABC"
    assert kagan_angle(found.mechanism.tensor, truth.mechanism.tensor) < 20
    assert found.magnitude is not None
    assert found.magnitude.magnitude_type == "Mw"
    assert found.magnitude.value == pytest.approx(truth.mechanism.tensor.magnitude, abs=0.1)
    assert {size.magnitude_type for size in found.magnitudes} == {"ML", "Mw"}
    assert found.origin.method != f"{METHOD}-centroid"


def test_the_demonstration_finds_its_own_tensor(
    fine_store: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["demo", "--output", str(tmp_path), "--greens", fine_store, "--workers", "1"]) == 0
    assert "1 moment tensors" in capsys.readouterr().err
    (found,) = [event for event in read_quakeml(tmp_path / "catalog.xml") if has_tensor(event)]
    truth = largest(truth_of(prepare(1, stations=30, minutes=20.0, spacing_km=5.0).events, tensors=True))
    assert found.mechanism is not None
    assert found.mechanism.tensor is not None
    assert truth.mechanism is not None
    assert truth.mechanism.tensor is not None
    assert kagan_angle(found.mechanism.tensor, truth.mechanism.tensor) < 20
    assert found.mechanism.quality in "AB"
    assert found.magnitude is not None
    assert found.magnitude.value == pytest.approx(truth.mechanism.tensor.magnitude, abs=0.1)


def test_only_large_events_have_one_and_the_stations_left_out_are_named(moved: Moved) -> None:
    with_one = [event for event in moved.result.catalog if has_tensor(event)]
    assert with_one == [event for event in moved.result.catalog if is_large(event, moved.flow.tensor)]
    assert len(with_one) == 1
    told = [note for note in moved.result.ledger.notes if "not in the moment tensor" in note.wrong]
    used = with_one[0].mechanism.stations
    known = {f"{one.network}.{one.code}" for one in moved.scenario.inventory.stations()}
    assert used + len({note.subject for note in told}) == len(known)
    assert {note.subject for note in told} < known


def test_first_motions_come_by_themselves_too(moved: Moved) -> None:
    polar = [one for event in moved.result.catalog for one in event.mechanisms if one.polarities]
    assert len(polar) > 3
    assert all(one.polarities >= 8 for one in polar)
    preferred = {event.preferred_mechanism_id for event in moved.result.catalog}
    assert all(one.quality != "D" for one in polar if one.mechanism_id in preferred)


def test_everything_that_is_written_has_them(moved: Moved) -> None:
    found = largest(moved.result.catalog)
    (read,) = [one for one in read_quakeml(moved.output / "catalog.xml") if one.event_id == found.event_id]
    assert read.mechanisms == found.mechanisms
    with CatalogStore(moved.output / "catalog.sqlite") as store:
        assert store.event(found.event_id) == found
    report = (moved.output / "report.html").read_text()
    assert "How they moved" in report
    assert "by moment tensor, quality" in report
    (feature,) = [
        one
        for one in json.loads((moved.output / "events.geojson").read_text())["features"]
        if one["id"] == found.event_id
    ]
    assert feature["properties"]["magType"] == "mw"


def test_a_store_that_is_none_is_told_before_the_work_begins(moved: Moved, tmp_path: Path) -> None:
    asked = ["catalog", moved.waveforms, "--stations", moved.stations, "--output", tmp_path / "out", "--greens", "none"]
    assert main([str(word) for word in asked]) == 3
    assert not (tmp_path / "out" / "picks.csv").exists()


def test_an_event_that_has_no_tensor_says_why_and_costs_no_other(moved: Moved) -> None:
    good, polar = largest(moved.result.catalog), moved.result.catalog.picks
    origin = Origin.of(good.origin.time, good.origin.latitude, good.origin.longitude, 90e3)
    size = Magnitude("m", origin.origin_id, "ML", 4.0)
    deep = Event("wd-deep", (origin,), (size,), origin.origin_id, "m")
    ledger = Ledger()
    given = [deep, computed(good)]
    found = with_mechanisms(given, polar, moved.scenario, moved.scenario.inventory, moved.flow, ledger, SILENT)
    assert found == (deep, good)
    (why,) = [note for note in ledger.notes if note.subject == "wd-deep"]
    assert why.wrong.startswith("has no moment tensor: ")


class _Hanging:
    """An archive, or a store, that cannot be read at one station."""

    def __init__(self, inside: Any, station: tuple[str, str]) -> None:
        self._inside, self._station = inside, station

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inside, name)

    def read(self, network: str, station: str, span: Any = None) -> Any:
        if (network, station) == self._station:
            raise ReadError("s3://archive/day", "unreachable", "cannot be read", "check the network")
        return self._inside.read(network, station, span)

    def tensor_responses(self, latitude: float, longitude: float, depth: float, stations: Any, **more: Any) -> Any:
        if any(station.key == self._station for station in stations):
            raise ReadError("s3://greens", "unreachable", "cannot be read", "check the network")
        return self._inside.tensor_responses(latitude, longitude, depth, stations, **more)


def test_what_cannot_be_read_now_is_told_and_never_passed_over(moved: Moved, monkeypatch: pytest.MonkeyPatch) -> None:
    good = largest(moved.result.catalog)
    inventory = moved.scenario.inventory
    greens = StoredGreens(moved.flow.tensor.greens or "")
    used = {(one.network, one.station) for one in good.origin.arrivals}
    first = next(station.key for station in inventory.stations() if station.key in used)
    without = with_tensor(good, _Hanging(moved.scenario, first), inventory, greens)
    (told,) = [one for one in without.left_out if one.subject == ".".join(first)]
    assert told.wrong == "s3://archive/day cannot be read"
    with pytest.raises(ReadError):
        with_tensor(good, moved.scenario, inventory, _Hanging(greens, first))
    ledger = Ledger()
    monkeypatch.setattr(mechanisms, "open_greens", lambda _: _Hanging(greens, first))
    picks = moved.result.catalog.picks
    (found,) = with_mechanisms([computed(good)], picks, moved.scenario, inventory, moved.flow, ledger, SILENT)
    assert not has_tensor(found)
    assert ledger.notes == []
    assert [problem.wrong for problem in ledger.problems] == ["has no moment tensor: cannot be read"]


def test_making_it_again_changes_nothing(moved: Moved) -> None:
    found = largest(moved.result.catalog)
    greens = StoredGreens(moved.flow.tensor.greens or "")
    again = with_tensor(found, moved.scenario, moved.scenario.inventory, greens)
    assert again.event == found


@given(st.sampled_from("ABCD"), st.sampled_from(["", "A", "D"]), st.booleans(), st.sampled_from([0.0, 4e3, 6e3, 30e3]))
def test_carrying_is_idempotent_and_ends_where_the_origin_moved_far(
    quality: str, polar: str, manual: bool, moved: float
) -> None:
    found = event_of(quality, polar=polar)
    now = without_tensor(event_of(quality, manual=manual, moved=moved))
    bare = msgspec.structs.replace(now, mechanisms=(), preferred_mechanism_id=None)
    event = carried(found, bare)
    assert carried(found, event) == event
    assert has_tensor(event) == (moved < 5e3)
    assert computed(event) == computed(bare)
    named = {origin.origin_id for origin in event.origins}
    assert all(one.origin_id in named for one in event.mechanisms)
    if has_tensor(event):
        assert without_tensor(carried(event_of(quality), bare)).magnitudes == bare.magnitudes


@given(st.sampled_from("ABCD"), st.sampled_from(["", "A", "D"]))
def test_what_is_doubtful_is_not_preferred(quality: str, polar: str) -> None:
    event = event_of(quality, polar=polar)
    expected = "t" if quality != "D" else "p" if polar == "A" else None
    assert event.preferred_mechanism_id == expected
    assert event.preferred_magnitude_id == ("mw" if quality != "D" else "ml")
    assert preferring(event) == event
    (kept,) = review([event], _open_gates()).events
    assert kept.preferred_magnitude_id == event.preferred_magnitude_id
    assert (kept.mechanisms, kept.preferred_mechanism_id) == (event.mechanisms, event.preferred_mechanism_id)


def test_an_analyst_has_the_last_word(moved: Moved, tmp_path: Path) -> None:
    event = event_of(manual=True)
    assert event.preferred_magnitude_id == "own"
    assert preferring(event) == event
    assert event.mechanism is not None
    with CatalogStore(tmp_path / "catalog.sqlite") as store:
        (first,) = store.publish([largest(moved.result.catalog)])
        manual = Origin.of(
            first.origin.time, 36.5, -117.5, 3e3, arrivals=first.origin.arrivals, evaluation_mode="manual"
        )
        size = Magnitude("own", manual.origin_id, "ML", 4.0)
        said = Review(
            event_id=first.event_id, time=1, reviewer="me", action="relocate", origin=manual, magnitudes=(size,)
        )
        store.review(said)
        (again,) = store.publish([largest(moved.result.catalog)])
        assert (again.origin, again.magnitude) == (manual, size)
        assert again.mechanisms == first.mechanisms


def test_duplicates_keep_the_mechanisms_of_both() -> None:
    one, other = event_of(polar="B"), msgspec.structs.replace(event_of("C"), event_id="wd2")
    (kept,) = review([one, other], _open_gates()).events
    assert {mechanism.mechanism_id for mechanism in kept.mechanisms} == {"t", "p"}


def test_a_saturated_magnitude_is_large_enough() -> None:
    origin = Origin.of(0, 35.7, -117.5, 8000.0)
    event = Event("wd1", (origin,), (Magnitude("m", origin.origin_id, "ML", 6.9, saturated=True),))
    assert is_large(event, Tensor())
    assert not is_large(msgspec.structs.replace(event, magnitudes=()), Tensor())


def test_planes_alone_are_a_mechanism() -> None:
    origin = Origin.of(0, 35.7, -117.5, 8000.0)
    planes = (NodalPlane(10.0, 45.0, 90.0), NodalPlane(190.0, 45.0, 90.0))
    one = FocalMechanism("p", origin.origin_id, planes, polarities=10, quality="B", method="wadati-first-motion")
    event = preferring(Event("wd1", (origin,), mechanisms=(one,)))
    assert event.mechanism == one
    assert event.magnitude is None


def _open_gates():  # type: ignore[no-untyped-def]
    from wadati.engine.review_rules import Publication
    from wadati.engine.review_rules import Review as Rules

    return Rules(publication=Publication(arrivals=0, stations=0))
