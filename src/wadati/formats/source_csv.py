"""Point sources as a table.

Columns `time,latitude,longitude,depth_km` (degrees, km below sea level) and either `strike,dip,rake,magnitude`
(degrees, Mw) or the moment tensor `nn,ee,dd,ne,nd,ed` (N m, axes north, east, down).
"""

from __future__ import annotations

from pathlib import Path

from wadati.errors import InputError
from wadati.formats.csv_rows import Row, read_rows
from wadati.model import MomentTensor, PointSource, scalar_moment

_PLACE = ("time", "latitude", "longitude", "depth_km")
_TENSOR = ("nn", "ee", "dd", "ne", "nd", "ed")
_FAULT = ("strike", "dip", "rake", "magnitude")


def read_sources(path: Path) -> tuple[PointSource, ...]:
    """The sources of a file, in its order. Raises `InputError` for a file that is no such table or holds none.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder) / "a.csv"
    ...     head = "time,latitude,longitude,depth_km,strike,dip,rake,magnitude"
    ...     _ = path.write_text(f"{head}\\n2019-07-16T20:11:01Z,37.8,-121.8,10,233,66,-6,4.36\\n")
    ...     round(read_sources(path)[0].tensor.magnitude, 2)
    4.36
    """
    sources = tuple(_source(row) for row in read_rows(path, _PLACE))
    if not sources:
        raise InputError(path, "holds no source", "write one a line")
    return sources


def _source(row: Row) -> PointSource:
    place = (row.number("latitude", -90, 90), row.number("longitude", -180, 360), 1000 * row.number("depth_km"))
    if row.text("strike"):
        strike, dip, rake, magnitude = (row.number(name) for name in _FAULT)
        tensor = MomentTensor.of_fault(strike, dip, rake, scalar_moment(magnitude))
    else:
        tensor = MomentTensor(*(row.number(name) for name in _TENSOR))
    return PointSource(row.time("time"), *place, tensor)
