"""The log of who did what: one JSON object a line, appended, never changed."""

from __future__ import annotations

import json
import logging
import os
import threading
import time
from collections import deque
from contextlib import suppress
from pathlib import Path
from typing import Any

from wadati.model import format_time

LOG = logging.getLogger("wadati.api")


class Audit:
    """Appends to a file (made for its owner alone); without one it notes nothing.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     audit = Audit(Path(folder) / "audit.jsonl")
    ...     audit.note(caller="me", method="POST", path="/picks", status=200)
    ...     audit.latest(10)[0]["caller"]
    'me'
    """

    def __init__(self, path: Path | None) -> None:
        self._path, self._lock = path, threading.Lock()

    def note(self, **fields: object) -> None:
        """Write down one request; where the disk takes nothing, the log of the service has it."""
        if self._path is None:
            return
        line = json.dumps({"time": format_time(time.time_ns(), 3), **fields}, default=str) + "\n"
        try:
            with self._lock:
                descriptor = os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
                with os.fdopen(descriptor, "ab") as file:
                    file.write(line.encode())
        except OSError as error:
            LOG.error("the audit log cannot be written (%s): %s", error.strerror, line.strip())

    def latest(self, most: int) -> list[dict[str, Any]]:
        """The last lines, the latest first."""
        if self._path is None or not self._path.is_file():
            return []
        with self._path.open(encoding="utf-8") as file:
            lines = deque(file, most)
        found = []
        for line in reversed(lines):
            # A line that a full disk cut short costs no other.
            with suppress(ValueError):
                found.append(json.loads(line))
        return found
