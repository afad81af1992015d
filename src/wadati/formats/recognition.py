"""Which format a file has, told by its content."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

from wadati.errors import InputError
from wadati.formats.comcat import COMCAT_NEED, read_comcat_csv
from wadati.formats.event_tables import is_event_table, read_event_table
from wadati.formats.foreign_rows import columns_of
from wadati.formats.growclust import looks_like_growclust, read_growclust
from wadati.formats.hypo71 import (
    looks_like_hypo71_print,
    looks_like_hypo71_summary,
    read_hypo71_print,
    read_hypo71_summary,
)
from wadati.formats.hypo71_phases import looks_like_hypo71_phases, read_hypo71_phases
from wadati.formats.hypodd import (
    looks_like_hypodd_events,
    looks_like_hypodd_hypocentres,
    looks_like_hypodd_phases,
    read_hypodd_events,
    read_hypodd_hypocentres,
    read_hypodd_phases,
)
from wadati.formats.hypoinverse import looks_like_hypoinverse, read_hypoinverse
from wadati.formats.hypoinverse_listing import looks_like_hypoinverse_listing, read_hypoinverse_listing
from wadati.formats.nonlinloc_hyp import looks_like_nonlinloc_hyp, read_nonlinloc_hyp
from wadati.formats.nonlinloc_obs import looks_like_nonlinloc_obs, read_nonlinloc_obs
from wadati.formats.nordic import looks_like_nordic, read_nordic
from wadati.formats.parquet import read_picks as read_picks_parquet
from wadati.formats.phasenet_lists import is_phasenet_list, read_phasenet_lists
from wadati.formats.pick_tables import is_pick_table, read_pick_table
from wadati.formats.quakeml import read_quakeml
from wadati.formats.real import (
    looks_like_real,
    looks_like_real_relocated,
    read_real,
    read_real_relocated,
)
from wadati.formats.scml import looks_like_scml, read_scml
from wadati.formats.tables import EVENTS_NEED, PICKS_NEED, in_order, read_events_csv, read_picks_csv
from wadati.formats.text_lines import Line, lines_of, tell
from wadati.formats.trial_origins import trial_catalog
from wadati.model import Catalog, Inventory, Pick
from wadati.protocols import Problem

_HEAD = 65536
_OURS_ALONE = frozenset(("pick_id", "time_uncertainty_s"))

Problems = list[Problem] | None
ReadCatalog = Callable[[Path, Inventory | None, Problems], Catalog]
ReadPicks = Callable[[Path, Inventory | None, Problems], tuple[Pick, ...]]


class Format(NamedTuple):
    """A format and its readers; None for what it does not hold. `trial` where hypocentres are only trial ones."""

    name: str
    catalog: ReadCatalog | None
    picks: ReadPicks | None
    trial: bool = False


class Head(NamedTuple):
    """The beginning of a file: its bytes, its whole lines, and the names of its columns in lower case."""

    content: bytes
    lines: list[Line]
    columns: tuple[str, ...]


def recognise(path: Path) -> Format | None:
    """The format of a file; None where it is none of those known here. Raises `InputError` where it cannot be read."""
    head = head_of(path)
    return next((found for found, fits in _FORMATS if fits(head)), None)


def head_of(path: Path) -> Head:
    """The beginning of a file. Raises `InputError` where it cannot be read."""
    try:
        with path.open("rb") as file:
            content = file.read(_HEAD)
            cut = bool(file.read(1))
    except OSError as error:
        raise InputError(path, f"cannot be read ({error.strerror})", "name an existing file") from None
    lines = lines_of(path, content.replace(b"\0", b""))
    return Head(content, lines[:-1] if cut and len(lines) > 1 else lines, columns_of(path, content))


def formats() -> tuple[str, ...]:
    """The names of all formats, in the order in which they are tried."""
    return tuple(found.name for found, _ in _FORMATS)


def _is_quakeml(head: Head) -> bool:
    """XML with QuakeML's root or its namespace, in UTF-8 or UTF-16."""
    plain = head.content.replace(b"\0", b"").lstrip(b"\xef\xbb\xbf\xff\xfe \t\r\n")
    return plain.startswith(b"<") and (b"quakeml" in plain or b"eventParameters" in plain)


def _has(*columns: str) -> Callable[[Head], bool]:
    need = frozenset(name.lower() for name in columns)
    return lambda head: need.issubset(head.columns)


def _is_own_pick_table(head: Head) -> bool:
    return set(PICKS_NEED).issubset(head.columns) and bool(_OURS_ALONE.intersection(head.columns))


def _columns(fits: Callable[[Sequence[str]], bool]) -> Callable[[Head], bool]:
    return lambda head: fits(head.columns)


def _lines(fits: Callable[[list[Line]], bool]) -> Callable[[Head], bool]:
    return lambda head: fits(head.lines)


