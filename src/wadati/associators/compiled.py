"""The decorator of the compiled inner loops of this room: the one place that loads numba."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast

import numba

F = TypeVar("F", bound=Callable[..., Any])


def compiled(function: F) -> F:
    """A function of arrays, compiled when first called; the result is kept on disk for later processes."""
    return cast(F, numba.njit(cache=True, nogil=True, error_model="numpy")(function))
