"""Where packets wait between the sources and what is done with them.

Bounded, so that a fast archive waits, and so does a server while nothing can be done with its records.
"""

from __future__ import annotations

import asyncio
import threading
from collections import deque
from collections.abc import Mapping, Sequence

from wadati.protocols import Packet, PacketSource, Problem

_MOST, _MOST_OF_INSTRUMENTS = 20_000, 200_000
_PAUSE = 0.005
_AGAIN = 5.0


class Intake:
    """Runs sources in a thread of its own. `take` gives what came; `ended` tells that nothing more will."""

    def __init__(self, sources: Sequence[PacketSource], resume: Mapping[str, int]) -> None:
        self.sources = sources
        self._resume = dict(resume)
        self._held: deque[Packet] = deque()
        self._more = threading.Condition()
        self._stop = threading.Event()
        self._running = len(sources)
        self._problems: list[Problem] = []
        self._thread = threading.Thread(target=self._run, name="sources", daemon=True)

    def start(self) -> None:
        """Begin to listen."""
        self._thread.start()

    def stop(self) -> None:
        """Listen no more; what came can still be taken."""
        self._stop.set()
        self._thread.join(5)

    def take(self, timeout: float, most: int = 4000) -> list[Packet]:
        """What came, at most so many; waits for the first at most `timeout` seconds."""
        with self._more:
            if not self._held and self._running:
                self._more.wait(timeout)
            return [self._held.popleft() for _ in range(min(most, len(self._held)))]

    @property
    def depth(self) -> int:
        """Packets that wait."""
        return len(self._held)

    @property
    def waits(self) -> bool:
        """Whether all that is listened to is an archive, which can wait."""
        return all(source.ends for source in self.sources)

    @property
    def ended(self) -> bool:
        """Whether all sources have ended and all was taken."""
        with self._more:
            return not self._running and not self._held

    def problems(self) -> list[Problem]:
        """What went wrong since the last call."""
        told, self._problems = self._problems, []
        for source in self.sources:
            told.extend(source.problems())
        return told

    def _run(self) -> None:
        asyncio.run(self._all())

    async def _all(self) -> None:
        tasks = [asyncio.ensure_future(self._one(source)) for source in self.sources]
        while not self._stop.is_set() and not all(task.done() for task in tasks):
            await asyncio.wait(tasks, timeout=0.1, return_when=asyncio.ALL_COMPLETED)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        with self._more:
            self._running = 0
            self._more.notify_all()

    async def _one(self, source: PacketSource) -> None:
        while True:
            try:
                async for packet in source.packets(self._resume):
                    await self._put(packet, source)
            except asyncio.CancelledError:
                raise
            except Exception as error:  # one source must not cost the others
                wrong = f"failed: {type(error).__name__}: {error}"
                mend = "check its address" if source.ends else "begun again where it was; please report it if it stays"
                self._problems.append(Problem(source.name, wrong, mend))
            if source.ends:
                return
            await asyncio.sleep(_AGAIN)

    async def _put(self, packet: Packet, source: PacketSource) -> None:
        while len(self._held) >= (_MOST if source.ends else _MOST_OF_INSTRUMENTS):
            await asyncio.sleep(_PAUSE)
        with self._more:
            self._held.append(packet)
            self._resume[packet.stream] = packet.sequence
            self._more.notify()
