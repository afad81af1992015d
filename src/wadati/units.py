"""SI inside, kilometres only in tables and on screens: the few conversion factors, named once."""

from __future__ import annotations

KILOMETRE = 1000.0
"""Metres in a kilometre."""

NANOSECOND = 1
MICROSECOND = 1_000
MILLISECOND = 1_000_000
SECOND = 1_000_000_000
MINUTE = 60 * SECOND
HOUR = 3600 * SECOND
DAY = 86400 * SECOND
"""Times and durations are integer nanoseconds."""
