"""Words for people: progress bars on a terminal, lines elsewhere, tables, errors in one line."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterable, Sequence
from types import TracebackType
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from rich.progress import Progress as RichProgress
    from rich.progress import TaskID

    from wadati.engine.local import Result
    from wadati.protocols import Problem

PARTLY_FAILED = 4
"""Exit code of a command that did what it should, but for some of what it was given."""

_READ = 20
"""Lines that somebody reads."""


class TerminalProgress:
    """A bar for each stage on a terminal; one line for each finished stage elsewhere. A context manager."""

    def __init__(self) -> None:
        self._bars: RichProgress | None = None
        self._tasks: dict[str, TaskID] = {}
        self._began: dict[str, float] = {}

    def __enter__(self) -> Self:
        if sys.stderr.isatty():
            from rich.console import Console
            from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

            self._bars = Progress(
                TextColumn("{task.description:<10}"),
                BarColumn(),
                MofNCompleteColumn(),
                TimeElapsedColumn(),
                TextColumn("{task.fields[words]}"),
                console=Console(stderr=True),
            )
            self._bars.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._bars is not None:
            self._bars.stop()

    def start(self, stage: str, total: int) -> None:
        """A stage begins."""
        self._began[stage] = time.perf_counter()
        if self._bars is not None:
            self._tasks[stage] = self._bars.add_task(stage, total=total, words="")

    def step(self, stage: str) -> None:
        """One more step is done."""
        if self._bars is not None:
            self._bars.advance(self._tasks[stage])

    def finish(self, stage: str, words: str) -> None:
        """A stage is over."""
        if self._bars is not None:
            task = self._tasks[stage]
            total = self._bars.tasks[task].total or 1
            self._bars.update(task, words=words, total=max(total, 1), completed=max(total, 1))
        else:
            spent = time.perf_counter() - self._began[stage]
            print(f"{stage}: {words} ({spent:.1f} s)", file=sys.stderr)


class LogLines:
    """What a service tells, to standard error: words on a terminal, else one JSON object a line."""

    def __call__(self, what: str, **fields: object) -> None:
        """Tell a thing with its fields."""
        import json
        from datetime import UTC, datetime

        moment = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        if sys.stderr.isatty():
            words = " ".join(f"{name}={value}" for name, value in fields.items())
            print(f"{moment[11:19]} {what} {words}", file=sys.stderr, flush=True)
        else:
            print(json.dumps({"time": moment, "event": what, **fields}, default=str), file=sys.stderr, flush=True)


def complain(words: str) -> None:
    """One line to standard error."""
    print(f"wadati: {words}", file=sys.stderr)


def table(title: str, rows: Sequence[tuple[str, str]]) -> None:
    """Two columns on standard output."""
    width = max((len(label) for label, _ in rows), default=0)
    print(title)
    for label, value in rows:
        print(f"  {label:<{width}}  {value}")


def end_of(result: Result, words: str) -> int:
    """Tell what was left out, say the last words, and give the exit code."""
    ledger = result.ledger
    told = {problem.subject for problem in ledger.problems}
    failed = [unit for unit in ledger.coverage if unit.status == "failed" and unit.unit not in told]
    complain_of(ledger.problems, [f"{unit.unit}: {unit.reason}" for unit in failed], "all in run.json")
    print(words)
    return PARTLY_FAILED if ledger.partly_failed else 0


def complain_of(problems: Iterable[Problem], more: Sequence[str] = (), where: str = "") -> None:
    """Tell what could not be used, a line each, as far as somebody would read; `where` all of it stands."""
    lines = ["; ".join(filter(None, (f"{one.subject}: {one.wrong}", one.mend))) for one in problems]
    lines += more
    for line in lines[:_READ]:
        complain(line)
    if len(lines) > _READ:
        complain(f"and {len(lines) - _READ} more{where and ', '}{where}")
