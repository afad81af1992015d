"""What this process has used of the machine."""

from __future__ import annotations

import resource
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
