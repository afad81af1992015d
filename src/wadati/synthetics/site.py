"""What the ground below a station does to waves: a gain over all frequencies, resonances, and near-surface loss κ."""

from __future__ import annotations

import msgspec
import numpy as np
import numpy.typing as npt


class Resonance(msgspec.Struct, frozen=True):
    """A peak of `gain` at a `frequency` (Hz), `quality` times narrower than it is high up."""

    frequency: float
    gain: float
    quality: float


class Site(msgspec.Struct, frozen=True):
    """Gains and resonances of the horizontal and vertical components, κ in s.

    `conversion` is how long (s) a wave converted at the base of the sediments comes before S and after P.
    """

    horizontal_gain: float
    vertical_gain: float
    horizontal: tuple[Resonance, ...]
    vertical: tuple[Resonance, ...]
    kappa: float
    conversion: float

    def response(self, frequency: npt.NDArray[np.float64]) -> npt.NDArray[np.complex128]:
        """Factors on spectra, shape (component, frequency) with components vertical, north, east; causal."""
        vertical = self.vertical_gain * _peaks(frequency, self.vertical)
        horizontal = self.horizontal_gain * _peaks(frequency, self.horizontal)
        return np.stack([vertical, horizontal, horizontal])


def draw_site(rng: np.random.Generator) -> Site:
    """A site between hard rock and shallow sediments."""
    softness = rng.uniform(0.0, 1.0)
    first = rng.uniform(1.5, 6.0)
    peaks = tuple(
        Resonance(first * step, 1 + (0.4 + 2.0 * softness) * rng.uniform(0.5, 1.0) / order, rng.uniform(1.5, 3.5))
        for order, step in ((1, 1.0), (2, rng.uniform(2.5, 3.5)))
    )
    upward = tuple(Resonance(1.8 * peak.frequency, 1 + (peak.gain - 1) / 2, peak.quality) for peak in peaks)
    return Site(
        horizontal_gain=float(np.exp(rng.normal(0.15 + 0.3 * softness, 0.15))),
        vertical_gain=float(np.exp(rng.normal(0.1 + 0.1 * softness, 0.15))),
        horizontal=peaks,
        vertical=upward,
        kappa=float(rng.uniform(0.02, 0.03) + 0.02 * softness),
        conversion=float(rng.uniform(0.15, 0.3) + 0.4 * softness),
    )


def _peaks(frequency: npt.NDArray[np.float64], resonances: tuple[Resonance, ...]) -> npt.NDArray[np.complex128]:
    total = np.ones(frequency.shape, np.complex128)
    for peak in resonances:
        s = 1j * frequency / peak.frequency
        width = s / peak.quality
        total *= (s**2 + peak.gain * width + 1) / (s**2 + width + 1)
    return total
