"""A small disk of its own for tests and benchmarks, which can be filled up and given room again."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path
from types import TracebackType
from typing import Self

_FILLING = "filling"
_PORTION = 1 << 20


class SmallDisk:
    """A tmpfs on an empty folder, while used in `with`. It takes an administrator of the machine."""

    def __init__(self, folder: Path, megabytes: int) -> None:
        self.folder, self.megabytes = folder, megabytes

    @staticmethod
    def missing() -> str | None:
        """Why there can be none on this machine, or None."""
        if os.geteuid() != 0 or shutil.which("mount") is None:
            return "a small disk cannot be mounted here"
        probe = subprocess.run(["unshare", "-m", "true"], capture_output=True, check=False)
        return "a small disk cannot be mounted here" if probe.returncode else None

    def __enter__(self) -> Self:
        self.folder.mkdir(parents=True, exist_ok=True)
        subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={self.megabytes}m", "tmpfs", self.folder], check=True)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        subprocess.run(["umount", "-l", self.folder], check=False)

    def fill(self) -> None:
        """Leave no byte of room."""
        with (self.folder / _FILLING).open("wb", buffering=0) as file:
            try:
                while file.write(bytes(_PORTION)) == _PORTION:
                    pass
            except OSError:
                return

    def free(self) -> None:
        """Give the room back."""
        (self.folder / _FILLING).unlink(missing_ok=True)

    def grow(self, megabytes: int) -> None:
        """Make it larger."""
        subprocess.run(["mount", "-o", f"remount,size={megabytes}m", self.folder], check=True)
