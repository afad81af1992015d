"""How a run tells how far it is; the terminal or the log are the caller's."""

from __future__ import annotations

from typing import Protocol


class Progress(Protocol):
    """Told before, during and after each stage."""

    def start(self, stage: str, total: int) -> None:
        """A stage of `total` steps begins."""
        ...

    def step(self, stage: str) -> None:
        """One more step is done."""
        ...

    def finish(self, stage: str, words: str) -> None:
        """The stage is over; `words` say what it gave."""
        ...


class Silent:
    """Progress for programs: says nothing."""

    def start(self, stage: str, total: int) -> None:
        """Nothing."""

    def step(self, stage: str) -> None:
        """Nothing."""

    def finish(self, stage: str, words: str) -> None:
        """Nothing."""
