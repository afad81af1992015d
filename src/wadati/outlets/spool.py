"""Messages as files in a folder that another program empties: one a message, whole or not there."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from wadati.formats.atomic import atomic_write


class Spool:
    """Writes what `text` makes of each message; None is passed over. Names count on from what is there."""

    def __init__(
        self, folder: Path, suffix: str, kinds: tuple[str, ...], text: Callable[[Any, int], str | None]
    ) -> None:
        self.folder, self.kinds = folder, kinds
        self.name = f"{folder}/*{suffix}"
        self._suffix, self._text = suffix, text
        folder.mkdir(parents=True, exist_ok=True)
        numbers = [int(path.stem) for path in folder.glob(f"*{suffix}") if path.stem.isdigit()]
        self._number = max(numbers, default=0)

    def send(self, message: Any) -> None:
        """Write one file. Raises `OSError`."""
        text = self._text(message, self._number + 1)
        if text is None:
            return
        with atomic_write(self.folder / f"{self._number + 1:012d}{self._suffix}") as partial:
            partial.write_text(text, encoding="utf-8", newline="\n")
        self._number += 1
