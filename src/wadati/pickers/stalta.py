"""The classical picker: triggers on a ratio of energies, onsets by an information criterion, phases by their looks.

1. Records are band-passed (causal; the vertical 2.5–25 Hz, the horizontals 1.5–15 Hz) and squared.
2. Where the mean over the next 0.3 s is more than 2.2 times that over the last 3 s as well as over the last 0.3 s, and
   most so within 0.25 s, there is a trigger: Allen (1978), doi:10.1785/BSSA0680051521, with the square as
   characteristic function.
3. The onset is read near each trigger on the more excited of vertical and horizontals (`aic`).
4. Five ratios of energies around the onset say how likely it is a P or an S (`phases`).

The curves are bumps at the onsets as high as that likelihood, which orders picks well but is no calibrated probability.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from wadati.pickers.aic import onsets
from wadati.pickers.phases import features, likelihood
from wadati.protocols import Grid

Array = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]

_RATE = 100.0
_BANDS = ((2.5, 25.0), (1.5, 15.0))
_STA, _LTA = 30, 300
_RATIO = 2.2
_APART = 25
_STUCK = 50
_SPIKE = 20.0
_AROUND = 20
_RINGING = 1000
# Onsets are read this many samples after those of analysts, in the median: the filters' delay and weak beginnings.
_LATE = np.array([2.0, 3.0])
_BUMP = 6.0


class StaLta:
    """The picker behind `stalta`: needs no weights, gives P and S of local earthquakes, of one component or three.

    Values are compared only with their neighbours in time, so the unit of a record does not matter. Stretches of 0.5 s
    and more in which a component does not move count as missing, and so do spikes of one sample.
    """

    name = "stalta"
    grid = Grid(samples=8000, hop=4000, edge=2000, sampling_rate_hz=_RATE)
    components = "ZNE"
    phases = ("P", "S")
    thresholds = (0.3, 0.3)
    time_uncertainty = (0.05, 0.12)

    def curves(self, windows: npt.NDArray[np.float32], missing: npt.NDArray[np.bool_]) -> npt.NDArray[np.float32]:
        """Bumps (window, phase, sample) of windows (window, component, sample)."""
        there = ~(missing | _stuck(windows) | _spikes(windows))
        data = _bridged(windows, there)
        data = np.concatenate((_bandpass(data[:, :1], *_BANDS[0]), _bandpass(data[:, 1:], *_BANDS[1])), axis=1)
        energy = np.stack([data[:, 0] ** 2, data[:, 1] ** 2 + data[:, 2] ** 2], axis=1)
        present = np.stack([there[:, 0], there[:, 1] | there[:, 2]], axis=1)
        ratio = np.stack([_ratio(energy[:, k], present[:, k]) for k in range(2)], axis=1)
        which, near = self._triggers(ratio)
        level = ratio[which, :, near]
        horizontal = level[:, 1] > 1.5 * level[:, 0]
        onset = np.where(horizontal, onsets(data[which, 1:], near), onsets(data[which, :1], near))
        chances = likelihood(features(energy, present, which, onset))
        out = np.zeros((len(windows), len(self.phases), windows.shape[-1]), np.float32)
        reach = np.arange(-30, 31)
        for phase, late in enumerate(_LATE):
            bumps = chances[:, phase, None] * np.exp(-0.5 * ((reach + late) / _BUMP) ** 2)
            for window, at, bump in zip(which, onset, bumps.astype(np.float32), strict=True):
                part = out[window, phase, at + reach[0] : at + reach[-1] + 1]
                np.maximum(part, bump, out=part)
        return out

    def _triggers(self, ratio: Array) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
        """Window and sample of each trigger in the part that counts, or little outside of it."""
        start, end = self.grid.edge - 200, self.grid.samples - self.grid.edge + 200
        best = ratio.max(axis=1)
        around = np.lib.stride_tricks.sliding_window_view(
            best[:, start - _APART : end + _APART], 2 * _APART + 1, axis=-1
        )
        inner = best[:, start:end]
        which, at = np.nonzero((inner >= around.max(axis=-1)) & (inner >= _RATIO))
        return which, at + start


def _stuck(windows: npt.NDArray[np.float32]) -> Mask:
    """Where a component has the same value for at least `_STUCK` samples; shape as the windows'."""
    still = np.zeros(windows.shape, bool)
    for window, component in np.ndindex(windows.shape[:2]):
        changes = np.flatnonzero(np.diff(windows[window, component]))
        edges = np.concatenate(([0], changes + 1, [windows.shape[-1]]))
        for at in np.flatnonzero(np.diff(edges) >= _STUCK):
            still[window, component, edges[at] : edges[at + 1]] = True
    return still


