"""How much of a core early picks may take, so that time is left for all else."""

from __future__ import annotations

from wadati.units import SECOND

SHARE = 0.7
"""Early picks take no more of a core than this."""

_SAVED = 0.5 * SECOND
_OLD, _NEW = 0.9, 0.1


class Allowance:
    """CPU time that grows as time passes, up to half a second, and what a look at a station costs of it.

    >>> allowance = Allowance()
    >>> allowance.left(SECOND) > 1000
    True
    >>> allowance.spend(SECOND // 2, 5)
    >>> allowance.left(SECOND), allowance.left(2 * SECOND)
    (0, 50)
    """

    def __init__(self) -> None:
        self._allowed = self._cost = 0.0
        self._looked = 0

    def left(self, now: int) -> int:
        """How many stations may be looked at, at a monotonic time (ns)."""
        self._allowed = min(self._allowed + SHARE * (now - self._looked), _SAVED)
        self._looked = now
        return max(round(self._allowed / max(self._cost, 1.0)), 0)

    def spend(self, nanoseconds: int, stations: int) -> None:
        """So many stations were looked at in so much CPU time."""
        self._allowed -= nanoseconds
        self._cost = _OLD * self._cost + _NEW * nanoseconds / stations
