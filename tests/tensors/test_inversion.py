"""The inversion: exact where the data are, the same in any order, and the stations that lie are named."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.tensors.measure import solve as solve_event
from benchmarks.tensors.simulated import simulate, spoilt
from wadati.errors import InputError, ReadError, UsageError
from wadati.formats.tables import stated_uncertainty
from wadati.model import MomentTensor, Origin
from wadati.model.mechanism import decompose, deviatoric_part, eigen_system, kagan_angle
from wadati.tensors.blocks import at_lags, blocks_of
from wadati.tensors.centroid import invert
from wadati.tensors.passband import band_of, filtered, gain
from wadati.tensors.solution import SIGNIFICANCE, Solution, isotropic_is_called_for, solve
from wadati.tensors.spread import bootstrap
from wadati.tensors.stations import Seen, Window, look
from wadati.tensors.synthetics import from_greens
from wadati.testing.full_space import FullSpace

WINDOW = Window((0.02, 0.05), 120e3)
ORIGIN = Origin.of(0, 38.0, 20.0, 10_000.0)


def perfect(quake, tensor: MomentTensor, *, depth: float = 10_000.0, late: int = 0) -> tuple[list[Seen], object]:
    """Stations that see exactly what the Green's functions say, `late` samples later."""
    greens = FullSpace()
    wide = Window(WINDOW.band, WINDOW.farthest)
    responses = from_greens(greens, wide, 4.5)
    synthetics = responses(38.0, 20.0, depth, quake.stations)
    margin = wide.margin
    seen = []
    for k, station in enumerate(quake.stations):
        truth = np.einsum("cit,i->ct", synthetics[k], np.array(tensor.components))
        data = np.zeros((3, truth.shape[1] + 2 * margin))
        data[:, margin + late : margin + late + truth.shape[1]] = truth[:, : data.shape[1] - margin - late]
        azimuth, distance = 30.0 * k, 20e3 + 8e3 * k
        seen.append(Seen(station, "BH", distance, azimuth, data, np.full(3, 1e3)))
    return seen, responses


def test_what_was_put_in_comes_out(quake) -> None:
    truth = deviatoric_part(MomentTensor(1e15, -3e15, 5e14, 8e14, -2e15, 7e14))
    seen, responses = perfect(quake, truth, late=3)
    found = invert(seen, responses, ORIGIN, WINDOW)
    assert found.tensor.components == pytest.approx(truth.components, abs=1e-4 * truth.moment)
    assert found.node.depth == 10_000.0
    assert found.node.fit.centroid == 3
    assert found.node.fit.solution.variance_reduction > 0.9999
    assert found.quality.grade == "A"
    assert found.left_out == ()


def test_an_explosion_is_called_full_and_a_shear_is_not(quake) -> None:
    shear = MomentTensor.of_fault(30.0, 60.0, -40.0, 3e15)
    parts = np.array(shear.components) + 2e15 * np.array([1, 1, 1, 0, 0, 0])
    # Deep enough for rays of many slopes: level ones alone cannot tell an isotropic part.
    seen, responses = perfect(quake, MomentTensor(*parts), depth=50e3)
    found = invert(seen, responses, ORIGIN, WINDOW, depths=[50e3], fixed=True)
    assert found.kind == "full"
    assert found.tensor.components == pytest.approx(tuple(parts), abs=1e-3 * shear.moment)
    assert solve(np.eye(6), np.zeros(6), 1.0).misfit == 1.0
    same = solve(np.eye(6), np.array(shear.components), 1e33)
    assert not isotropic_is_called_for(same, same, 100.0)[0]


@pytest.mark.parametrize(
    ("deviatoric", "full", "called"),
    [(1e-15, 0.0, False), (1e-15, 1e-20, False), (0.3, 0.0, True), (0.3, 0.1, True), (0.3, 0.2999, False)],
)
def test_what_rounding_leaves_calls_for_nothing(deviatoric: float, full: float, called: bool) -> None:
    plain, more = (Solution(np.zeros(6), misfit, 1.0, 1.0) for misfit in (deviatoric, full))
    assert isotropic_is_called_for(plain, more, 100.0)[0] == called


def test_a_double_couple_on_request(quake) -> None:
    truth = MomentTensor.of_fault(200.0, 35.0, 110.0, 1e15)
    seen, responses = perfect(quake, truth)
    found = invert(seen, responses, ORIGIN, WINDOW, kind="double-couple")
    assert kagan_angle(found.tensor, truth) < 0.5
    values, _ = eigen_system(found.tensor)
    assert values[1] == pytest.approx(0.0, abs=1e-6 * found.tensor.moment)


