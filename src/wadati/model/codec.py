"""Values to JSON and MessagePack and back; in JSON an instant is ISO 8601 text with nine decimals.

MessagePack keeps instants as integers. One definition serves both: a field typed `Nanoseconds` is an instant.
"""

from __future__ import annotations

import functools
import threading
import typing
from typing import Any, TypeVar

import msgspec

from wadati.model.time import Nanoseconds, format_time, parse_time

T = TypeVar("T", bound=msgspec.Struct)

_LEARNING = threading.Lock()


def encode_msgpack(value: msgspec.Struct) -> bytes:
    """A value as MessagePack."""
    return msgspec.msgpack.encode(value)


def decode_msgpack(data: bytes, kind: type[T]) -> T:
    """The value of MessagePack bytes. Raises `msgspec.ValidationError` where they are not of this kind."""
    _learn(kind)
    return msgspec.msgpack.decode(data, type=kind)


def encode_json(value: msgspec.Struct) -> bytes:
    """A value as JSON, instants as text.

    >>> from wadati.model.time import TimeSpan
    >>> encode_json(TimeSpan(0, 1))
    b'{"start":"1970-01-01T00:00:00.000000000Z","end":"1970-01-01T00:00:00.000000001Z"}'
    >>> decode_json(encode_json(TimeSpan(0, 1)), TimeSpan)
    TimeSpan(start=0, end=1)
    """
    plain = msgspec.to_builtins(value)
    return msgspec.json.encode(_translate(plain, type(value), _to_text))


def decode_json(data: bytes, kind: type[T]) -> T:
    """The value of JSON bytes. Raises `msgspec.ValidationError` where they are not of this kind."""
    _learn(kind)
    plain = msgspec.json.decode(data)
    return msgspec.convert(_translate(plain, kind, _from_text), type=kind)


@functools.cache
def _learn(kind: type[msgspec.Struct]) -> None:
    """Have msgspec look at a type while nobody else does: two threads that first decode one at once crash in it."""
    with _LEARNING:
        msgspec.json.Decoder(kind)


def _to_text(instant: Any) -> Any:
    return format_time(instant, digits=9) if isinstance(instant, int) else instant


def _from_text(instant: Any) -> Any:
    return parse_time(instant) if isinstance(instant, str) else instant


def _translate(plain: Any, kind: Any, instant: typing.Callable[[Any], Any]) -> Any:
    """Apply `instant` to every instant within plain values that stand for a type."""
    if kind == Nanoseconds:
        return instant(plain)
    if isinstance(kind, type) and issubclass(kind, msgspec.Struct):
        if not isinstance(plain, dict):
            return plain
        types = _field_types(kind)
        return {name: _translate(item, types.get(name), instant) for name, item in plain.items()}
    arguments = typing.get_args(kind)
    if isinstance(plain, (list, tuple)) and arguments:
        fixed = len(arguments) == len(plain) and arguments[-1] is not ...
        return [_translate(item, arguments[i if fixed else 0], instant) for i, item in enumerate(plain)]
    for argument in arguments:
        if argument == Nanoseconds or (isinstance(plain, dict) and isinstance(argument, type)):
            return _translate(plain, argument, instant)
    return plain


@functools.cache
def _field_types(kind: type[msgspec.Struct]) -> dict[str, Any]:
    return typing.get_type_hints(kind, include_extras=True)
