"""What is in the spool to a cloud that takes it by POST, which is asked where it is."""

from __future__ import annotations

import json
import time
import urllib.request
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from wadati.engine.gateway.forwarder import Forwarder, Say
from wadati.engine.gateway.spool import Spool
from wadati.errors import UsageError

_ANSWER_S = 30.0
_ASK_S = 5.0


class HttpForwarder(Forwarder):
    """Sends to `https://HOST/packets`, under the name of the site. Raises `UsageError` for a URL that is none."""

    def __init__(self, spool: Spool, url: str, name: str, token: str | None, bytes_a_second: float, say: Say) -> None:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise UsageError(f"{url}: write https://HOST/packets or kinesis://STREAM?region=NAME")
        super().__init__(spool, url, bytes_a_second, say)
        query = dict(parse_qsl(parts.query)) | {"gateway": f"{name}-{spool.name}"}
        self._address = parts._replace(query=urlencode(query)).geturl()
        self._token = token
        self._run: str | None = None
        self._heard = 0.0

    def once(self) -> float:
        """As `Forwarder.once`."""
        # Also where there is nothing to send: what a cloud had in memory when it died is wanted again.
        if self._run is None or time.monotonic() - self._heard > _ASK_S:
            self._note(self._asked(None, b""))
        first, records = self.spool.read(self.done, self.portion)
        if not records:
            return self.idle_s
        data = b"".join(records)
        answer = self._asked(first, data)
        self.sent += len(records)
        if answer["run"] == self._run:
            self.done = int(answer["next"])
        else:
            self._run = None  # another run: what does it want?
        return len(data) / self.rate

    def failed(self) -> None:
        """Ask again where it is."""
        self._run = None

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
