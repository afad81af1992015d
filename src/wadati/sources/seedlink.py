"""A SeedLink client, versions 3 and 4: it never hangs, goes on where it was, and moves to the next server on failure.

Every wait has a limit. A connection on which nothing comes for `keep_alive_s` is asked for a sign of life, and given up
when none comes in as long again. Sequence numbers belong to a server; on another one, records are asked for from the
time of the last one on, and what comes twice is recognised further on.
"""

from __future__ import annotations

import asyncio
import fnmatch
import re
import ssl
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version as version_of

from wadati.model import format_time
from wadati.protocols import Packet, Problem
from wadati.sources import seedlink_words as words

PORT, PORT_TLS = 18000, 18500
_BLOCK = 1 << 16
_WAITING = 1000


class _RefusedError(Exception):
    """The server says no; the words are its own."""


@dataclass(frozen=True, slots=True)
class Patience:
    """How long (s) to wait: for a connection or an answer, for data, between tries (doubling from the first)."""

    answer_s: float = 10.0
    keep_alive_s: float = 30.0
    first_pause_s: float = 1.0
    longest_pause_s: float = 60.0


class SeedLink:
    """Records of some stations (`NET_STA`, with `*` and `?`) from the first of several servers that answers.

    `channels` are codes such as `HH?`; `since` asks for what the server still has from a time on; `tls` encrypts and
    checks the server's certificate, against `context` where one is given. With several `connections` each asks for its
    share of the stations, and one that breaks costs the others nothing.
    """

    ends = False

    def __init__(
        self,
        servers: Sequence[tuple[str, int | None]],
        streams: Sequence[str],
        *,
        channels: Sequence[str] = (),
        tls: bool = False,
        since: str | None = None,
        connections: int = 1,
        patience: Patience | None = None,
        context: ssl.SSLContext | None = None,
    ) -> None:
        port = PORT_TLS if tls else PORT
        self.servers = [(host, given or port) for host, given in servers]
        self.name = f"seedlink://{','.join(f'{host}:{port}' for host, port in self.servers)}"
        self._connections = connections
        self._connected: dict[int, str] = {}
        self._streams, self._channels, self._since = tuple(streams), tuple(channels), since
        self._patience = patience or Patience()
        self._context = (context or ssl.create_default_context()) if tls else None
        self._problems: list[Problem] = []
        self._latest: dict[str, int] = {}
        self._resume: dict[str, int] = {}

    @property
    def connected(self) -> str | None:
        """The servers to which there are connections."""
        return ",".join(sorted(set(self._connected.values()))) or None

    def problems(self) -> Sequence[Problem]:
        """What went wrong since the last call."""
        told, self._problems = self._problems, []
        return told

    async def packets(self, resume: Mapping[str, int]) -> AsyncIterator[Packet]:
        """Records for ever; `resume` has the last sequence number by `host:port/NET_STA`."""
        self._resume = dict(resume)
        if self._connections == 1:
            async for packet in self._share(0):
                yield packet
            return
        queue: asyncio.Queue[Packet | Exception] = asyncio.Queue(_WAITING)

        async def listen(share: int) -> None:
            try:
                async for packet in self._share(share):
                    await queue.put(packet)
            except Exception as error:  # told to the one who listens to all
                await queue.put(error)

        tasks = [asyncio.ensure_future(listen(share)) for share in range(self._connections)]
        try:
            while True:
                one = await queue.get()
                if isinstance(one, Exception):
                    raise one
                yield one
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _share(self, share: int) -> AsyncIterator[Packet]:
        """What one connection brings, for ever."""
        pause, at = self._patience.first_pause_s, 0
        while True:
            host, port = self.servers[at % len(self.servers)]
            heard = False
            try:
                async for packet in self._session(host, port, share):
                    heard = True
                    yield packet
            except (TimeoutError, OSError, words.ProtocolError, _RefusedError, asyncio.IncompleteReadError) as error:
                reason = str(error) or type(error).__name__
                wrong = f"lost: {reason}" if heard else f"cannot be had: {reason}"
                self._problems.append(Problem(f"seedlink://{host}:{port}", wrong, "tried again, with the next server"))
            finally:
                self._connected.pop(share, None)
            pause = self._patience.first_pause_s if heard else min(2 * pause, self._patience.longest_pause_s)
            at += 1
            if heard or at % len(self.servers) == 0:
                await asyncio.sleep(pause)

    async def _session(self, host: str, port: int, share: int) -> AsyncIterator[Packet]:
        limit = self._patience.answer_s
        opening = asyncio.open_connection(host, port, ssl=self._context, limit=_BLOCK)
        reader, writer = await asyncio.wait_for(opening, limit)
        try:
            hello, version = await self._greet(reader, writer)
            stations = (await self._wanted(reader, writer, version, hello))[share :: self._connections]
            if not stations:
                return
            await self._ask(reader, writer, version, f"{host}:{port}", stations)
            self._connected[share] = f"{host}:{port}"
            packets = words.PacketReader(version)
            asked = False
            while True:
                try:
                    data = await asyncio.wait_for(reader.read(_BLOCK), self._patience.keep_alive_s)
                except TimeoutError:
                    if asked:
                        raise OSError(f"no sign of life for {2 * self._patience.keep_alive_s:g} s") from None
                    writer.write(b"INFO ID" + words.CRLF)
                    asked = True
                    continue
                if not data:
                    raise OSError("the server closed the connection")
                asked = False
                now = time.time_ns()
                for packet in packets.feed(data):
                    if packet.info:
                        continue
                    stream = f"{host}:{port}/{packet.station}"
                    self._resume[stream] = packet.sequence
                    self._latest[packet.station] = now
                    yield Packet(packet.payload, stream, packet.sequence, now, now)
        finally:
            writer.close()
            try:
                await asyncio.wait_for(writer.wait_closed(), 1.0)
            except (TimeoutError, OSError, ssl.SSLError):
                writer.transport.abort()

    async def _line(self, reader: asyncio.StreamReader) -> bytes:
        line = await asyncio.wait_for(reader.readuntil(b"\n"), self._patience.answer_s)
        return line.rstrip(b"\r\n")

    async def _greet(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> tuple[words.Hello, int]:
        writer.write(b"HELLO" + words.CRLF)
        hello = words.read_hello(await self._line(reader), await self._line(reader))
        if hello.version == 4:
            writer.write(b"SLPROTO 4.0" + words.CRLF)
            answer = await self._line(reader)
            if not answer.startswith(b"OK"):
                raise _RefusedError(f"refuses SLPROTO 4.0: {answer.decode('utf-8', 'replace')}")
            writer.write(f"USERAGENT wadati/{version_of('wadati')}".encode() + words.CRLF)
            await self._line(reader)
        return hello, hello.version

    async def _wanted(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, version: int, hello: words.Hello
    ) -> list[str]:
        """Stations by name: what patterns mean is asked of the server, as each station goes on from its own number."""
        if not any(set(stream) & set("*?") for stream in self._streams):
            return list(self._streams)
        writer.write(b"INFO STATIONS" + words.CRLF)
        listed = await (self._stations(reader) if version == 3 else self._stations_4(reader))
        found = [one for one in listed if any(fnmatch.fnmatchcase(one, stream) for stream in self._streams)]
        if not found:
            raise _RefusedError(f"{hello.software} has no station like {', '.join(self._streams)}")
        return found

    async def _stations(self, reader: asyncio.StreamReader) -> list[str]:
        text = b""
        while True:
            head = await asyncio.wait_for(reader.readexactly(8), self._patience.answer_s)
            record = await asyncio.wait_for(reader.readexactly(words.RECORD), self._patience.answer_s)
            if not head.startswith(b"SLINFO"):
                raise words.ProtocolError(f"answers INFO STATIONS with {head!r}")
            begin = int.from_bytes(record[44:46], "big")
            count = int.from_bytes(record[30:32], "big")
            text += record[begin : begin + count]
            if head[7:8] != b"*":
                break
        found = []
        for tag in re.findall(rb"<station\s[^>]*>", text):
            fields = dict(re.findall(rb'(\w+)="([^"]*)"', tag))
            found.append(f"{fields.get(b'network', b'').decode()}_{fields.get(b'name', b'').decode()}")
        return sorted(set(found))

    async def _stations_4(self, reader: asyncio.StreamReader) -> list[str]:
        packets = words.PacketReader(4)
        while True:
            data = await asyncio.wait_for(reader.read(_BLOCK), self._patience.answer_s)
            if not data:
                raise OSError("the server closed the connection")
            for packet in packets.feed(data):
                if packet.info:
                    return words.read_stations(packet.payload)

    async def _ask(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        version: int,
        server: str,
        stations: Sequence[str],
    ) -> None:
        refused = []
        for station in stations:
            lines = [words.station_words(version, station)]
            lines += [words.select_words(version, channel) for channel in self._channels]
            sequence = self._resume.get(f"{server}/{station}")
            since = self._since
            if sequence is None and station in self._latest:
                since = format_time(self._latest[station] - 60_000_000_000)[:19] + "Z"
            lines.append(words.data_words(version, sequence, since))
            answers = []
            for line in lines:
                writer.write(line)
                answers.append(await self._line(reader))
                if answers[-1].startswith(b"ERROR"):
                    break
            if answers[-1].startswith(b"ERROR"):
                refused.append(station)
                wrong = f"refused {lines[len(answers) - 1].decode().strip()}"
                self._problems.append(Problem(f"{server}/{station}", wrong, "check its code, or that it may be read"))
        if len(refused) == len(stations):
            raise _RefusedError("refuses every station")
        writer.write(b"END" + words.CRLF)
        await writer.drain()
