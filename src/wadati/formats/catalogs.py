"""A catalog, or picks, from whatever file or folder holds them: recognised by content, never by name."""

from __future__ import annotations

from pathlib import Path

from wadati.errors import InputError
from wadati.formats.comcat import COMCAT_NEED
from wadati.formats.event_tables import is_event_table, lacks_coordinates, read_event_table
from wadati.formats.parquet import read_picks as read_picks_parquet
from wadati.formats.pick_tables import is_assignment_table, pick_rows
from wadati.formats.quakeml import read_quakeml
from wadati.formats.real import read_real_picks, real_pick_files
from wadati.formats.recognition import Format, formats, head_of, recognise
from wadati.formats.tables import EVENTS_NEED, in_order, read_arrivals_csv, read_events_csv, read_picks_csv
from wadati.formats.text_lines import tell
from wadati.model import Catalog, Event, Inventory, Pick
from wadati.protocols import Problem

ACCEPTED = (
    f"an events.csv, a ComCat CSV, a QuakeML file or an output folder of wadati, or one of: {', '.join(formats())}"
)


def read_catalog(path: Path, inventory: Inventory | None = None, problems: list[Problem] | None = None) -> Catalog:
    """The catalog of a file or of a folder, in order of time; identifiers of events differ.

    Stations that a file names without a network are looked up in `inventory`; phases that nobody located yet get a
    trial hypocentre from it. Of an output folder, `events.csv` is read with the `arrivals.csv` and `picks.csv` beside
    it; without one, `catalog.xml`. Of any other folder, all files are read that hold events; a table of events takes
    its picks from the table beside it that assigns them. What cannot be read is told in `problems`; without that list
    it is raised. Raises `InputError` saying what was tried.
    """
    if path.is_dir():
        return _catalog_of_folder(path, inventory, problems)
    found = recognise(path)
    if found is None:
        raise _unknown(path, "is no catalog")
    if found.catalog is None:
        raise InputError(path, f"holds picks ({found.name}) but no events", "associate them first")
    return found.catalog(path, inventory, problems)


def read_picks(
    path: Path, inventory: Inventory | None = None, problems: list[Problem] | None = None
) -> tuple[Pick, ...]:
    """The picks of a file or of a folder, in order of time, those of catalogs included.

    Of an output folder, `picks.csv` is read, without one the Parquet files. A folder of `NET.STA.P.txt` is REAL's. Of
    any other folder, all files are read that hold picks. Unknown uncertainties are infinite. What cannot be read is
    told in `problems`; without that list it is raised. Raises `InputError` saying what was tried.
    """
    if path.is_dir():
        return _picks_of_folder(path, inventory, problems)
    found = recognise(path)
    if found is None:
        raise _unknown(path, "holds no picks")
    if found.picks is None:
        raise InputError(path, f"holds events ({found.name}) without picks", "name the file of their picks")
    return found.picks(path, inventory, problems)


def _catalog_of_folder(folder: Path, inventory: Inventory | None, problems: list[Problem] | None) -> Catalog:
    events, arrivals, picks = (folder / f"{name}.csv" for name in ("events", "arrivals", "picks"))
    if events.is_file() and set(EVENTS_NEED).issubset(head_of(events).columns):
        return read_events_csv(
            events,
            read_arrivals_csv(arrivals, problems) if arrivals.is_file() else None,
            read_picks_csv(picks, problems) if picks.is_file() else (),
            problems,
        )
    if (folder / "catalog.xml").is_file():
        return read_quakeml(folder / "catalog.xml", problems)
    known = [(file, found) for file, found in _known(folder, problems) if found.catalog is not None]
    located = [pair for pair in known if not pair[1].trial] or known
    if not located:
        raise InputError(folder, "holds no events.csv, no catalog.xml and no other catalog", f"name {ACCEPTED}")
    assigned = _assigned_picks(folder, [file for file, _ in located])
    found_events: list[Event] = []
    found_picks: list[Pick] = []
    for file, found in located:
        try:
            if file in assigned:
                catalog = read_event_table(file, pick_rows(assigned[file], inventory, problems), problems)
            else:
                catalog = found.catalog(file, inventory, problems) if found.catalog else Catalog()
        except InputError as error:
            if len(located) == 1:
                raise
            tell(problems, error)
            continue
        found_events.extend(catalog.events)
        found_picks.extend(catalog.picks)
    return in_order(found_events, found_picks)


def _assigned_picks(folder: Path, catalogs: list[Path]) -> dict[Path, Path]:
    """The table of picks for a table of events, where the folder has just one of each."""
    events = [file for file in catalogs if is_event_table(head_of(file).columns)]
    picks = [file for file in _files(folder) if is_assignment_table(head_of(file).columns) and file not in catalogs]
    return {events[0]: picks[0]} if len(events) == len(picks) == 1 else {}


def _picks_of_folder(folder: Path, inventory: Inventory | None, problems: list[Problem] | None) -> tuple[Pick, ...]:
    if (folder / "picks.csv").is_file():
        return read_picks(folder / "picks.csv", inventory, problems)
    if real_pick_files(folder):
        return read_real_picks(folder, inventory, problems)
    if (folder / "picks").is_dir():
        return read_picks_parquet(folder / "picks")
    known = [(file, found) for file, found in _known(folder, problems) if found.picks is not None]
    if not known:
        raise InputError(folder, "holds no picks.csv and no other picks", f"name {ACCEPTED}")
    picks: list[Pick] = []
    for file, found in known:
        try:
            picks.extend(found.picks(file, inventory, problems) if found.picks else ())
        except InputError as error:
            if len(known) == 1:
                raise
            tell(problems, error)
    return in_order((), picks).picks


def _files(folder: Path) -> list[Path]:
    return sorted(file for file in folder.iterdir() if file.is_file() and not file.name.startswith("."))


def _known(folder: Path, problems: list[Problem] | None) -> list[tuple[Path, Format]]:
    """The files of a folder whose format is known; others are passed over."""
    found = []
    for file in _files(folder):
        try:
            kind = recognise(file)
        except InputError as error:
            tell(problems, error)
            continue
        if kind is not None:
            found.append((file, kind))
    return found


def _unknown(path: Path, wrong: str) -> InputError:
    """An error for a file of no known format, naming the columns that a table lacks."""
    columns = head_of(path).columns
    if lacks_coordinates(columns):
        wrong = "is a table of events in kilometres of a projection that it does not name"
        return InputError(path, wrong, "add the columns latitude, longitude and depth_km")
    nearest = max(
        (EVENTS_NEED, COMCAT_NEED), key=lambda need: len({name.lower() for name in need}.intersection(columns))
    )
    missing = [name for name in nearest if name.lower() not in columns]
    if 2 * len(missing) < len(nearest):
        return InputError(f"{path}, line 1", f"column {', '.join(missing)} is missing", f"name {ACCEPTED}")
    return InputError(path, wrong, f"name {ACCEPTED}")