def _located(name: str, read: ReadCatalog) -> Format:
    """A format of events with their picks."""
    return Format(name, read, lambda path, inventory, problems: read(path, inventory, problems).picks)


def _hypocentres(name: str, read: Callable[[Path, Problems], Catalog]) -> Format:
    """A format of events alone."""
    return Format(name, lambda path, _inventory, problems: read(path, problems), None)


def _phases(name: str, read: Callable[[Path, Inventory | None, Problems], list[tuple[Pick, ...]]]) -> Format:
    """A format of phases that are grouped by event, but not located."""

    def catalog(path: Path, inventory: Inventory | None, problems: Problems) -> Catalog:
        return trial_catalog(path, read(path, inventory, problems), inventory, problems)

    def picks(path: Path, inventory: Inventory | None, problems: Problems) -> tuple[Pick, ...]:
        return _together(read(path, inventory, problems))

    return Format(name, catalog, picks, trial=True)


def _together(groups: Iterable[Iterable[Pick]]) -> tuple[Pick, ...]:
    return in_order((), (pick for group in groups for pick in group)).picks


def _hypoinverse_catalog(path: Path, inventory: Inventory | None, problems: Problems) -> Catalog:
    """Located events; those of an archive that has phases only get trial hypocentres."""
    catalog, groups = read_hypoinverse(path, inventory, problems)
    if not groups:
        return catalog
    try:
        trial = trial_catalog(path, groups, inventory, problems)
    except InputError as error:
        if not catalog.events:
            raise
        tell(problems, error)
        return catalog
    return in_order((*catalog.events, *trial.events), (*catalog.picks, *trial.picks))


def _hypoinverse_picks(path: Path, inventory: Inventory | None, problems: Problems) -> tuple[Pick, ...]:
    return read_hypoinverse(path, inventory, problems)[0].picks


_FORMATS: tuple[tuple[Format, Callable[[Head], bool]], ...] = (
    (_hypocentres("events.csv", lambda path, problems: read_events_csv(path, problems=problems)), _has(*EVENTS_NEED)),
    (_hypocentres("ComCat CSV", read_comcat_csv), _has(*COMCAT_NEED)),
    (
        _located("SCML", lambda path, _inventory, problems: read_scml(path, problems)),
        lambda head: looks_like_scml(head.content),
    ),
    (_located("QuakeML", lambda path, _inventory, problems: read_quakeml(path, problems)), _is_quakeml),
    (
        Format("picks in Parquet", None, lambda path, _inventory, _problems: read_picks_parquet(path)),
        lambda head: (
            head.content.startswith(b"PAR1") and _is_own_pick_table(head) and "evaluation_mode" in head.columns
        ),
    ),
    (Format("picks.csv", None, lambda path, _inventory, problems: read_picks_csv(path, problems)), _is_own_pick_table),
    (
        _hypocentres(
            "table of events (GaMMA, PyOcto, FDSN text)", lambda path, problems: read_event_table(path, (), problems)
        ),
        _columns(is_event_table),
    ),
    (Format("table of picks (SeisBench, PhaseNet, GaMMA, PyOcto)", None, read_pick_table), _columns(is_pick_table)),
    (Format("PhaseNet lists", None, read_phasenet_lists), _columns(is_phasenet_list)),
    (_located("NonLinLoc hyp", read_nonlinloc_hyp), _lines(looks_like_nonlinloc_hyp)),
    (_located("hypoDD phases", read_hypodd_phases), _lines(looks_like_hypodd_phases)),
    (_located("HYPO71 print", read_hypo71_print), _lines(looks_like_hypo71_print)),
    (_hypocentres("HypoInverse list", read_hypoinverse_listing), _lines(looks_like_hypoinverse_listing)),
    (_phases("NonLinLoc obs", read_nonlinloc_obs), _lines(looks_like_nonlinloc_obs)),
    (_located("Nordic", read_nordic), _lines(looks_like_nordic)),
    (Format("HypoInverse Y2000", _hypoinverse_catalog, _hypoinverse_picks), _lines(looks_like_hypoinverse)),
    (_hypocentres("HYPO71 summary", read_hypo71_summary), _lines(looks_like_hypo71_summary)),
    (_located("REAL", read_real), _lines(looks_like_real)),
    (_hypocentres("REAL hypolocSA", read_real_relocated), _lines(looks_like_real_relocated)),
    (_hypocentres("GrowClust events", read_growclust), _lines(looks_like_growclust)),
    (_hypocentres("hypoDD hypocentres", read_hypodd_hypocentres), _lines(looks_like_hypodd_hypocentres)),
    (_hypocentres("hypoDD events", read_hypodd_events), _lines(looks_like_hypodd_events)),
    (_phases("HYPO71 phases", read_hypo71_phases), _lines(looks_like_hypo71_phases)),
)
"""Every format with its mark; the first that fits is taken, the strictest marks come first."""
