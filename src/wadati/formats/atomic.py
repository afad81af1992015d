"""Files appear whole or not at all, and only when their content is new."""

from __future__ import annotations

import filecmp
import os
import re
import secrets
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from wadati.units import SECOND

_LEFTOVER = re.compile(r"^\..+\.(?P<host>[^.]*)\.(?P<pid>\d+)\.[0-9a-f]{8}\.partial$")
_STALE = 24 * 3600
"""Seconds after which an attempt of another machine counts as dead."""


@contextmanager
def atomic_write(path: Path) -> Iterator[Path]:
    """Write to the path that this yields; when the block ends well, the file stands at `path` as a whole.

    The temporary path lies in the same folder (made if need be) and is unique to the attempt. If the block raises, or
    the new content equals the old, the file at `path` is left untouched, so that a rerun changes nothing.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     with atomic_write(Path(folder) / "a.txt") as partial:
    ...         _ = partial.write_text("whole")
    ...     (Path(folder) / "a.txt").read_text()
    'whole'
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.name}.{_host()}.{os.getpid()}.{secrets.token_hex(4)}.partial")
    try:
        yield partial
        _sync(partial)
        if not (path.is_file() and filecmp.cmp(partial, path, shallow=False)):
            partial.replace(path)
            _sync(path.parent)
    finally:
        partial.unlink(missing_ok=True)


def create_once(path: Path, content: bytes) -> bool:
    """Write a file as a whole where there is none yet; whether it was written. Of several at once, one succeeds.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     [create_once(Path(folder) / "a.txt", content) for content in (b"first", b"second")]
    [True, False]
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.name}.{_host()}.{os.getpid()}.{secrets.token_hex(4)}.partial")
    try:
        partial.write_bytes(content)
        _sync(partial)
        path.hardlink_to(partial)
    except FileExistsError:
        return False
    finally:
        partial.unlink(missing_ok=True)
    _sync(path.parent)
    return True


def clean_leftovers(directory: Path) -> tuple[Path, ...]:
    """Remove what killed attempts left in a folder (not below it); what was removed, in order.

    Attempts of living processes of this machine stay, as do those of other machines for one day.
    """
    removed = []
    for path in sorted(directory.iterdir()) if directory.is_dir() else []:
        match = _LEFTOVER.match(path.name)
        if match and _dead(path, match["host"], int(match["pid"])):
            path.unlink(missing_ok=True)
            removed.append(path)
    return tuple(removed)


def _host() -> str:
    return re.sub(r"[^A-Za-z0-9-]", "-", socket.gethostname())


def _dead(path: Path, host: str, pid: int) -> bool:
    if host == _host():
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return True
        except PermissionError:
            return False
        return False
    try:
        return path.stat().st_mtime_ns + _STALE * SECOND < time.time_ns()
    except FileNotFoundError:
        return False


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
