"""Travel-time grids of NonLinLoc: a text header (`.hdr`) beside four- or eight-byte numbers (`.buf`), x slowest.

Lomax, Virieux, Volant & Berge-Thierry (2000), doi:10.1007/978-94-015-9536-0_5. Kilometres and seconds in the files,
metres here.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from wadati.errors import InputError
from wadati.traveltime.projections import ELLIPSOIDS, LambertFrame, SimpleFrame
from wadati.traveltime.times import Frame
from wadati.units import KILOMETRE

_KINDS = ("TIME", "TIME2D")
_NUMBERS = {"FLOAT": "<f4", "DOUBLE": "<f8"}
_MEND = "write it with NonLinLoc's Grid2Time"


@dataclass(frozen=True)
class TimeGrid:
    """Times (s) to one station, shape (x, y, depth), for two-dimensional grids (1, distance, depth).

    `origin`, `step` and `place`, the station's (m), are of (x, y, depth) along the grid's axes; north of the `frame`
    lies `rotation` degrees clockwise of its y axis. `station` is the grid's label.
    """

    station: str
    phase: str
    times: npt.NDArray[np.floating]
    origin: tuple[float, float, float]
    step: tuple[float, float, float]
    place: tuple[float, float, float]
    frame: Frame
    rotation: float

    @property
    def is_flat(self) -> bool:
        """Whether times depend on distance and depth alone."""
        return bool(self.times.shape[0] == 1)


def read_time_grid(header: Path) -> TimeGrid:
    """The grid of `ROOT.PHASE.STATION.time.hdr` and the `.buf` beside it, which is mapped, not read.

    Raises `InputError` for a file that is no travel-time grid or whose transform is not SIMPLE or LAMBERT.
    """
    try:
        lines = [line.split() for line in header.read_text().splitlines() if line.strip()]
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(header, f"cannot be read ({error})", "name an existing grid header") from None
    parts = header.name.split(".")
    if len(parts) < 5 or parts[-4] not in ("P", "S"):
        raise InputError(header, "is not named ROOT.P.STATION.time.hdr or with S", "keep the name of Grid2Time")
    try:
        shape = tuple(int(word) for word in lines[0][:3])
        numbers = [float(word) * KILOMETRE for word in lines[0][3:9]]
        kind, dtype = lines[0][9], _NUMBERS[lines[0][10] if len(lines[0]) > 10 else "FLOAT"]
        place = tuple(float(word) * KILOMETRE for word in lines[1][1:4])
        transform = next(line for line in lines if line[0] == "TRANSFORM")
    except (IndexError, ValueError, KeyError, StopIteration):
        raise InputError(header, "is no header of a NonLinLoc grid", _MEND) from None
    if kind not in _KINDS or min(shape) < 1 or shape[1] < 2 or shape[2] < 2 or (shape[0] < 2) != (kind == "TIME2D"):
        raise InputError(header, f"is a grid of {kind} with {shape} nodes, not of travel times", _MEND)
    values = header.with_suffix(".buf")
    expected = int(np.prod(shape)) * np.dtype(dtype).itemsize
    size = values.stat().st_size if values.is_file() else -1
    if size != expected:
        wrong = "is missing" if size < 0 else f"has {size} bytes, the header asks for {expected}"
        raise InputError(values, wrong, "copy header and values together")
    times = np.asarray(np.memmap(values, dtype, "r", shape=shape))
    frame, rotation = _frame(header, transform)
    x, y, z, dx, dy, dz = numbers
    return TimeGrid(
        lines[1][0], parts[-4], times, (x, y, z), (dx, dy, dz), (place[0], place[1], place[2]), frame, rotation
    )


def _frame(header: Path, words: list[str]) -> tuple[Frame, float]:
    kind, values = words[1], dict(zip(words[2::2], words[3::2], strict=False))
    try:
        place = float(values["LatOrig"]), float(values["LongOrig"])
        rotation = float(values["RotCW"])
        if kind == "SIMPLE":
            return SimpleFrame(*place), rotation
        if kind == "LAMBERT" and values["RefEllipsoid"] in ELLIPSOIDS:
            parallels = float(values["FirstStdParal"]), float(values["SecondStdParal"])
            return LambertFrame(values["RefEllipsoid"], *place, *parallels), rotation
    except (KeyError, ValueError):
        raise InputError(header, f"has an incomplete transform: {' '.join(words)}", _MEND) from None
    known = f"SIMPLE, or LAMBERT on {', '.join(ELLIPSOIDS)}"
    raise InputError(header, f"has the transform {' '.join(words[1:4])}", f"make grids in {known}")
