"""Laws of location, and whether the stated errors are true."""

from __future__ import annotations

import random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wadati.errors import InputError
from wadati.locators.edt import EdtLocator
from wadati.model import Channel, Inventory, Layer, Origin, Pick, SourceId, Uncertainty, VelocityModel, seconds
from wadati.protocols import Candidate, Locator
from wadati.registry import make
from wadati.traveltime.geodesy import LocalFrame, distance_azimuth
from wadati.traveltime.layered import first_arrival
from wadati.traveltime.models import SOUTHERN_CALIFORNIA
from wadati.units import SECOND

TIME = 1_500_000_000_000_000_000
Truth = tuple[float, float, float]


def network(rng: np.random.Generator, frame: LocalFrame, *, side: int = 6, spacing: float = 5000.0) -> Inventory:
    """`side` rows of five stations around a place, 300 to 1,500 m high."""
    grid = np.array([(i % side, i // side) for i in range(side * 5)], float)
    x, y = ((grid - grid.mean(axis=0) + rng.uniform(-0.3, 0.3, grid.shape)) * spacing).T
    latitude, longitude = frame.to_lat_lon(x, y)
    return Inventory.of(
        Channel(SourceId("XX", f"S{i:02d}", "", "H", "H", "Z"), float(lat), float(lon), float(elevation))
        for i, (lat, lon, elevation) in enumerate(zip(latitude, longitude, rng.uniform(300, 1500, len(x)), strict=True))
    )


def observe(
    inventory: Inventory,
    truth: Truth,
    model: VelocityModel = SOUTHERN_CALIFORNIA,
    *,
    stations: int = 12,
    time: int = TIME,
    sigma: tuple[float, float] = (0.05, 0.1),
) -> list[Pick]:
    """Exact P and S picks at the nearest stations of an event at (latitude, longitude, depth in m)."""
    latitude, longitude, depth = truth
    ordered = sorted(inventory, key=lambda c: float(distance_azimuth(latitude, longitude, c.latitude, c.longitude)[0]))
    picks = []
    for channel in ordered[:stations]:
        distance, _ = distance_azimuth(latitude, longitude, channel.latitude, channel.longitude)
        for phase, uncertainty in zip("PS", sigma, strict=True):
            onset = time + seconds(float(first_arrival(model, phase, distance, depth, channel.elevation)))
            picks.append(Pick.of(channel.source_id, phase, onset, time_uncertainty=uncertainty, probability=0.9))
    return picks


def later(pick: Pick, delay: float, probability: float = 0.9) -> Pick:
    """The same pick `delay` seconds later."""
    return Pick.of(
        pick.source_id,
        pick.phase_hint,
        pick.time + seconds(delay),
        time_uncertainty=pick.time_uncertainty,
        probability=probability,
    )


def another_earth(rng: np.random.Generator) -> VelocityModel:
    """Southern California up to 5 % faster or slower, layers elsewhere, Vp/Vs from 1.70 to 1.78."""
    whole, ratio = 1 + rng.uniform(-0.05, 0.05), rng.uniform(1.70, 1.78)
    layers = []
    for layer in SOUTHERN_CALIFORNIA.layers:
        p_velocity = layer.p_velocity * whole * (1 + rng.normal(0, 0.015))
        layers.append(Layer(layer.top * (1 + rng.uniform(-0.2, 0.2)), p_velocity, p_velocity / ratio))
    return VelocityModel("truth", tuple(layers))


def observe_badly(rng: np.random.Generator, inventory: Inventory, truth: Truth, count: int) -> list[Pick]:
    """`count` picks of another earth, with delays under the stations, errors of picking, and 5 % wild ones."""
    model, strength = another_earth(rng), rng.uniform(0.05, 0.10)
    wanted: list[Pick] = []
    for p, s in zip(*(iter(observe(inventory, truth, model, stations=30)),) * 2, strict=True):
        delay = rng.normal(0, strength)
        delays = {"P": delay, "S": 1.5 * delay + rng.normal(0, 0.5 * strength)}
        for pick in (p, s) if rng.random() < 0.65 else (p,):
            wild = rng.choice([-1, 1]) * rng.uniform(0.5, 5) if rng.random() < 0.05 else 0.0
            wanted.append(later(pick, delays[pick.phase_hint] + rng.normal(0, pick.time_uncertainty) + wild))
    return wanted[:count]


FRAME = LocalFrame(35.7, -117.5)
INVENTORY = network(np.random.default_rng(1), FRAME)
LOCATOR = EdtLocator()


def place(x: float, y: float, depth: float, frame: LocalFrame = FRAME) -> Truth:
    latitude, longitude = frame.to_lat_lon(x, y)
    return float(latitude), float(longitude), depth


def locate(picks: list[Pick], inventory: Inventory = INVENTORY) -> Origin:
    return LOCATOR.locate(picks, inventory, SOUTHERN_CALIFORNIA)


def uncertainty(origin: Origin) -> Uncertainty:
    assert origin.uncertainty is not None
    return origin.uncertainty


def off(origin: Origin, truth: Truth) -> float:
    """Epicentral distance (m) from where it should be."""
    return float(distance_azimuth(origin.latitude, origin.longitude, truth[0], truth[1])[0])


EVENTS = {
    "inside": (0.0, 0.0, 8e3),
    "above sea level": (3e3, 2e3, -200.0),
    "shallow": (2e3, 1e3, 100.0),
    "above a boundary": (0.0, 5e3, 5400.0),
    "below a boundary": (0.0, 5e3, 5600.0),
    "deep": (5e3, -3e3, 45e3),
    "outside": (40e3, 10e3, 9e3),
    "far outside": (100e3, 0.0, 10e3),
}


@pytest.mark.parametrize("event", EVENTS.values(), ids=EVENTS.keys())
def test_exact_picks_give_the_hypocentre_and_one_wild_pick_does_not_move_it(event: tuple[float, float, float]) -> None:
    truth = place(*event)
    picks = observe(INVENTORY, truth)
    origin = locate(picks)
    if not uncertainty(origin).depth_resolved:
        assert off(origin, truth) < 0.1 * uncertainty(origin).semi_major
        assert abs(origin.depth - truth[2]) < 0.5 * uncertainty(origin).depth_95
        return
    assert off(origin, truth) < 50
    assert abs(origin.depth - truth[2]) < 50
    assert abs(origin.time - TIME) < seconds(0.02)
    assert all(abs(arrival.time_residual) < 0.02 and arrival.weight > 0.9 for arrival in origin.arrivals)
    for wild in (0, 7):
        wrong = locate([later(pick, 5.0) if n == wild else pick for n, pick in enumerate(picks)])
        assert off(wrong, truth) < 200
        assert sum(arrival.weight == 0 for arrival in wrong.arrivals) == 1


def test_wild_picks_among_noisy_ones() -> None:
    rng = np.random.default_rng(5)
    truth = place(2e3, -4e3, 9e3)
    for _ in range(5):
        picks = [later(pick, rng.normal(0, pick.time_uncertainty)) for pick in observe(INVENTORY, truth)]
        clean = locate(picks)
        wild = [later(pick, 5.0) if n == 3 else pick for n, pick in enumerate(picks)]
        assert off(locate(wild), (clean.latitude, clean.longitude, 0.0)) < 200
        assert (
            off(locate([later(pick, -3.0) if n in (3, 8, 13) else pick for n, pick in enumerate(picks)]), truth) < 1500
        )


@settings(max_examples=5)
@given(st.randoms(use_true_random=False))
def test_order_and_repetition_do_not_matter(rng: random.Random) -> None:
    picks = observe_badly(np.random.default_rng(3), INVENTORY, place(1e3, 1e3, 7e3), 20)
    shuffled = [*picks, *picks[:5]]
    rng.shuffle(shuffled)
    assert locate(shuffled) == locate(picks)


def test_a_hint_does_not_matter() -> None:
    picks = observe(INVENTORY, place(1e3, 1e3, 7e3))
    hint = Candidate(0, 10.0, 20.0, 5e3, ())
    assert LOCATOR.locate(picks, INVENTORY, SOUTHERN_CALIFORNIA, hint) == locate(picks)


@pytest.mark.parametrize(("turn", "delay"), [(297.5, 0), (-62.5, 86_400), (100.0, -(10**9))])
def test_moving_in_longitude_and_time_moves_the_origin(turn: float, delay: int) -> None:
    """The first two put the event on the date line."""
    picks = observe_badly(np.random.default_rng(4), INVENTORY, place(1e3, 1e3, 7e3), 20)
    there = Inventory.of(
        Channel(c.source_id, c.latitude, (c.longitude + turn + 180) % 360 - 180, c.elevation) for c in INVENTORY
    )
    here, moved = locate(picks), locate([later(pick, delay) for pick in picks], there)
    assert moved.latitude == pytest.approx(here.latitude, abs=1e-5)
    assert (moved.longitude - here.longitude - turn + 180) % 360 - 180 == pytest.approx(0.0, abs=1e-5)
    assert moved.depth == pytest.approx(here.depth, abs=2.0)
    assert moved.time - here.time == pytest.approx(seconds(delay), abs=seconds(0.001))
    assert uncertainty(moved).semi_major == pytest.approx(uncertainty(here).semi_major, rel=0.01)


def test_of_two_picks_of_one_phase_the_most_probable_counts() -> None:
    truth = place(1e3, 1e3, 7e3)
    picks = observe(INVENTORY, truth)
    origin = locate([*picks, later(picks[0], 1.0, probability=0.3)])
    assert off(origin, truth) < 50
    assert len(origin.arrivals) == len(picks) + 1
    assert [round(arrival.time_residual) for arrival in origin.arrivals if arrival.weight == 0] == [1]


def test_stations_at_one_place_count_together() -> None:
    """A second sensor beside the first has the same site error: it adds little."""
    truth = place(1e3, 1e3, 7e3)
    picks = observe(INVENTORY, truth)
    twins = {pick.source_id: SourceId("YY", *pick.source_id.__reduce__()[1][1:]) for pick in picks[:2]}
    doubled = Inventory.of(
        [*INVENTORY]
        + [Channel(twins[c.source_id], c.latitude, c.longitude, c.elevation) for c in INVENTORY if c.source_id in twins]
    )
    more = [
        Pick.of(twins[p.source_id], p.phase_hint, p.time, time_uncertainty=p.time_uncertainty, probability=0.9)
        for p in picks[:2]
    ]
    origin = locate(picks + more, doubled)
    assert off(origin, truth) < 50
    assert uncertainty(origin).semi_major > 0.7 * uncertainty(locate(picks)).semi_major


def test_what_an_origin_says() -> None:
    truth = place(0.0, 0.0, 8e3)
    origin = locate(observe_badly(np.random.default_rng(2), INVENTORY, truth, 24))
    known = uncertainty(origin)
    covariance = np.array(known.covariance)
    np.testing.assert_allclose(covariance, covariance.T)
    assert (np.linalg.eigvalsh(covariance[:3, :3]) > 0).all()
    assert 0 < known.semi_minor <= known.semi_major
    assert 0 <= known.semi_major_azimuth < 180
    assert known.semi_major == pytest.approx(2.45 * np.sqrt(np.linalg.eigvalsh(covariance[:2, :2])[1]), rel=0.35)
    assert known.depth_95 == pytest.approx(1.96 * known.depth, rel=0.35)
    assert known.time_95 == pytest.approx(1.96 * known.time, rel=0.35)
    assert known.depth_resolved
    assert origin.azimuthal_gap is not None
    assert 30 < origin.azimuthal_gap < 180
    weights = np.array([arrival.weight for arrival in origin.arrivals])
    residuals = np.array([arrival.time_residual for arrival in origin.arrivals])
    assert origin.standard_error == pytest.approx(np.sqrt((weights * residuals**2).sum() / weights.sum()))
    assert [a.distance for a in origin.arrivals] == sorted(a.distance for a in origin.arrivals)
    assert (origin.earth_model, origin.method) == ("southern-california", "edt")


def test_depth_is_not_resolved_by_far_p_alone() -> None:
    picks = [pick for pick in observe(INVENTORY, place(120e3, 0.0, 10e3), stations=10) if pick.phase_hint == "P"]
    assert not uncertainty(locate(picks)).depth_resolved


def test_too_little_is_refused_and_unknown_stations_are_left_out() -> None:
    truth = place(0.0, 0.0, 8e3)
    picks = observe(INVENTORY, truth)
    stranger = Pick.of(SourceId("ZZ", "NOWHERE", "", "H", "H", "Z"), "P", TIME, time_uncertainty=0.1, probability=0.9)
    assert off(locate([*picks, stranger]), truth) < 50
    with pytest.raises(InputError, match=r"ZZ\.NOWHERE.*station"):
        locate([*picks[:3], stranger])
    with pytest.raises(InputError, match=r"3 P and S picks at 2 stations.*at least 4"):
        locate(picks[:3])
    with pytest.raises(InputError, match="no station"):
        locate([])


def line_up(x: list[float], y: list[float]) -> Inventory:
    """Stations at sea level at places of the frame (m)."""
    latitude, longitude = FRAME.to_lat_lon(np.array(x), np.array(y))
    return Inventory.of(
        Channel(SourceId("XX", f"S{i}", "", "H", "H", "Z"), float(lat), float(lon), 0.0)
        for i, (lat, lon) in enumerate(zip(latitude, longitude, strict=True))
    )


@pytest.mark.parametrize("x", [[0.0] * 4, [0.0, 0.0, 9e3, 9e3]], ids=["one place", "two places"])
def test_stations_at_fewer_than_three_places_are_refused(x: list[float]) -> None:
    inventory = line_up(x, [0.0] * 4)
    with pytest.raises(InputError, match=r"XX\.S0, XX\.S1, XX\.S2, XX\.S3: .* different coordinates.*station file"):
        locate(observe(inventory, place(5e3, 5e3, 8e3)), inventory)


@pytest.mark.parametrize("sigma", [float("nan"), float("inf"), -1.0])
def test_an_uncertainty_that_is_no_number_is_refused(sigma: float) -> None:
    picks = observe(INVENTORY, place(0.0, 0.0, 8e3), sigma=(sigma, 0.1))
    with pytest.raises(InputError, match=r"P pick at XX.*time uncertainty"):
        locate(picks)


NETWORKS = {
    "spread": line_up([0.0, 2e4, 0.0, -2e4, 1e4], [2e4, 0.0, -2e4, 3e3, 1e4]),
    "in a line": line_up([-2e4, -1e4, 0.0, 1e4, 2e4], [0.0] * 5),
    "a metre apart": line_up([0.0, 1.0, 0.0, 1.0, 2.0], [0.0, 0.0, 1.0, 1.0, 0.0]),
}


@pytest.mark.parametrize("name", NETWORKS)
@settings(max_examples=8, deadline=None, derandomize=True)
@given(data=st.data())
def test_whatever_the_picks_say_the_origin_is_a_number_in_the_box(name: str, data: st.DataObject) -> None:
    inventory = NETWORKS[name]
    exact = observe(inventory, place(5e3, 5e3, 8e3), stations=5)
    kind = data.draw(st.sampled_from(["exact", "all S", "equal", "one wild", "at random"]))
    chosen = [pick for pick in exact if kind != "all S" or pick.phase_hint == "S"]
    chosen = data.draw(st.permutations(chosen))[: data.draw(st.integers(4, 8))]
    delay = st.floats(0, 60)
    if kind == "one wild":
        chosen[0] = later(chosen[0], data.draw(st.sampled_from([-30.0, 30.0, 1e5])))
    elif kind == "at random":
        chosen = [later(pick, data.draw(delay)) for pick in chosen]
    elif kind == "equal":
        chosen = [later(pick, (TIME - pick.time) / SECOND) for pick in chosen]
    if len({pick.source_id for pick in chosen}) < 3:
        return
    origin = locate(chosen, inventory)
    error = uncertainty(origin)
    values = [origin.latitude, origin.longitude, origin.depth, error.semi_major, error.semi_minor]
    assert np.isfinite(values).all()
    assert np.isfinite(error.covariance).all()
    assert off(origin, place(0.0, 0.0, 0.0)) < 300e3


def test_the_registry_offers_it() -> None:
    assert isinstance(make("locators", "edt"), Locator)


def test_stated_errors_hold_the_truth_in_another_earth() -> None:
    """100 events, 8 to 25 picks, another velocity model for each, station delays, 5 % wild picks."""
    held = []
    for seed in range(5000, 5100):
        rng = np.random.default_rng(seed)
        inventory = network(rng, FRAME)
        truth = place(*rng.uniform(-15e3, 15e3, 2), rng.uniform(1e3, 15e3))
        origin = locate(observe_badly(rng, inventory, truth, int(rng.integers(8, 26))), inventory)
        known = uncertainty(origin)
        held.append(
            (
                off(origin, truth) <= known.semi_major,
                abs(origin.depth - truth[2]) <= known.depth_95,
                abs(origin.time - TIME) <= seconds(known.time_95),
                known.semi_major < 4000.0,
                known.depth_95 < 4000.0,
                known.time_95 < 0.5,
            )
        )
    rates = np.mean(held, axis=0)
    assert (rates[:3] >= 0.90).all()
    assert (rates[3:] >= 0.85).all()
