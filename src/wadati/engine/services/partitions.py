"""Stations in 32 portions, each the work of one picker at a time, and who is to have which."""

from __future__ import annotations

import zlib
from collections.abc import Iterable

Key = tuple[str, str]
COUNT = 32


def partition_of(key: Key) -> int:
    """The partition of a station (network, station), the same everywhere and always.

    >>> partition_of(("CI", "CCC")), partition_of(("CI", "PAS"))
    (1, 14)
    """
    return zlib.crc32(".".join(key).encode()) % COUNT


def share_of(member: str, members: Iterable[str]) -> frozenset[int]:
    """The partitions that a member is to have, so that all have as many and few move where one comes or goes.

    Each partition goes to the member that ranks it highest (rendezvous hashing, Thaler & Ravishankar 1998,
    doi:10.1109/90.663936) and is not full yet.

    >>> len(share_of("a", ["a", "b", "c"])), share_of("a", ["b"])
    (11, frozenset())
    """
    known = sorted(set(members))
    if member not in known:
        return frozenset()
    counts = dict.fromkeys(known, 0)
    whole, more = divmod(COUNT, len(known))
    limits = {name: whole + (rank < more) for rank, name in enumerate(known)}
    mine = set()
    for partition in range(COUNT):
        free = [name for name in known if counts[name] < limits[name]]
        owner = max(free, key=lambda name: (zlib.crc32(f"{name} {partition}".encode()), name))
        counts[owner] += 1
        if owner == member:
            mine.add(partition)
    return frozenset(mine)
