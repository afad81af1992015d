"""Identifiers that follow from what a thing is, so that every write can be repeated without harm."""

from __future__ import annotations

import base64
import hashlib

import msgspec


def content_id(kind: str, *content: object) -> str:
    """A short identifier: the kind, then 80 bits of the SHA-256 of the content as lower-case base 32.

    Content may be any values MessagePack can hold. Equal content gives an equal identifier in every process.

    >>> content_id("pick", "CI", "CCC", 1562261629000000000)
    'pick-pxa32x5xq5dwp7d5'
    """
    digest = hashlib.sha256(msgspec.msgpack.encode((kind, *content))).digest()
    return f"{kind}-{base64.b32encode(digest[:10]).decode().lower()}"
