"""The HTTP server around an application."""

from __future__ import annotations

import ipaddress
import socket
import sys
from collections.abc import Sequence
from typing import Any

from wadati.errors import UsageError

_BACKLOG = 2048
_LAST_WORDS_S = 8
_TURN_S = 0.0005


class Server:
    """Listens at once, answers while `run` runs. Raises `UsageError` for an address that cannot be had.

    Of `proxies` (addresses or networks) alone it is believed whom a request came from.
    """

    def __init__(self, app: Any, host: str, port: int, proxies: Sequence[str] = ()) -> None:
        _check(proxies)
        self._proxies = list(proxies)
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self._socket = socket.socket(family, socket.SOCK_STREAM)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            self._socket.bind((host, port))
        except OSError as error:
            self._socket.close()
            raise UsageError(f"{host}:{port} cannot be had ({error.strerror}); give another --port") from None
        self._socket.listen(_BACKLOG)
        self._app = app
        self.port: int = self._socket.getsockname()[1]
        self.address = f"http://{f'[{host}]' if ':' in host else host}:{self.port}"

    def run(self) -> None:
        """Answer until a signal ends it; what is under way is finished."""
        import uvicorn

        # Threads that compute hand over sooner than usual, so that who asks little does not wait for who asks much.
        sys.setswitchinterval(_TURN_S)
        config = uvicorn.Config(
            self._app,
            http="httptools",
            ws="websockets-sansio",
            log_level="warning",
            access_log=False,
            server_header=False,
            proxy_headers=bool(self._proxies),
            forwarded_allow_ips=self._proxies,
            timeout_graceful_shutdown=_LAST_WORDS_S,
        )
        ending = getattr(self._app, "ending", None)

        class Ending(uvicorn.Server):
            async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
                """Let those go who would listen for ever, then wait for the rest."""
                if ending is not None:
                    ending()
                await super().shutdown(sockets)

        Ending(config).run(sockets=[self._socket])


def _check(proxies: Sequence[str]) -> None:
    for one in proxies:
        try:
            ipaddress.ip_network(one)
        except ValueError as error:
            raise UsageError(f"proxies of [serve]: {error}; write 10.0.0.5 or 10.0.0.0/24") from None
