"""Which stations of the labelled records training never sees: one rule for those who train and those who judge."""

from __future__ import annotations

import hashlib

RIDGECREST_HELD_BACK = "2019-07-04T17:30:00Z"
"""From this time on the Ridgecrest records are held back as well."""


def is_held_back(network: str, station: str) -> bool:
    """About half of all stations, by the parity of SHA-256 over `NET.STA`.

    >>> is_held_back("NC", "MEM"), is_held_back("BG", "BRP")
    (False, True)
    """
    return hashlib.sha256(f"{network}.{station}".encode()).digest()[0] % 2 == 1
