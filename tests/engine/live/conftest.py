from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from wadati.protocols import Packet, Problem
from wadati.sources.replay import Replay


class Scripted:
    """Packets as given: (clock, record) in this order. After `stop_after` of them it sets `stop` and gives no more."""

    name = "scripted"

    def __init__(
        self, script: Sequence[tuple[int, bytes]], *, ends: bool = True, stop_after: int | None = None
    ) -> None:
        self.script, self.ends, self.stop_after = script, ends, stop_after
        self.stop = threading.Event()

    def problems(self) -> Sequence[Problem]:
        return ()

    async def packets(self, resume: Mapping[str, int]):
        for number, (clock, record) in enumerate(self.script):
            if number <= resume.get(self.name, -1):
                continue
            if self.stop_after is not None and number >= self.stop_after:
                self.stop.set()
                return
            if number % 64 == 0:
                await asyncio.sleep(0)
            yield Packet(record, self.name, number, time.time_ns(), clock)


def script_of(waveforms: Path) -> list[tuple[int, bytes]]:
    """What a replay of a folder gives."""

    async def all_of():
        return [(packet.clock, packet.record) async for packet in Replay(waveforms, 0).packets({})]

    return asyncio.run(all_of())


@pytest.fixture(scope="session")
def script(small) -> list[tuple[int, bytes]]:
    return script_of(small.waveforms)
