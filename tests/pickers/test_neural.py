import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from wadati.errors import InputError, UsageError
from wadati.pickers.continuous import pick_station
from wadati.pickers.neural import Neural, normalise
from wadati.testing.pickers import check_picker

CARD = {
    "name": "net",
    "components": "ENZ",
    "classes": ["N", "P", "S"],
    "samples": 3000,
    "sampling_rate_hz": 100,
    "normalisation": "demean-std",
    "thresholds": {"P": 0.3, "S": 0.2},
}


def write(folder, **changes):
    card = {key: value for key, value in {**CARD, **changes}.items() if value is not None}
    (folder / "net.json").write_text(json.dumps(card))
    return folder / "net.json"


def test_a_missing_card_network_or_a_broken_one_is_named(tmp_path):
    with pytest.raises(InputError, match=r"net\.json"):
        Neural(tmp_path / "net.onnx")
    write(tmp_path)
    with pytest.raises(InputError, match=r"net\.onnx"):
        Neural(tmp_path / "net.onnx")
    (tmp_path / "net.onnx").write_bytes(b"no network")
    with pytest.raises(InputError, match=r"net\.onnx"):
        Neural(tmp_path / "net.onnx")


def _field(number, value):
    """One field of a protocol buffer, of a small number, a text or bytes."""
    if isinstance(value, int):
        return bytes([number << 3, value])
    data = value.encode() if isinstance(value, str) else value
    return bytes([number << 3 | 2, len(data)]) + data


def network(folder, operator="Sigmoid", shape=("window", "component", "sample"), inputs=("x",), kind=1, second=None):
    """An ONNX file of one operator, sample by sample; its dimensions are names or numbers below 128.

    With `second` there is another operator on the same input, whose output is called `first_motion`.
    """
    dimensions = b"".join(_field(1, _field(1 if isinstance(size, int) else 2, size)) for size in shape)
    type_ = _field(2, _field(1, _field(1, kind) + _field(2, dimensions)))
    taken = b"".join(_field(1, name) for name in inputs)
    nodes = {"y": operator} | ({"first_motion": second} if second else {})
    graph = b"".join(_field(1, taken + _field(2, name) + _field(4, what)) for name, what in nodes.items())
    graph += _field(2, "graph")
    graph += b"".join(_field(11, _field(1, name) + type_) for name in inputs)
    graph += b"".join(_field(12, _field(1, name) + type_) for name in nodes)
    (folder / "net.onnx").write_bytes(_field(1, 8) + _field(8, _field(2, 13)) + b"\x3a" + _varint(len(graph)) + graph)
    return folder / "net.onnx"


def _varint(number):
    return bytes([number]) if number < 128 else bytes([number & 127 | 128, number >> 7])


def test_a_network_of_any_fitting_shape_is_taken(tmp_path):
    write(tmp_path, samples=1000)
    for shape in (("window", "component", "sample"), ("window", 3, "sample")):
        assert Neural(network(tmp_path, shape=shape)).curves(
            np.zeros((5, 3, 1000), np.float32), np.zeros((5, 3, 1000), bool)
        ).shape == (5, 2, 1000)


@pytest.mark.parametrize(
    ("card", "model", "wrong"),
    [
        ({"components": "EN"}, {}, r"shape \(1, 2, 1000\) where its card says \(1, 3, 1000\)"),
        ({"classes": ["N", "P"]}, {}, r"card says \(1, 2, 1000\)"),
        ({}, {"shape": ("window", 4, "sample")}, "Got: 3 Expected: 4"),
        ({}, {"shape": ("window", "component", 100)}, "Got: 1000 Expected: 100"),
        ({}, {"shape": (1, "component", "sample")}, "Got: 2 Expected: 1"),
        ({}, {"shape": ("window", "sample")}, "rank"),
        ({}, {"kind": 11}, "float32"),
        ({}, {"operator": "Acos"}, "no probabilities"),
        ({}, {"operator": "Nonsense"}, "ONNX Runtime"),
        ({}, {"operator": "Add", "inputs": ("x", "z")}, "2 inputs"),
        ({"first_motion": 0.8}, {}, "no second output called first_motion, only y"),
        ({"first_motion": 0.8}, {"second": "Sigmoid"}, r"\(1, 3, 1000\) where its card says \(1, 2, 1000\)"),
        (
            {"first_motion": 0.8, "components": "ZN", "classes": ["P", "N"]},
            {"second": "Acos"},
            "no probabilities",
        ),
    ],
)
def test_a_network_that_does_not_fit_its_card_is_refused_when_the_picker_is_made(tmp_path, card, model, wrong):
    write(tmp_path, samples=1000, **card)
    with pytest.raises(InputError, match=wrong) as caught:
        Neural(network(tmp_path, **model))
    assert caught.value.subject.endswith("net.onnx")
    assert caught.value.mend


