"""Catalogs as Nordic2 files for SEISAN 12 and later, which also ObsPy reads.

Times to 1 ms, degrees to 1e-5, depths to 1 m; distances to three digits. Of arrivals with a weight between the tenths
the nearest tenth is written.
"""

from __future__ import annotations

import math
from pathlib import Path

from wadati.errors import InputError
from wadati.formats.atomic import atomic_write
from wadati.formats.channel_codes import channel_code
from wadati.formats.csv_rows import fixed
from wadati.formats.weight_codes import code_of
from wadati.model import Arrival, Catalog, Event, Origin, Pick, format_time
from wadati.units import DAY, KILOMETRE, MILLISECOND

_LETTERS = {
    "ML": "L",
    "mb": "b",
    "mB": "B",
    "Ms": "s",
    "MS": "S",
    "Mw": "W",
    "Mww": "W",
    "Mwr": "W",
    "Mc": "C",
    "Md": "C",
}
_HEADINGS = " STAT COM NTLO IPHASE   W HHMM SS.SSS   PAR1  PAR2 AGA OPE  AIN  RES W  DIS CAZ7"


def write_nordic(catalog: Catalog, path: Path) -> None:
    """Write preferred origins and magnitudes with their picks, an event a block, atomically.

    Raises `InputError` for a code that has no room: stations of more than five letters, networks of more than two,
    channels of more than three.
    """
    picks = {pick.pick_id: pick for pick in catalog.picks}
    text = "".join(f"{line}\n" for event in catalog.events for line in (*_event(event, picks), " " * 80))
    with atomic_write(path) as partial:
        partial.write_text(text, encoding="utf-8")


def _event(event: Event, picks: dict[str, Pick]) -> list[str]:
    origin = event.origin
    time = rounded(origin.time)
    lines = [_hypocentre(event, time)]
    if origin.azimuthal_gap is not None or origin.uncertainty is not None:
        lines.append(_errors(origin))
    lines.append(_fine(origin, time))
    lines.append(f"{' ACTION:WAD':<57}ID:{_id(event.event_id):<14}{'I':>6}")
    used = [(picks[arrival.pick_id], arrival) for arrival in origin.arrivals if arrival.pick_id in picks]
    if used:
        lines.append(_HEADINGS)
        lines.extend(_phase(pick, arrival, time) for pick, arrival in used)
    return lines


def rounded(time: int) -> int:
    """A time to the millisecond of a line."""
    return (time + MILLISECOND // 2) // MILLISECOND * MILLISECOND


def _stamp(time: int) -> str:
    text = format_time(time, 3)
    return f" {text[:4]} {int(text[5:7]):2d}{int(text[8:10]):2d} {text[11:13]}{text[14:16]}"


def _hypocentre(event: Event, time: int) -> str:
    origin, magnitude = event.origin, event.magnitude
    tenths = min(round(float(format_time(time, 3)[17:-1]), 1), 59.9)
    kind = "E" if event.event_type in ("explosion", "quarry blast") else " "
    size = f"{magnitude.value:4.1f}{_LETTERS.get(magnitude.magnitude_type, ' ')}WAD" if magnitude else " " * 8
    # Rounded as the line H has it, so that what is read back is written the same.
    rms = " " * 4 if origin.standard_error is None else f"{min(round(origin.standard_error, 3), 99.9):4.1f}"
    stations = len({(arrival.network, arrival.station) for arrival in origin.arrivals})
    line = (
        f"{_stamp(time)} {tenths:4.1f} L{kind}{fixed(origin.latitude, 3):>7}{fixed(origin.longitude, 3):>8}"
        f"{fixed(origin.depth / KILOMETRE, 1):>5}  WAD{min(stations, 999):3d}{rms}{size}"
    )
    return f"{line:<79}1"


def _fine(origin: Origin, time: int) -> str:
    rms = " " * 6 if origin.standard_error is None else f"{min(origin.standard_error, 99.999):6.3f}"
    second, latitude, longitude = format_time(time, 3)[17:-1], fixed(origin.latitude, 5), fixed(origin.longitude, 5)
    line = f"{_stamp(time)} {second} {latitude:>9} {longitude:>10} {fixed(origin.depth / KILOMETRE, 3):>8}"
    return f"{line} {rms:<26}H"


def _errors(origin: Origin) -> str:
    spread, gap = origin.uncertainty, origin.azimuthal_gap
    horizontal, depth = (spread.horizontal, spread.depth) if spread else (math.inf, math.inf)
    line = (
        f" GAP={'' if gap is None else round(gap):>3}{'':16}{_km(horizontal, 6)}  {_km(horizontal, 6)}{_km(depth, 5)}"
    )
    return f"{line:<79}E"


def _km(value: float, width: int) -> str:
    return f"{min(value / KILOMETRE, 99.9):{width}.1f}" if math.isfinite(value) else " " * width


def _id(event_id: str) -> str:
    """SEISAN's identifiers have fourteen digits; another one stays where it is short enough."""
    return event_id if len(event_id) <= 14 and event_id.isascii() and not event_id.isspace() else ""


def _phase(pick: Pick, arrival: Arrival, origin_time: int) -> str:
    sid, channel = pick.source_id, channel_code(pick.source_id)
    if len(sid.station) > 5 or len(sid.network) > 2 or len(sid.location) > 2:
        wrong = "a Nordic file holds station codes of 5 letters, networks and locations of 2"
        raise InputError(f"pick at {sid.nslc}", wrong, "write QuakeML")
    since = rounded(pick.time) - origin_time // DAY * DAY
    minutes, milliseconds = divmod(since // MILLISECOND, 60_000)
    if not 0 <= minutes < 48 * 60:
        wrong = "lies outside the day of its event and the next"
        raise InputError(f"pick {pick.pick_id}", wrong, "write QuakeML")
    motion = {"positive": "C", "negative": "D"}.get(pick.polarity or "", " ")
    residual = f"{fixed(arrival.time_residual, 2):>5}"[:5]
    azimuth = f"{round(arrival.azimuth) % 360:3d}" if math.isfinite(arrival.azimuth) else " " * 3
    channel = channel if len(channel) == 3 else f"{channel[-1:]:>3}"
    automatic = "A" if pick.evaluation_mode == "automatic" else " "
    return (
        f" {sid.station:<5}{channel} {sid.network:<2}{sid.location:<2}  {arrival.phase[:8]:<8}"
        f"{code_of(pick.time_uncertainty, pick.probability) or ' '}{automatic}"
        f"{minutes // 60:2d}{minutes % 60:2d}{milliseconds / 1000:7.3f}"
        f"{'':6}{motion}{'':19}{residual}{round(arrival.weight * 10):2d}{_distance(arrival.distance)} {azimuth} "
    )


def _distance(value: float) -> str:
    """A distance in km in five columns with as many decimals as fit."""
    if not math.isfinite(value):
        return " " * 5
    kilometres = value / KILOMETRE
    places = 2 if kilometres < 99.5 else 1 if kilometres < 999.5 else 0
    return f"{kilometres:5.{places}f}"
