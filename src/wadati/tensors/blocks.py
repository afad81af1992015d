"""Normal equations of each station and lag, small enough that everything after them costs nothing.

With d the data, G the synthetics of unit tensors and t a lag, all that an inversion needs of a component is G·G, G·d(t)
and d(t)·d(t). Solving, shifting stations, leaving some out and drawing them again are sums of these.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from numpy.lib.stride_tricks import sliding_window_view

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Blocks:
    """Normal equations by station and component.

    `squares` has shape (station, component, tensor, tensor), `products` (station, component, lag, tensor), `energies`
    (station, component, lag). Lag k moves the data k − `middle` samples earlier: positive for data that are late.
    """

    squares: Floats
    products: Floats
    energies: Floats

    @property
    def middle(self) -> int:
        """The lag that shifts nothing."""
        return int(self.products.shape[2]) // 2


def blocks_of(data: Floats, synthetics: Floats, used: npt.NDArray[np.bool_], margin: int) -> Blocks:
    """The blocks of data (station, component, margin + sample + margin) and synthetics (station, component, tensor,
    sample); `used`, shape (station, sample), says which samples count.

    >>> synthetics = np.zeros((1, 1, 6, 4))
    >>> synthetics[0, 0, 0, 1] = 2.0
    >>> data = np.array([[[0.0, 0.0, 0.0, 6.0, 0.0, 0.0]]])
    >>> blocks_of(data, synthetics, np.ones((1, 4), bool), 1).products[0, 0, :, 0].tolist()
    [0.0, 0.0, 12.0]
    """
    masked = synthetics * used[:, None, None, :]
    windows = sliding_window_view(data, synthetics.shape[-1], axis=-1)
    if windows.shape[2] != 2 * margin + 1:
        raise ValueError(f"data must have {margin} samples more than synthetics on either side")
    weighed = windows * used[:, None, None, :]
    return Blocks(
        np.einsum("sciw,scjw->scij", masked, masked, optimize=True),
        np.einsum("sclw,sciw->scli", weighed, masked, optimize=True),
        np.einsum("sclw,sclw->scl", weighed, weighed, optimize=True),
    )


def at_lags(blocks: Blocks, lags: npt.NDArray[np.int64]) -> tuple[Floats, Floats, Floats]:
    """Of each station (components summed) at its lag: squares (station, tensor, tensor), products (station, tensor) and
    energies (station,)."""
    stations = np.arange(len(lags))
    return (
        blocks.squares.sum(axis=1),
        blocks.products[stations, :, lags].sum(axis=1),
        blocks.energies[stations, :, lags].sum(axis=1),
    )
