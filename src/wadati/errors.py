"""Every error Wadati raises on purpose: what is wrong, named, and the mend.

The command line prints these as one line without a traceback; the exit code is the class attribute
`exit_code` (2 usage, 3 nothing of the input usable, 4 partly failed).
"""

from __future__ import annotations

from typing import Any


class WadatiError(Exception):
    """The base of all errors raised on purpose; `exit_code` is what a command ends with."""

    exit_code = 3

    def __reduce__(self) -> tuple[Any, ...]:
        return _come_from_elsewhere, (type(self), self.args, self.__dict__)


def _come_from_elsewhere(kind: type[WadatiError], args: tuple[Any, ...], rest: dict[str, Any]) -> WadatiError:
    """An error of another process: what was said there is not put into words again."""
    error = kind.__new__(kind, *args)
    error.__dict__.update(rest)
    return error


class UsageError(WadatiError):
    """An argument or a setting that cannot be meant; the message says which values can."""

    exit_code = 2


class InputError(WadatiError):
    """A file, channel or table that cannot be used; names it, says what is wrong and the mend."""

    def __init__(self, subject: object, wrong: str, mend: str) -> None:
        super().__init__(f"{subject}: {wrong}; {mend}")
        self.subject = str(subject)
        self.wrong = wrong
        self.mend = mend


class ReadError(InputError):
    """Something that may be there and cannot be had; `cause` is one or two words by which failures are counted."""

    def __init__(self, subject: object, cause: str, wrong: str, mend: str) -> None:
        super().__init__(subject, wrong, mend)
        self.cause = cause


class NothingUsableError(WadatiError):
    """Nothing of the input could be used."""


class MissingExtraError(WadatiError):
    """A part needs an optional dependency that is not installed."""

    exit_code = 2

    def __init__(self, part: str, extra: str) -> None:
        super().__init__(f"{part} needs an optional dependency: pip install 'wadati[{extra}]'")
