"""Tables without events: every station's picks moved by a time of its own, so that whatever is found is false."""

from __future__ import annotations

import msgspec
import numpy as np

from benchmarks.association.picksets import START
from benchmarks.association.scene import DAY
from wadati.model import Pick, seconds
from wadati.units import SECOND

_LEAST = 600.0


def station_shuffled(picks: tuple[Pick, ...], seed: int) -> tuple[Pick, ...]:
    """The picks of a simulated day, each station's turned round the day by at least ten minutes.

    What a station does by itself, pairs of P and S, bursts and codas, stays; what stations have in common goes.
    """
    rng = np.random.default_rng(seed)
    keys = sorted({pick.source_id.station_key for pick in picks})
    shift = dict(zip(keys, rng.uniform(_LEAST, DAY - _LEAST, len(keys)), strict=True))
    day = round(DAY * SECOND)
    moved = [
        msgspec.structs.replace(
            pick, time=START + (pick.time - START + seconds(shift[pick.source_id.station_key])) % day
        )
        for pick in picks
    ]
    return tuple(sorted(moved, key=lambda pick: (pick.time, pick.pick_id)))
