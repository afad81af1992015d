"""A thin client of the services of `wadati serve`, here or anywhere: what they answer, as values of this package.

>>> client = Client("http://127.0.0.1:8080")
>>> client.url
'http://127.0.0.1:8080'
"""

from __future__ import annotations

import json
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from http.client import HTTPException
from pathlib import Path
from typing import Any, Literal, TypeVar
from urllib.parse import quote, urlencode

import msgspec

from wadati.engine.analyst import ReviewRequest
from wadati.engine.jobs import Job
from wadati.engine.picking_requests import PickReply
from wadati.engine.synthetics.requests import AskedSource, SyntheticsRequest
from wadati.errors import WadatiError
from wadati.formats.inventory import read_inventory
from wadati.formats.miniseed import read_miniseed, write_miniseed
from wadati.formats.quakeml import read_quakeml
from wadati.greens.source_time import STEP, SourceTime
from wadati.model import Catalog, Inventory, PointSource, Trace, decode_json, format_time

T = TypeVar("T")

_TRIES = 5
_LONGEST_WAIT_S = 60.0
_JSON = "application/json"


class ServiceError(WadatiError):
    """What a service refused: its status (HTTP) and its words."""

    exit_code = 3

    def __init__(self, status: int, words: str) -> None:
        super().__init__(f"{status}: {words}")
        self.status, self.words = status, words


class _SyntheticsJob(msgspec.Struct, frozen=True):
    """What is read of a job of seismograms."""

    job: Job
    files: tuple[str, ...] = ()


