"""What this process has used of the machine."""

from __future__ import annotations

import ctypes
import resource
from contextlib import suppress
from pathlib import Path


def cpu_seconds() -> float:
    """CPU time (s)."""
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


def largest_memory_mb() -> float:
    """The largest memory (MB) of this process; what the system tells of usage counts its parent before it began."""
    try:
        lines = Path("/proc/self/status").read_text().splitlines()
        return int(next(line for line in lines if line.startswith("VmHWM")).split()[1]) / 1024
    except (OSError, StopIteration):
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def give_back_memory() -> None:
    """Hand memory that is free within this process back to the system, where the C library (glibc) can.

    Of the arrays of many sizes that a stream needs, holes are left between those that stay: a megabyte an hour.
    """
    with suppress(OSError, AttributeError):
        ctypes.CDLL("libc.so.6").malloc_trim(0)
