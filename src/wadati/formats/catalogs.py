"""A catalog from whatever file holds one: recognised by content, never by name."""

from __future__ import annotations

import csv
from pathlib import Path

from wadati.errors import InputError
from wadati.formats.comcat import COMCAT_NEED, read_comcat_csv
from wadati.formats.quakeml import read_quakeml
from wadati.formats.tables import EVENTS_NEED, read_arrivals_csv, read_events_csv, read_picks_csv
from wadati.model import Catalog

ACCEPTED = "an events.csv, a ComCat CSV, a QuakeML file or an output folder of wadati"
_HEAD = 4096


def read_catalog(path: Path) -> Catalog:
    """The catalog of a file or of an output folder, in order of time.

    Of a folder, `events.csv` is read with the `arrivals.csv` and `picks.csv` beside it; without one, `catalog.xml`.
    Raises `InputError` saying what is accepted.
    """
    if path.is_dir():
        return _read_folder(path)
    try:
        with path.open("rb") as file:
            head = file.read(_HEAD)
    except OSError as error:
        raise InputError(path, f"cannot be read ({error.strerror})", f"name {ACCEPTED}") from None
    if _is_quakeml(head):
        return read_quakeml(path)
    columns = _header(head)
    if columns.issuperset(EVENTS_NEED):
        return read_events_csv(path)
    if columns.issuperset(COMCAT_NEED):
        return read_comcat_csv(path)
    nearest = max((EVENTS_NEED, COMCAT_NEED), key=lambda need: len(columns.intersection(need)))
    missing = [name for name in nearest if name not in columns]
    if 2 * len(missing) < len(nearest):
        raise InputError(f"{path}, line 1", f"column {', '.join(missing)} is missing", f"name {ACCEPTED}")
    raise InputError(path, "is no catalog", f"name {ACCEPTED}")


def _read_folder(folder: Path) -> Catalog:
    events, arrivals, picks = (folder / f"{name}.csv" for name in ("events", "arrivals", "picks"))
    if events.is_file():
        return read_events_csv(
            events,
            read_arrivals_csv(arrivals) if arrivals.is_file() else None,
            read_picks_csv(picks) if picks.is_file() else (),
        )
    if (folder / "catalog.xml").is_file():
        return read_quakeml(folder / "catalog.xml")
    raise InputError(folder, "holds no events.csv and no catalog.xml", f"name {ACCEPTED}")


def _is_quakeml(head: bytes) -> bool:
    """Whether the first bytes are XML with QuakeML's root or its namespace, in UTF-8 or UTF-16."""
    plain = head.replace(b"\0", b"").lstrip(b"\xef\xbb\xbf\xff\xfe \t\r\n")
    return plain.startswith(b"<") and (b"quakeml" in plain or b"eventParameters" in plain)


def _header(head: bytes) -> set[str]:
    first = head.decode("utf-8-sig", errors="replace").splitlines()[:1]
    return {name.strip() for fields in csv.reader(first) for name in fields}
