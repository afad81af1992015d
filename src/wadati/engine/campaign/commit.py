"""Outputs of shards: there as a whole or not at all, whoever dies when.

An attempt writes its files under a name that no other attempt has. Then it creates the shard's manifest, which names
them; where a manifest is there already, the attempt was late, and what it wrote is never read. Creating is one step of
the file system (a hard link) or of the bucket (a put on the condition that nothing is there), so of any number of
attempts one counts: the first. Nothing is listed.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Mapping
from typing import Literal

import msgspec

from wadati.errors import InputError
from wadati.protocols import Problem
from wadati.store.objects import Place

WORKER_DIED = "worker died"
"""The cause of units whose work was given up with the process that did it."""


class Unit(msgspec.Struct, frozen=True):
    """How a station's day ended: `done`, `no data` or `failed` (why, and `cause`, by which failures are counted)."""

    station: str
    day: int
    status: Literal["done", "no data", "failed"]
    reason: str = ""
    cause: str = ""
    seconds: float = 0.0
    band: str = ""
    picks: int = 0


class File(msgspec.Struct, frozen=True):
    """An output: its name, its bytes and their SHA-256."""

    name: str
    bytes: int
    sha256: str


class Manifest(msgspec.Struct, frozen=True, kw_only=True):
    """What makes the outputs of a shard valid: which attempt gave them, what they are, and what they took.

    `cpu_s` and `wall_s` are in seconds, `finished` in ns by the clock of the machine, `memory_mb` the most that the
    process had taken.
    """

    path: str
    stage: Literal["pick", "associate"]
    attempt: str
    files: dict[str, File]
    units: tuple[Unit, ...] = ()
    problems: tuple[Problem, ...] = ()
    notes: tuple[Problem, ...] = ()
    cpu_s: float = 0.0
    wall_s: float = 0.0
    finished: int = 0
    requests: int = 0
    bytes_read: int = 0
    memory_mb: float = 0.0

    @property
    def failed(self) -> tuple[Unit, ...]:
        """The units that failed."""
        return tuple(unit for unit in self.units if unit.status == "failed")

    @property
    def digest(self) -> str:
        """Of what the outputs hold: the same for all attempts that came to the same."""
        return msgspec.json.encode(sorted((kind, file.sha256) for kind, file in self.files.items())).decode()


_MANIFESTS = msgspec.json.Decoder(Manifest)
"""Made with the module: two threads that first decode one type at once crash in msgspec."""


class Shelf:
    """Where outputs of shards are kept."""

    def __init__(self, place: Place) -> None:
        self._place = place

    def manifest(self, path: str) -> Manifest | None:
        """What a shard gave; None while it is not done. Raises `InputError` for a manifest that cannot be read."""
        content = self._place.get(f"{path}.json")
        if content is None:
            return None
        try:
            return _MANIFESTS.decode(content)
        except msgspec.DecodeError as error:
            raise InputError(f"{path}.json", f"is no manifest ({error})", "remove it and run again") from None

    def commit(self, draft: Manifest, outputs: Mapping[str, bytes]) -> Manifest:
        """Keep outputs and make them count; the manifest that counts, which another attempt may have written."""
        attempt = secrets.token_hex(8)
        files = {}
        for kind, content in outputs.items():
            name = f"{draft.path}.{attempt}.{kind}"
            self._place.put(name, content, "application/octet-stream", 0)
            files[kind] = File(name, len(content), hashlib.sha256(content).hexdigest())
        manifest = msgspec.structs.replace(draft, attempt=attempt, files=files)
        if self._place.create(f"{draft.path}.json", msgspec.json.encode(manifest)):
            return manifest
        first = self.manifest(draft.path)
        if first is None:  # it was taken back meanwhile, by `wadati retry`
            raise InputError(draft.path, "was taken back while it was worked on", "run again")
        return first

    def output(self, manifest: Manifest, kind: str) -> bytes:
        """An output as it was committed. Raises `InputError` where it is gone or another one."""
        file = manifest.files[kind]
        content = self._place.get(file.name)
        if content is None or hashlib.sha256(content).hexdigest() != file.sha256:
            wrong = "is gone" if content is None else "is not what was written"
            raise InputError(file.name, wrong, f"remove {manifest.path}.json and run again")
        return content

    def take_back(self, path: str) -> None:
        """Let a shard count as not done."""
        self._place.remove(f"{path}.json")
