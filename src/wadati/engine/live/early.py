"""What becomes of early picks: confirmed by a final one, or withdrawn when their time is final and none came."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

import msgspec

from wadati.model import Pick
from wadati.store.live_log import EarlyPick
from wadati.units import SECOND

Key = tuple[str, str]

_CONFIRMS = SECOND // 2


class EarlyPicks:
    """Early picks of which nothing is decided yet, and counts: early and final ones made, early ones confirmed and
    withdrawn, final ones that had no early one (`missed`)."""

    def __init__(self) -> None:
        self.made = self.final = self.confirmed = self.withdrawn = self.missed = 0
        self._open: dict[Key, list[EarlyPick]] = {}

    def add(self, one: EarlyPick) -> None:
        """One more."""
        self.made += 1
        self._open.setdefault(one.pick.source_id.station_key, []).append(one)

    def open(self) -> list[Pick]:
        """Those of which nothing is decided yet."""
        return [one.pick for waiting in self._open.values() for one in waiting]

    def drop(self, key: Key) -> None:
        """Forget those of a station."""
        self._open.pop(key, None)

    def decide(self, final: Sequence[Pick], until: Mapping[Key, int]) -> tuple[list[EarlyPick], dict[str, str]]:
        """Those that new final picks decide, or the time (ns) until which their stations' picks are final; and which
        early pick each final one confirms, by their names."""
        decided: list[EarlyPick] = []
        confirms: dict[str, str] = {}
        by_key: dict[Key, list[Pick]] = {}
        for pick in final:
            by_key.setdefault(pick.source_id.station_key, []).append(pick)
        for key, waiting in list(self._open.items()):
            left = []
            for one in waiting:
                same = next(_alike(one.pick, by_key.get(key, ())), None)
                if same is not None:
                    confirms[same.pick_id] = one.pick.pick_id
                    decided.append(msgspec.structs.replace(one, outcome="confirmed"))
                elif one.pick.time + _CONFIRMS < until.get(key, 0):
                    decided.append(msgspec.structs.replace(one, outcome="withdrawn"))
                else:
                    left.append(one)
            if left:
                self._open[key] = left
            else:
                del self._open[key]
        self.final += len(final)
        self.confirmed += sum(one.outcome == "confirmed" for one in decided)
        self.withdrawn += sum(one.outcome == "withdrawn" for one in decided)
        self.missed += len(final) - len(confirms)
        return decided, confirms


def _alike(pick: Pick, others: Iterable[Pick]) -> Iterator[Pick]:
    return (
        other for other in others if other.phase_hint == pick.phase_hint and abs(other.time - pick.time) < _CONFIRMS
    )