def _spikes(windows: npt.NDArray[np.float32]) -> Mask:
    """Samples that jump out and back by more than `_SPIKE` times the mean step of the 0.4 s around; as the windows."""
    steps = np.diff(windows.astype(np.float64), axis=-1)
    sizes = np.abs(steps)
    jump = np.minimum(sizes[..., :-1], sizes[..., 1:]) * (steps[..., :-1] * steps[..., 1:] < 0)
    total = np.cumsum(np.pad(sizes, ((0, 0), (0, 0), (_AROUND, _AROUND))), axis=-1)
    others = total[..., 2 * _AROUND :] - total[..., : -2 * _AROUND]
    others = others[..., : jump.shape[-1]] - sizes[..., :-1] - sizes[..., 1:]
    out = np.zeros(windows.shape, bool)
    out[..., 1:-1] = jump * (2 * _AROUND - 2) > _SPIKE * np.maximum(others, 0)
    out &= windows != 0
    return out


def _bridged(windows: npt.NDArray[np.float32], there: Mask) -> Array:
    """Windows with straight lines where samples are missing, from 0, scaled by a power of two to 1 at most or so."""
    data = windows.astype(np.float64)
    samples = np.arange(data.shape[-1])
    for window, component in zip(*np.nonzero(~there.all(axis=-1)), strict=True):
        held = there[window, component]
        data[window, component] = np.interp(samples, samples[held], data[window, component, held]) if held.any() else 0
    data -= data[..., :1]
    _, exponent = np.frexp(np.abs(data).max(axis=(1, 2), keepdims=True))
    return np.asarray(np.ldexp(data, -exponent))


def _bandpass(data: Array, low: float, high: float) -> Array:
    """Causal Butterworth high- and low-pass of second order (bilinear), by FFT with room for them to ring out."""
    count = data.shape[-1]
    length = count + _RINGING
    s = 1j * np.tan(np.pi * np.fft.rfftfreq(length)[1:-1])
    up, down = s / np.tan(np.pi * low / _RATE), s / np.tan(np.pi * high / _RATE)
    response = np.zeros(length // 2 + 1, complex)
    response[1:-1] = up**2 / (1 + np.sqrt(2) * up + up**2) / (1 + np.sqrt(2) * down + down**2)
    return np.asarray(np.fft.irfft(np.fft.rfft(data, length) * response, length)[..., :count])


def _ratio(energy: Array, present: Mask) -> Array:
    """Mean energy of the next `_STA` samples over that of those before; 0 where too few are there."""
    there = present.astype(np.float64)
    heard = (_before(_mean(there, _LTA), _LTA) > 0.9) & (_mean(there, _STA) > 0.99)
    floor = 1e-6 * np.median(energy, axis=-1, keepdims=True)
    after = _mean(energy, _STA)
    background = np.maximum(_before(_mean(energy, _LTA), _LTA), _before(after, _STA))
    background = np.maximum(background, floor)
    return np.divide(after, background, out=np.zeros_like(energy), where=heard & (background > 0))


def _mean(values: Array, count: int) -> Array:
    """The mean of the `count` samples from each on, beyond the end counted as 0."""
    total = np.cumsum(np.pad(values, ((0, 0), (1, count))), axis=-1)
    return np.asarray(np.maximum(total[:, count:-1] - total[:, : -count - 1], 0) / count)


def _before(values: Array, count: int) -> Array:
    """Values `count` samples earlier."""
    return np.pad(values, ((0, 0), (count, 0)))[:, : values.shape[-1]]
