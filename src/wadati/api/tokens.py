"""Words that open a service: kept as digests, each with what it opens, until when, and whose it is."""

from __future__ import annotations

import hashlib
import secrets
import time
from collections.abc import Iterable, Mapping
from pathlib import Path

import msgspec

from wadati.errors import InputError, UsageError
from wadati.formats.atomic import atomic_write
from wadati.model import format_time, parse_time
from wadati.units import DAY

SCOPES = ("read", "picks", "review", "restricted", "audit")
"""What a token may open: reading, where that is not open to all, sending waveforms, reviewing events, restricted
waveforms, and the log of who did what."""

ROLES: Mapping[str, tuple[str, ...]] = {
    "viewer": ("read",),
    "analyst": ("read", "picks", "review"),
    "operator": ("read", "picks", "review", "restricted"),
    "admin": SCOPES,
}
"""Names for usual sets of scopes."""

_MEND = "make tokens with wadati token"


class Token(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One token as it is kept: the SHA-256 of its word, whose it is, what it opens, and until when (ISO 8601)."""

    digest: str
    name: str
    scopes: tuple[str, ...]
    expires: str


class Tokens:
    """The tokens of a file, which is read again when it changes. Raises `InputError` for one that is none.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     word = new_token(Path(folder) / "tokens.json", "lab", ("picks",), 90)
    ...     tokens = Tokens(Path(folder) / "tokens.json")
    ...     tokens.find(word).name, tokens.find("guess")
    ('lab', None)
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._changed = -1
        self._tokens: dict[str, Token] = {}
        self._read()

    def find(self, word: str) -> Token | None:
        """The token of a word, None for one that is unknown or over."""
        if not self._path.is_file():
            self._tokens, self._changed = {}, -1
        elif self._path.stat().st_mtime_ns != self._changed:
            self._read()
        # Looking for a digest tells a guesser nothing about words by how long it takes.
        token = self._tokens.get(hashlib.sha256(word.encode()).hexdigest())
        return None if token is None or parse_time(token.expires) < time.time_ns() else token

    def _read(self) -> None:
        found = read_tokens(self._path)
        self._changed = self._path.stat().st_mtime_ns
        self._tokens = {token.digest: token for token in found}


def scopes_of(names: Iterable[str]) -> tuple[str, ...]:
    """The scopes of scopes and roles, in order. Raises `UsageError` for a name that is neither.

    >>> scopes_of(["analyst", "restricted"])
    ('read', 'picks', 'review', 'restricted')
    """
    found: set[str] = set()
    for name in names:
        if name not in SCOPES and name not in ROLES:
            raise UsageError(f"there is no scope or role {name!r}; there are {', '.join((*SCOPES, *ROLES))}")
        found.update(ROLES.get(name, (name,)))
    return tuple(scope for scope in SCOPES if scope in found)


def read_tokens(path: Path) -> list[Token]:
    """All tokens of a file. Raises `InputError` for what is no file of tokens."""
    try:
        found = msgspec.json.decode(path.read_bytes(), type=list[Token])
        for token in found:
            parse_time(token.expires)
    except OSError as error:
        raise InputError(path, f"cannot be read ({error.strerror})", _MEND) from None
    except (msgspec.DecodeError, UsageError) as error:
        raise InputError(path, f"is no file of tokens ({error})", _MEND) from None
    return found


def new_token(path: Path, name: str, scopes: tuple[str, ...], days: float) -> str:
    """A new word, whose digest is added to a file (made if need be, for its owner alone); only this time it is told.

    `scopes` may also be roles. Raises `UsageError` for one that there is none of.
    """
    scopes = scopes_of(scopes)
    before = read_tokens(path) if path.exists() else []
    word = secrets.token_urlsafe(32)
    expires = format_time(time.time_ns() + round(days * DAY), 0)
    token = Token(hashlib.sha256(word.encode()).hexdigest(), name, scopes, expires)
    with atomic_write(path) as partial:
        partial.touch(mode=0o600)
        partial.write_bytes(msgspec.json.format(msgspec.json.encode([*before, token]), indent=1) + b"\n")
    return word
