"""What runs a network: the same numbers from each runtime, whatever the batch."""

from __future__ import annotations

import base64
import importlib.util
import sys
from importlib.metadata import PackageNotFoundError, version

import numpy as np
import pytest

from wadati.errors import InputError
from wadati.pickers import runtime, shipped
from wadati.pickers.continuous import pick_station
from wadati.pickers.neural import Neural
from wadati.pickers.runtime import fastest, installed, open_network

needs_openvino = pytest.mark.skipif(
    importlib.util.find_spec("openvino") is None, reason="the extra wadati[openvino] is not installed"
)
# y = Sigmoid(x), float32, both (window, component, sample).
SIGMOID = base64.b64decode(
    "CAhCAhANOnQKDwoBeBIBeSIHU2lnbW9pZBIFZ3JhcGhaLAoBeBInCiUIARIhCggSBndpbmRvdwoLEgljb21w"
    "b25lbnQKCBIGc2FtcGxlYiwKAXkSJwolCAESIQoIEgZ3aW5kb3cKCxIJY29tcG9uZW50CggSBnNhbXBsZQ=="
)


@pytest.fixture(scope="session")
def path(request):
    """The shipped network; PhaseNet's published weights where that is not here."""
    own = shipped.MODELS / f"{shipped.DEFAULT}.onnx"
    return own if own.is_file() else request.getfixturevalue("shared") / "weights" / "phasenet_original_3000.onnx"


@pytest.fixture(scope="session")
def network(path):
    return Neural(path)


def windows(count, samples, seed=1):
    rng = np.random.default_rng(seed)
    data = rng.normal(size=(count, 3, samples)).astype(np.float32)
    for window in range(count):
        at = samples // 4 + window * samples // (2 * count)
        data[window, :, at:] += 15 * np.exp(-np.arange(samples - at) / 300) * rng.normal(size=(3, samples - at))
    return data


@pytest.fixture
def without_openvino(monkeypatch):
    monkeypatch.setitem(sys.modules, "openvino", None)


def test_the_batch_does_not_move_a_probability(network):
    """Neither its size nor its order nor what else is in it."""
    data = windows(19, network.grid.samples)
    missing = np.zeros(data.shape, bool)
    whole = network.curves(data, missing)
    assert whole.max() > 0.5
    for size in (1, 2, 3, 7, 16):
        parts = [network.curves(data[k : k + size], missing[k : k + size]) for k in range(0, len(data), size)]
        np.testing.assert_allclose(np.concatenate(parts), whole, atol=1e-6, rtol=0)
    np.testing.assert_allclose(network.curves(data[::-1], missing)[::-1], whole, atol=1e-6, rtol=0)


def test_curves_given_stay_as_they_are(network):
    """The next batch does not write over them."""
    data = windows(2, network.grid.samples)
    missing = np.zeros(data.shape, bool)
    first = network.curves(data, missing)
    kept = first.copy()
    network.curves(data[::-1].copy(), missing)
    np.testing.assert_array_equal(first, kept)


def test_without_openvino_it_is_onnx_runtime(without_openvino, shared):
    assert (
        Neural(shared / "weights" / "phasenet_original_3000.onnx").runtime == f"ONNX Runtime {version('onnxruntime')}"
    )


def test_what_is_installed_is_told(monkeypatch):
    def lacking(package):
        if package == "openvino":
            raise PackageNotFoundError(package)
        return "1.0"

    monkeypatch.setattr(runtime, "version", lacking)
    assert installed() == ("ONNX Runtime 1.0",)
    monkeypatch.setattr(runtime, "version", lambda package: "1.0")
    assert installed() == ("OpenVINO 1.0", "ONNX Runtime 1.0")


def test_a_network_that_is_not_there_is_told(tmp_path):
    with pytest.raises(InputError, match="is not there"):
        open_network(tmp_path / "net.onnx", 50)


@needs_openvino
def test_openvino_gives_the_same_curves_and_picks(path, earthquakes, traces, monkeypatch):
    theirs = Neural(path)
    assert theirs.runtime == f"OpenVINO {version('openvino')}"
    with monkeypatch.context() as patched:
        patched.setitem(sys.modules, "openvino", None)
        ours = Neural(path)
    assert ours.runtime == f"ONNX Runtime {version('onnxruntime')}"
    data = windows(19, ours.grid.samples)
    missing = np.zeros(data.shape, bool)
    np.testing.assert_allclose(theirs.curves(data, missing), ours.curves(data, missing), atol=1e-5, rtol=0)
    records = traces(earthquakes())
    expected = [(pick.pick_id, pick.time) for pick in pick_station(records, ours)]
    assert len(expected) >= 6
    assert [(pick.pick_id, pick.time) for pick in pick_station(records, theirs)] == expected


@needs_openvino
def test_openvino_takes_any_number_of_windows(tmp_path):
    path = tmp_path / "net.onnx"
    path.write_bytes(SIGMOID)
    network = fastest(open_network(path, 50), path, (3, 50))
    assert network.runtime.startswith("OpenVINO ")
    for count in (16, 5, 1, 16):
        data = windows(count, 50, seed=count)
        np.testing.assert_allclose(network.run(data)[0], 1 / (1 + np.exp(-data)), atol=1e-6)


@needs_openvino
def test_where_openvino_differs_or_fails_onnx_runtime_stays(tmp_path):
    path, other = tmp_path / "net.onnx", tmp_path / "other.onnx"
    path.write_bytes(SIGMOID)
    other.write_bytes(SIGMOID.replace(b"Sigmoid", b"Softmax"))
    network = open_network(path, 50)
    assert fastest(network, other, (3, 50)) is network
    other.write_bytes(b"no network")
    assert fastest(network, other, (3, 50)) is network
