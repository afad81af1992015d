"""Which picking shard is begun next, and what becomes of one whose worker dies; who does the work is not known here."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence

from wadati.engine.campaign.commit import WORKER_DIED, Manifest, Unit
from wadati.engine.campaign.opened import Opened
from wadati.engine.campaign.picking_shard import outputs_of
from wadati.engine.campaign.purse import Purse
from wadati.engine.campaign.shards import PickingShard

Done = tuple[PickingShard, Manifest]


class Crew:
    """Shards that wait, those under way, and the suspects: shards that were under way when a worker died, each with how
    often one died of it alone, and no more than `deaths` times."""

    def __init__(self, opened: Opened, left: Sequence[PickingShard], purse: Purse, deaths: int) -> None:
        self._opened, self._purse, self._deaths = opened, purse, deaths
        self._waiting = list(reversed(left))
        self._under_way: list[PickingShard] = []
        self._suspects: dict[PickingShard, int] = {}

    @property
    def under_way(self) -> tuple[PickingShard, ...]:
        """What was begun and has not ended."""
        return tuple(self._under_way)

    @property
    def has_work(self) -> bool:
        """Whether there is something that may be begun."""
        return bool(self._waiting) and self._may_begin()

    def begun(self, most: int) -> Iterator[PickingShard]:
        """Shards to begin now, until `most` are under way, the purse is empty, or somebody cancelled."""
        while self._waiting and self._has_room(most) and self._may_begin():
            self._under_way.append(self._waiting.pop())
            yield self._under_way[-1]

    def ended(self, shard: PickingShard) -> None:
        """A shard is not under way any more, and its worker lives."""
        self._under_way.remove(shard)
        self._suspects.pop(shard, None)

    def died(self, shards: Sequence[PickingShard]) -> Iterator[Done]:
        """Workers died of one of these. Those given up, with manifests that say so; the others wait again."""
        alone = len(self._under_way) == 1
        for shard in shards:
            self._under_way.remove(shard)
            self._suspects[shard] = self._suspects.get(shard, 0) + alone
            if self._suspects[shard] < self._deaths:
                self._waiting.append(shard)
                continue
            del self._suspects[shard]
            yield shard, self._given_up(shard)

    def _has_room(self, most: int) -> bool:
        """Whether one more may be under way; a suspect, which waits before the others, only by itself."""
        shards = [self._waiting[-1], *self._under_way]
        return len(shards) <= (1 if self._suspects.keys() & set(shards) else most)

    def _may_begin(self) -> bool:
        days = sum(len(shard.days) for shard in self._under_way)
        return self._purse.suffices(len(self._waiting[-1].days), days) and not self._opened.is_cancelled

    def _given_up(self, shard: PickingShard) -> Manifest:
        reason = "its worker process died again and again; see whether there is memory enough"
        units = tuple(Unit(shard.unit, day, "failed", reason, WORKER_DIED) for day in shard.days)
        draft = Manifest(path=shard.path, stage="pick", attempt="", files={}, units=units, finished=time.time_ns())
        return self._opened.shelf.commit(draft, outputs_of((), ()))
