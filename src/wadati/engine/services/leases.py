"""Who does what: members of a group share its partitions by leases that expire with those who hold them."""

from __future__ import annotations

import threading
import time
from types import TracebackType
from typing import Self

from wadati.bus.nats import LEASE_S, NatsBus
from wadati.engine.services.partitions import share_of

_LOOK_S = 1.0
_RENEW_S = LEASE_S / 4


class Leases:
    """Leases of one holder, renewed by a thread, whatever else its process does; used in `with`, which ends them.

    A process that was held still for longer than a lease lasts finds at its next `check` that it has lost it. What it
    wrote meanwhile is what the next holder writes too.
    """

    def __init__(self, bus: NatsBus, holder: str) -> None:
        self._bus, self._holder = bus, holder.encode()
        self._held: dict[str, int] = {}
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._lost = ""
        self._renewed = time.monotonic()
        self._thread = threading.Thread(target=self._renew, name="leases", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop.set()
        self._thread.join()
        if kind is None:
            for name in list(self._held):
                self.give(name)

    def take(self, name: str) -> bool:
        """Whether a lease was free, and is this holder's now."""
        with self._lock:
            first = self._bus.lease(name, 0, self._holder)
            if first is not None:
                if not self._held:
                    self._renewed = time.monotonic()
                self._held[name] = first
            return first is not None

    def give(self, name: str) -> None:
        """Let another have a lease."""
        with self._lock:
            if self._held.pop(name, None) is not None:
                self._bus.release(name)

    def check(self) -> None:
        """Raises `ConnectionError` where something that was held is not any more."""
        if self._lost:
            raise ConnectionError(self._lost)
        if self._held and time.monotonic() - self._renewed > LEASE_S:
            raise ConnectionError("leases ran out before they were renewed")

    def _renew(self) -> None:
        while not self._stop.wait(_RENEW_S):
            with self._lock:
                began = time.monotonic()
                try:
                    for name, last in list(self._held.items()):
                        renewed = self._bus.lease(name, last, self._holder)
                        if renewed is None:
                            self._lost = f"the lease {name} was lost"
                            return
                        self._held[name] = renewed
                except ConnectionError:
                    continue
                self._renewed = began


class Share:
    """The partitions of a group that one of its members has."""

    def __init__(self, bus: NatsBus, leases: Leases, group: str, member: str) -> None:
        self._bus, self._leases, self._group, self._member = bus, leases, group, member
        self._members = f"{group}.member"
        self._looked = 0.0
        self._present = False
        self.held: set[int] = set()

    def look(self) -> tuple[set[int], set[int]]:
        """What is to be given up and what was got, each second; nothing before its time. Raises as `Leases.check`."""
        self._leases.check()
        now = time.monotonic()
        if now - self._looked < _LOOK_S:
            return set(), set()
        self._looked = now
        if not self._present:
            self._present = self._leases.take(f"{self._members}.{self._member}")
        there = (name.removeprefix(f"{self._members}.") for name in self._bus.held(self._members))
        share = share_of(self._member, there)
        got = {partition for partition in share - self.held if self._leases.take(self._name(partition))}
        self.held |= got
        return self.held - share, got

    def give(self, partition: int) -> None:
        """Let another have a partition."""
        self.held.discard(partition)
        self._leases.give(self._name(partition))

    def _name(self, partition: int) -> str:
        return f"{self._group}.partition.{partition:02d}"


def lead(leases: Leases, name: str, stop: threading.Event) -> bool:
    """Wait until this one of several that do the same is to work; False where `stop` is set before."""
    while not stop.is_set():
        if leases.take(f"leader.{name}"):
            return True
        stop.wait(_RENEW_S)
    return False
