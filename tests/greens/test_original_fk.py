"""Green's functions beside those of the original fk, whose wide steps of wavenumber let ghosts of the source answer.

Zhu & Rivera (2002), doi:10.1046/j.1365-246X.2002.01610.x: model `hk`, a source 15 km deep, 10, 20 and 30 km away, 512
samples of 0.1 s. fk adds up wavenumbers of (n + 1/2) · 0.3 π / 30 km. A sum with a step dk repeats the source on rings
2 π / dk = 200 km around it, each one turned. The nearest of them is heard 27 s after the origin at 30 km, and what is
later than the 51.2 s of the window goes on at its beginning, damped by e².
"""

from __future__ import annotations

import subprocess
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from scipy.signal import butter, sosfiltfilt

from benchmarks.synthetics.ghosts import DEPTH, DISTANCES, ORDER, hk, written
from tests.greens.test_references import computed
from wadati.greens.elementary import FUNCTIONS
from wadati.greens.pygrt import PyGrt, as_if_at, layers_table
from wadati.greens.spectra import integrated
from wadati.model import VelocityModel

Floats = npt.NDArray[np.float64]

SAMPLES, STEP = 512, 0.1
LENGTH = SAMPLES * STEP
DAMPING = 2 / LENGTH
FIRST = -2.0
RING = 2 / 0.3
"""Distance of the first ghost, in units of the farthest station's."""


@pytest.fixture(scope="module")
def folder(shared: Path) -> Path:
    return shared / "data" / "fk-reference"


@pytest.fixture(scope="module")
def earth(folder: Path) -> VelocityModel:
    return hk(folder)


def summed(earth: VelocityModel, ring: float, place: Path) -> Floats:
    """PyGRT's answers to an impulse, (distance, function, sample), from `FIRST` on; its wavenumbers are n · 2 π / ring.

    Only with `+f` is the step the one that is asked for. The files are those of fk, in its order and signs.
    """
    (place / "earth").write_text(layers_table(as_if_at(earth, 0.5 / STEP)))
    subprocess.run(
        [
            *(PyGrt().program, "greenfn", "-Mearth", f"-D{DEPTH / 1e3:g}/0", f"-R{','.join(map(str, DISTANCES))}"),
            *(f"-N{SAMPLES}/{STEP}+w{DAMPING * LENGTH / np.pi!r}+a", f"-E{FIRST}", f"-L{ring!r}", "-K+f", "-Cn"),
            *("-Onodes", "-Gs", "-P1", "-s"),
        ],
        cwd=place,
        check=True,
        capture_output=True,
    )
    found = np.zeros((len(DISTANCES), len(ORDER), SAMPLES))
    for row, distance in zip(found, DISTANCES, strict=True):
        node = place / "nodes" / f"earth_{DEPTH / 1e3:g}_0_{distance}"
        for index, name in enumerate(ORDER):
            if name:
                content = (node / f"{name[1:]}{name[0]}.sac").read_bytes()
                turned = name in ("TDS", "ZSS", "RSS")
                row[index] = np.frombuffer(content, "<f4", offset=632) * (-1 if turned else 1)
    return found


def as_fk_writes(traces: Floats, start: float) -> Floats:
    """Traces from `FIRST` on as fk's, from `start` (s) on and through its low-pass.

    All of it happens before the damping is taken back: there a trace goes on at its beginning.
    """
    times = STEP * np.arange(SAMPLES)
    top, flat = SAMPLES // 2, int(0.7 * SAMPLES / 2)
    fall = 0.5 + 0.5 * np.cos(np.pi * np.clip((np.arange(top + 1) + 1 - flat) / (top + 1 - flat), 0, 1))
    later = np.exp(2j * np.pi * np.fft.rfftfreq(SAMPLES, STEP) * (start - FIRST))
    damped = np.fft.irfft(np.fft.rfft(traces * np.exp(-DAMPING * (FIRST + times))) * fall * later, SAMPLES)
    return np.asarray(damped * np.exp(DAMPING * (start + times)))


@pytest.fixture(scope="module")
def coarse(earth: VelocityModel, extra: None, tmp_path_factory: pytest.TempPathFactory) -> Floats:
    """With fk's wavenumbers: those halfway between are all of half the step less those of the whole one."""
    whole, half = (summed(earth, ring, tmp_path_factory.mktemp("fk")) for ring in (RING, 2 * RING))
    return 2 * half - whole


@pytest.fixture(scope="module")
def fine(earth: VelocityModel, extra: None, tmp_path_factory: pytest.TempPathFactory) -> Floats:
    """With ten times as many wavenumbers."""
    return summed(earth, 10 * RING, tmp_path_factory.mktemp("fk"))


@pytest.mark.parametrize("place", range(3))
def test_with_its_wavenumbers_the_original_fk_is_reproduced(folder: Path, coarse: Floats, place: int) -> None:
    # What is left is 0.2 % of size: its source has the rigidity of 1 Hz, ours that of 5 Hz.
    for index, name in enumerate(ORDER):
        if name:
            start, theirs = written(folder, DISTANCES[place], index)
            ours = as_fk_writes(coarse[place, index], start)
            assert np.linalg.norm(ours - theirs) <= 0.004 * np.linalg.norm(theirs), name


@pytest.mark.parametrize("place", range(3))
def test_what_a_store_holds_is_the_original_fk_without_its_ghosts(
    folder: Path, earth: VelocityModel, coarse: Floats, fine: Floats, place: int
) -> None:
    before = round(30 / STEP)
    start, _ = written(folder, DISTANCES[place], 0)
    times = start + STEP * np.arange(-before, SAMPLES + before)
    # Down to 0.03 Hz, so that the traces are long enough for what the Moho sends back a second time.
    stored = 1e15 * computed(earth, DEPTH, 1e3 * DISTANCES[place], (0.03, 1.5), times)
    band = butter(3, (0.1, 0.7), "band", fs=1 / STEP, output="sos")
    for index, name in enumerate(ORDER):
        if name:
            _, theirs = written(folder, DISTANCES[place], index)
            ghosts = as_fk_writes(coarse[place, index] - fine[place, index], start)
            impulse = np.pad(theirs - ghosts, before) * (-1 if name[1:] in ("DS", "SS") else 1)
            step = integrated(impulse, 1 / STEP, 3.0, 4.0)
            a, b = sosfiltfilt(band, [stored[FUNCTIONS.index(name)], step])[:, before : before + round(40 / STEP)]
            assert np.linalg.norm(a - b) <= 0.003 * np.linalg.norm(b), name
            assert np.linalg.norm(sosfiltfilt(band, ghosts)) > 0.02 * np.linalg.norm(sosfiltfilt(band, theirs)), name
