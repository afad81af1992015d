"""Waveforms for a screen in few bytes: blocks of 16-bit values, each with its offset and scale.

A message is the length of its head (32 bits), the head (JSON), blanks up to a multiple of four bytes, then the values
of all blocks one after the other, little-endian. A value is `offset + scale * integer`.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from typing import Any, NamedTuple

import msgspec
import numpy as np
import numpy.typing as npt

from wadati.units import MICROSECOND

_LENGTH = struct.Struct("<I")
_LARGEST = 32_767.0


class Block(NamedTuple):
    """An unbroken run of one channel (`NET.STA.LOC.CHA`) from `start` (ns) on, `rate` values or columns a second.

    `values` has shape (sample,), or (column, least and largest).
    """

    channel: str
    start: int
    rate: float
    values: npt.NDArray[Any]


def pack(blocks: Sequence[Block], **head: object) -> bytes:
    """A message of blocks; `head` goes into its head.

    >>> block = Block("XX.ABC..HHZ", 1_000, 100.0, np.array([1_000_000, 1_000_007]))
    >>> head, blocks = unpack(pack([block], cursor=5))
    >>> head["cursor"], blocks[0].values.tolist()
    (5, [1000000.0, 1000007.0])
    """
    described, parts = [], []
    for block in blocks:
        offset, scale, integers = _integers(block.values)
        described.append(
            {
                "channel": block.channel,
                "start_us": block.start // MICROSECOND,
                "rate": block.rate,
                "count": len(block.values),
                "width": 1 if block.values.ndim == 1 else 2,
                "offset": offset,
                "scale": scale,
            }
        )
        parts.append(integers.tobytes())
    told = msgspec.json.encode(head | {"blocks": described})
    told += b" " * (-(len(told) + _LENGTH.size) % 4)
    return b"".join([_LENGTH.pack(len(told)), told, *parts])


def unpack(message: bytes) -> tuple[dict[str, Any], list[Block]]:
    """The head and the blocks of a message."""
    (length,) = _LENGTH.unpack_from(message)
    at = _LENGTH.size + length
    head: dict[str, Any] = msgspec.json.decode(message[_LENGTH.size : at])
    blocks = []
    for one in head.pop("blocks"):
        count = one["count"] * one["width"]
        values = one["offset"] + one["scale"] * np.frombuffer(message, "<i2", count, at).astype(np.float64)
        shaped = values if one["width"] == 1 else values.reshape(-1, 2)
        blocks.append(Block(one["channel"], one["start_us"] * MICROSECOND, one["rate"], shaped))
        at += 2 * count
    return head, blocks


def _integers(values: npt.NDArray[Any]) -> tuple[float, float, npt.NDArray[np.int16]]:
    """Offset, scale and 16-bit integers of values; exact for integers that span less than 65,534."""
    finite = np.where(np.isfinite(values), values, 0.0).astype(np.float64)
    if not finite.size:
        return 0.0, 1.0, np.zeros(0, "<i2")
    low, high = float(finite.min()), float(finite.max())
    offset = float(np.rint((low + high) / 2))
    swing = max(high - offset, offset - low)
    exact = swing <= _LARGEST and bool(np.all(finite == np.rint(finite)))
    scale = 1.0 if exact else (swing / _LARGEST or 1.0)
    return offset, scale, np.rint((finite - offset) / scale).astype("<i2")
