"""What is in the spool to one cloud, in order, within a bandwidth, through any failure."""

from __future__ import annotations

import http.client
import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Callable

from wadati.engine.gateway.spool import Spool

Say = Callable[..., None]
_STOP_S = 35.0
_LONGEST_PAUSE_S = 30.0


class Forwarder(ABC):
    """A thread that sends to `url`, at most `rate` bytes a second, `portion` bytes at once.

    `done` is the number below which all has been taken there, `sent` counts records.
    """

    portion = 1 << 16
    idle_s = 0.2

    def __init__(self, spool: Spool, url: str, rate: float, say: Say) -> None:
        self.spool, self.url, self.rate = spool, url, rate
        self._say = say
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._work, name=url, daemon=True)
        self.done = self.sent = 0

    @abstractmethod
    def once(self) -> float:
        """Send one portion; how long (s) it may take by the bandwidth. Raises `OSError` and its like."""

    @abstractmethod
    def failed(self) -> None:
        """What is to be done before the next portion after a failure."""

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """Send no more."""
        self._stop.set()
        self._thread.join(_STOP_S)

    def _work(self) -> None:
        pause, told = 1.0, False
        while not self._stop.is_set():
            began = time.monotonic()
            try:
                lasts = self.once()
            except (OSError, http.client.HTTPException, ValueError, KeyError) as error:
                if not told:
                    told = True
                    self._say("interrupted", to=self.url, why=str(error) or type(error).__name__)
                self.failed()
                self._stop.wait(pause)
                pause = min(2 * pause, _LONGEST_PAUSE_S)
            else:
                if told:
                    self._say("connected", to=self.url)
                pause, told = 1.0, False
                self._stop.wait(max(lasts - (time.monotonic() - began), 0.0))
