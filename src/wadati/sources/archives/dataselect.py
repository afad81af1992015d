"""FDSN web services as an archive: a channel's day is one request, asked for one after another, with pauses.

Standard: https://www.fdsn.org/webservices/fdsnws-dataselect-1.1.pdf and fdsnws-station-1.1.pdf.
"""

from __future__ import annotations

import datetime
import http.client
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Sequence
from importlib.metadata import version
from urllib.parse import urlencode, urlsplit

from wadati.errors import ReadError, UsageError
from wadati.formats.channel_codes import channel_code
from wadati.model import SourceId

_TRIES = 6
_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 1.0, 60.0
_LATER = frozenset((408, 429, 500, 502, 503, 504))
_NOTHING = 204
_REFUSED = frozenset((401, 403))


class Dataselect:
    """A `protocols.DayArchive` behind `fdsnws-dataselect` and `fdsnws-station` of one host.

    At most one request at a time is under way in a process, and `pause_s` passes between two. What a server puts off
    (408, 429, 500, 502, 503, 504) or a line that breaks is tried again after growing pauses, or the one the server
    asks for (`Retry-After`), six times in all. Nothing there is the answer 204, which is asked for: 404 is also what a
    wrong address answers, and a failure. Raises `UsageError` for a URL that is none.

    >>> Dataselect("https://service.example.org").places([SourceId.parse("FDSN:BK_CMB_00_H_H_Z")], 18081)
    ('BK.CMB.00.HHZ.2019-07-04',)
    """

    sizes_are_cheap = False
    lists = False

    def __init__(
        self,
        url: str,
        *,
        pause_s: float = 0.1,
        timeout_s: float = 60.0,
        wait: Callable[[float], None] = time.sleep,
    ) -> None:
        if urlsplit(url).scheme not in ("http", "https"):
            raise UsageError(f"{url} is no web service; write fdsn:https://HOST")
        self.name = f"fdsn:{url}"
        self._url = url.rstrip("/")
        self._pause_s, self._timeout_s, self._wait = pause_s, timeout_s, wait
        self._last = -pause_s

    def places(self, channels: Sequence[SourceId], day: int) -> tuple[str, ...]:
        """A request for each channel, by its codes and the date."""
        date = datetime.date(1970, 1, 1) + datetime.timedelta(day)
        return tuple(
            f"{one.network}.{one.station}.{one.location}.{channel_code(one)}.{date}" for one in sorted(set(channels))
        )

    def read(self, place: str) -> bytes | None:
        """The records of a channel's day."""
        network, station, location, channel, date = place.split(".")
        start = datetime.date.fromisoformat(date)
        asked = {
            "net": network,
            "sta": station,
            "loc": location or "--",
            "cha": channel,
            "start": f"{start}T00:00:00",
            "end": f"{start + datetime.timedelta(1)}T00:00:00",
        }
        return self._get("dataselect", asked, place)

    def size(self, place: str) -> int | None:
        """What comes for it has to be read to be counted."""
        content = self.read(place)
        return None if content is None else len(content)

    def stationxml(self, network: str, station: str) -> bytes | None:
        """All epochs of a station with their responses."""
        return self._get("station", {"net": network, "sta": station, "level": "response"}, f"{network}.{station}")

    def station_codes(self, region: tuple[float, float, float, float]) -> tuple[tuple[str, str], ...]:
        """The stations within a region, by the service, which is asked twice for one that goes over 180°."""
        south, north, west, east = region
        lines: list[str] = []
        for first, last in ((west, east),) if west < east else ((west, 180.0), (-180.0, east)):
            asked = {"minlat": str(south), "maxlat": str(north), "minlon": str(first), "maxlon": str(last)}
            content = self._get("station", {**asked, "level": "station", "format": "text"}, f"stations in {region}")
            lines += (content or b"").decode("utf-8", "replace").splitlines()
        rows = [line.split("|") for line in lines if line and not line.startswith("#")]
        return tuple(sorted({(row[0].strip(), row[1].strip()) for row in rows if len(row) > 1}))

    def _get(self, service: str, asked: dict[str, str], subject: str) -> bytes | None:
        query = urlencode({**asked, "nodata": "204"})
        request = urllib.request.Request(  # noqa: S310 - the scheme was looked at
            f"{self._url}/fdsnws/{service}/1/query?{query}", headers={"User-Agent": f"wadati/{version('wadati')}"}
        )
        pause = _FIRST_PAUSE_S
        for attempt in range(1, _TRIES + 1):
            self._be_fair()
            try:
                with urllib.request.urlopen(request, timeout=self._timeout_s) as answer:  # noqa: S310 - as above
                    content: bytes = answer.read()
                    return None if answer.status == _NOTHING else content
            except urllib.error.HTTPError as error:
                error.close()
                if error.code in _REFUSED:
                    wrong = f"is refused by {self._url} ({error.code})"
                    raise ReadError(subject, "refused", wrong, "ask its operator for leave") from None
                if error.code not in _LATER:
                    raise ReadError(subject, f"answer {error.code}", f"{self._url} says {error.code}", _MEND) from None
                cause, wrong = "put off", f"{self._url} puts it off ({error.code})"
                pause = _asked_for(error.headers.get("Retry-After"), pause)
            except TimeoutError:
                cause, wrong = "timed out", f"did not come from {self._url} within {self._timeout_s:g} s"
            except (OSError, http.client.HTTPException) as error:
                reason = getattr(error, "reason", error)
                late = isinstance(reason, TimeoutError)
                cause, wrong = ("timed out" if late else "unreachable"), f"did not come from {self._url} ({reason})"
            if attempt < _TRIES:
                self._wait(pause)
                pause = min(2 * pause, _LONGEST_PAUSE_S)
        raise ReadError(subject, cause, f"{wrong}, asked {_TRIES} times", _MEND)

    def _be_fair(self) -> None:
        left = self._last + self._pause_s - time.monotonic()
        if left > 0:
            self._wait(left)
        self._last = time.monotonic()


_MEND = "try again later: wadati retry"


def _asked_for(header: str | None, pause: float) -> float:
    """The pause (s) that a server asks for, in bounds; ours where it asks for none."""
    if header is None or not header.strip().isdigit():
        return pause
    return min(max(float(header), pause), _LONGEST_PAUSE_S)
