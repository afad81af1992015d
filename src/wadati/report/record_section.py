"""Record sections: what the stations recorded of an event, from near to far, with its picks."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

from wadati.errors import WadatiError
from wadati.model import Arrival, Event, SourceId, Station, TimeSpan, Trace
from wadati.report.chart import RIGHT, TOP, WIDTH, Scale, axes, figure, line, path, svg, text, ticks
from wadati.report.markup import Markup, element, number
from wadati.report.scene import Scene, instant, kilometres, shown_magnitude, size_words
from wadati.traveltime.layered import first_arrival
from wadati.units import KILOMETRE, SECOND

STATIONS = 24
"""As many stations as a section shows."""
BAND = (1.0, 15.0)
"""Corners in Hz of the band that is drawn."""
_LEFT, _ROW, _COLUMNS = 104.0, 19.0, 400
_WARM_UP = 10 * SECOND


class Records(Protocol):
    """Waveforms by station and time, such as any `Source` gives."""

    def read(self, network: str, station: str, span: TimeSpan) -> Iterable[Trace]: ...  # noqa: D102


@dataclass(frozen=True)
class Row:
    """A station of a section: its arrivals by phase, and the times (s after the origin) that the model expects."""

    station: Station
    distance: float
    arrivals: dict[str, Arrival]
    expected: dict[str, float]


def record_sections(scene: Scene, source: Records, largest: int) -> list[Markup]:
    """A figure for each of the largest events that have arrivals, in order of time."""
    ranked = sorted(
        (event for event in scene.events if any(a.weight > 0 for a in event.origin.arrivals)),
        key=lambda event: (-(magnitude.value if (magnitude := shown_magnitude(event)) else -9.0), event.origin.time),
    )
    chosen = sorted(ranked[:largest], key=lambda event: event.origin.time)
    return [section for event in chosen if (section := _section(scene, source, event)) is not None]


def _section(scene: Scene, source: Records, event: Event) -> Markup | None:
    rows = _rows(scene, event)
    if not rows:
        return None
    ends = [time for row in rows for time in row.expected.values()]
    ends += [
        (scene.picks[a.pick_id].time - event.origin.time) / SECOND for a in _arrivals(rows) if a.pick_id in scene.picks
    ]
    last = max([*ends, 5.0]) * 1.12 + 2.0
    x = Scale(-0.06 * last, last, _LEFT, WIDTH - RIGHT)
    bottom = TOP + _ROW * len(rows) + 8
    middles = [TOP + _ROW * (k + 0.5) + 4 for k in range(len(rows))]
    parts: list[Markup | None] = []
    for row, y in zip(rows, middles, strict=True):
        parts.append(
            text(_LEFT - 6, y + 4, f"{row.station.network}.{row.station.code} {row.distance / KILOMETRE:.0f}", "end")
        )
        parts.append(_wiggle(source, event, row, _channel(scene, row), x, y))
    for phase in ("P", "S"):
        curve = [(x(row.expected[phase]), y) for row, y in zip(rows, middles, strict=True) if phase in row.expected]
        if len(curve) > 1:
            parts.append(path(curve, f"expected {phase}"))
    for row, y in zip(rows, middles, strict=True):
        parts += [_pick(scene, event, arrival, x, y) for _, arrival in sorted(row.arrivals.items())]
    drawing = svg(
        bottom + 48,
        f"Records of {len(rows)} stations of the event of {instant(event.origin.time)}",
        axes(x, Scale(0, 1, bottom, TOP), ticks(x.low, x.high), (), "s after the origin", ""),
        *(part for part in parts if part is not None),
    )
    caption = (
        f"{size_words(event)}, {kilometres(event.origin.depth)} deep, {event.event_id}. Stations with their "
        f"distance in km; vertical component, {BAND[0]:g}–{BAND[1]:g} Hz, each trace to its own largest swing. "
        "Ticks are picks, P blue and S orange"
        + (f"; dashed lines are what the model {scene.earth.name} expects." if scene.earth else ".")
    )
    return figure(drawing, f"{instant(event.origin.time)} UTC", caption)


def _rows(scene: Scene, event: Event) -> list[Row]:
    """The stations with arrivals in order of distance; of many, some evenly chosen."""
    by_station: dict[tuple[str, str], dict[str, Arrival]] = {}
    for arrival in event.origin.arrivals:
        if arrival.weight > 0:
            by_station.setdefault((arrival.network, arrival.station), {})[arrival.phase[:1]] = arrival
    stations = {station.key: station for station in scene.stations}
    rows = []
    for key, arrivals in by_station.items():
        if key in stations:
            distance = next(iter(arrivals.values())).distance
            rows.append(Row(stations[key], distance, arrivals, _expected(scene, event, stations[key], distance)))
    rows.sort(key=lambda row: (row.distance, row.station.key))
    if len(rows) > STATIONS:
        rows = [rows[round(k)] for k in np.linspace(0, len(rows) - 1, STATIONS)]
    return rows


def _arrivals(rows: list[Row]) -> list[Arrival]:
    return [arrival for row in rows for arrival in row.arrivals.values()]


def _expected(scene: Scene, event: Event, station: Station, distance: float) -> dict[str, float]:
    if scene.earth is None:
        return {}
    depth = event.origin.depth
    return {phase: float(first_arrival(scene.earth, phase, distance, depth, station.elevation)) for phase in ("P", "S")}


def _channel(scene: Scene, row: Row) -> SourceId | None:
    """The channel picked on."""
    for arrival in row.arrivals.values():
        pick = scene.picks.get(arrival.pick_id)
        if pick is not None:
            return pick.source_id
    return None


def _wiggle(source: Records, event: Event, row: Row, channel: SourceId | None, x: Scale, y: float) -> Markup | None:
    """A record as the smallest and largest sample of each of `_COLUMNS` columns at most; None where there is none."""
    start = event.origin.time + round(x.low * SECOND)
    end = event.origin.time + round(x.high * SECOND)
    try:
        traces = list(source.read(*row.station.key, TimeSpan(start - _WARM_UP, end)))
    except WadatiError:
        return None
    own = [t for t in traces if t.source_id == channel] or [t for t in traces if t.source_id.subsource == "Z"]
    own = [t for t in own if t.source_id == own[0].source_id and t.sampling_rate == own[0].sampling_rate and len(t)]
    if not own:
        return None
    rate = float(own[0].sampling_rate)
    samples = _filtered(_joined(own, start - _WARM_UP, end, rate), rate)[round(_WARM_UP / SECOND * rate) :]
    if not np.isfinite(samples).any():
        return None
    scale = float(np.nanmax(np.abs(samples))) or 1.0
    columns = min(_COLUMNS, len(samples))
    width = (x.end - x.start) / columns
    steps: list[str] = []
    before: tuple[float, float] | None = None
    for column, part in enumerate(np.array_split(samples / scale, columns)):
        if not np.isfinite(part).any():
            before = None
            continue
        at = x.start + (column + 0.5) * width
        low, high = float(np.nanmin(part)), float(np.nanmax(part))
        for value in (low, high) if column % 2 else (high, low):
            place = round(at, 1), round(y - value * _ROW * 0.62, 1)
            if before is None:
                steps.append(f"M{number(place[0], 1)} {number(place[1], 1)}")
            elif place != before:
                steps.append(f"l{number(place[0] - before[0], 1)} {number(place[1] - before[1], 1)}")
            before = place
    return element("path", d="".join(steps), class_="trace")


def _joined(traces: list[Trace], start: int, end: int, rate: float) -> npt.NDArray[np.float64]:
    """Samples of one channel on one axis, to the nearest sample, which a drawing cannot tell from the truth."""
    samples = np.full(int((end - start) / SECOND * rate), np.nan)
    for trace in traces:
        first = round((trace.start - start) / SECOND * rate)
        low, high = max(first, 0), min(first + len(trace), len(samples))
        if low < high:
            samples[low:high] = trace.data[low - first : high - first]
    return samples


def _filtered(samples: npt.NDArray[np.float64], rate: float) -> npt.NDArray[np.float64]:
    """The band drawn, forwards only, so that nothing moves before an onset; gaps stay gaps."""
    from scipy.signal import butter, sosfilt

    gaps = ~np.isfinite(samples)
    if gaps.all() or rate <= 2.5 * BAND[0]:
        return samples
    filled = np.where(gaps, 0.0, samples - np.nanmedian(samples))
    sections = butter(2, (BAND[0], min(BAND[1], 0.45 * rate)), "bandpass", fs=rate, output="sos")
    return np.where(gaps, np.nan, sosfilt(sections, filled))


def _pick(scene: Scene, event: Event, arrival: Arrival, x: Scale, y: float) -> Markup | None:
    pick = scene.picks.get(arrival.pick_id)
    if pick is None or arrival.phase[:1] not in {"P", "S"}:
        return None
    at = x((pick.time - event.origin.time) / SECOND)
    return line(at, y - _ROW * 0.48, at, y + _ROW * 0.48, f"pick {arrival.phase[:1]}")
