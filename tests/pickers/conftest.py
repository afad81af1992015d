"""Records to pick on, and pickers to pick them with."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from wadati.model import SourceId, Trace
from wadati.pickers.neural import Neural
from wadati.pickers.stalta import StaLta
from wadati.protocols import Grid

RATE = Fraction(100)
START = 1_562_259_599_997_986_000
IDS = tuple(SourceId.from_nslc("XX", "ABC", "", f"HH{code}") for code in "ZNE")


class Loudness:
    """A picker for tests that hears any change anywhere in its window, missing samples included."""

    name = "loudness"
    grid = Grid(samples=400, hop=150, edge=60)
    components = "ENZ"
    phases = ("P", "S")
    thresholds = (0.2, 0.2)
    time_uncertainty = (0.05, 0.1)

    def curves(self, windows, missing):
        data = windows.astype(np.float64)
        size = np.abs(data).max(axis=-1, keepdims=True)
        data = np.abs(data) / np.where(size > 0, size, 1) / (1 + missing.mean(axis=-1, keepdims=True))
        return np.stack([data[:, 2], data[:, :2].mean(axis=1)], axis=1).astype(np.float32)


def _earthquakes(seed=0, minutes=4, events=((60.0, 3.1, 60.0), (130.0, 5.2, 25.0), (170.0, 1.9, 400.0))):
    """Samples (component, sample) of noise with P and S at (time of P, S − P, amplitude), in s and times the noise."""
    rng = np.random.default_rng(seed)
    count = minutes * 6000
    data = rng.normal(size=(3, count + 200))
    data = (data[:, 200:] + data[:, 198:-2] + 0.5 * data[:, 196:-4]) / 1.5
    time = np.arange(count) / 100
    for p, s_minus_p, amplitude in events:
        for onset, shape, decay in ((p, (1, 0.4, 0.4), 2.0), (p + s_minus_p, (0.7, 2.0, 2.0), 4.0)):
            envelope = np.where(time >= onset, np.exp(-(time - onset) / decay), 0)
            data += 0.4 * amplitude * np.array(shape)[:, None] * envelope * rng.normal(size=data.shape)
    return np.round(1000 * data).astype(np.int32)


def _traces(data, start=START, ids=IDS):
    return [Trace(source_id, start, RATE, component) for source_id, component in zip(ids, data, strict=True)]


@pytest.fixture(scope="session")
def earthquakes():
    return _earthquakes


@pytest.fixture(scope="session")
def traces():
    return _traces


@pytest.fixture(scope="session")
def loudness():
    return Loudness()


@pytest.fixture(scope="session")
def neural(shared):
    return Neural(shared / "weights" / "phasenet_original_3000.onnx")


@pytest.fixture(scope="session", params=["loudness", "stalta", "neural"])
def picker(request):
    return StaLta() if request.param == "stalta" else request.getfixturevalue(request.param)
