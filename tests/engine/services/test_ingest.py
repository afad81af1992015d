"""Where a source is goes no further than what the broker has."""

from __future__ import annotations

import threading

import msgspec

from tests.engine.live.conftest import Scripted
from wadati.engine.services.ingest import ingest


class Away:
    """A bus that takes nothing but places, and has the service stopped."""

    def __init__(self, stop: threading.Event) -> None:
        self.stop = stop
        self.places: list[dict[str, int]] = []

    def kept(self, _: str) -> None:
        return None

    def keep(self, _: str, content: bytes) -> None:
        self.places.append(msgspec.json.decode(content))

    def tell(self, _: str, __: bytes) -> None:
        """Nothing."""

    def publish(self, _: str, __: object) -> None:
        self.stop.set()
        raise ConnectionError("away")


def test_what_the_broker_never_had_is_asked_for_again() -> None:
    stop = threading.Event()
    bus = Away(stop)
    ingest([Scripted([(0, b"x")] * 5, ends=False)], bus, stop, lambda *_, **__: None)  # type: ignore[arg-type]
    assert bus.places == [{}]
