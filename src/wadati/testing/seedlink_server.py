"""A SeedLink server for tests and drills: versions 3 and 4, records in memory, faults on request. Loopback only.

Not a server for a network: it keeps every record it was given, and trusts everybody.
"""

from __future__ import annotations

import asyncio
import fnmatch
import ssl
import threading
from collections.abc import Coroutine, Iterable
from types import TracebackType
from typing import Any, Self

from wadati.formats.miniseed import read_miniseed, write_miniseed
from wadati.model import SourceId, TimeSpan, Trace, parse_time
from wadati.sources.seedlink_words import RECORD, station_of, write_packet

_CHUNK = 128


class SeedLinkServer:
    """Serves records in a thread of its own; a context manager.

    `versions` are those it says it speaks. `push` gives it records, which keep their order and get the next number.
    `drop_after` closes every connection after so many packets; `mute` keeps connections open and says nothing more.

    >>> with SeedLinkServer() as server:
    ...     server.port > 0
    True
    """

    def __init__(
        self, *, versions: tuple[str, ...] = ("4.0", "3.1"), context: ssl.SSLContext | None = None, first: int = 1
    ) -> None:
        self.versions = versions
        self.drop_after: int | None = None
        self.mute = False
        self.said: list[bytes] = []
        """All lines that clients said."""
        self.connections = 0
        self._context = context
        self.first = first
        self.records: list[tuple[SourceId, TimeSpan, bytes]] = []
        self.stations: dict[str, list[int]] = {}
        self._loop = asyncio.new_event_loop()
        self.more: asyncio.Event
        self._ready = threading.Event()
        self._tasks: set[asyncio.Task[None]] = set()
        self.port = 0

    def __enter__(self) -> Self:
        self._thread = threading.Thread(target=self._serve, name="seedlink-server", daemon=True)
        self._thread.start()
        self._ready.wait(10)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(10)

    def announce(self, stations: Iterable[str]) -> None:
        """Know stations (`NET_STA`) of which there are no records yet."""
        for station in stations:
            self.stations.setdefault(station, [])

    def push(self, records: Iterable[bytes]) -> None:
        """Take records; clients that want them get them at once."""
        parsed = []
        for record in records:
            traces, _ = read_miniseed(record)
            parsed += [(trace.source_id, trace.span, record) for trace in traces]
        self._call(self._take(parsed))

    def push_known(self, records: Iterable[tuple[SourceId, TimeSpan, bytes]]) -> None:
        """Take records whose channel and span are known."""
        self._call(self._take(list(records)))

    def kick(self) -> None:
        """Close all connections."""
        self._call(self._kick())

    def _call(self, what: Coroutine[Any, Any, None]) -> None:
        asyncio.run_coroutine_threadsafe(what, self._loop).result(10)

    async def _take(self, parsed: list[tuple[SourceId, TimeSpan, bytes]]) -> None:
        for source_id, span, record in parsed:
            self.stations.setdefault(station_of(source_id), []).append(len(self.records))
            self.records.append((source_id, span, record))
        more, self.more = self.more, asyncio.Event()
        more.set()

    async def _kick(self) -> None:
        for task in self._tasks:
            task.cancel()

    def _serve(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.run_until_complete(self._run())
        self._loop.close()

    async def _run(self) -> None:
        self.more, self._stop = asyncio.Event(), asyncio.Event()
        server = await asyncio.start_server(self._client, "127.0.0.1", 0, ssl=self._context)
        self.port = server.sockets[0].getsockname()[1]
        self._ready.set()
        await self._stop.wait()
        server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await asyncio.sleep(0.1)  # what failed in its greeting closes itself

    async def _client(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        self.connections += 1
        try:
            await _Conversation(self, reader, writer).go()
            await writer.drain()
            writer.close()
            await asyncio.wait_for(writer.wait_closed(), 1.0)
        except (OSError, EOFError, TimeoutError, asyncio.CancelledError, asyncio.LimitOverrunError):
            pass
        finally:
            self._tasks.discard(task)
            writer.transport.abort()

    def matching(self, pattern: str) -> list[str]:
        """Known stations like a pattern, `NET_STA`."""
        return sorted(one for one in self.stations if fnmatch.fnmatchcase(one, pattern))


class _Conversation:
    def __init__(self, server: SeedLinkServer, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.server, self.reader, self.writer = server, reader, writer
        self.version = 3
        self.wants: list[tuple[str, list[str], int]] = []
        self.fetch = False
        self.asked: dict[str, list[tuple[str, list[str], int]]] = {}

    async def go(self) -> None:
        while True:
            line = (await self.reader.readuntil(b"\r")).strip()
            if not line:
                continue
            self.server.said.append(line)
            verb, *words = line.decode("ascii", "replace").split()
            if verb.upper() == "END" or (verb.upper() in ("DATA", "FETCH", "TIME") and not self.wants):
                if not self.wants:
                    self.wants.append(("*_*", [], self._start(verb, words)))
                await self._stream()
                return
            if verb.upper() == "BYE":
                return
            self._answer(verb.upper(), words)
            await self.writer.drain()

    def _say(self, text: str) -> None:
        self.writer.write(text.encode() + b"\r\n")

    def _answer(self, verb: str, words: list[str]) -> None:
        server = self.server
        if verb == "HELLO":
            said = " ".join(f"SLPROTO:{version}" for version in server.versions)
            # In one piece: ObsPy's client takes both lines from one read.
            self._say(f"SeedLink v{server.versions[0]} (wadati drill) :: {said} CAP TIME EXTREPLY NSWILDCARD\r\ndrill")
        elif verb == "SLPROTO":
            self.version = 4 if words[:1] == ["4.0"] and "4.0" in server.versions else 3
            self._say("OK" if self.version == 4 else "ERROR UNSUPPORTED version")
        elif verb in ("USERAGENT", "BATCH", "CAPABILITIES"):
            self._say("OK")
        elif verb == "STATION":
            pattern = words[0] if self.version == 4 else f"{words[1] if len(words) > 1 else '*'}_{words[0]}"
            if self.version == 3 and not server.matching(pattern):
                self._say("ERROR")
                return
            self.wants.append((pattern, [], len(server.records)))
            self._say("OK")
        elif verb == "SELECT":
            if self.wants:
                self.wants[-1][1].extend(words)
            self._say("OK")
        elif verb in ("DATA", "FETCH", "TIME"):
            self.fetch = verb == "FETCH"
            pattern, selects, _ = self.wants[-1]
            self.wants[-1] = (pattern, selects, self._start(verb, words))
            self._say("OK")
        elif verb == "INFO":
            self._info(words[0].upper() if words else "ID")
        else:
            self._say("ERROR UNSUPPORTED command")

    def _start(self, verb: str, words: list[str]) -> int:
        """The place from which on records are wanted."""
        records = self.server.records
        if verb == "TIME" or (len(words) > 1 and verb == "DATA"):
            text = words[0] if verb == "TIME" else words[1]
            if "," in text:
                parts = [int(part) for part in text.split(",")]
                text = "{:04d}-{:02d}-{:02d}T{:02d}:{:02d}:{:02d}Z".format(*parts)
            since = parse_time(text)
            return next((at for at, (_, span, _) in enumerate(records) if span.end > since), len(records))
        if not words or words[0] == "ALL":
            return len(records) if not words else 0
        number = int(words[0], 16 if self.version == 3 else 10)
        return max(number - self.server.first, 0)

    def _info(self, what: str) -> None:
        stations = self.server.stations
        listed = "".join(
            f'<station name="{name.partition("_")[2]}" network="{name.partition("_")[0]}" description="" '
            f'begin_seq="000001" end_seq="{len(places):06X}" stream_check="enabled">'
            + "".join(
                f'<stream location="{code[0]}" seedname="{code[1]}" type="D"/>' if what == "STREAMS" else ""
                for code in sorted(
                    {(r[0].location, r[0].nslc.split(".")[-1]) for r in (self.server.records[k] for k in places)}
                )
            )
            + "</station>"
            for name, places in sorted(stations.items())
        )
        inner = listed if what in ("STATIONS", "STREAMS") else ""
        text = f'<?xml version="1.0"?><seedlink software="wadati drill" organization="drill">{inner}</seedlink>'
        if self.version == 4:
            ids = ",".join(f'{{"id":"{name}"}}' for name in sorted(stations) if what == "STATIONS")
            body = f'{{"software":"wadati drill","organization":"drill","station":[{ids}]}}'.encode()
            self.writer.write(write_packet(4, "", 0, body).replace(b"SE2D", b"SEJI", 1))
            return
        parts = [text.encode()[at : at + RECORD - 64] for at in range(0, len(text.encode()), RECORD - 64)]
        for number, part in enumerate(parts):
            head = b"SLINFO *" if number < len(parts) - 1 else b"SLINFO  "
            self.writer.write(head + _info_record(part))

    async def _stream(self) -> None:
        server = self.server
        at, sent = min(start for *_, start in self.wants), 0
        while True:
            more = server.more
            while at < len(server.records) and not server.mute:
                if self._send(at):
                    sent += 1
                    if sent % _CHUNK == 0:
                        await self.writer.drain()
                    if server.drop_after is not None and sent >= server.drop_after:
                        return
                at += 1
            await self.writer.drain()
            if self.fetch:
                self.writer.write(b"END")
                return
            if not await self._waited(more):
                return

    def _send(self, at: int) -> bool:
        """Send a record where it is wanted; whether it was."""
        server = self.server
        source_id, _, record = server.records[at]
        station = station_of(source_id)
        if station not in self.asked:
            self.asked[station] = [one for one in self.wants if fnmatch.fnmatchcase(station, one[0])]
        wanted = any(at >= start and self._wanted(source_id, some) for _, some, start in self.asked[station])
        if wanted:
            self.writer.write(write_packet(self.version, station, at + server.first, record))
        return wanted

    async def _waited(self, more: asyncio.Event) -> bool:
        """Wait for records or words of the client; False where it goes."""
        listening = asyncio.ensure_future(self.reader.read(256))
        coming = asyncio.ensure_future(more.wait())
        try:
            await asyncio.wait({listening, coming}, return_when=asyncio.FIRST_COMPLETED)
            heard = listening.result() if listening.done() else None
        finally:
            for task in (listening, coming):
                task.cancel()
            await asyncio.gather(listening, coming, return_exceptions=True)
        if heard is None:
            return True
        if not heard or heard.strip().upper() == b"BYE":
            return False
        if heard.strip():
            self.server.said.append(heard.strip())
        if heard.upper().startswith(b"INFO") and not self.server.mute:
            self._info("ID")
        return True

    def _wanted(self, source_id: SourceId, selects: list[str]) -> bool:
        if not selects:
            return True
        code = source_id.nslc.split(".")[-1]
        if self.version == 3:
            names = [code, source_id.location + code]
        else:
            location = source_id.location
            names = [f"{location}_{source_id.band}_{source_id.source}_{source_id.subsource}"]
        return any(fnmatch.fnmatchcase(name, one.removesuffix(".D")) for name in names for one in selects)


def _info_record(text: bytes) -> bytes:
    """A miniSEED 2 record of text, as servers send INFO."""
    import numpy as np

    sid = SourceId.from_nslc("SL", "INFO", "", "INF")
    blank = write_miniseed([Trace(sid, 0, 1, np.zeros(1, np.int32))], version=2, record_length=RECORD)  # type: ignore[arg-type]
    record = bytearray(blank[:RECORD])
    record[30:32] = len(text).to_bytes(2, "big")
    record[44:46] = (64).to_bytes(2, "big")
    record[52] = 0
    record[64:] = text.ljust(RECORD - 64, b"\0")
    return bytes(record)
