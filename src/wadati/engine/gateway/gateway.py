"""From instruments to the spool, and from there to the clouds, for ever."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from wadati.engine.gateway.forwarder import Forwarder
from wadati.engine.gateway.over_http import HttpForwarder
from wadati.engine.gateway.spool import Spool
from wadati.engine.live.intake import Intake
from wadati.protocols import PacketSource
from wadati.units import MINUTE

Say = Callable[..., None]
KEPT = 15 * MINUTE
"""What was taken is held so much longer (ns): a cloud that dies may have it in memory only."""

_EVERY_S = 1.0
_TELL_S = 60.0


@dataclass(frozen=True, slots=True)
class Limits:
    """The bandwidth to each cloud (bytes/s), and how much the spool may hold (bytes)."""

    bytes_a_second: float = 125_000.0
    spool_bytes: int = 2 << 30


def gateway(
    sources: Sequence[PacketSource],
    spool: Path,
    clouds: Sequence[str],
    name: str,
    stop: threading.Event,
    say: Say,
    *,
    token: str | None = None,
    limits: Limits | None = None,
) -> None:
    """Run until `stop` is set, or the sources have ended and all was taken everywhere."""
    limits = limits or Limits()
    spool.mkdir(parents=True, exist_ok=True)
    held = Spool(spool / "spool.sqlite", limits.spool_bytes)
    forwarders = [_forwarder(held, url, name, token, limits.bytes_a_second, say) for url in clouds]
    intake = Intake(sources, held.positions())
    intake.start()
    for forwarder in forwarders:
        forwarder.start()
    say("started", service="gateway", sources=[source.name for source in sources], clouds=list(clouds))
    told = time.monotonic()
    try:
        while not stop.is_set():
            began = time.monotonic()
            held.append(intake.take(_EVERY_S))
            for problem in intake.problems():
                say("problem", subject=problem.subject, wrong=problem.wrong, mend=problem.mend)
            done = min(forwarder.done for forwarder in forwarders)
            held.forget(done, time.time_ns() - KEPT)
            first, last = held.ends
            if began - told > _TELL_S:
                told = began
                say("spool", held=last - first, waiting=last - max(done, first), dropped=held.dropped)
            if intake.ended and done >= last:
                break
            stop.wait(max(_EVERY_S - (time.monotonic() - began), 0.0))
    finally:
        intake.stop()
        held.append(intake.take(0.0, 1 << 30))
        for forwarder in forwarders:
            forwarder.stop()
        held.close()
    say("ended", service="gateway")


def _forwarder(spool: Spool, url: str, name: str, token: str | None, rate: float, say: Say) -> Forwarder:
    if url.startswith("kinesis://"):
        from wadati.engine.gateway.kinesis import KinesisForwarder

        return KinesisForwarder(spool, url, rate, say)
    return HttpForwarder(spool, url, name, token, rate, say)
