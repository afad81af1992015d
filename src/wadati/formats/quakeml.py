"""Catalogs as QuakeML 1.2, read through ObsPy.

Depths are in metres below sea level, distances of arrivals in degrees of arc (of 111.19493 km, a sphere of 6,371 km),
azimuths of arrivals at the source, amplitudes in metres of Wood–Anderson displacement. What QuakeML has no place for
stands in elements of a namespace of our own, as the standard allows, so that reading gives back what was written:
distances to the micrometre, everything else exactly. QuakeML keeps picks within events, so only those are written that
an origin rests on.
"""

from __future__ import annotations

import io
import re
import warnings
from pathlib import Path
from xml.etree import ElementTree

from wadati.errors import InputError, UsageError
from wadati.formats.atomic import atomic_write
from wadati.formats.quakeml_reading import Reader
from wadati.formats.quakeml_writing import Writer
from wadati.model import Catalog
from wadati.protocols import Problem

_AUTHORITY = re.compile(r"[A-Za-z0-9][A-Za-z0-9\-.*()_~']{2,}")


def write_quakeml(catalog: Catalog, path: Path, authority: str = "local", *, created: int | None = None) -> None:
    """Write a catalog with its picks, arrivals, all origins, uncertainties and magnitudes, atomically.

    Public identifiers are `smi:AUTHORITY/KIND/ID`; identifiers that are QuakeML's already stay as they are. `created`
    (ns) becomes the creation time; without it there is none, and the same catalog gives the same bytes. Raises
    `UsageError` for an authority that QuakeML does not allow.
    """
    if not _AUTHORITY.fullmatch(authority):
        raise UsageError(
            f"{authority!r} cannot be an authority in QuakeML; write three or more letters and digits, such as a domain"
        )
    with atomic_write(path) as partial, partial.open("w", encoding="utf-8") as file:
        file.writelines(Writer(authority).document(catalog, created))


def read_quakeml(path: Path, problems: list[Problem] | None = None) -> Catalog:
    """The catalog of a QuakeML file of any agency, in order of time.

    An event needs an origin with time, latitude and longitude; those that have none are left out and told in
    `problems`. An origin without a depth stands at 0 m with `Uncertainty.depth_resolved` False. Unknown uncertainties
    are infinite, unknown distances and residuals NaN, unknown amplitudes of station magnitudes 0; a pick that states no
    probability counts as certain. Where no magnitude is preferred, the first of the preferred origin is, else the
    first. Raises `InputError` for what is no QuakeML.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise InputError(path, f"cannot be read ({error.strerror})", "name an existing QuakeML file") from None
    try:
        _check_root(content)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            import obspy

            found = obspy.read_events(io.BytesIO(content), format="QUAKEML")
    except (SyntaxError, ValueError, TypeError, AttributeError, IndexError, NotImplementedError) as error:
        raise InputError(path, f"is no QuakeML ({error})", "name a QuakeML 1.2 file") from None
    return Reader(found, str(path), problems if problems is not None else []).catalog()


def _check_root(content: bytes) -> None:
    """Raise `ValueError` unless the document begins as QuakeML: ObsPy itself raises a bare `Exception`."""
    tags = []
    for _, element in ElementTree.iterparse(io.BytesIO(content), events=("start",)):  # noqa: S314
        tags.append(str(element.tag).rpartition("}")[2])
        if len(tags) == 2:
            break
    if tags != ["quakeml", "eventParameters"]:
        raise ValueError(f"it begins with {' / '.join(tags)}, not with quakeml / eventParameters")
