"""A store beside direct runs of the generator, beside its own synthesis of moment tensors, and beside itself."""

from __future__ import annotations

import subprocess
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from scipy.integrate import cumulative_trapezoid
from scipy.signal import butter, sosfiltfilt

from tests.greens.conftest import CRUST
from wadati.greens.answers import resampled
from wadati.greens.axis import Axis
from wadati.greens.checks import LIMITS, measured
from wadati.greens.conditioning import conditioned
from wadati.greens.elementary import FUNCTIONS, radiation
from wadati.greens.layout import planned
from wadati.greens.medium import completed
from wadati.greens.pygrt import WAVENUMBERS, PyGrt, as_if_at, layers_table
from wadati.greens.quantisation import quantised
from wadati.greens.source_time import IDENTITY
from wadati.greens.stored import Paths, StoredGreens
from wadati.model import MomentTensor, Station
from wadati.traveltime.geodesy import destination
from wadati.traveltime.layered import first_arrival
from wadati.traveltime.models import GIL7

Floats = npt.NDArray[np.float64]

TENSOR = MomentTensor(1.3, -0.4, 0.7, 0.9, -1.1, 0.5)


def in_band(greens: StoredGreens, traces: npt.ArrayLike) -> Floats:
    rate = greens.contents.reduced.sampling_rate_hz
    filtered: Floats = sosfiltfilt(butter(4, greens.band, "band", fs=rate, output="sos"), traces, axis=-1)
    return filtered


def path(distance: Floats, depth: Floats, azimuth: float) -> Paths:
    return Paths(depth, distance, np.full_like(depth, azimuth), np.full_like(depth, azimuth))


def by_hand(functions: Floats, tensor: MomentTensor, azimuth: float) -> Floats:
    """Z, R, T of a tensor out of the ten functions."""
    shares = radiation(tensor.components, azimuth)
    named = dict(zip(FUNCTIONS, functions, strict=True))
    z = sum(share * named[f"Z{name}"] for share, name in zip(shares, ("SS", "DS", "DD", "EX"), strict=False))
    r = sum(share * named[f"R{name}"] for share, name in zip(shares, ("SS", "DS", "DD", "EX"), strict=False))
    t = sum(share * named[f"T{name}"] for share, name in zip(shares[4:], ("SS", "DS"), strict=True))
    return np.stack([np.asarray(z), np.asarray(r), np.asarray(t)])


def test_between_its_nodes_a_store_gives_what_the_generator_gives_there(greens: StoredGreens) -> None:
    contents = greens.contents
    rng = np.random.default_rng(9)
    shares = []
    for depth in rng.uniform(6e3, 12e3, 6):
        distances = np.sort(rng.uniform(20e3, 42e3, 20))
        raw = PyGrt().elementary(contents.model, depth, distances.tolist(), contents.reduced, 0.35)
        azimuth = float(rng.uniform(0, 360))
        paths = path(distances, np.full(20, depth), azimuth)
        found = greens.motion(paths, np.tile(TENSOR.components, (20, 1)), IDENTITY, "ZRT")
        for one, functions in zip(found.samples, conditioned(raw, contents), strict=True):
            truth = in_band(greens, by_hand(functions, TENSOR, azimuth))
            shares.append(np.linalg.norm(in_band(greens, one) - truth) / np.linalg.norm(truth))
    assert np.median(shares) <= 0.01
    assert np.percentile(shares, 99) <= 0.05


def test_north_and_east_are_those_of_the_generators_own_synthesis(greens: StoredGreens, tmp_path: Path) -> None:
    # PyGRT 0.18 writes Z, N, E for a tensor in the order nn, ne, nd, ee, ed, dd (N m as 1e7 dyn cm).
    azimuth, grt = 200.0, PyGrt().program
    nn, ee, dd, ne, nd, ed = TENSOR.components
    (tmp_path / "earth").write_text(layers_table(as_if_at(CRUST, 2.0)))
    for command in (
        ["greenfn", "-Mearth", "-D8/0", "-N1024/0.25+a", "-R30", "-Ogreen", "-Ges", "-P1", "-s"],
        ["syn", "-Ggreen/earth_8_0_30", f"-A{azimuth}", "-S1e7", f"-T{nn}/{ne}/{nd}/{ee}/{ed}/{dd}", "-N", "-Osyn"],
    ):
        subprocess.run([grt, *command], cwd=tmp_path, check=True, capture_output=True)
    found = greens.motion(path(np.array([30e3]), np.array([8e3]), azimuth), [TENSOR.components], IDENTITY)
    times = np.arange(-40.0, 140.0, step=0.25)
    ours = resampled(found, times, 4.0)[0]
    band = butter(3, (0.03, 0.15), "band", fs=4.0, output="sos")
    for row, component in zip(ours, "ZNE", strict=True):
        content = next((tmp_path / "syn").glob(f"*{component}.sac")).read_bytes()
        # Its answer to an impulse of moment, in cm.
        impulse = np.frombuffer(content, "<f4", offset=632).astype(float)[: 4 * 140]
        theirs = np.concatenate([np.zeros(160), cumulative_trapezoid(impulse, dx=0.25, initial=0.0) * 0.01])
        a, b = sosfiltfilt(band, row), sosfiltfilt(band, theirs)
        assert np.linalg.norm(a - b) <= 0.02 * np.linalg.norm(a)


