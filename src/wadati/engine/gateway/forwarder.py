"""What is in the spool to one cloud, in order, within a bandwidth, through any failure."""

from __future__ import annotations

import http.client
import json
import threading
import time
import urllib.request
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from wadati.engine.gateway.spool import Spool
from wadati.errors import UsageError

Say = Callable[..., None]
_PORTION = 1 << 16
_ANSWER_S = 30.0
_WAIT_S = 0.2
_ASK_S = 5.0
_LONGEST_PAUSE_S = 30.0


class Forwarder:
    """A thread that sends to `url` (`https://HOST/packets`), at most `bytes_a_second`.

    `done` is the number below which all has been taken there. Raises `UsageError` for a URL that is none.
    """

    def __init__(self, spool: Spool, url: str, name: str, token: str | None, bytes_a_second: float, say: Say) -> None:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise UsageError(f"{url}: write https://HOST/packets")
        query = dict(parse_qsl(parts.query)) | {"gateway": f"{name}-{spool.name}"}
        self.url = url
        self._address = parts._replace(query=urlencode(query)).geturl()
        self._spool, self._token, self._rate, self._say = spool, token, bytes_a_second, say
        self._stop = threading.Event()
        self._run: str | None = None
        self._thread = threading.Thread(target=self._work, name=url, daemon=True)
        self._heard = 0.0
        self.done = 0
        self.sent = 0

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """Send no more."""
        self._stop.set()
        self._thread.join(_ANSWER_S + 5)

    def _work(self) -> None:
        pause, told = 1.0, False
        while not self._stop.is_set():
            try:
                wait = self._once()
            except (OSError, http.client.HTTPException, ValueError, KeyError) as error:
                if not told:
                    told = True
                    self._say("interrupted", to=self.url, why=str(error) or type(error).__name__)
                self._run = None
                self._stop.wait(pause)
                pause = min(2 * pause, _LONGEST_PAUSE_S)
            else:
                if told:
                    self._say("connected", to=self.url)
                pause, told = 1.0, False
                self._stop.wait(wait)

    def _once(self) -> float:
        """Send one portion; how long (s) to wait before the next."""
        # Also where there is nothing to send: what a cloud had in memory when it died is wanted again.
        if self._run is None or time.monotonic() - self._heard > _ASK_S:
            self._note(self._asked(None, b""))
        first, records = self._spool.read(self.done, _PORTION)
        if not records:
            return _WAIT_S
        data = b"".join(records)
        began = time.monotonic()
        answer = self._asked(first, data)
        self.sent += len(records)
        if answer["run"] == self._run:
            self.done = int(answer["next"])
        else:
            self._run = None  # another run: what does it want?
        return max(len(data) / self._rate - (time.monotonic() - began), 0.0)

    def _note(self, answer: dict[str, Any]) -> None:
        if answer["run"] != self._run:
            self._run, self.done = answer["run"], int(answer["next"])

    def _asked(self, first: int | None, data: bytes) -> dict[str, Any]:
        address = self._address if first is None else f"{self._address}&first={first}"
        headers = {"Content-Type": "application/vnd.fdsn.mseed"}
        if self._token:
            headers["Authorization"] = f"Bearer {self._token}"
        request = urllib.request.Request(address, data=data or None, headers=headers)  # noqa: S310 (http or https)
        with urllib.request.urlopen(request, timeout=_ANSWER_S) as reply:  # noqa: S310
            found: dict[str, Any] = json.loads(reply.read())
        self._heard = time.monotonic()
        return found
