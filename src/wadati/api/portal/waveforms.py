"""Waveforms for screens: `/portal/data/waveforms`, in blocks of 16-bit values (`formats.waveform_blocks`).

Of a live run, `after=PLACE` gives what came after a place in the order, in columns, with the next place as `cursor`. Of
any time, `start` and `end` give samples of the archive (or of the journal of a live run), or with `rate` columns of
what is faster than a corner.
`station` (NET.STA, with commas) chooses stations, `components=all` gives more than the vertical one.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from wadati.api.access import scopes_of
from wadati.api.errors import Refused
from wadati.api.holdings import Holdings, closed
from wadati.api.parameters import Parameter, in_order, read
from wadati.api.portal.answers import HEADERS
from wadati.engine.live.recent import CORNER, Recent, is_vertical
from wadati.formats.miniseed import read_miniseed
from wadati.formats.waveform_blocks import Block, pack
from wadati.model import TimeSpan, Trace
from wadati.signal.extremes import Extremes, extremes
from wadati.signal.high_pass import HighPass
from wadati.sources.selection import Selection, among
from wadati.units import HOUR, MILLISECOND, MINUTE, SECOND

RATE = 20
"""Columns a second of a live run."""

_PARAMETERS = (
    Parameter(name="after", kind="integer", low=0, words="what came of a live run after this place"),
    Parameter(name="start", kind="time", words="from this time on"),
    Parameter(name="end", kind="time", words="until this time"),
    Parameter(name="station", words="NET.STA, with commas; all without"),
    Parameter(name="components", choices=("vertical", "all"), usual="vertical", words="which channels"),
    Parameter(name="rate", kind="integer", low=1, high=50, words="columns a second in place of samples"),
)
_LONGEST = 10 * MINUTE
_LONGEST_COLUMNS = 6 * HOUR
_MOST_STATIONS = 200
_MOST = 3000 * MINUTE
"""Of one station; of many, so much less time."""

_WARM_UP = 5 * SECOND
_PATIENCE_S = 2.0


class PortalWaveforms:
    """Answers from the archive, and from the journal of a live run."""

    def __init__(self, holdings: Holdings) -> None:
        self._holdings = holdings
        self._turn = threading.Lock()
        self._recent = None if holdings.folder is None else Recent(holdings.folder / "live" / "journal", RATE)

    def routes(self) -> list[Route]:
        """Where it answers."""
        return [Route("/portal/data/waveforms", self.waveforms, methods=["GET"])]

    def waveforms(self, request: Request) -> Response:
        """Blocks of what is asked for. Raises `Refused`."""
        values = read(_PARAMETERS, request.query_params.multi_items())
        in_order(values, "start", "end")
        stations = _stations(values["station"])
        opened = "restricted" in scopes_of(request.scope)
        if values["after"] is not None:
            return self._after(values["after"], stations, opened=opened)
        if values["start"] is None or values["end"] is None:
            raise Refused(400, "give after, or start and end")
        span = TimeSpan(values["start"], values["end"])
        longest = _LONGEST if values["rate"] is None else _LONGEST_COLUMNS
        if span.end - span.start > longest:
            raise Refused(413, f"start and end are more than {longest // MINUTE} minutes apart")
        asked = len(stations) or len(self._holdings.inventory.stations()) or 1
        if (span.end - span.start) * asked > _MOST:
            raise Refused(413, f"{asked} stations over this time are more than one answer holds; ask for less")
        # One after the other: many at once would all be late, and the first of them is looked at by now.
        if not self._turn.acquire(timeout=_PATIENCE_S):
            raise Refused(503, "others are being answered; ask again in a moment", {"Retry-After": "2"})
        try:
            around = span if values["rate"] is None else span.widen(_WARM_UP, 0)
            traces = self._traces(stations, around, whole=values["components"] == "all", opened=opened)
            return _answer(pack(self._blocks(traces, span, values["rate"])))
        finally:
            self._turn.release()

    def _blocks(self, traces: Iterator[Trace], span: TimeSpan, rate: int | None) -> list[Block]:
        if rate is None:
            return [Block(one.source_id.nslc, one.start, float(one.sampling_rate), one.data) for one in traces]
        filtered = map(HighPass(CORNER), traces)
        return [_block(found) for one in filtered if (found := extremes(one.cut(span), rate)) is not None]

    def _after(self, place: int, stations: list[tuple[str, str]], *, opened: bool) -> Response:
        if self._recent is None:
            raise Refused(404, "no folder of a live run is served")
        cursor, found = self._recent.after(place)
        hidden = () if opened else closed(self._holdings.settings)
        wanted = (one for one in found if not stations or one.source_id.station_key in stations)
        blocks = [_block(one) for one in wanted if not among(one.source_id, TimeSpan(one.start, one.end), hidden)]
        return _answer(pack(blocks, cursor=cursor, clock_ms=self._recent.clock // MILLISECOND))

    def _traces(self, stations: list[tuple[str, str]], span: TimeSpan, *, whole: bool, opened: bool) -> Iterator[Trace]:
        archive = self._holdings.archive
        if archive is not None:
            channels = "*" if whole else "*Z,*3"
            keys = stations or [("*", "*")]
            wanted = [Selection(network, station, "*", channels, span) for network, station in keys]
            content = b"".join(archive.records(wanted, opened=opened))
            yield from read_miniseed(content)[0] if content else ()
        elif self._recent is not None:
            hidden = () if opened else closed(self._holdings.settings)
            found = self._recent.read(frozenset(stations), span)
            shown = (trace for trace in found if not among(trace.source_id, trace.span, hidden))
            yield from (trace for trace in shown if whole or is_vertical(trace.source_id))


def _stations(text: str | None) -> list[tuple[str, str]]:
    keys = []
    for code in text.split(",") if text else ():
        network, dot, station = code.partition(".")
        if not (dot and network.isalnum() and station.isalnum()):
            raise Refused(400, f"station={code!r}: write NET.STA")
        keys.append((network, station))
    if len(keys) > _MOST_STATIONS:
        raise Refused(413, f"at most {_MOST_STATIONS} stations may be asked for at a time")
    return keys


def _block(one: Extremes) -> Block:
    return Block(one.source_id.nslc, one.start, float(one.rate), one.values)


def _answer(content: bytes) -> Response:
    headers: dict[str, Any] = HEADERS | {"Cache-Control": "no-store"}
    return Response(content, 200, headers, "application/octet-stream")