def test_how_far_the_generator_computes_changes_nothing_below(greens: StoredGreens) -> None:
    contents = greens.contents
    low, high = (
        conditioned(PyGrt().elementary(contents.model, 9e3, [33e3], contents.reduced, highest), contents)
        for highest in (0.33, 0.4)
    )
    assert np.linalg.norm(low - high) <= 2e-3 * np.linalg.norm(high)


def test_shallow_sources_in_a_long_window_are_right_at_the_lowest_frequency_too(extra: None) -> None:
    # There PyGRT 0.18 is off by up to 26 times what moves, 2 km deep, and by another amount 20 m deeper.
    contents = planned(completed(GIL7), Axis(100e3, 80e3, 2), Axis(2e3, 6e3, 2), (0.01, 0.15), "pygrt", "")
    for depth in (2e3, 8e3):
        here, deeper = (
            conditioned(
                PyGrt().elementary(contents.model, at, contents.distances.values.tolist(), contents.reduced, 0.2625),
                contents,
            )
            for at in (depth, depth + 20.0)
        )
        assert np.linalg.norm(here - deeper) <= 0.03 * np.linalg.norm(deeper)
        distances, reduced = contents.distances.values, contents.reduced
        starts = reduced.start_s + np.hypot(distances, depth) / reduced.velocity
        arrivals = first_arrival(GIL7, "P", distances, depth)
        causality, _, end, _ = measured(here, contents, starts, arrivals).max(axis=0)
        assert causality <= LIMITS["causality"]
        assert end <= LIMITS["end"]


def test_nothing_moves_before_the_first_arrival_and_the_ground_stays_where_it_is_left(greens: StoredGreens) -> None:
    distance, depth = np.array([25e3, 41e3]), np.array([7e3, 11.5e3])
    found = greens.motion(path(distance, depth, 33.0), np.tile(TENSOR.components, (2, 1)), IDENTITY)
    arrivals = first_arrival(CRUST, "P", distance, depth)
    for start, arrival, one in zip(found.start_s, arrivals, found.samples, strict=True):
        times = start + np.arange(one.shape[1]) / found.sampling_rate_hz
        assert np.abs(one[:, times < arrival - 3 / greens.band[1]]).max() <= 0.01 * np.abs(one).max()
    later = resampled(found, np.array([1e4, 2e4]), 1.0)
    np.testing.assert_allclose(later[..., 0], found.samples[..., -1])
    assert np.abs(later).max() > 0


@pytest.mark.parametrize("turn", [0.0, 57.0, 123.4, 270.0])
def test_turning_source_and_station_together_turns_the_motion(greens: StoredGreens, turn: float) -> None:
    distance, depth = np.array([31e3]), np.array([9.1e3])
    fault = MomentTensor.of_fault(30.0, 60.0, 20.0, 1e15)
    turned = MomentTensor.of_fault(30.0 + turn, 60.0, 20.0, 1e15)
    one = greens.motion(path(distance, depth, 80.0), [fault.components], IDENTITY, "ZRT").samples
    two = greens.motion(path(distance, depth, 80.0 + turn), [turned.components], IDENTITY, "ZRT").samples
    assert np.abs(one - two).max() <= 1e-6 * np.abs(one).max()


