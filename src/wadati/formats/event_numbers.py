"""Whole numbers for events, for programs that take no other identifiers."""

from __future__ import annotations

from collections.abc import Sequence


def event_numbers(event_ids: Sequence[str], digits: int) -> list[int]:
    """A number for each identifier: its own where it is one of at most `digits` digits, else the next free from 1.

    >>> event_numbers(("12", "wd a", "1", "wd b"), 9)
    [12, 2, 1, 3]
    """
    own = [int(name) if name.isascii() and name.isdigit() and len(name) <= digits else None for name in event_ids]
    taken = {number for number in own if number is not None}
    free = (number for number in range(1, 10**digits) if number not in taken)
    used: set[int] = set()
    numbers = []
    for number in own:
        kept = next(free) if number is None or number in used else number
        used.add(kept)
        numbers.append(kept)
    return numbers
