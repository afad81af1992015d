"""What a campaign may cost, and has cost."""

from __future__ import annotations

from collections.abc import Sequence

from wadati.engine.campaign.commit import WORKER_DIED, Manifest
from wadati.engine.campaign.opened import Opened
from wadati.engine.campaign.prices import OWN, backend_of
from wadati.errors import UsageError


class Purse:
    """What a campaign has spent on work, and whether there is enough for one more shard.

    Hired machines are paid by wall time, one's own by CPU time. A shard is expected to take as much per station-day as
    those that are done; before there are any, nothing is known and one is begun at a time. Days whose worker died took
    an unknown time and are left out. Raises `UsageError` for a budget where nothing costs anything.
    """

    def __init__(self, opened: Opened, done: Sequence[Manifest], budget: float | None) -> None:
        backend = backend_of(opened.campaign, opened.flow.compute)
        self._is_hired = backend.name != OWN
        self._dollars_per_s = backend.dollars_per_worker_hour / 3600.0
        if budget is not None and not self._dollars_per_s:
            raise UsageError(f"{backend.name} costs nothing, so a budget stops nothing: give dollars_per_cpu_hour")
        self._budget = budget
        self._seconds = self._days = 0.0
        for manifest in done:
            self.pay(manifest)

    def pay(self, manifest: Manifest) -> None:
        """A shard was done."""
        self._seconds += manifest.wall_s if self._is_hired else manifest.cpu_s
        self._days += sum(unit.cause != WORKER_DIED for unit in manifest.units)

    @property
    def spent(self) -> float:
        """Dollars, those of shards of other campaigns that are used included."""
        return self._seconds * self._dollars_per_s

    def suffices(self, days: int, under_way: int) -> bool:
        """Whether a shard of so many days may be begun while so many days are under way."""
        if self._budget is None:
            return True
        if not self._days:
            return under_way == 0 and self._budget > 0
        return self.spent + self._seconds / self._days * self._dollars_per_s * (days + under_way) <= self._budget