def test_first_motion_follows_the_phases(tmp_path):
    write(tmp_path, components="ZN", classes=["S", "P"], first_motion=0.8, samples=1000)
    picker = Neural(network(tmp_path, second="HardSigmoid"))
    windows = np.random.default_rng(0).normal(size=(3, 2, 1000)).astype(np.float32)
    missing = np.zeros(windows.shape, bool)
    out, data = picker.curves(windows, missing), normalise(windows, missing)
    assert (picker.first_motion, picker.phases) == (0.8, ("S", "P"))
    np.testing.assert_allclose(out[:, :2], 1 / (1 + np.exp(-data)), atol=1e-6)
    np.testing.assert_allclose(out[:, 2:], np.clip(0.2 * data + 0.5, 0, 1), atol=1e-6)
    check_picker(picker)
    write(tmp_path, components="ZN", classes=["S", "P"], samples=1000)
    assert Neural(tmp_path / "net.onnx").curves(windows, missing).shape == (3, 2, 1000)


@pytest.mark.parametrize("missing", ["lend", "zero"])
@pytest.mark.parametrize("normalisation", ["demean-std", "demean-peak"])
def test_the_laws_of_pickers(tmp_path, missing, normalisation):
    write(tmp_path, samples=1000, missing=missing, normalisation=normalisation)
    check_picker(Neural(network(tmp_path)))


def test_damaged_networks_are_refused_or_run(tmp_path):
    write(tmp_path, samples=1000)
    whole = network(tmp_path).read_bytes()
    rng = np.random.default_rng(3)
    refused = 0
    for at in range(len(whole)):
        damaged = bytearray(whole)
        damaged[at] = rng.integers(256)
        for content in (bytes(damaged), whole[:at]):
            (tmp_path / "net.onnx").write_bytes(content)
            try:
                Neural(tmp_path / "net.onnx")
            except InputError:
                refused += 1
    assert refused > len(whole)


@pytest.mark.parametrize("path", ["", "."])
def test_a_path_without_a_name_is_told_what_to_write(path):
    with pytest.raises(UsageError, match=r"neural:PATH\.onnx"):
        Neural(path)


def test_a_network_of_one_component_leaves_the_others_out(tmp_path, earthquakes, traces):
    write(tmp_path, components="Z", classes=["P"], thresholds={"P": 0.9}, samples=1000)
    picker = Neural(network(tmp_path))
    whole = traces(earthquakes())
    assert pick_station(whole, picker) == pick_station(whole[:1], picker) != ()
    assert pick_station(whole[1:], picker) == ()


def straight(windows, missing, peak, lend):
    """The definition, one component at a time, in extended precision."""
    out = np.zeros(windows.shape)
    there = ~missing
    for window, component in np.ndindex(windows.shape[:2]):
        held = there[window, component]
        data = windows[window, component, held].astype(np.longdouble)
        data = data - data.mean() if held.any() else data
        size = (np.abs(data).max() if peak else np.sqrt((data**2).mean())) if held.any() else 0
        if size > 0:
            out[window, component, held] = data / size
        else:
            there[window, component] = False
    lent = there.copy()
    for component in range(out.shape[1] if lend else 0):
        for other in reversed(range(out.shape[1])):
            at = there[:, other] & ~lent[:, component]
            out[:, component][at] = out[:, other][at]
            lent[:, component] |= at
    return out


@given(
    seed=st.integers(0, 2**32),
    scale=st.sampled_from([1e-20, 1e-9, 1.0, 1e9]),
    offset=st.sampled_from([0.0, 1.0, 1e6]),
    defect=st.sampled_from(["none", "dead", "gap", "absent", "all"]),
    peak=st.booleans(),
    lend=st.booleans(),
)
def test_normalisation_is_its_definition(seed, scale, offset, defect, peak, lend):
    """Tiny, huge and offset values, whole windows and those with something missing."""
    rng = np.random.default_rng(seed)
    windows = (scale * (rng.normal(size=(3, 3, 300)) + offset)).astype(np.float32)
    missing = np.zeros(windows.shape, bool)
    if defect == "dead":
        windows[0, 1] = 7
    elif defect == "gap":
        missing[1, :2, 50:200] = True
    elif defect == "absent":
        missing[2, rng.integers(3)] = True
    elif defect == "all":
        missing[:] = True
    windows[missing] = 0
    found = normalise(windows, missing, peak=peak, lend=lend)
    np.testing.assert_allclose(found, straight(windows, missing, peak, lend), rtol=2e-7, atol=1e-9)


@given(st.integers(0, 2**32), st.booleans(), st.booleans())
def test_the_fast_path_of_whole_windows_is_the_general_path(seed, peak, lend):
    """A batch with a gap anywhere takes the general path; its whole windows come out bit for bit as without it."""
    rng = np.random.default_rng(seed)
    windows = (rng.normal(size=(4, 3, 700)) * 10.0 ** rng.uniform(-20, 9, (4, 3, 1))).astype(np.float32)
    missing = np.zeros(windows.shape, bool)
    missing[3, 1, :5] = True
    whole = normalise(windows[:3], missing[:3], peak=peak, lend=lend)
    np.testing.assert_array_equal(normalise(windows, missing, peak=peak, lend=lend)[:3], whole)


