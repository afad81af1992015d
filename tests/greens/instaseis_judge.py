"""Run by an environment of its own with Instaseis: `PYTHON instaseis_judge.py JOB.json OUT.npy`.

The job holds folders of databases, a receiver (geocentric degrees) and sources with their tensors (axes north, east,
down); out comes what Instaseis gives, Z, N, E, shape (folder, source, component, time), nothing shifted or divided out.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np


def main() -> None:
    job = json.loads(Path(sys.argv[1]).read_text())
    np.save(sys.argv[2], [asked(folder, job["receiver"], job["sources"]) for folder in job["folders"]])


def asked(folder: str, place: list[float], sources: list[Any]) -> list[Any]:
    import instaseis

    database, receiver = instaseis.open_db(folder), instaseis.Receiver(*place)
    found = []
    for latitude, longitude, depth, (nn, ee, dd, ne, nd, ed) in sources:
        tensor = {"m_rr": dd, "m_tt": nn, "m_pp": ee, "m_rt": nd, "m_rp": -ed, "m_tp": -ne}
        source = instaseis.Source(latitude, longitude, depth, **tensor)
        given = database.get_seismograms(
            source, receiver, "ZNE", kind="velocity", remove_source_shift=False, return_obspy_stream=False
        )
        found.append([given[component] for component in "ZNE"])
    return found


if __name__ == "__main__":
    main()
