"""A picker of one's own: a class with one method, held against the laws that every picker keeps.

Run it anywhere: `python own_picker.py`. `docs/how-to/write-a-picker.md` says how to offer it under a name.
"""

from fractions import Fraction

import numpy as np
import numpy.typing as npt

from wadati.model import SourceId, Trace, format_time
from wadati.pickers.continuous import pick_station
from wadati.protocols import Grid
from wadati.testing.pickers import check_picker


class Energy:
    """A toy: P where the energy of the vertical jumps far above its mean over the window."""

    name = "energy"
    grid = Grid(samples=3000, hop=1500, edge=250)
    components = "ZNE"
    phases = ("P",)
    thresholds = (0.5,)
    time_uncertainty = (0.1,)

    def curves(self, windows: npt.NDArray[np.float32], missing: npt.NDArray[np.bool_]) -> npt.NDArray[np.float32]:
        """Values between 0 and 1, shape (window, phase, sample)."""
        energy = np.where(missing[:, 0], 0, windows[:, 0]) ** 2
        ratio = energy / np.maximum(energy.mean(axis=1, keepdims=True), np.finfo(np.float32).tiny)
        return np.clip(ratio / 50, 0, 1)[:, None].astype(np.float32)


def main() -> None:
    """Check the picker, then pick a wavelet in noise."""
    check_picker(Energy())
    print("the picker keeps the laws")

    samples = np.random.default_rng(0).normal(size=12_000)
    samples[6000:6100] += 100 * np.sin(np.arange(100) / 3)
    trace = Trace(SourceId.from_nslc("XX", "TOY", "", "HHZ"), 0, Fraction(100), samples.astype(np.float32))
    for pick in pick_station([trace], Energy()):
        print(pick.phase_hint, format_time(pick.time, 2), pick.probability)


if __name__ == "__main__":
    main()
