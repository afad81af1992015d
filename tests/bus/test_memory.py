"""Who speaks is never held up, and what may not be shed is not."""

from __future__ import annotations

import threading

from wadati.bus.memory import MemoryBus
from wadati.bus.messages import PickMessage, StationHealthMessage, WaveformMessage
from wadati.model import Pick, SourceId

Z = SourceId.parse("FDSN:XX_ABC__H_H_Z")


def wave(k: int) -> WaveformMessage:
    return WaveformMessage(source_id=str(Z), start=k, end=k + 1, sampling_rate_hz=100.0, received=k)


def pick(k: int) -> PickMessage:
    return PickMessage(pick=Pick.of(Z, "P", k, time_uncertainty=0.1, probability=0.5), state="early", received=k)


def health() -> StationHealthMessage:
    return StationHealthMessage(network="XX", station="ABC", state="ok", data_latency_s=0.0, feed_latency_s=0.0)


def drain(heard):
    found = []
    while (message := heard.take(0)) is not None:
        found.append(message)
    return found


def test_messages_come_in_order_and_only_those_asked_for() -> None:
    bus = MemoryBus()
    heard = bus.subscribe("a", [PickMessage.kind])
    for k in range(5):
        bus.publish(wave(k))
        bus.publish(pick(k))
    assert drain(heard) == [pick(k) for k in range(5)]
    assert bus.wants(PickMessage.kind)
    assert not bus.wants(WaveformMessage.kind)


def test_a_full_queue_sheds_waveforms_then_health_and_never_picks() -> None:
    bus = MemoryBus()
    heard = bus.subscribe("slow", [PickMessage.kind, WaveformMessage.kind, StationHealthMessage.kind], most=10)
    for k in range(10):
        bus.publish(wave(k))
    bus.publish(health())
    for k in range(30):
        bus.publish(pick(k))
    got = drain(heard)
    assert [m for m in got if isinstance(m, PickMessage)] == [pick(k) for k in range(30)]
    assert heard.shed == 11
    assert not any(isinstance(m, (WaveformMessage, StationHealthMessage)) for m in got)


def test_a_listener_that_never_takes_does_not_hold_up_others() -> None:
    bus = MemoryBus()
    bus.subscribe("stuck", [PickMessage.kind])
    heard = bus.subscribe("well", [PickMessage.kind])
    got: list[object] = []

    def listen() -> None:
        while not heard.closed:
            if (message := heard.take(5)) is not None:
                got.append(message)

    thread = threading.Thread(target=listen)
    thread.start()
    for k in range(1000):
        bus.publish(pick(k))
    bus.close()
    thread.join(10)
    assert got == [pick(k) for k in range(1000)]