def test_the_order_of_stations_does_not_matter(quake) -> None:
    truth = MomentTensor.of_fault(75.0, 80.0, 10.0, 1e15)
    seen, responses = perfect(quake, truth)
    first = invert(seen, responses, ORIGIN, WINDOW, depths=[8e3, 10e3], fixed=True)
    second = invert(seen[::-1], responses, ORIGIN, WINDOW, depths=[10e3, 8e3], fixed=True)
    assert first.tensor.components == pytest.approx(second.tensor.components, abs=1e-9 * truth.moment)
    assert first.node.depth == second.node.depth == 10e3


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (lambda data: 10 * data, "too large"),
        (lambda data: data / 10, "too small"),
        (lambda data: -data, "flipped"),
        (lambda data: data[:, ::-1].copy(), "do not fit"),
    ],
    ids=["gain", "small gain", "polarity", "another event"],
)
def test_a_station_that_lies_is_named_and_costs_nothing(quake, spoil, words) -> None:
    truth = MomentTensor.of_fault(120.0, 50.0, -70.0, 2e15)
    seen, responses = perfect(quake, truth)
    bad = seen[4]
    seen[4] = Seen(bad.station, bad.instrument, bad.distance, bad.azimuth, spoil(bad.data), bad.snr)
    found = invert(seen, responses, ORIGIN, WINDOW, depths=[10e3], fixed=True)
    (told,) = found.left_out
    assert told.subject == "XX.S04"
    assert words in told.wrong
    assert kagan_angle(found.tensor, truth) < 0.1
    assert found.tensor.magnitude == pytest.approx(truth.magnitude, abs=1e-3)


def test_a_station_that_is_late_is_shifted(quake) -> None:
    truth = MomentTensor.of_fault(120.0, 50.0, -70.0, 2e15)
    seen, responses = perfect(quake, truth)
    late = seen[7]
    data = np.roll(late.data, 3, axis=1)
    seen[7] = Seen(late.station, late.instrument, late.distance, late.azimuth, data, late.snr)
    found = invert(seen, responses, ORIGIN, WINDOW, depths=[10e3], fixed=True)
    shifts = found.node.fit.lags - found.node.fit.centroid
    assert [k for k in range(12) if shifts[k]] == [7]
    assert shifts[7] in (2, 3)  # shifts have a price, which may leave the last sample
    assert found.node.fit.solution.variance_reduction > 0.99


@pytest.mark.parametrize("away", [4e3, 11e3])
def test_a_depth_that_cannot_be_had_now_is_not_passed_over(quake, away) -> None:
    seen, responses = perfect(quake, MomentTensor.of_fault(30.0, 60.0, -40.0, 3e15))

    def asked(latitude, longitude, depth, stations):
        if depth == away:
            raise ReadError("s3://greens", "unreachable", "cannot be read", "check the network")
        return responses(latitude, longitude, depth, stations)

    with pytest.raises(ReadError):
        invert(seen, asked, ORIGIN, WINDOW)


def test_two_stations_are_too_few(quake) -> None:
    seen, responses = perfect(quake, MomentTensor.of_fault(0.0, 45.0, 90.0, 1e15))
    with pytest.raises(InputError, match="2 stations have data"):
        invert(seen[:2], responses, ORIGIN, WINDOW)


@pytest.mark.parametrize("seed", [1, 7, 16])
def test_simulated_earthquakes_with_bad_stations(seed) -> None:
    event = simulate(seed)
    found, left_out = solve_event(event)
    assert kagan_angle(found.tensor, event.tensor) < 20
    assert found.tensor.magnitude == pytest.approx(event.tensor.magnitude, abs=0.1)
    assert event.bad.keys() <= left_out.keys()


@pytest.mark.parametrize("seed", [1, 7])
def test_noise_and_a_wrong_earth_do_not_hide_that_most_of_a_source_is_an_explosion(seed) -> None:
    found, _ = solve_event(simulate(seed, bad=0, isotropic=0.6))
    assert found.kind == "full"
    assert found.chance < SIGNIFICANCE
    assert decompose(found.tensor).isotropic == pytest.approx(0.6, abs=0.2)


@pytest.mark.parametrize(
    ("fault", "words"),
    [("clipped", r"BH. is clipped"), ("gap", r"BH. has a gap between"), ("dead", r"BH. does not move")],
)
def test_records_that_cannot_be_used_are_refused_with_the_reason(fault, words) -> None:
    event = simulate(1, bad=0)
    station = event.stations[0]
    traces = event.traces[station.key]
    assert look(station, traces, event.inventory, event.origin, WINDOW).data.shape[0] == 3
    broken, _ = spoilt(traces, fault, np.random.default_rng(3))
    with pytest.raises(InputError, match=words):
        look(station, broken, event.inventory, event.origin, WINDOW)


