"""Messages of the bus as bytes, each with its kind, under a subject that listeners can choose by."""

from __future__ import annotations

import msgspec

from wadati.bus.messages import KINDS, Message
from wadati.model import SourceId
from wadati.model.codec import decode_msgpack, encode_msgpack

_KINDS = {kind.kind: kind for kind in KINDS}


class _Packed(msgspec.Struct, frozen=True, array_like=True):
    kind: str
    data: bytes


def pack(message: Message) -> tuple[str, bytes]:
    """(subject, content) of a message, such as `event.wd1`, `pick.CI.PAS`.

    >>> from wadati.bus.messages import StationHealthMessage
    >>> message = StationHealthMessage(
    ...     network="XX", station="ABC", state="ok", data_latency_s=2.0, feed_latency_s=0.5
    ... )
    >>> pack(message)[0], unpack(pack(message)[1]) == message
    ('station-health.XX.ABC', True)
    """
    short = message.kind.split(".")[1]
    subject = message.subject
    below = ".".join(SourceId.parse(subject).station_key) if subject.startswith("FDSN:") else subject
    return f"{short}.{below}", encode_msgpack(_Packed(message.kind, encode_msgpack(message)))


def unpack(content: bytes) -> Message | None:
    """The message of some bytes; None for a kind that a later version brought."""
    packed = decode_msgpack(content, _Packed)
    kind = _KINDS.get(packed.kind)
    found: Message | None = None if kind is None else decode_msgpack(packed.data, kind)
    return found
