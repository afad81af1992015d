"""The full space of tests: static and far-field limits, and reciprocity."""

from __future__ import annotations

import numpy as np
import pytest

from wadati.model import MomentTensor, Station
from wadati.testing.full_space import FullSpace

SPACE = FullSpace()


def seen(tensor: MomentTensor, *, azimuth: float, seconds: float = 60.0) -> np.ndarray:
    """Displacement 50 km away, level with the source."""
    from wadati.traveltime.geodesy import destination

    latitude, longitude = (float(x) for x in destination(0.0, 0.0, 50e3, azimuth))
    answer = SPACE.tensor_responses(
        0.0,
        0.0,
        0.0,
        [Station("XX", "A", latitude, longitude, 0.0)],
        sampling_rate_hz=20.0,
        start_s=0.0,
        samples=round(seconds * 20),
    )
    return np.einsum("cit,i->ct", answer[0], np.array(tensor.components))


def test_an_explosion_sends_no_s_and_pushes_outwards() -> None:
    up, north, east = seen(MomentTensor(1.0, 1.0, 1.0, 0.0, 0.0, 0.0), azimuth=90.0)
    assert np.abs(up).max() < 1e-6 * np.abs(east).max()
    assert np.abs(north).max() < 1e-3 * np.abs(east).max()
    assert np.argmax(east) == pytest.approx(20 * 50e3 / SPACE.p_velocity, abs=10)
    after_s = east[20 * round(50e3 / SPACE.s_velocity + 4) :]
    static = 1 / (4 * np.pi * SPACE.density * SPACE.p_velocity**2 * 50e3**2)
    assert after_s == pytest.approx(static, rel=1e-6)


def test_a_vertical_strike_slip_has_the_four_lobes_of_p() -> None:
    tensor = MomentTensor.of_fault(0.0, 90.0, 0.0, 1.0)
    reach = round(20 * (50e3 / SPACE.p_velocity + 2))
    first = [seen(tensor, azimuth=azimuth)[:, :reach] for azimuth in (45.0, 135.0, 225.0)]
    outwards = [
        north * np.cos(np.radians(a)) + east * np.sin(np.radians(a))
        for (_, north, east), a in zip(first, (45.0, 135.0, 225.0), strict=True)
    ]
    signs = [np.sign(one[np.argmax(np.abs(one))]) for one in outwards]
    assert signs == [1, -1, 1]


def test_static_displacement_is_that_of_the_formula() -> None:
    # On the azimuth of a shear's own axis the static terms of equation 4.29 add up to 1 / (4πρ α² r²), across it.
    _, north, east = seen(MomentTensor(0.0, 0.0, 0.0, 1.0, 0.0, 0.0), azimuth=0.0, seconds=120.0)
    expected = 1 / (4 * np.pi * SPACE.density * SPACE.p_velocity**2 * 50e3**2)
    assert east[-1] == pytest.approx(expected, rel=1e-6)
    assert abs(north[-1]) < 1e-9 * abs(east[-1]) + 1e-6 * expected
