"""The solver of the benchmarks: by reciprocity forces and moments see the same earth, however it varies."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.synthetics.finite_differences import FiniteDifferences, Medium
from wadati.errors import InputError
from wadati.model import Station

STEP = 600.0
RECEIVER = Station("XX", "A", 35.0, -117.0, -STEP / 2)


@pytest.fixture(scope="module")
def solver() -> FiniteDifferences:
    north, east, depth = (
        np.arange(n)[axis] for n, axis in ((44, np.s_[:, None, None]), (44, np.s_[:, None]), (36, ...))
    )
    bowl = (north - 20) ** 2 + (east - 26) ** 2 + 4 * depth**2 < 15**2
    vary = 1 + 0.05 * np.sin(north / 3 + east / 5 + depth / 4)
    s_velocity = np.where(bowl, 2000.0, 3300.0) * vary
    medium = Medium("bowl", -20 * STEP, -20 * STEP, STEP, 1.75 * s_velocity, s_velocity, 2500.0 * vary)
    return FiniteDifferences(medium, 0.4, 1500.0)


def test_a_moment_moves_the_receiver_as_a_force_there_strains_the_source(solver: FiniteDifferences) -> None:
    source = np.array([3 * STEP, -2 * STEP, 9 * STEP])
    tensor = np.array([0.4, -1.1, 0.7, 0.9, -0.3, 0.6])
    direct = solver.velocities_of(tensor, source, RECEIVER, (0.0, 0.0), 6.0)
    for row, component in zip(direct, "ZNE", strict=True):
        found = solver.strains(RECEIVER, (0.0, 0.0), component, source[None], 6.0, 0.4)
        by_strain = (tensor * [1, 1, 1, 2, 2, 2]) @ found.rates[0]
        # Its free surface, of the second order, and its absorbing layers are reciprocal only as the steps get small.
        assert np.linalg.norm(by_strain - row) <= 0.03 * np.linalg.norm(row)


def test_places_that_are_no_nodes_are_refused(solver: FiniteDifferences) -> None:
    for point in ([0.3 * STEP, 0.0, 9 * STEP], [15 * STEP, 0.0, 9 * STEP]):
        with pytest.raises(InputError, match="lies on no node within the absorbing layers"):
            solver.strains(RECEIVER, (0.0, 0.0), "Z", np.array([point]), 1.0, 0.4)
    with pytest.raises(InputError, match="not half a cell deep"):
        solver.strains(Station("XX", "A", 35.0, -117.0, 0.0), (0.0, 0.0), "Z", np.array([[0.0, 0.0, 5400.0]]), 1.0, 0.4)
