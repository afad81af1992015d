import numpy as np
import obspy
import pytest
from hypothesis import given
from hypothesis import strategies as st
from obspy.signal.invsim import simulate_seismometer

from wadati.errors import InputError
from wadati.model import Response
from wadati.signal.response import counts_to_wood_anderson
from wadati.signal.wood_anderson import WoodAndersonFilter


def pairs(values):
    return tuple((complex(value).real, complex(value).imag) for value in values)


def seismometer(corner_hz, damping=0.7, unit="m/s"):
    corner = 2 * np.pi * corner_hz
    return Response(
        100.0, unit, max(1.0, 4 * corner_hz), pairs(np.roots([1, 2 * damping * corner, corner**2])), pairs([0, 0])
    )


def conjugates(*values):
    return pairs([turned for value in values for turned in (value, np.conj(value))])


RESPONSES = {
    "flat velocity": Response(6.27e8, "m/s"),
    "flat acceleration": Response(2.14e5, "m/s**2"),
    "flat displacement": Response(1e9, "m"),
    "reversed polarity": Response(-6.27e8, "m/s"),
    "STS-2": Response(
        1.5e9,
        "m/s",
        1.0,
        conjugates(-0.037 + 0.037j, -131.04 + 467.29j) + pairs([-251.33]),
        pairs([0, 0]),
    ),
    "STS-2 with the digitizer": Response(
        1e9,
        "m/s",
        1.0,
        conjugates(-10239.7 + 2725.0j, -9512.7 + 11470j, -88.6 + 397.5j, -0.0368 + 0.037j)
        + pairs([-454.5, -438.6, -15.4]),
        conjugates(-461.8 + 429j) + pairs([-209.6, -15.149, 0, 0]),
    ),
    "STS-1": seismometer(1 / 360),
    "CMG-40T 30 s": Response(8e8, "m/s", 1.0, conjugates(-0.149 + 0.149j) + pairs([-503, -1010, -1130]), pairs([0, 0])),
    "CMG-40T 60 s": Response(
        8e8, "m/s", 1.0, conjugates(-0.074 + 0.074j) + pairs([-503, -1010, -1130]), pairs([0, 0, 2 * np.pi * 146.5])
    ),
    "pole at 5 Hz": Response(1e9, "m/s", 1.0, conjugates(-0.0123 + 0.0123j, -19.59 + 24.56j), pairs([0, 0])),
    "geophone 1 Hz": seismometer(1.0),
    "geophone 4.5 Hz": seismometer(4.5),
    "geophone 4.5 Hz, weakly damped": seismometer(4.5, 0.3),
    "accelerometer": Response(2e5, "m/s**2", 1.0, conjugates(-981 + 1009j, -3290 + 1263j)),
    "accelerometer of 90 Hz": Response(2e5, "m/s**2", 1.0, conjugates(-390 + 457j)),
    "displacement sensor": Response(1e9, "m", 1.0, conjugates(-0.037 + 0.037j), pairs([0, 0, 0])),
    "four zeros at the origin": Response(
        100.0, "m/s", 10.0, conjugates(-4.4 + 4.4j) + pairs([-0.03, -0.05]), pairs([0, 0, 0, 0])
    ),
}


@pytest.mark.parametrize("rate", [40.0, 100.0, 125.0, 250.0])
@pytest.mark.parametrize("name", RESPONSES)
def test_the_modulus_is_exact_to_one_percent(name, rate):
    seismograph = WoodAndersonFilter(RESPONSES[name], rate)
    frequencies = np.geomspace(0.1, 0.2 * rate, 400)
    ratio = np.abs(seismograph.response(frequencies) / counts_to_wood_anderson(RESPONSES[name], frequencies))
    assert np.abs(ratio - 1).max() < 0.0075
    middle = frequencies > 0.3
    assert np.abs(ratio[middle] - 1).max() < 0.004
    above = np.linspace(0.2, 0.499, 100) * rate
    assert np.abs(seismograph.response(above) / counts_to_wood_anderson(RESPONSES[name], above)).max() < 1.3


