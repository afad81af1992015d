"""The location stage: each event's origin with its uncertainty, then its magnitude."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec

from wadati.engine.association import candidate_of
from wadati.engine.flow import Flow
from wadati.engine.ledger import Ledger
from wadati.engine.progress import Progress
from wadati.engine.review import publishable
from wadati.errors import InputError
from wadati.magnitudes.local import LocalMagnitude
from wadati.model import AmplitudeTrack, Event, Inventory, Magnitude, Origin, Pick
from wadati.protocols import Locator, Problem


def locate_all(
    events: Sequence[Event],
    picks: Iterable[Pick],
    inventory: Inventory,
    tracks: Sequence[AmplitudeTrack],
    flow: Flow,
    ledger: Ledger,
    progress: Progress,
) -> tuple[Event, ...]:
    """The events that can be located and may be published, in order of origin time.

    An event that cannot be located, or whose origin is not good enough (see `engine.review`), is left out with a note.
    """
    locator: Locator = flow.part("locators")
    model = flow.earth()
    by_id = {pick.pick_id: pick for pick in picks}
    located: list[tuple[Event, Origin]] = []
    progress.start("locate", len(events))
    with ledger.stage("locate"):
        for event in events:
            candidate = candidate_of(event)
            own = [by_id[pick_id] for pick_id in candidate.pick_ids if pick_id in by_id]
            try:
                origin = locator.locate(own, inventory, model, candidate)
            except InputError as error:
                ledger.notes.append(Problem(event.event_id, error.wrong, error.mend))
            else:
                located.append((event, origin))
            progress.step("locate")
        kept, left_out = publishable(located)
    ledger.notes.extend(left_out)
    progress.finish("locate", f"{len(kept)} of {len(events)} events located")
    return _with_magnitudes(kept, inventory, tracks, flow, ledger, progress)


def _with_magnitudes(
    located: Sequence[tuple[Event, Origin]],
    inventory: Inventory,
    tracks: Sequence[AmplitudeTrack],
    flow: Flow,
    ledger: Ledger,
    progress: Progress,
) -> tuple[Event, ...]:
    method = LocalMagnitude(flow.part("attenuation"), flow.earth())
    origins = [origin for _, origin in located]
    progress.start("magnitude", len(located))
    finished = []
    with ledger.stage("magnitude"):
        for (event, origin), magnitude in zip(located, method.magnitudes(origins, inventory, tracks), strict=True):
            finished.append(_finish(event, origin, magnitude))
            progress.step("magnitude")
    sized = sum(event.magnitude is not None for event in finished)
    progress.finish("magnitude", f"{sized} of {len(finished)} events have a magnitude")
    return tuple(sorted(finished, key=lambda event: (event.origin.time, event.event_id)))


def _finish(event: Event, origin: Origin, magnitude: Magnitude | None) -> Event:
    preferred = magnitude.magnitude_id if magnitude and not magnitude.saturated else None
    return msgspec.structs.replace(
        event,
        origins=(origin,),
        preferred_origin_id=origin.origin_id,
        magnitudes=(magnitude,) if magnitude else (),
        preferred_magnitude_id=preferred,
    )
