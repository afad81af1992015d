"""What a locator meets in practice: blasts, one S, stations in a line, the sea, unresolved depths, the ground above."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wadati.locators.edt import EdtLocator
from wadati.model import Channel, Inventory, Origin, Pick, SourceId, Topography, Uncertainty, seconds
from wadati.traveltime.geodesy import LocalFrame, distance_azimuth
from wadati.traveltime.layered import first_arrival
from wadati.traveltime.models import SOUTHERN_CALIFORNIA

FRAME = LocalFrame(35.7, -117.5)
TIME = 1_500_000_000_000_000_000
BOUNDARY = 5500.0
Place = tuple[float, float, float]


def stations(places: list[Place]) -> Inventory:
    """At x, y and elevation (m)."""
    channels = []
    for n, (x, y, elevation) in enumerate(places):
        latitude, longitude = (float(v) for v in FRAME.to_lat_lon(x, y))
        channels.append(Channel(SourceId("XX", f"S{n:02d}", "", "H", "H", "Z"), latitude, longitude, elevation))
    return Inventory.of(channels)


def observe(
    inventory: Inventory, place: Place, phases: str = "PS", rng: np.random.Generator | None = None
) -> list[Pick]:
    """Picks at all stations of a source at x, y and depth (m); exact, or with errors."""
    latitude, longitude = FRAME.to_lat_lon(*place[:2])
    picks = []
    for channel in inventory:
        distance, _ = distance_azimuth(latitude, longitude, channel.latitude, channel.longitude)
        for phase in phases:
            sigma = 0.05 if phase == "P" else 0.1
            onset = float(first_arrival(SOUTHERN_CALIFORNIA, phase, distance, place[2], channel.elevation))
            onset += rng.normal(0, sigma) if rng else 0.0
            picks.append(
                Pick.of(channel.source_id, phase, TIME + seconds(onset), time_uncertainty=sigma, probability=0.9)
            )
    return picks


def locate(picks: list[Pick], inventory: Inventory) -> tuple[Origin, Uncertainty]:
    origin = EdtLocator().locate(picks, inventory, SOUTHERN_CALIFORNIA)
    assert origin.uncertainty is not None
    return origin, origin.uncertainty


def off(origin: Origin, place: Place) -> float:
    return float(
        distance_azimuth(*(float(v) for v in FRAME.to_lat_lon(*place[:2])), origin.latitude, origin.longitude)[0]
    )


def ring(radius: float, elevation: float, count: int = 8) -> list[Place]:
    angle = np.linspace(0, 2 * np.pi, count, endpoint=False) + 0.2
    return [
        (float(x), float(y), elevation) for x, y in zip(radius * np.cos(angle), radius * np.sin(angle), strict=True)
    ]


def test_a_quarry_blast_is_at_the_surface_and_not_above() -> None:
    inventory = stations([*ring(4e3, 900.0), *ring(15e3, 1100.0)])
    rng = np.random.default_rng(1)
    held = []
    for _ in range(20):
        place = (float(rng.uniform(-2e3, 2e3)), float(rng.uniform(-2e3, 2e3)), -900.0)
        origin, known = locate(observe(inventory, place, rng=rng), inventory)
        assert -901.0 <= origin.depth < 1500.0
        assert off(origin, place) < 1000.0
        held.append(abs(origin.depth - place[2]) <= known.depth_95)
    assert np.mean(held) >= 0.8


def test_one_s_is_enough_for_a_depth_where_stations_are_near() -> None:
    inventory = stations([*ring(6e3, 500.0, 5), *ring(20e3, 500.0, 4)])
    place = (1e3, -1e3, 8e3)
    picks = observe(inventory, place)
    only = [pick for pick in picks if pick.phase_hint == "P"] + [picks[1]]
    origin, known = locate(only, inventory)
    assert off(origin, place) < 100.0
    assert origin.depth == pytest.approx(8e3, abs=150.0)
    assert known.depth_resolved
    without = locate(only[:-1], inventory)[1]
    assert without.depth_95 > known.depth_95


def test_stations_in_a_line_cannot_tell_the_sides_and_the_ellipse_says_so() -> None:
    inventory = stations([(0.0, float(y), 300.0) for y in np.linspace(-30e3, 30e3, 9)])
    place = (12e3, 3e3, 8e3)
    origin, known = locate(observe(inventory, place), inventory)
    mirrored = (-place[0], *place[1:])
    assert min(off(origin, place), off(origin, mirrored)) < 500.0
    assert known.semi_major > 23e3
    assert known.semi_minor < 5e3
    assert known.semi_major_azimuth == pytest.approx(90.0, abs=5.0)
    assert origin.depth == pytest.approx(8e3, abs=1500.0)
    aside = stations([(0.0, float(y), 300.0) for y in np.linspace(-30e3, 30e3, 9)] + [(10e3, 0.0, 300.0)])
    assert locate(observe(aside, place), aside)[1].semi_major < 5e3


def test_below_the_sea_floor_and_beside_a_mountain() -> None:
    """Sea floor stations and one on an island: sources lie below the ground of where they are."""
    inventory = stations([*ring(8e3, -2500.0), (40e3, 0.0, 3000.0)])
    for place in ((1e3, 2e3, 6e3), (-2e3, 0.0, 2700.0)):
        origin, known = locate(observe(inventory, place), inventory)
        assert off(origin, place) < 100.0
        assert abs(origin.depth - place[2]) < max(150.0, known.depth_95)
        assert origin.depth >= 2500.0


def test_sources_within_a_mountain_are_found_above_sea_level() -> None:
    inventory = stations([*ring(3e3, 2800.0, 5), *ring(12e3, 1500.0, 5)])
    origin, _ = locate(observe(inventory, (500.0, 0.0, -1200.0)), inventory)
    assert origin.depth == pytest.approx(-1200.0, abs=150.0)


def test_a_borehole_below_the_source_helps() -> None:
    inventory = stations([*ring(6e3, 600.0, 5), (500.0, 500.0, -2000.0)])
    place = (0.0, 0.0, 1000.0)
    origin, _ = locate(observe(inventory, place), inventory)
    assert off(origin, place) < 100.0
    assert origin.depth == pytest.approx(1000.0, abs=100.0)


def test_unresolved_depths_are_said_to_be_and_do_not_pile_up() -> None:
    """P alone, far away and on one side: every depth fits, and none is singled out by a layer or an end."""
    inventory = stations([(60e3 + 9e3 * (n % 3), -20e3 + 8e3 * n, 400.0) for n in range(6)])
    rng = np.random.default_rng(2)
    depths = []
    for _ in range(30):
        place = (float(rng.uniform(-15e3, 5e3)), float(rng.uniform(-10e3, 10e3)), float(rng.uniform(3e3, 15e3)))
        origin, known = locate(observe(inventory, place, "P", rng), inventory)
        assert not known.depth_resolved
        assert known.depth_95 > 10e3
        depths.append(origin.depth)
    counts, _ = np.histogram(depths, np.arange(-500.0, 60e3, 250.0))
    assert counts.max() <= 6
    assert min(depths) > 0.0


def test_no_stripes_where_the_velocity_jumps_or_the_ground_ends() -> None:
    """Events at 0 to 11 km with errors of picks: as many depths near the boundary, and at the top, as truly are."""
    inventory = stations([*ring(9e3, 700.0, 6), *ring(22e3, 900.0, 6)])
    rng = np.random.default_rng(3)
    found = []
    for depth in np.linspace(-500.0, 11e3, 116):
        place = (float(rng.uniform(-8e3, 8e3)), float(rng.uniform(-8e3, 8e3)), float(depth))
        picks = observe(inventory, place, rng=rng)
        found.append(
            locate([pick for pick in picks if rng.random() < 0.6 or pick.phase_hint == "P"], inventory)[0].depth
        )
    depths = np.array(found)
    # 400 of 11,500 m hold 4 of 116 events; 10 or more by chance once in 200.
    assert (np.abs(depths - BOUNDARY) < 200.0).sum() < 10
    assert (depths < -500.0).sum() < 10
    assert len(np.unique(depths.round())) > 105


STEP = 0.005
SIDE = 161


def grid(height) -> Topography:
    """The ground 35 km around the network whose elevation (m) is a function of x and y (m)."""
    south, west = 35.7 - STEP * (SIDE // 2), -117.5 - STEP * (SIDE // 2)
    latitude, longitude = np.meshgrid(south + STEP * np.arange(SIDE), west + STEP * np.arange(SIDE), indexing="ij")
    x, y = FRAME.to_xy(latitude, longitude)
    return Topography("ground", south, west, STEP, STEP, np.broadcast_to(height(x, y), x.shape).astype(float))


def under(ground: Topography, picks: list[Pick], inventory: Inventory) -> Origin:
    return EdtLocator(topography=ground).locate(picks, inventory, SOUTHERN_CALIFORNIA)


def buried(origin: Origin, ground: Topography) -> float:
    """How deep (m) an origin lies below the ground."""
    elevation = ground.elevation(np.array(origin.latitude), np.array(origin.longitude))
    return origin.depth + float(elevation)


def half_width(origin: Origin) -> float:
    """Half of the 95 % interval of the depth (m)."""
    assert origin.uncertainty is not None
    return origin.uncertainty.depth_95


def cone(x, y):
    """A volcano of 3,000 m on a plain of 500 m."""
    return 500.0 + np.maximum(2500.0 - 0.25 * np.hypot(x, y), 0.0)


def shelf(x, y):
    """A coast: the land rises to the west, the sea floor sinks to 3,000 m in the east."""
    return np.clip(-0.15 * x, -3000.0, 800.0) + 0.0 * y


@settings(max_examples=25, deadline=None)
@given(
    seed=st.integers(0, 10_000),
    amplitude=st.floats(0, 2500),
    wave=st.floats(3000, 30_000),
    depth=st.floats(-2500, 4000),
)
def test_nothing_is_ever_in_the_air(seed: int, amplitude: float, wave: float, depth: float) -> None:
    rng = np.random.default_rng(seed)
    ground = grid(lambda x, y: amplitude * np.sin(x / wave + seed) * np.cos(y / wave))
    x, y = rng.uniform(-8000, 8000, 2)
    surface = float(ground.elevation(*(np.array(v) for v in FRAME.to_lat_lon(x, y))))
    places = rng.uniform(-20_000, 20_000, (9, 2))
    heights = ground.elevation(*FRAME.to_lat_lon(*places.T))
    inventory = stations([(float(a), float(b), float(h)) for (a, b), h in zip(places, heights, strict=True)])
    picks = observe(inventory, (x, y, max(depth, -surface)), rng=rng)
    origin = under(ground, picks, inventory)
    assert buried(origin, ground) >= -1.0
    assert np.isfinite(origin.depth)


@pytest.mark.parametrize("depth", [-700.0, 3000.0, 9000.0])
def test_flat_ground_as_high_as_the_stations_is_no_ground(depth: float) -> None:
    inventory = stations(ring(12_000.0, 700.0))
    picks = observe(inventory, (1500.0, -2000.0, depth), rng=np.random.default_rng(1))
    with_ground, (without, _) = under(grid(lambda x, _: 700.0 + 0 * x), picks, inventory), locate(picks, inventory)
    assert with_ground.depth == pytest.approx(without.depth, abs=1.0)
    assert with_ground.latitude == pytest.approx(without.latitude, abs=1e-5)
    assert half_width(with_ground) == pytest.approx(half_width(without), rel=0.01)


@pytest.mark.parametrize("depth", [-2300.0, -1800.0, -1000.0])
def test_an_event_in_a_summit_above_all_stations_is_found_there(depth: float) -> None:
    """Without the ground it is put at the height of the stations."""
    place: Place = (800.0, -600.0, depth)
    inventory = stations([*ring(6000.0, 1500.0), *ring(14_000.0, 500.0)])
    picks = observe(inventory, place)
    (without, _), origin = locate(picks, inventory), under(grid(cone), picks, inventory)
    assert abs(origin.depth - depth) < 200.0
    assert off(origin, place) < 200.0
    assert without.depth >= -1500.0


def test_an_event_under_the_sea_is_under_its_floor() -> None:
    """Stations on land alone would let a shallow one float in the water."""
    inventory = stations([(-x, y, 600.0) for x in (4000.0, 9000.0, 16_000.0) for y in (-15_000.0, -3000.0, 9000.0)])
    ground = grid(shelf)
    depths = []
    for seed in range(12):
        picks = observe(inventory, (14_000.0, 2000.0, 2400.0), rng=np.random.default_rng(seed))
        origin = under(ground, picks, inventory)
        assert buried(origin, ground) >= -1.0
        depths.append((origin.depth, locate(picks, inventory)[0].depth))
    found, before = np.array(depths).T
    assert (before < 2000.0).sum() >= 3
    assert found.min() > 2000.0


def test_where_the_grid_ends_it_is_as_if_there_were_none() -> None:
    inventory = stations(ring(9000.0, 900.0))
    picks = observe(inventory, (0.0, 1000.0, 4000.0), rng=np.random.default_rng(3))
    elsewhere = Topography("elsewhere", -10.0, 20.0, 1.0, 1.0, np.full((5, 5), 800.0))
    origin, (without, _) = under(elsewhere, picks, inventory), locate(picks, inventory)
    assert (origin.latitude, origin.longitude, origin.depth) == (without.latitude, without.longitude, without.depth)


def test_the_uncertainty_is_that_of_the_ground_alone() -> None:
    """What would lie in the air is no part of it."""
    inventory = stations(ring(15_000.0, 0.0))
    picks = observe(inventory, (0.0, 0.0, 2600.0), rng=np.random.default_rng(4))
    low, high = (under(grid(lambda x, _, h=h: h + 0 * x), picks, inventory) for h in (-2500.0, 1500.0))
    assert half_width(low) < half_width(high)


def test_the_method_of_an_origin_names_the_ground() -> None:
    inventory = stations(ring(9000.0, 500.0))
    ground = grid(cone)
    origin = under(ground, observe(inventory, (0.0, 0.0, 5000.0)), inventory)
    assert origin.method == f"edt {ground.digest}"