class Client:
    """Asks the services at an address, with a token where they need one.

    Parameters of `events`, `catalog`, `waveforms` and `stations` are those of the FDSN's services; times may be ISO
    8601 text or nanoseconds. A service that says that it is busy (429, 503) is asked again when it wants to be, some
    times. All raise `ServiceError` for what is refused, `OSError` where there is no service.
    """

    def __init__(self, url: str, token: str = "", timeout_s: float = 60.0) -> None:
        self.url, self._token, self._timeout = url.rstrip("/"), token, timeout_s

    def events(self, **query: Any) -> list[dict[str, Any]]:
        """The events that fit, as GeoJSON features with the fields of the USGS feeds."""
        content = self._fdsn("event", query | {"format": "geojson"})
        found: list[dict[str, Any]] = json.loads(content)["features"] if content else []
        return found

    def catalog(self, **query: Any) -> Catalog:
        """The events that fit with all that is known of them."""
        content = self._fdsn("event", {"includearrivals": True, **query, "format": "xml"})
        return _read_file(content, "events.xml", read_quakeml) if content else Catalog()

    def waveforms(self, **query: Any) -> list[Trace]:
        """The traces that fit, in the order of the archive."""
        return list(read_miniseed(self._fdsn("dataselect", query))[0])

    def stations(self, **query: Any) -> Inventory:
        """The channels that fit, with their responses."""
        content = self._fdsn("station", {"level": "response", **query, "format": "xml"})
        return _read_file(content, "stations.xml", lambda path: read_inventory(path)[0]) if content else Inventory()

    def pick(
        self,
        traces: Sequence[Trace],
        *,
        picker: str | None = None,
        thresholds: Mapping[str, float] | None = None,
        curves: bool = False,
    ) -> PickReply:
        """The picks of traces of one station or many; much is sent as a job, which this waits for."""
        chosen = {f"threshold_{phase.lower()}": value for phase, value in (thresholds or {}).items()}
        options: dict[str, Any] = chosen | ({"picker": picker} if picker else {}) | ({"curves": True} if curves else {})
        status, content = self._ask("POST", f"/picks?{_query(options)}", write_miniseed(traces))
        if status == 202:
            job = decode_json(content, Job)
            while job.finished is None:
                time.sleep(0.5)
                job = decode_json(self._ask("GET", f"/jobs/{job.job_id}")[1], Job)
            content = self._ask("GET", f"/jobs/{job.job_id}/result")[1]
        return decode_json(content, PickReply)

    def synthetics(
        self,
        sources: Sequence[PointSource],
        stations: Sequence[str] | None = None,
        *,
        kind: Literal["displacement", "velocity", "acceleration"] = "displacement",
        components: Literal["ZNE", "ZRT"] = "ZNE",
        source_time: SourceTime = STEP,
        one_fault: bool = False,
    ) -> list[Trace]:
        """Seismograms (m, m/s or m/s²) of sources at stations, NET.STA with `*` and `?` (None: all of the service).

        Traces come source by source; stations beyond the service's Green's functions are left out. Much is sent as a
        job, which this waits for; `one_fault` of so much is refused. Raises `ServiceError` also for a job that failed.
        """
        asked = SyntheticsRequest(
            [
                AskedSource(one.latitude, one.longitude, one.depth, format_time(one.time), tensor=one.tensor.components)
                for one in sources
            ],
            None if stations is None else list(stations),
            kind=kind,
            components=components,
            source_time=source_time,
            one_fault=one_fault,
        )
        status, content = self._ask("POST", "/synthetics", msgspec.json.encode(asked), _JSON)
        if status != 202:
            return list(read_miniseed(content)[0])
        path = f"/synthetics/jobs/{decode_json(content, _SyntheticsJob).job.job_id}"
        while (told := decode_json(self._ask("GET", path)[1], _SyntheticsJob)).job.finished is None:
            time.sleep(0.5)
        if told.job.state != "done":
            raise ServiceError(500, f"the job is {told.job.state}: {told.job.words}")
        return [
            trace for file in sorted(told.files, key=_numbered) for trace in read_miniseed(self._ask("GET", file)[1])[0]
        ]

    def review(self, event_id: str, request: ReviewRequest) -> dict[str, Any]:
        """An analyst's word on an event; the event as it is then, as GeoJSON."""
        path = f"/events/{quote(event_id, safe='')}/review"
        found: dict[str, Any] = json.loads(self._ask("POST", path, msgspec.json.encode(request), _JSON)[1])
        return found

    def listen(self, kinds: str = "event,pick", after: str = "") -> Iterator[dict[str, Any]]:
        """CloudEvents as they come, for ever; after a line that broke from the last one on."""
        waited = 0.0
        while True:
            try:
                with self._open("GET", f"/stream?{_query({'kinds': kinds, 'after': after or None})}") as answer:
                    waited = 0.0
                    for line in answer:
                        if line.startswith(b"id:"):
                            after = line[3:].strip().decode()
                        elif line.startswith(b"data:"):
                            yield json.loads(line[5:])
            except urllib.error.HTTPError as error:
                if error.code not in (429, 503):
                    raise ServiceError(error.code, _words(error.read())) from None
            except (OSError, HTTPException):
                pass
            waited = min(2 * waited + 1.0, _LONGEST_WAIT_S)
            time.sleep(waited)

    def _fdsn(self, service: str, query: Mapping[str, Any]) -> bytes:
        return self._ask("GET", f"/fdsnws/{service}/1/query?{_query(query)}")[1]

    def _ask(self, method: str, path: str, body: bytes | None = None, kind: str = "") -> tuple[int, bytes]:
        for attempt in range(_TRIES):
            try:
                with self._open(method, path, body, kind) as answer:
                    return answer.status, answer.read()
            except urllib.error.HTTPError as error:
                busy = error.code in (429, 503)
                if not busy or attempt == _TRIES - 1:
                    raise ServiceError(error.code, _words(error.read())) from None
                after = error.headers.get("Retry-After", "1")
            except HTTPException as error:
                raise ConnectionError(f"{self.url}: the answer broke off ({error})") from None
            time.sleep(min(float(after) if after.isdigit() else 1.0, _LONGEST_WAIT_S))
        raise AssertionError

    def _open(self, method: str, path: str, body: bytes | None = None, kind: str = "") -> Any:
        headers = {"Accept": "*/*"}
        if self._token:
            headers["Authorization"] = f"Bearer {self._token}"
        if body is not None:
            headers["Content-Type"] = kind or "application/octet-stream"
        request = urllib.request.Request(self.url + path, body, headers, method=method)  # noqa: S310
        return urllib.request.urlopen(request, timeout=self._timeout)  # noqa: S310


def _query(values: Mapping[str, Any]) -> str:
    """Values as they stand in an address; instants in ns as text, lists with commas."""
    return urlencode({name: _text(name, value) for name, value in values.items() if value is not None})


def _text(name: str, value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int) and name in ("starttime", "endtime", "start", "end", "updatedafter"):
        return format_time(value).removesuffix("Z")
    return ",".join(map(str, value)) if isinstance(value, list | tuple) else str(value)


def _words(content: bytes) -> str:
    """What a refusal says, of JSON by RFC 9457 or of the FDSN's text."""
    text = content.decode("utf-8", "replace")
    try:
        return str(json.loads(text)["detail"])
    except (ValueError, KeyError, TypeError):
        parts = text.split("\n\n")
        return parts[1] if len(parts) > 1 else text


def _read_file(content: bytes, name: str, read: Callable[[Path], T]) -> T:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / name
        path.write_bytes(content)
        return read(path)


def _numbered(name: str) -> tuple[int, str]:
    return len(name), name