@pytest.mark.parametrize("rate", [10.0, 100.0, 500.0])
@pytest.mark.parametrize("name", RESPONSES)
def test_every_pole_is_inside_the_unit_circle(name, rate):
    sections = WoodAndersonFilter(RESPONSES[name], rate).sections
    assert max(np.abs(np.roots(section[3:])).max() for section in sections) < 1 - 1e-5


def test_a_pulse_comes_out_two_samples_late():
    wave = np.exp(-0.5 * ((np.arange(4000) - 2000) / 4) ** 2)
    flat = Response(1.0, "m/s**2")
    record, _ = WoodAndersonFilter(flat, 100.0).process(wave)
    n = 1 << 14
    frequencies = np.fft.rfftfreq(n, 0.01)
    exact = np.zeros(len(frequencies), complex)
    exact[1:] = counts_to_wood_anderson(flat, frequencies[1:])
    expected = np.fft.irfft(np.fft.rfft(wave, n) * exact, n)[:4000]
    lags = range(-5, 10)
    fits = [np.dot(np.diff(record[1900 + lag : 2100 + lag]), np.diff(expected[1900:2100])) for lag in lags]
    assert abs(lags[int(np.argmax(fits))] - 2) <= 1


@given(st.lists(st.integers(0, 3000), max_size=5), st.sampled_from(sorted(RESPONSES)))
def test_pieces_give_the_whole_bit_for_bit(cuts, name):
    seismograph = WoodAndersonFilter(RESPONSES[name], 100.0)
    counts = np.random.default_rng(1).integers(-(10**6), 10**6, 3000)
    whole, _ = seismograph.process(counts)
    state, parts = None, []
    for part in np.split(counts, sorted(cuts)):
        record, state = seismograph.process(part, state)
        parts.append(record)
    assert np.array_equal(np.concatenate(parts), whole)


@pytest.mark.parametrize("name", RESPONSES)
def test_a_level_alone_draws_nothing(name):
    record, _ = WoodAndersonFilter(RESPONSES[name], 100.0).process(np.full(5000, 8_000_000))
    assert not record.any()


def test_a_slow_drift_is_taken_away():
    seismograph = WoodAndersonFilter(Response(2e5, "m/s**2"), 100.0)
    record, _ = seismograph.process(1e6 + 10.0 * np.arange(20_000))
    assert np.abs(record[10_000:]).max() < 1e-3 * np.abs(record).max()


def test_peak_agrees_with_obspy_in_the_frequency_domain():
    # Golden: ObsPy's spectral division and simulation on its own packaged broadband record.
    trace = obspy.read()[1]
    trace.detrend("demean")
    sensor = {"poles": [-0.037004 + 0.037016j, -0.037004 - 0.037016j, -251.33, -131.04 - 467.29j, -131.04 + 467.29j],
              "zeros": [0j, 0j], "gain": 60077000.0, "sensitivity": 2516778400.0}  # fmt: skip
    pendulum = {"poles": [-5.49779 - 5.60886j, -5.49779 + 5.60886j], "zeros": [0j], "gain": 1.0, "sensitivity": 2080.0}
    expected = simulate_seismometer(
        trace.data, 100.0, paz_remove=sensor, paz_simulate=pendulum, water_level=600.0, taper=False,
        pre_filt=(0.02, 0.05, 45.0, 49.9),
    )  # fmt: skip
    sensitivity_at_1hz = abs(
        60077000.0 * 2516778400.0
        * np.prod([2j * np.pi - zero for zero in sensor["zeros"]])
        / np.prod([2j * np.pi - pole for pole in sensor["poles"]])
    )  # fmt: skip
    response = Response(sensitivity_at_1hz, "m/s", 1.0, pairs(sensor["poles"]), pairs([0, 0]))
    record, _ = WoodAndersonFilter(response, 100.0).process(trace.data)
    ours, theirs = (np.ptp(some[300:2500]) / 2 for some in (record, expected))
    assert abs(np.log10(ours / theirs)) < 0.01


def test_what_cannot_be_is_refused():
    with pytest.raises(InputError, match="too slow"):
        WoodAndersonFilter(Response(1.0, "m/s"), 1.0)
    with pytest.raises(InputError, match="no ground motion"):
        WoodAndersonFilter(Response(1.0, "Pa"), 100.0)
