"""How events moved, without being asked: first motions where enough polarities are stated, tensors of large events.

What is made of an event depends on its computed origin, its computed magnitudes, records, stations and Green's
functions, and on nothing that was made before, so each runner makes the same.

Preferred is the tensor, with its Mw, where its quality is A, B or C; else first motions of such quality; else none. A
tensor of quality D and its Mw stand beside. A mechanism stays while the origin stays within 5 km, in place and in
depth, and within 2 s of the one that it was made from.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import msgspec

from wadati.engine.first_motion import METHOD as FIRST_MOTION
from wadati.engine.first_motion import first_motion
from wadati.engine.flow import Flow
from wadati.engine.ledger import Ledger
from wadati.engine.mechanism_settings import Tensor
from wadati.engine.progress import Progress
from wadati.engine.tensor import METHOD, Records, open_greens, size_of, tensor
from wadati.errors import InputError, ReadError, WadatiError
from wadati.model import Event, Inventory, Origin, Pick
from wadati.protocols import GreensFunctions, Problem
from wadati.traveltime.geodesy import distance_azimuth
from wadati.units import SECOND

DOUBTFUL = "D"
"""A mechanism of this quality is never preferred, nor is its magnitude."""

_FAR, _LONG = 5e3, 2 * SECOND
_CENTROID = f"{METHOD}-centroid"


class Moved(NamedTuple):
    """An event with what was found of its mechanism; `failure` says why there is no tensor, `left_out` which stations
    do not count."""

    event: Event
    left_out: tuple[Problem, ...] = ()
    failure: Problem | None = None


def with_mechanisms(
    events: Sequence[Event],
    picks: Iterable[Pick],
    source: Records,
    inventory: Inventory,
    flow: Flow,
    ledger: Ledger,
    progress: Progress,
) -> tuple[Event, ...]:
    """Events with their mechanisms. What cannot be made, and which stations were left out, stands in the notes, and in
    the problems where the Green's functions could not be read.

    Raises `InputError` or `MissingExtraError` where the Green's functions cannot be had at all.
    """
    greens = None if flow.tensor.greens is None else open_greens(flow.tensor.greens)
    stated = {pick.pick_id: pick for pick in picks if pick.polarity is not None}
    found, made = [], 0
    progress.start("mechanism", len(events))
    with ledger.stage("mechanism"):
        for event in events:
            # Its own picks alone: a campaign has millions of both.
            own = [stated[one.pick_id] for one in computed(event).origin.arrivals if one.pick_id in stated]
            moved = with_first_motion(event, own, inventory)
            if greens is not None and is_large(moved, flow.tensor):
                try:
                    whole = with_tensor(moved, source, inventory, greens)
                except ReadError as error:
                    whole = _failed(moved, error.wrong, error.mend)
                    ledger.problems += _notes(event, whole)
                else:
                    ledger.notes += _notes(event, whole)
                moved, made = whole.event, made + (whole.failure is None)
            found.append(moved)
            progress.step("mechanism")
    motions = sum(any(one.method == FIRST_MOTION for one in event.mechanisms) for event in found)
    progress.finish("mechanism", f"{motions} events from first motions, {made} moment tensors")
    return tuple(found)


def _notes(event: Event, moved: Moved) -> list[Problem]:
    left_out = [
        Problem(one.subject, f"not in the moment tensor of {event.event_id}: {one.wrong}", one.mend)
        for one in moved.left_out
    ]
    return [*left_out, *([moved.failure] if moved.failure is not None else [])]


def is_large(event: Event, rules: Tensor) -> bool:
    """Whether an event is one that gets a tensor."""
    size = size_of(computed(event))
    return size is not None and size >= rules.minimum_magnitude


def with_first_motion(event: Event, picks: Iterable[Pick], inventory: Inventory) -> Event:
    """The event with the mechanism of the first motions at its computed origin, where eight are stated."""
    polar = first_motion(computed(event), picks, inventory)
    others = [one for one in event.mechanisms if one.method != FIRST_MOTION]
    mechanisms = (*others, *([polar] if polar else []))
    return preferring(msgspec.structs.replace(event, mechanisms=mechanisms))


def with_tensor(event: Event, source: Records, inventory: Inventory, greens: GreensFunctions) -> Moved:
    """The event with its moment tensor, or why there is none.

    Nothing is raised but `ReadError` where the Green's functions cannot be had now.
    """
    plain = computed(event)
    try:
        result = tensor(plain, source, inventory, greens)
    except ReadError:
        raise
    except InputError as error:
        return _failed(event, error.wrong, error.mend)
    except WadatiError as error:
        return _failed(event, str(error), "")
    except Exception as error:  # what a store or a record holds may be anything, and one event must not cost the others
        return _failed(event, f"unexpected {type(error).__name__}: {error}", "please report it")
    return Moved(_joined(without_tensor(event), result.event), result.left_out)


def _failed(event: Event, wrong: str, mend: str) -> Moved:
    return Moved(without_tensor(event), (), Problem(event.event_id, f"has no moment tensor: {wrong}", mend))


def computed(event: Event) -> Event:
    """An event as the computer located and sized it, without analysts' words and without a tensor.

    >>> event = Event("wd1", (Origin.of(0, 35.7, -117.5, 8000.0),))
    >>> computed(event).origins == event.origins, computed(computed(event)) == computed(event)
    (True, True)
    """
    own = [one for one in event.origins if one.evaluation_mode != "manual" and one.method != _CENTROID]
    origins = tuple(own) or (event.origin,)
    names = {origin.origin_id for origin in origins}
    sizes = tuple(one for one in event.magnitudes if one.origin_id in names and one.method != METHOD)
    kept = {one.magnitude_id for one in sizes}
    sound = [one.magnitude_id for one in sizes if not one.saturated]
    return msgspec.structs.replace(
        event,
        origins=origins,
        preferred_origin_id=event.preferred_origin_id if event.preferred_origin_id in names else origins[0].origin_id,
        magnitudes=sizes,
        preferred_magnitude_id=(
            event.preferred_magnitude_id if event.preferred_magnitude_id in kept else next(iter(sound), None)
        ),
        mechanisms=(),
        preferred_mechanism_id=None,
    )


def without_tensor(event: Event) -> Event:
    """The event without what an earlier tensor gave it."""
    mechanisms = tuple(one for one in event.mechanisms if one.method != METHOD)
    magnitudes = tuple(one for one in event.magnitudes if one.method != METHOD)
    kept = {one.magnitude_id for one in magnitudes}
    return preferring(
        msgspec.structs.replace(
            event,
            origins=tuple(one for one in event.origins if one.method != _CENTROID),
            magnitudes=magnitudes,
            preferred_magnitude_id=(
                event.preferred_magnitude_id
                if event.preferred_magnitude_id in kept
                else computed(event).preferred_magnitude_id
            ),
            mechanisms=mechanisms,
        )
    )


def has_tensor(event: Event) -> bool:
    """Whether an event has a moment tensor that was made here."""
    return any(one.method == METHOD for one in event.mechanisms)


def carried(found: Event, event: Event) -> Event:
    """An event with the mechanisms that were found of it, unless its computed origin lies elsewhere by now.

    They then name the origin that it has. Carrying again changes nothing.
    """
    if not found.mechanisms:
        return event
    before, now = computed(found).origin, computed(event).origin
    if is_elsewhere(before, now):
        return event
    named = {one.origin_id for one in event.origins}
    mechanisms = tuple(
        one if one.origin_id in named else msgspec.structs.replace(one, origin_id=now.origin_id)
        for one in found.mechanisms
    )
    bare = without_tensor(event) if has_tensor(found) else event
    return _joined(bare, msgspec.structs.replace(found, mechanisms=mechanisms))


def is_elsewhere(before: Origin, now: Origin) -> bool:
    """Whether an origin moved so far that a mechanism has to be made again.

    >>> here = Origin.of(0, 35.7, -117.5, 8000.0)
    >>> is_elsewhere(here, Origin.of(10**9, 35.72, -117.5, 11e3)), is_elsewhere(here, Origin.of(0, 35.7, -117.5, 14e3))
    (False, True)
    """
    away = float(distance_azimuth(before.latitude, before.longitude, now.latitude, now.longitude)[0])
    return away > _FAR or abs(before.depth - now.depth) > _FAR or abs(before.time - now.time) > _LONG


def preferring(event: Event) -> Event:
    """The event with the mechanism preferred that the rules say, and its Mw unless an analyst's magnitude is."""
    sound = [one for one in event.mechanisms if one.quality != DOUBTFUL]
    best = min(sound, key=lambda one: (one.tensor is None, one.quality, one.mechanism_id), default=None)
    size = event.preferred_magnitude_id
    manual = {one.origin_id for one in event.origins if one.evaluation_mode == "manual"}
    if best is not None and best.magnitude_id is not None:
        chosen = event.magnitude
        size = size if chosen is not None and chosen.origin_id in manual else best.magnitude_id
    return msgspec.structs.replace(
        event, preferred_mechanism_id=best.mechanism_id if best else None, preferred_magnitude_id=size
    )


def _joined(event: Event, found: Event) -> Event:
    """An event with the mechanisms, centroids and Mw of another, in place of those of the same methods."""
    methods = {one.method for one in found.mechanisms}
    origins = [one for one in found.origins if one.method == _CENTROID]
    sizes = [one for one in found.magnitudes if one.method == METHOD]
    return preferring(
        msgspec.structs.replace(
            event,
            origins=(*event.origins, *origins),
            magnitudes=(*event.magnitudes, *sizes),
            mechanisms=(*(one for one in event.mechanisms if one.method not in methods), *found.mechanisms),
        )
    )


def check_greens(flow: Flow) -> None:
    """Open the Green's functions of a flow before work begins. Raises `InputError` or `MissingExtraError`."""
    if flow.tensor.greens is not None:
        open_greens(flow.tensor.greens)
