"""Parameters of a service, told once: read from requests, and described in WADL and OpenAPI."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Literal

import msgspec

from wadati.api.errors import Refused
from wadati.errors import UsageError
from wadati.model import parse_open_time

Kind = Literal["time", "number", "integer", "text", "boolean"]
_LONGEST = 5000
_BOOLEANS = {"true": True, "1": True, "false": False, "0": False}


class Parameter(msgspec.Struct, frozen=True, kw_only=True):
    """One parameter: the long name of the standard and the short one, what it may be, and what it is left away.

    `low` and `high` are inclusive.
    """

    name: str
    words: str
    kind: Kind = "text"
    short: str | None = None
    usual: Any = None
    low: float | None = None
    high: float | None = None
    choices: tuple[str, ...] = ()
    example: str = ""

    def read(self, text: str) -> Any:
        """The value of a text. Raises `Refused` for what cannot be meant."""
        if len(text) > _LONGEST:
            raise Refused(400, f"{self.name} is longer than {_LONGEST} characters")
        if self.choices:
            if text.lower() not in self.choices:
                raise Refused(400, f"{self.name}={text!r} must be one of {', '.join(self.choices)}")
            return text.lower()
        if self.kind == "text":
            return self._text(text)
        if self.kind == "boolean":
            if text.lower() not in _BOOLEANS:
                raise Refused(400, f"{self.name}={text!r} must be true or false")
            return _BOOLEANS[text.lower()]
        if self.kind == "time":
            try:
                return parse_open_time(text)
            except UsageError as error:
                raise Refused(400, f"{self.name}: {error}") from None
        return self._number(text)

    def _text(self, text: str) -> str:
        if not text.isprintable():
            raise Refused(400, f"{self.name} holds characters that cannot be printed")
        return text

    def _number(self, text: str) -> float | int:
        try:
            value = int(text) if self.kind == "integer" else float(text)
        except ValueError:
            raise Refused(400, f"{self.name}={text!r} is no {self.kind}") from None
        if not math.isfinite(value):
            raise Refused(400, f"{self.name}={text!r} is no {self.kind}")
        if self.low is not None and value < self.low:
            raise Refused(400, f"{self.name}={text} must be at least {self.low:g}")
        if self.high is not None and value > self.high:
            raise Refused(400, f"{self.name}={text} must be at most {self.high:g}")
        return value


def read(parameters: Sequence[Parameter], given: Iterable[tuple[str, str]]) -> dict[str, Any]:
    """The values of all parameters by long name, those that are left away as usual.

    Raises `Refused` for names that there are none of, for what is given twice and for what cannot be meant.

    >>> limit = Parameter(name="limit", words="at most so many", kind="integer", low=1)
    >>> read([limit], [("LIMIT", "5")]), read([limit], [])
    ({'limit': 5}, {'limit': None})
    """
    names = {one.name: one for one in parameters} | {one.short: one for one in parameters if one.short}
    values: dict[str, Any] = {}
    for name, text in given:
        one = names.get(name.lower())
        if one is None:
            raise Refused(400, f"there is no parameter {name!r}; there are {', '.join(p.name for p in parameters)}")
        if one.name in values:
            raise Refused(400, f"{one.name} is given twice")
        if not text.strip():
            raise Refused(400, f"{one.name} is empty; leave it away or give it a value")
        values[one.name] = one.read(text.strip())
    return {one.name: values.get(one.name, one.usual) for one in parameters}


def in_order(values: Mapping[str, Any], low: str, high: str) -> None:
    """Raise `Refused` where one value is above the other."""
    if values[low] is not None and values[high] is not None and values[low] > values[high]:
        raise Refused(400, f"{low} is above {high}")
