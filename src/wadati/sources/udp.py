"""miniSEED records in UDP datagrams, to this machine or to a multicast group. What is lost on the way stays lost."""

from __future__ import annotations

import asyncio
import ipaddress
import socket
import struct
import time
from collections.abc import AsyncIterator, Mapping, Sequence

from wadati.formats.miniseed_headers import split_records
from wadati.protocols import Packet, Problem

_WAITING = 10_000
_ROOM = 4 << 20


class Udp:
    """Records that arrive at a port; `host` is a multicast group to join, or an address of this machine."""

    ends = False

    def __init__(self, host: str, port: int) -> None:
        self.host, self.port = host, port
        self.name = f"udp://{host}:{port}"
        self._problems: list[Problem] = []
        self._bad = 0

    def problems(self) -> Sequence[Problem]:
        """What went wrong since the last call."""
        told, self._problems = self._problems, []
        return told

    async def packets(self, resume: Mapping[str, int]) -> AsyncIterator[Packet]:
        """Records for ever, numbered as they come, after the number in `resume`."""
        number = resume.get(self.name, -1)
        waiting: asyncio.Queue[tuple[int, bytes]] = asyncio.Queue(_WAITING)
        transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(
            lambda: _Receiver(waiting, self._problems), sock=self._socket()
        )
        try:
            while True:
                received, datagram = await waiting.get()
                records, _ = split_records(datagram)
                if not records:
                    self._bad += 1
                    if self._bad == 1:
                        self._problems.append(Problem(self.name, "a datagram holds no miniSEED", "check who sends"))
                for _, record in records:
                    number += 1
                    yield Packet(record, self.name, number, received, received)
        finally:
            transport.close()

    def _socket(self) -> socket.socket:
        own = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        own.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        own.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _ROOM)
        own.settimeout(0)
        if ipaddress.ip_address(self.host).is_multicast:
            own.bind(("", self.port))
            joined = struct.pack("4s4s", socket.inet_aton(self.host), socket.inet_aton("0.0.0.0"))  # noqa: S104
            own.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, joined)
        else:
            own.bind((self.host, self.port))
        return own


class _Receiver(asyncio.DatagramProtocol):
    def __init__(self, waiting: asyncio.Queue[tuple[int, bytes]], problems: list[Problem]) -> None:
        self._waiting, self._problems = waiting, problems

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:  # noqa: ARG002 - asyncio names it
        if self._waiting.full():
            self._waiting.get_nowait()
        self._waiting.put_nowait((time.time_ns(), data))

    def error_received(self, exc: Exception) -> None:
        self._problems.append(Problem("udp", f"the system says: {exc}", "check the network"))
