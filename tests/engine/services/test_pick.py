"""A picker answers for a station only when it has it."""

from __future__ import annotations

from collections import deque
from types import SimpleNamespace

from wadati.engine.services.pick import _Partition, _Session
from wadati.protocols import Packet


def test_nothing_is_answered_for_a_partition_before_it_is_taken_up() -> None:
    story: list[str] = []
    picking = SimpleNamespace(restore=lambda packets: story.append(f"restore {len(packets)}"), clock=0)
    log = SimpleNamespace(final=lambda since: ())

    def serve(subject: str, answer: object):
        story.append(f"serve {subject}")
        return lambda: story.append("end")

    bus = SimpleNamespace(serve=serve, tell=None)
    session = _Session(picking, log, bus, None, None, None, "me")  # type: ignore[arg-type]
    held = _Partition(SimpleNamespace(backlog=1, close=lambda: story.append("close"), take=lambda most: deque()))
    held.waiting = [Packet(b"", "a", 0, 0, 0)]
    session._restore(3, held)
    held.close()
    assert story == ["restore 1", "serve ask.03", "end", "close"]
