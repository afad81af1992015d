"""Messages to a web address, as structured CloudEvents (`application/cloudevents+json`)."""

from __future__ import annotations

import http.client
import urllib.error
import urllib.request
from typing import Any
from urllib.parse import urlsplit

import msgspec

from wadati.errors import InputError, UsageError

TIMEOUT_S = 10.0


class Webhook:
    """POSTs messages to a URL. Raises `UsageError` for what is no http address."""

    def __init__(self, url: str, kinds: tuple[str, ...] = ("wadati.event.v1",)) -> None:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise UsageError(f"{url}: a web-hook needs an address that begins with http:// or https://")
        self.url, self.kinds = url, kinds
        self.name = f"{parts.scheme}://{parts.hostname}{parts.path}"

    def send(self, message: dict[str, Any]) -> None:
        """Send a CloudEvent. Raises `OSError` where it should be tried again, `InputError` where it is refused."""
        request = urllib.request.Request(  # noqa: S310 - the scheme was looked at
            self.url,
            data=msgspec.json.encode(message),
            headers={"Content-Type": "application/cloudevents+json", "User-Agent": "wadati"},
            method="POST",
        )
        try:
            with urllib.request.urlopen(request, timeout=TIMEOUT_S) as answer:  # noqa: S310
                answer.read()
        except urllib.error.HTTPError as error:
            with error:
                if error.code in (408, 425, 429) or error.code >= 500:
                    raise OSError(f"answers {error.code}") from None
                raise InputError(self.name, f"refuses the message ({error.code})", "check who listens there") from None
        except http.client.HTTPException as error:
            raise OSError(f"answers no HTTP ({error!r})") from None
