"""Records from sources onto the bus, each into its station's partition."""

from __future__ import annotations

import threading
import time
from collections import defaultdict
from collections.abc import Iterable, Sequence

import msgspec

from wadati.bus.nats import NatsBus
from wadati.engine.live.intake import Intake
from wadati.engine.services.partitions import COUNT, partition_of
from wadati.engine.services.session import Say, member_name
from wadati.engine.services.status import Telling
from wadati.formats.miniseed_headers import station_of
from wadati.model import content_id
from wadati.protocols import Packet, PacketSource

_WAIT_S = 0.02
_MOST = 4000
_LARGEST = 1 << 18
_KEEP_S = 1.0
_AGAIN_S = 0.5
_ENCODE = msgspec.msgpack.Encoder()
_DECODE = msgspec.msgpack.Decoder(list[Packet])


def packets_of(data: bytes) -> list[Packet]:
    """The packets of a message; none in the last of a partition."""
    return _DECODE.decode(data)


def ingest(sources: Sequence[PacketSource], bus: NatsBus, stop: threading.Event, say: Say) -> None:
    """Run until the sources end or `stop` is set.

    What the broker has not acknowledged is published again, and after a restart so are the records of the last second
    or so: pickers know what they had. Where sources end, an empty message ends each partition.
    """
    places = {source.name: f"positions.{content_id('source', source.name)}" for source in sources}
    kept: dict[str, int] = {}
    for place in places.values():
        kept |= msgspec.json.decode(bus.kept(place) or b"{}")
    intake = Intake(sources, kept)
    intake.start()
    say("started", service="ingest", sources=sorted(places))
    positions = dict(kept)
    written, count = time.monotonic(), 0
    telling = Telling(bus, "ingest", member_name())
    while not intake.ended and not (stop.is_set() and not intake.depth):
        if stop.is_set():
            intake.stop()
        packets = intake.take(_WAIT_S, _MOST)
        if not _publish(bus, list(_messages(packets)), stop, say):
            break  # what the broker does not have is asked for again
        count += len(packets)
        if telling.due():
            names = [{"name": one.name, "connected": bool(getattr(one, "connected", True))} for one in sources]
            telling.tell(packets=count, waiting=intake.depth, sources=names)
        for packet in packets:
            positions[packet.stream] = max(packet.sequence, positions.get(packet.stream, packet.sequence))
        if packets and time.monotonic() - written > _KEEP_S:
            written = time.monotonic()
            _keep(bus, places, positions)
        _say_problems(intake, say)
        if len(packets) < _MOST:
            stop.wait(_WAIT_S)
    _keep(bus, places, positions)
    if not stop.is_set():
        _publish(bus, [(f"{partition:02d}", _ENCODE.encode([])) for partition in range(COUNT)], stop, say)
    intake.stop()
    say("ended", service="ingest")


def _say_problems(intake: Intake, say: Say) -> None:
    for problem in intake.problems():
        say("problem", subject=problem.subject, wrong=problem.wrong, mend=problem.mend)


def _messages(packets: Iterable[Packet]) -> Iterable[tuple[str, bytes]]:
    """(subject, content) of packets, those of a partition together in their order."""
    by_partition: dict[int, list[Packet]] = defaultdict(list)
    for packet in packets:
        by_partition[partition_of(station_of(packet.record) or ("", ""))].append(packet)
    for partition, own in by_partition.items():
        size = 0
        held: list[Packet] = []
        for packet in own:
            if held and size + len(packet.record) > _LARGEST:
                yield f"{partition:02d}", _ENCODE.encode(held)
                size, held = 0, []
            held.append(packet)
            size += len(packet.record) + 64
        yield f"{partition:02d}", _ENCODE.encode(held)


def _publish(bus: NatsBus, messages: Sequence[tuple[str, bytes]], stop: threading.Event, say: Say) -> bool:
    """Until the broker has them; False where it does not answer and the service is to stop."""
    told = False
    while messages:
        try:
            bus.publish("packets", messages)
            break
        except ConnectionError as error:
            if not told:
                told = True
                say("interrupted", why=str(error))
            if stop.wait(_AGAIN_S):
                return False
    return True


def _keep(bus: NatsBus, places: dict[str, str], positions: dict[str, int]) -> None:
    """Where all sources are, under the name of each, so that any of them finds its own."""
    content = msgspec.json.encode(positions)
    for place in places.values():
        try:
            bus.keep(place, content)
        except ConnectionError:
            return  # the next time
