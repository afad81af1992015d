"""Green's functions beside those of other codes, on real models."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from scipy.signal import butter, sosfiltfilt

from wadati.formats.sac import read_sac
from wadati.formats.velocity_csv import read_velocity_model
from wadati.greens.answers import Seismograms, resampled
from wadati.greens.axis import Axis
from wadati.greens.conditioning import conditioned
from wadati.greens.elementary import FUNCTIONS
from wadati.greens.layout import planned
from wadati.greens.pygrt import PyGrt
from wadati.model import VelocityModel

Floats = npt.NDArray[np.float64]


def computed(model: VelocityModel, depth: float, distance: float, band: tuple[float, float], times: Floats) -> Floats:
    """The ten functions at times after the origin (s), shape (function, time)."""
    contents = planned(model, Axis(distance, 1e3, 1), Axis(depth, 1e3, 1), band, "pygrt", "")
    reduced = contents.reduced
    raw = PyGrt().elementary(contents.model, depth, [distance], reduced, 1.75 * band[1])
    start = reduced.start_s + np.hypot(distance, depth) / reduced.velocity
    rows = conditioned(raw, contents).astype(np.float32)
    return resampled(
        Seismograms(np.array([start]), reduced.sampling_rate_hz, rows), times, 1 / float(times[1] - times[0])
    )[0]


@pytest.mark.parametrize(("station", "distance"), [("QRDG", 80988.0), ("FARB", 110464.7), ("MNRC", 132064.6)])
def test_the_functions_of_computer_programs_in_seismology(
    extra: None, shared: Path, station: str, distance: float
) -> None:
    # The set of mttime: Herrmann's wavenumber integration for GIL7, cm per 1e20 dyn cm, filtered there without phase,
    # three corners, 0.02 to 0.05 Hz; its distances are rounded to 1 km.
    folder = shared / "data" / "moment-tensor-2019"
    times = np.arange(-150.0, 400.0)
    ours = 1e15 * computed(read_velocity_model(folder / "gil7.csv"), 10e3, distance, (0.01, 0.15), times)
    band = butter(3, (0.02, 0.05), "band", fs=1.0, output="sos")
    theirs = np.stack(
        [
            read_sac((folder / "40191336" / "gil7" / f"BK.{station}.00.10.0000.{function}").read_bytes()).data
            for function in FUNCTIONS
        ]
    )
    filtered = sosfiltfilt(band, ours, axis=-1)[:, 150 : 150 + theirs.shape[1]]
    shares = np.linalg.norm(filtered - theirs, axis=-1) / np.linalg.norm(theirs, axis=-1)
    assert np.median(shares) <= 0.05