def test_blocks_are_the_normal_equations() -> None:
    random = np.random.default_rng(0)
    synthetics = random.standard_normal((2, 3, 6, 40))
    data = random.standard_normal((2, 3, 46))
    used = np.arange(40) < np.array([[40], [25]])
    blocks = blocks_of(data, synthetics, used, 3)
    squares, products, energies = at_lags(blocks, np.array([0, 5]))
    design = (synthetics * used[:, None, None])[1].transpose(0, 2, 1).reshape(-1, 6)
    wanted = (data[1, :, 5:45] * used[1]).reshape(-1)
    assert squares[1] == pytest.approx(design.T @ design)
    assert products[1] == pytest.approx(design.T @ wanted)
    assert energies[1] == pytest.approx(wanted @ wanted)
    plain = solve(squares[1], products[1], energies[1], "full")
    assert plain.tensor == pytest.approx(np.linalg.lstsq(design, wanted, rcond=None)[0])


def test_the_filter_is_that_of_obspy_run_forth_and_back() -> None:
    from obspy.signal.filter import bandpass

    pulse = np.zeros(4000)
    pulse[2000] = 1.0
    theirs = bandpass(pulse, 0.02, 0.05, df=1.0, corners=3, zerophase=True)
    mine = filtered(pulse, 1.0, (0.02, 0.05))
    assert np.abs(mine - theirs).max() < 0.01 * np.abs(theirs).max()
    assert gain([0.0, 0.1 * 0.02], (0.02, 0.05)).max() < 1e-5


def test_bands_follow_the_magnitude_and_stay_within_the_known() -> None:
    bands = [band_of(magnitude, (0.0, 1.0)) for magnitude in (3.0, 4.5, 5.5, 6.5, 8.0)]
    assert bands == sorted(bands, reverse=True)
    with pytest.raises(UsageError, match="are right within"):
        band_of(4.3, (0.045, 1.0))


def test_three_stations_of_different_words_are_not_sure() -> None:
    event = simulate(3, bad=0)
    found, _ = solve_event(event)
    fewest = np.zeros_like(found.weights)
    fewest[list(found.used)[:3]] = found.weights[list(found.used)[:3]]
    nodes = [(node.depth, node.blocks, node.fit) for node in found.curve]
    few = bootstrap(nodes, found.curve.index(found.node), fewest, "deviatoric")
    assert few.magnitude > 0.01
    assert few.angle_90 > found.spread.angle_90


def test_without_a_depth_all_depths_are_tried(quake) -> None:
    truth = MomentTensor.of_fault(30.0, 60.0, -40.0, 3e15)
    seen, responses = perfect(quake, truth, depth=60e3)
    nowhere = Origin.of(0, 38.0, 20.0, 0.0, uncertainty=stated_uncertainty(None, None, depth_resolved=False))
    found = invert(seen, responses, nowhere, WINDOW)
    assert found.node.depth == 60e3
    assert kagan_angle(found.tensor, truth) < 1


def test_an_epicentre_with_an_error_but_a_depth_without_one_counts_as_none_stated(quake) -> None:
    seen, responses = perfect(quake, MomentTensor.of_fault(30.0, 60.0, -40.0, 3e15), depth=22e3)
    random = np.random.default_rng(5)
    noisy = []
    for one in seen:
        noise = 0.5 * np.std(one.data) * random.standard_normal(one.data.shape)
        noisy.append(Seen(one.station, one.instrument, one.distance, one.azimuth, one.data + noise, one.snr))
    half = Origin.of(0, 38.0, 20.0, 10_000.0, uncertainty=stated_uncertainty(1.0, None))
    free = Origin.of(0, 38.0, 20.0, 10_000.0, uncertainty=stated_uncertainty(1.0, None, depth_resolved=False))
    plain, stated, unknown = (invert(noisy, responses, one, WINDOW).node.depth for one in (ORIGIN, half, free))
    assert stated == plain != unknown


def test_depths_that_end_at_the_best_one_are_open(quake) -> None:
    seen, responses = perfect(quake, MomentTensor.of_fault(30.0, 60.0, -40.0, 3e15), depth=22e3)
    cut = invert(seen, responses, ORIGIN, WINDOW, depths=[8e3, 10e3, 12e3])
    assert (cut.node.depth, cut.quality.grade, cut.quality.because) == (12e3, "D", ("depth_range",))
    whole = invert(seen, responses, ORIGIN, WINDOW, depths=[12e3, 18e3, 22e3, 26e3, 30e3])
    assert whole.node.depth == 22e3
    assert "depth_range" not in whole.quality.because


def test_the_isotropic_part_is_tested_at_the_lags_of_the_deviatoric_fit() -> None:
    for seed in (7, 16):
        found, _ = solve_event(simulate(seed))
        fit, blocks, weights = found.node.fit, found.node.blocks, found.weights
        assert found.kind == "deviatoric"
        squares, products, energies = at_lags(blocks, fit.lags + blocks.middle)
        full = solve(np.einsum("s,sij->ij", weights, squares), weights @ products, float(weights @ energies), "full")
        chances = [isotropic_is_called_for(fit.solution, full, free)[1] for free in (50.0, 1e5)]
        assert min(chances) <= found.chance <= max(chances)
