"""Names of parts to their implementations, through entry points, loaded when first asked for."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from typing import Any

from wadati.errors import MissingExtraError, UsageError

KINDS = ("pickers", "associators", "locators", "attenuation")
"""Kinds of plug-in; a package offers one under the entry point group `wadati.KIND`."""


@cache
def _entries(kind: str) -> Mapping[str, EntryPoint]:
    return {entry.name: entry for entry in entry_points(group=f"wadati.{kind}")}


def names(kind: str) -> tuple[str, ...]:
    """The names one can ask for, in order.

    >>> "stalta" in names("pickers")
    True
    """
    return tuple(sorted(_entries(kind)))


def load(kind: str, name: str) -> Any:
    """The class or function behind a name. Raises `UsageError` for a name nobody offers."""
    entry = _entries(kind).get(name)
    if entry is None:
        raise UsageError(f"no {kind.removesuffix('s')} is called {name!r}; there are: {', '.join(names(kind))}")
    try:
        return entry.load()
    except ImportError as error:
        raise MissingExtraError(f"{name} ({error})", name) from error


def make(kind: str, spec: str) -> Any:
    """The part named by `NAME` or `NAME:ARGUMENT`, the argument (a path, say) given to it as text.

    A part takes an argument where it cannot be called without one, or where it has the attribute `argument`, which
    says what to write. Raises `UsageError` for an argument too many or too few.

    >>> make("pickers", "stalta").name
    'stalta'
    """
    name, _, argument = spec.partition(":")
    part = load(kind, name)
    alone = _can_be_called(part)
    if argument:
        if alone and not hasattr(part, "argument"):
            raise UsageError(f"{name} takes no argument: write {name}, not {spec}")
        return part(argument)
    if not alone:
        raise UsageError(f"{name} needs an argument: write {name}:{getattr(part, 'argument', 'ARGUMENT')}")
    return part()


def _can_be_called(part: Any) -> bool:
    """Whether it can be called with nothing."""
    try:
        inspect.signature(part).bind()
    except TypeError:
        return False
    return True
