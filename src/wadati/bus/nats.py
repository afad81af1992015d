"""The bus between processes and machines: NATS JetStream on disk (extra `wadati[nats]`), server 2.9 or later.

Streams keep what passed for a while, so that any number may read the same, each from where it wants to: `packets`
(subjects by partition), `ticks` (what pickers found), `events`, and `public` (what one of two sites told). A reader
knows what comes next, so a broken connection, a broker that was killed or a consumer that vanished costs it nothing: it
asks again from there. What `publish` returned from is kept by the broker.

Leases are messages that expire, each the only one of its subject: taken where there is none, renewed by who knows the
last one (optimistic concurrency by `Nats-Expected-Last-Subject-Sequence`).
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Self
from urllib.parse import parse_qs, urlsplit

from wadati.bus.nats_link import ANSWER_S, Link, RefusedError
from wadati.bus.nats_reader import Reader
from wadati.errors import UsageError

STREAMS = ("packets", "ticks", "events", "public")
LEASE_S = 3.0
"""A lease that is not renewed for so long is free."""

_LOOK_S = 0.5
_AT_ONCE = 512
_WINDOW_S = 1.0
_NS = 1_000_000_000


class NatsBus:
    """A connection, and the thread that it lives in; close it, or use it in `with`.

    `address` is `nats://[user:password@]host:port[,host:port]/NAME?hours=24&replicas=1`: NAME (default `wadati`) keeps
    networks that share a broker apart; streams keep `hours`. `user@host…?password_file=PATH` keeps the password out of
    lists of processes. Raises `MissingExtraError` without nats-py, `UsageError` for an address that is none,
    `ConnectionError` where no broker answers, `OSError` for a file that cannot be read.
    """

    def __init__(self, address: str) -> None:
        parts = urlsplit(address)
        given = {name: values[-1] for name, values in parse_qs(parts.query).items()}
        self.name = parts.path.strip("/") or "wadati"
        try:
            self._hours, self._replicas = float(given.pop("hours", 24)), int(given.pop("replicas", 1))
        except ValueError as error:
            raise UsageError(f"{address}: {error}") from None
        secret = given.pop("password_file", "")
        if parts.scheme not in ("nats", "tls") or not parts.netloc or given or not self.name.isidentifier():
            raise UsageError(f"{address}: write nats://HOST:4222/NAME?hours=24&replicas=1")
        user, _, hosts = parts.netloc.rpartition("@") if secret else ("", "", parts.netloc)
        password = Path(secret).read_text(encoding="utf-8").strip() if secret else ""
        self._link = Link([f"{parts.scheme}://{host}" for host in hosts.split(",")], user, password)
        self._readers: list[Reader] = []
        try:
            self._link.do(self._make_all(), 2 * ANSWER_S)
        except BaseException:
            self._link.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End all readers and the connection."""
        self._link.loop.call_soon_threadsafe(self._watch.cancel)
        self._link.close()

    def publish(self, stream: str, messages: Sequence[tuple[str, bytes]]) -> None:
        """Have messages, each with its subject below the stream's name, kept by the broker: all when this returns.

        Raises `ConnectionError` where some may not be; those can be published again.
        """
        for at in range(0, len(messages), _AT_ONCE):
            self._link.do(self._publish(stream, messages[at : at + _AT_ONCE]), 2 * ANSWER_S)

    def read(self, stream: str, subject: str, after: int) -> Reader:
        """Messages of a subject after a number; what there is and what comes."""
        reader = Reader(self._link, self._stream(stream), f"{self.name}.{stream}.{subject}", after)
        self._readers = [one for one in self._readers if not one.closed] + [reader]
        self._link.do(reader.open())
        return reader

    def last(self, stream: str) -> int:
        """The number of the last message of a stream."""
        found: int = self._link.do(self._link.api("STREAM.INFO", self._stream(stream)))["state"]["last_seq"]
        return found

    def held(self, prefix: str) -> list[str]:
        """The leases that somebody has, of those whose names begin so."""
        whole = f"{self.name}.leases."
        asked = self._link.api("STREAM.INFO", self._stream("leases"), subjects_filter=f"{whole}{prefix}.>")
        found = self._link.do(asked)
        return sorted(subject.removeprefix(whole) for subject in found["state"].get("subjects") or ())

    def lease(self, name: str, last: int, content: bytes = b"") -> int | None:
        """Take a lease (`last` 0) or renew it (`last` is what this returned before); None where another has it."""
        header = {"Nats-Expected-Last-Subject-Sequence": str(last)}
        try:
            found = self._link.do(self._link.request(f"{self.name}.leases.{name}", content, header))
        except RefusedError:
            return None
        return int(found["seq"])

    def release(self, name: str) -> None:
        """Give a lease back."""
        self._link.do(self._link.api("STREAM.PURGE", self._stream("leases"), filter=f"{self.name}.leases.{name}"))

    def keep(self, name: str, content: bytes) -> None:
        """Keep the latest content of a name."""
        self._link.do(self._link.request(f"{self.name}.state.{name}", content))

    def kept(self, name: str) -> bytes | None:
        """The content of a name that was kept last; None for none."""
        return self._last("state", f"{self.name}.state.{name}")

    def tell(self, name: str, content: bytes) -> None:
        """Say how something does; it is forgotten after a minute, or with the next."""
        self._link.do(self._link.request(f"{self.name}.status.{name}", content))

    def told(self) -> dict[str, bytes]:
        """What was said last under each name within the last minute."""
        whole = f"{self.name}.status."
        info = self._link.api("STREAM.INFO", self._stream("status"), subjects_filter=f"{whole}>")
        subjects = sorted(self._link.do(info)["state"].get("subjects") or ())
        return {subject.removeprefix(whole): self._last("status", subject) or b"" for subject in subjects}

    def _last(self, stream: str, subject: str) -> bytes | None:
        try:
            asked = self._link.api("STREAM.MSG.GET", self._stream(stream), last_by_subj=subject)
            return base64.b64decode(self._link.do(asked)["message"].get("data", ""))
        except RefusedError:
            return None

    def serve(self, subject: str, answer: Callable[[bytes], bytes | None]) -> Callable[[], None]:
        """Answer questions until what this returns is called; None is no answer. Runs in the bus's thread."""

        async def asked(message: Any) -> None:
            found = answer(message.data)
            if found is not None:
                await message.respond(found)

        subscription = self._link.do(self._link.client.subscribe(f"{self.name}.{subject}", cb=asked))

        def end() -> None:
            with contextlib.suppress(ConnectionError):
                self._link.do(subscription.unsubscribe())

        return end

    def ask(self, questions: Sequence[tuple[str, bytes]], timeout: float) -> list[bytes | None]:
        """Answers to questions (subject, content), all asked at once; None where none came in time (s)."""

        async def one(subject: str, data: bytes) -> bytes | None:
            try:
                reply = await self._link.client.request(f"{self.name}.{subject}", data, timeout=timeout)
            except (TimeoutError, self._link.error):
                return None
            found: bytes = reply.data
            return found

        async def every() -> list[bytes | None]:
            return list(await asyncio.gather(*(one(*question) for question in questions)))

        return self._link.do(every(), timeout + ANSWER_S)

    def _stream(self, stream: str) -> str:
        return f"{self.name}-{stream}"

    async def _make_all(self) -> None:
        for stream in STREAMS:
            await self._make(stream, max_age=round(self._hours * 3600 * _NS))
        await self._make("state", max_age=0, max_msgs_per_subject=1)
        await self._make("status", max_age=60 * _NS, max_msgs_per_subject=1)
        await self._make("leases", max_age=round(LEASE_S * _NS), max_msgs_per_subject=1)
        self._watch = asyncio.ensure_future(self._look_after())

    async def _make(self, stream: str, **more: int) -> None:
        config = {
            "name": self._stream(stream),
            "subjects": [f"{self.name}.{stream}.>"],
            "retention": "limits",
            "storage": "file",
            "discard": "old",
            "num_replicas": self._replicas,
            "duplicate_window": round(_WINDOW_S * _NS),
            **more,
        }
        try:
            await self._link.api("STREAM.CREATE", self._stream(stream), **config)
        except RefusedError:
            await self._link.api("STREAM.UPDATE", self._stream(stream), **config)

    async def _publish(self, stream: str, messages: Sequence[tuple[str, bytes]]) -> None:
        """All acknowledged: one inbox for the answers, so that none is waited for before the next goes out."""
        inbox = self._link.client.new_inbox()
        left: set[str] = {str(k) for k in range(len(messages))}
        wrong: list[str] = []
        done = asyncio.Event()

        async def answered(reply: Any) -> None:
            if b'"error"' in reply.data:
                wrong.append(reply.data.decode(errors="replace"))
            left.discard(reply.subject.rpartition(".")[2])
            if not left:
                done.set()

        subscription = await self._link.client.subscribe(f"{inbox}.*", cb=answered)
        try:
            for k, (subject, data) in enumerate(messages):
                await self._link.client.publish(f"{self.name}.{stream}.{subject}", data, reply=f"{inbox}.{k}")
            await asyncio.wait_for(done.wait(), ANSWER_S)
        finally:
            with contextlib.suppress(self._link.error):
                await subscription.unsubscribe()
        if wrong:
            raise ConnectionError(wrong[0])

    async def _look_after(self) -> None:
        """Ask again for readers of which nothing was heard."""
        while True:
            await asyncio.sleep(_LOOK_S)
            for reader in self._readers:
                if reader.silent and not reader.closed and self._link.client.is_connected:
                    with contextlib.suppress(Exception):  # asked again at the next look
                        await reader.open()
