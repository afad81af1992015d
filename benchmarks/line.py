"""A network line between a program and a server, which can be cut and mended: connections stay, and nothing passes."""

from __future__ import annotations

import asyncio
import contextlib
import threading

_PORTION = 1 << 16


class Line:
    """Listens on a free port of loopback and passes on what comes to a server's port, and back, until closed."""

    def __init__(self, server: int) -> None:
        self._server = server
        self._loop = asyncio.new_event_loop()
        self._whole = asyncio.Event()
        self._whole.set()
        self._ends: set[asyncio.StreamWriter] = set()
        listening = threading.Event()
        self.port = 0

        async def listen() -> None:
            self._listener = await asyncio.start_server(self._connected, "127.0.0.1", 0)
            self.port = self._listener.sockets[0].getsockname()[1]
            listening.set()

        def run() -> None:
            self._loop.create_task(listen())
            self._loop.run_forever()
            self._loop.close()

        self._thread = threading.Thread(target=run, name="line", daemon=True)
        self._thread.start()
        listening.wait()

    def cut(self) -> None:
        """Let nothing pass."""
        self._loop.call_soon_threadsafe(self._whole.clear)

    def mend(self) -> None:
        """Let all pass that waits, and what comes."""
        self._loop.call_soon_threadsafe(self._whole.set)

    def close(self) -> None:
        """End all connections."""

        def end() -> None:
            self._listener.close()
            for writer in self._ends:
                writer.transport.abort()
            self._loop.call_soon(self._loop.stop)

        self._loop.call_soon_threadsafe(end)
        self._thread.join()

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await self._whole.wait()
        try:
            there, back = await asyncio.open_connection("127.0.0.1", self._server)
        except OSError:
            writer.transport.abort()
            return
        self._ends |= {writer, back}
        await asyncio.gather(self._pass(reader, back), self._pass(there, writer))
        self._ends -= {writer, back}

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            while content := await reader.read(_PORTION):
                await self._whole.wait()
                writer.write(content)
                await writer.drain()
        await self._whole.wait()
        writer.close()
