"""NonLinLoc hypocentre-phase files (`.hyp`).

Format: http://alomax.free.fr/nlloc, NLLoc versions 6 and 7. Depths are in km below sea level, as NonLinLoc's grids
are; distances and covariances in km. Weights are divided by the largest of their event, so that they end at 1.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator
from pathlib import Path

import msgspec
import numpy as np

from wadati.errors import InputError
from wadati.formats.nonlinloc_obs import pick_of
from wadati.formats.station_codes import StationCodes
from wadati.formats.tables import event_of, in_order, table_magnitude
from wadati.formats.text_lines import Line, each, read_lines, tell
from wadati.model import Arrival, Catalog, Event, Inventory, Origin, Pick, Uncertainty
from wadati.protocols import Problem
from wadati.units import KILOMETRE

_SIGMA_95 = 2.4477


def looks_like_nonlinloc_hyp(lines: list[Line]) -> bool:
    """Whether the first line with anything begins a hypocentre."""
    return next((line.text for line in lines if line.text.strip()), "").startswith('NLLOC "')


def read_nonlinloc_hyp(
    path: Path, inventory: Inventory | None = None, problems: list[Problem] | None = None
) -> Catalog:
    """The events of a hypocentre-phase file, one or many, with the location of maximum likelihood.

    The covariance is NonLinLoc's, about the expectation, turned to east and north. A location that NonLinLoc rejected
    has `evaluation_status` `rejected`. Phases that took no part (no travel time) have weight 0 and no residual. What
    cannot be read is told in `problems`, or raised.
    """
    codes = StationCodes(inventory, problems)
    events: list[Event] = []
    picks: dict[str, Pick] = {}
    for block in _blocks(read_lines(path)):
        phases = list(each(_phase_lines(block), lambda line: _phase(line, codes), problems))
        picks.update((pick.pick_id, pick) for pick, _ in phases)
        try:
            events.append(_event(block, [arrival for _, arrival in phases]))
        except InputError as error:
            tell(problems, error)
    return in_order(events, picks.values())


def _blocks(lines: list[Line]) -> Iterator[list[Line]]:
    """The lines of each location; one cut short ends where the next begins."""
    block: list[Line] = []
    for line in lines:
        if line.text.startswith('NLLOC "') and block:
            yield block
            block = []
        if line.text.strip():
            block.append(line)
        if line.text.startswith("END_NLLOC"):
            yield block
            block = []
    if block:
        yield block


def _phase_lines(block: list[Line]) -> Iterator[Line]:
    within = False
    for line in block:
        if line.text.startswith(("PHASE ", "END_")):
            within = line.text.startswith("PHASE ")
        elif within:
            yield line


def _phase(line: Line, codes: StationCodes) -> tuple[Pick, Arrival]:
    observed, _, located = line.text.partition(">")
    pick = pick_of(line, observed.split(), codes)
    words = located.split()
    if len(words) < 8:
        raise line.error("the phase ends before its distance and azimuth")
    predicted, residual, weight, distance, azimuth = (line.word(words[k]) for k in (0, 1, 2, 6, 7))
    used = predicted > 0 or weight > 0
    return pick, Arrival(
        pick.pick_id,
        *pick.source_id.station_key,
        observed.split()[4],
        round(distance * KILOMETRE, 3) if used else math.nan,
        azimuth if used else math.nan,
        residual if used else math.nan,
        max(weight, 0.0),
    )


def _event(block: list[Line], arrivals: list[Arrival]) -> Event:
    found = {line.text.split()[0]: line for line in block}
    place = found.get("GEOGRAPHIC")
    if place is None:
        raise block[0].error("the location has no line GEOGRAPHIC", "remove it or locate again")
    words = place.text.split()
    if len(words) < 14:
        raise place.error("the location is cut short", "remove it or locate again")
    time = place.instant(words[2:7], place.nanoseconds(words[7]))
    latitude, longitude = place.word(words[9], -90, 90), place.word(words[11], -180, 360)
    quality = _named(found.get("QUALITY"))
    largest = max((arrival.weight for arrival in arrivals), default=0.0)
    origin = Origin.of(
        time,
        latitude,
        longitude,
        round(place.word(words[13]) * KILOMETRE, 3),
        arrivals=tuple(
            msgspec.structs.replace(arrival, weight=arrival.weight / largest if largest else 0.0)
            for arrival in arrivals
        ),
        uncertainty=_uncertainty(found.get("STATISTICS"), found.get("TRANSFORM")),
        azimuthal_gap=quality.get("Gap"),
        standard_error=quality.get("RMS"),
        method="NonLinLoc",
        evaluation_status="preliminary" if '"LOCATED"' in block[0].text else "rejected",
    )
    magnitudes = tuple(
        table_magnitude(origin, kind, quality[name])
        for name, kind in (("Mamp", "ML"), ("Mdur", "Md"))
        if quality.get(name, -9.9) > -9
    )
    public = found["PUBLIC_ID"].text.split()[1:] if "PUBLIC_ID" in found else []
    return event_of(origin, magnitudes, public[0] if public and public[0] != "None" else "")


def _named(line: Line | None) -> dict[str, float]:
    """The numbers of a line of names and numbers, by the name before each."""
    words = line.text.split() if line else []
    found = {}
    for name, text in itertools.pairwise(words):
        try:
            found[name] = float(text)
        except ValueError:
            continue
    return found


def _uncertainty(statistics: Line | None, transform: Line | None) -> Uncertainty | None:
    """The covariance of a location, from the grid's axes to east, north and down, in m."""
    named = _named(statistics)
    try:
        xx, xy, xz, yy, yz, zz = (named[name] * KILOMETRE**2 for name in ("CovXX", "XY", "XZ", "YY", "YZ", "ZZ"))
    except KeyError:
        return None
    if min(xx, yy, zz) < 0 or not math.isfinite(xx + xy + xz + yy + yz + zz):
        return None
    turn = math.radians(_named(transform).get("RotCW", 0.0))
    axes = np.array([[math.cos(turn), math.sin(turn), 0.0], [-math.sin(turn), math.cos(turn), 0.0], [0.0, 0.0, 1.0]])
    turned = axes @ np.array([[xx, xy, xz], [xy, yy, yz], [xz, yz, zz]]) @ axes.T
    sizes, directions = np.linalg.eigh(turned[:2, :2])
    east, north = directions[:, 1]
    rows = [(*(float(value) for value in row), 0.0) for row in turned]
    a, b, c = ((row[0], row[1], row[2], row[3]) for row in rows)
    return Uncertainty(
        (a, b, c, (0.0, 0.0, 0.0, math.inf)),
        _SIGMA_95 * math.sqrt(max(float(sizes[1]), 0.0)),
        _SIGMA_95 * math.sqrt(max(float(sizes[0]), 0.0)),
        math.degrees(math.atan2(float(east), float(north))) % 180,
        1.96 * math.sqrt(float(turned[2, 2])),
        math.inf,
    )
