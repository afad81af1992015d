import numpy as np
import pytest
from obspy.signal.invsim import paz_to_freq_resp

from wadati.model import Response, SourceId
from wadati.signal.response import counts_to_wood_anderson, evaluate, is_complete, wood_anderson

STS2 = Response(
    1.5e9,
    "m/s",
    1.0,
    ((-0.037004, 0.037016), (-0.037004, -0.037016), (-251.33, 0.0), (-131.04, -467.29), (-131.04, 467.29)),
    ((0.0, 0.0), (0.0, 0.0)),
)


def sid(code):
    return SourceId.from_nslc("XX", "ABC", "", code)


def test_poles_and_zeros_agree_with_obspy():
    # Golden: ObsPy's evaluation of poles and zeros, at its own frequencies.
    poles, zeros = ([complex(*value) for value in values] for values in (STS2.poles, STS2.zeros))
    shape, frequencies = paz_to_freq_resp(poles, zeros, 1.0, 0.005, 4096, freq=True)
    use = frequencies > 0
    at_1hz = np.interp(1.0, frequencies, np.abs(shape))
    found = evaluate(STS2, frequencies[use])
    np.testing.assert_allclose(np.abs(found), 1.5e9 * np.abs(shape[use]) / at_1hz, rtol=1e-6)
    np.testing.assert_allclose(np.angle(found / shape[use]), 0, atol=1e-9)


def test_the_sensitivity_is_met_at_its_frequency():
    assert abs(evaluate(STS2, 1.0)) == pytest.approx(1.5e9)
    geophone = Response(100.0, "m/s", None, ((-19.8, 20.2), (-19.8, -20.2)), ((0.0, 0.0), (0.0, 0.0)))
    assert np.abs(evaluate(geophone, np.geomspace(0.1, 20, 200))).max() == pytest.approx(100.0)


def test_wood_anderson_is_its_poles_and_zeros():
    # Golden: ObsPy with the poles of the IASPEI standard seismograph.
    standard = {"poles": [-5.49779 - 5.60886j, -5.49779 + 5.60886j], "zeros": [0j, 0j]}
    expected, frequencies = paz_to_freq_resp(standard["poles"], standard["zeros"], 2080.0, 0.01, 2048, freq=True)
    np.testing.assert_allclose(wood_anderson(frequencies[1:]), expected[1:], rtol=1e-4)


@pytest.mark.parametrize(("unit", "power"), [("m", 0), ("m/s", 1), ("m/s**2", 2)])
def test_a_flat_sensitivity_leaves_the_derivatives(unit, power):
    frequencies = np.array([0.1, 1.0, 10.0])
    s = 2j * np.pi * frequencies
    found = counts_to_wood_anderson(Response(1e6, unit), frequencies)
    np.testing.assert_allclose(found, wood_anderson(frequencies) / (1e6 * s**power))


@pytest.mark.parametrize(
    ("code", "unit", "enough"),
    [
        ("HHE", "m/s", True),
        ("BHE", "m/s", True),
        ("HLE", "m/s**2", True),
        ("HNE", "m/s**2", True),
        ("ENE", "m/s**2", True),
        ("EHE", "m/s", False),
        ("SHE", "m/s", False),
        ("EH1", "m/s", False),
        ("DPE", "m/s", False),
        ("HDF", "Pa", False),
        ("E", "m/s", False),
    ],
)
def test_which_flat_sensitivities_are_enough(code, unit, enough):
    assert is_complete(sid(code), Response(1e6, unit)) is enough


def test_poles_and_zeros_are_always_enough_and_nothing_never():
    assert is_complete(sid("EHE"), STS2)
    assert not is_complete(sid("EHE"), Response(1e6, "m/s", 1.0, (), ()))
    assert not is_complete(sid("HHE"), None)
    assert not is_complete(sid("HHE"), Response(0.0, "m/s"))
    assert not is_complete(sid("HHE"), Response(float("nan"), "m/s"))