@pytest.mark.parametrize("peak", [True, False])
@pytest.mark.parametrize("scale", [2.0**-66, 2.0**-100, 2.0**30])
def test_the_size_of_the_numbers_does_not_matter(peak, scale):
    rng = np.random.default_rng(0)
    windows = rng.normal(size=(2, 3, 500)).astype(np.float32)
    missing = rng.random(windows.shape) < 0.1
    expected = normalise(windows, missing, peak=peak)
    np.testing.assert_array_equal(normalise(windows * np.float32(scale), missing, peak=peak), expected)


def test_only_what_is_there_counts():
    windows = np.random.default_rng(0).normal(size=(1, 1, 400)).astype(np.float32)
    missing = np.zeros(windows.shape, bool)
    missing[..., 200:] = True
    out = normalise(windows, missing, peak=False)
    assert abs(out[..., :200].mean()) < 1e-6
    assert abs(out[..., :200].std() - 1) < 1e-6
    assert not out[..., 200:].any()


def test_other_components_stand_in_for_missing_and_dead_ones():
    windows = np.random.default_rng(0).normal(size=(1, 3, 100)).astype(np.float32)
    missing = np.zeros(windows.shape, bool)
    missing[0, 0] = True
    windows[0, 1] = 5
    out = normalise(windows, missing, peak=True)
    np.testing.assert_array_equal(out[0, 0], out[0, 2])
    np.testing.assert_array_equal(out[0, 1], out[0, 2])
    missing[:] = True
    assert not normalise(windows, missing, peak=True).any()


def test_without_lending_what_is_missing_or_dead_is_zero():
    windows = np.random.default_rng(0).normal(size=(1, 3, 100)).astype(np.float32)
    missing = np.zeros(windows.shape, bool)
    missing[0, 0] = True
    missing[0, 2, :30] = True
    windows[0, 1] = 5
    windows[missing] = 0
    out = normalise(windows, missing, lend=False)
    assert not out[0, :2].any()
    assert not out[0, 2, :30].any()
    assert out[0, 2, 30:].all()


def test_windows_of_the_training_geometry_give_what_the_network_gives(neural):
    """The probabilities of the whole path, not only its picks, against the network run by hand."""
    import onnxruntime

    rng = np.random.default_rng(1)
    windows = rng.normal(size=(2, 3, 3000)).astype(np.float32)
    windows[:, :, 1500:2000] *= 20
    by_hand = windows - windows.mean(axis=-1, keepdims=True)
    by_hand /= by_hand.std(axis=-1, keepdims=True)
    session = onnxruntime.InferenceSession(neural._path, providers=["CPUExecutionProvider"])
    expected = session.run(None, {"x": by_hand})[0][:, 1:]
    np.testing.assert_allclose(neural.curves(windows, np.zeros(windows.shape, bool)), expected, atol=1e-4)


def test_one_component_suffices(neural, earthquakes, traces):
    (vertical, *_) = traces(earthquakes())
    found = [round(pick.time / 1e9 - vertical.start / 1e9, 1) for pick in pick_station([vertical], neural)]
    for p in (60.0, 130.0, 170.0):
        assert min(abs(p - time) for time in found) < 0.2


@pytest.mark.parametrize("scale", [1e-20, 1e9])
def test_tiny_and_huge_records_are_picked_alike(neural, earthquakes, traces, scale):
    data = earthquakes()
    expected = [(pick.phase_hint, pick.time / 1e9) for pick in pick_station(traces(data), neural)]
    found = [(pick.phase_hint, pick.time / 1e9) for pick in pick_station(traces(data * scale), neural)]
    assert [phase for phase, _ in found] == [phase for phase, _ in expected]
    np.testing.assert_allclose([t for _, t in found], [t for _, t in expected], atol=2e-4, rtol=0)


def test_labelled_windows(neural, shared):
    """PhaseNet (2019) on analysts' picks of Northern California that it was trained on: its published weights."""
    from fractions import Fraction

    from wadati.model import SourceId, Trace

    rng = np.random.default_rng(7)
    residuals = {"P": [], "S": []}
    for path in sorted((shared / "data" / "ncedc-picks" / "windows").glob("*.npz"))[::3]:
        with np.load(path) as window:
            data, labels = window["data"].T, {"P": int(window["itp"]), "S": int(window["its"])}
        start = int(rng.integers(0, 3000)) * 10_000_000
        records = [
            Trace(SourceId.from_nslc("NC", "X", "", f"HH{c}"), start, Fraction(100), x)
            for c, x in zip("ENZ", data, strict=True)
        ]
        picks = pick_station(records, neural)
        for phase, label in labels.items():
            times = [(p.time - start) / 1e9 - label / 100 for p in picks if p.phase_hint == phase]
            residuals[phase].append(min(times, key=abs, default=np.inf))
    p, s = (np.array(residuals[phase]) for phase in "PS")
    assert (np.abs(p) <= 0.1).mean() >= 0.93
    assert (np.abs(p) <= 0.5).mean() >= 0.98
    assert (np.abs(s) <= 0.5).mean() >= 0.95
    assert abs(np.median(p)) < 0.015
