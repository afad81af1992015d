"""How far a solution depends on which stations there are: stations weighed again by chance.

The weights are continuous, of the flat Dirichlet distribution, as drawing whole stations again would leave nothing to
draw where there are three. Rubin (1981), The Bayesian bootstrap, doi:10.1214/aos/1176345338.
"""

from __future__ import annotations

import msgspec
import numpy as np
import numpy.typing as npt

from wadati.model import MomentTensor
from wadati.model.mechanism import decompose, kagan_angle
from wadati.tensors.alignment import Fit
from wadati.tensors.blocks import Blocks, at_lags
from wadati.tensors.solution import Kind, solve

Floats = npt.NDArray[np.float64]

DRAWS = 200
"""How many times stations are weighed."""
_SEED = 1579


class Spread(msgspec.Struct, frozen=True):
    """What weighed sets of stations say: standard deviations of Mw, depth (m) and the CLVD share, and how far (degrees,
    Kagan's angle) half and nine tenths of their mechanisms at most lie from the solution."""

    magnitude: float
    depth: float
    clvd: float
    angle_50: float
    angle_90: float


def bootstrap(nodes: list[tuple[float, Blocks, Fit]], best: int, weights: Floats, kind: Kind) -> Spread:
    """The spread over stations, of nodes (depth in m, blocks, fit) of a depth curve of which one is the best."""
    random = np.random.default_rng(_SEED)
    used = np.flatnonzero(weights > 0)
    drawn = np.zeros((DRAWS, len(weights)))
    drawn[:, used] = random.dirichlet(np.ones(len(used)), DRAWS) * len(used) * weights[used]
    gains = np.array([_gains(blocks, fit, drawn) for _, blocks, fit in nodes])
    depths = np.array([nodes[k][0] for k in np.argmax(gains, axis=0)])
    _, blocks, fit = nodes[best]
    squares, products, energies = at_lags(blocks, fit.lags + blocks.middle)
    whole = MomentTensor(*fit.solution.tensor.tolist())
    magnitudes, clvd, angles = [], [], []
    for row in drawn:
        found = solve(np.einsum("s,sij->ij", row, squares), row @ products, float(row @ energies), _linear(kind))
        tensor = MomentTensor(*found.tensor.tolist())
        magnitudes.append(tensor.magnitude)
        clvd.append(decompose(tensor).clvd)
        angles.append(kagan_angle(tensor, whole))
    half, most = np.quantile(angles, [0.5, 0.9])
    return Spread(float(np.std(magnitudes)), float(np.std(depths)), float(np.std(clvd)), float(half), float(most))


def _gains(blocks: Blocks, fit: Fit, drawn: Floats) -> Floats:
    """The share of the variance that is explained with each set of weights at the lags of the fit."""
    squares, products, energies = at_lags(blocks, fit.lags + blocks.middle)
    return np.array(
        [
            solve(np.einsum("s,sij->ij", row, squares), row @ products, float(row @ energies)).variance_reduction
            for row in drawn
        ]
    )


def _linear(kind: Kind) -> Kind:
    """Double couples are spread as deviatoric tensors are: Kagan's angle compares their double couples."""
    return "full" if kind == "full" else "deviatoric"