def test_tensors_add_and_the_contract_gives_them(greens: StoredGreens) -> None:
    stations = [Station("XX", "A", *place(30e3, 20.0), 0.0), Station("XX", "B", *place(40.5e3, 250.0), 900.0)]
    responses = greens.tensor_responses(35.0, -117.0, 9000.0, stations, sampling_rate_hz=1.0, start_s=-5.0, samples=80)
    assert responses.shape == (2, 3, 6, 80)
    tensors = np.tile(TENSOR.components, (2, 1))
    direct = greens.motion(greens.paths(35.0, -117.0, 9000.0, stations), tensors, IDENTITY)
    expected = resampled(direct, -5.0 + np.arange(80.0), 1.0)
    together = np.einsum("sctx,t->scx", responses, TENSOR.components)
    assert np.abs(together - expected).max() <= 1e-6 * np.abs(expected).max()


def test_an_explosion_moves_the_ground_up_and_away_first(greens: StoredGreens) -> None:
    stations = [Station("XX", "A", *place(30e3, 120.0), 0.0)]
    found = greens.tensor_responses(35.0, -117.0, 9000.0, stations, sampling_rate_hz=4.0, start_s=0.0, samples=40)
    z, n, e = found[0, :, :3].sum(axis=1)
    first = int(4 * first_arrival(CRUST, "P", 30e3, 9e3)) + 3
    assert z[first] > 0
    assert np.degrees(np.arctan2(e[first], n[first])) == pytest.approx(120.0, abs=1.0)


def place(distance: float, azimuth: float) -> tuple[float, float]:
    latitude, longitude = destination(35.0, -117.0, distance, azimuth)
    return float(latitude), float(longitude)


def test_by_reciprocity_the_strain_of_a_force_at_the_station_gives_the_motion_at_the_station(
    extra: None, tmp_path: Path
) -> None:
    # Aki & Richards (2002), Quantitative Seismology, 2.35 and 3.23: what moves the station up in answer to a moment is
    # the strain that a force on the station would have at the source. 30 km away, 8 km deep; two runs, no step shared
    # but the end of the sum over wavenumbers. Single precision is all that the program writes.
    (tmp_path / "earth").write_text(layers_table(CRUST))
    for name, options in (("moments", ["-D8/0", "-Ges"]), ("forces", ["-D0/8", "-Gvh", "-e"])):
        wanted = ["-N512/0.5+a", "-R30", f"-O{name}", f"-K{WAVENUMBERS}", "-P1", "-s"]
        command = [PyGrt().program, "greenfn", "-Mearth", *options, *wanted]
        subprocess.run(command, cwd=tmp_path, check=True, capture_output=True)

    def trace(folder: str, name: str) -> Floats:
        (node,) = (tmp_path / folder).glob("earth_*")
        return np.frombuffer((node / f"{name}.sac").read_bytes(), "<f4", offset=632).astype(float)

    along, around = trace("forces", "rVFR"), trace("forces", "VFR") * 1e5 / 30e5
    down, shear = trace("forces", "zVFZ"), trace("forces", "zVFR") + trace("forces", "rVFZ")
    for name, strain in (
        ("EXZ", -(along + around + down)),
        ("DDZ", along + around - 2 * down),
        ("SSZ", around - along),
        ("DSZ", shear),
    ):
        motion = trace("moments", name)
        assert np.linalg.norm(motion - strain) <= 1e-6 * np.linalg.norm(motion)
        after = [dequantised(one) for one in (motion, strain)]
        assert np.linalg.norm(after[0] - after[1]) <= 1e-3 * np.linalg.norm(motion)


def dequantised(trace: Floats) -> Floats:
    counts, scale = quantised(trace)
    return np.asarray(counts * float(scale))


@pytest.mark.parametrize("azimuth", [0.0, 41.0, 90.0, 222.2])
def test_mirrors_and_signs_are_those_of_flat_layers(greens: StoredGreens, azimuth: float) -> None:
    # A mirror through the path turns T over and nothing else; a tensor of the other sign moves the other way.
    distance, depth = np.array([31e3]), np.array([9.1e3])
    nn, ee, dd, ne, nd, ed = TENSOR.components

    def motion(components: tuple[float, ...], azimuth: float) -> Floats:
        return greens.motion(path(distance, depth, azimuth), [components], IDENTITY, "ZRT").samples[0].astype(float)

    one, mirrored = motion(TENSOR.components, azimuth), motion((nn, ee, dd, -ne, nd, -ed), -azimuth)
    assert np.abs(one - mirrored * [[1], [1], [-1]]).max() <= 1e-6 * np.abs(one).max()
    turned = motion((nn, ee, dd, ne, -nd, -ed), azimuth + 180.0)
    assert np.abs(one - turned).max() <= 1e-6 * np.abs(one).max()
    other = motion((-nn, -ee, -dd, -ne, -nd, -ed), azimuth)
    np.testing.assert_array_equal(one, -other)
