"""Run by an environment of its own with pyprop8: displacement at some stations for a moment that steps, to a file.

`PYTHON prop8.py JOB.json OUT.npy`; see `benchmarks.synthetics.truth`.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
import pyprop8


def main() -> None:
    job = json.loads(Path(sys.argv[1]).read_text())
    layers = [tuple(layer) for layer in job["layers"]]
    layers[-1] = (np.inf, *layers[-1][1:])
    earth = pyprop8.LayeredStructureModel(layers)
    nn, ee, dd, ne, nd, ed = job["tensor"]
    # Axes east, north, up.
    tensor = np.array([[ee, ne, -ed], [ne, nn, -nd], [-ed, -nd, dd]])
    source = pyprop8.PointSource(0.0, 0.0, job["depth"], tensor[None], np.zeros((1, 3, 1)), 0.0)
    stations = pyprop8.ListOfReceivers(np.array(job["east"]), np.array(job["north"]), 0.0)
    # Its default wavenumbers end below those of surface waves at 0.5 Hz.
    wavenumbers = {"kmin": 0, "kmax": 5.0, "nk": 3000}
    _, found = pyprop8.compute_seismograms(
        earth, source, stations, job["samples"], job["dt"], pad_frac=1.0, stencil_kwargs=wavenumbers
    )
    np.save(sys.argv[2], found)


if __name__ == "__main__":
    main()
