"""What of a campaign lies in its archive: station-days, objects and their bytes, asked or estimated."""

from __future__ import annotations

import random
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import msgspec

from wadati.engine.campaign.opened import Opened
from wadati.errors import ReadError
from wadati.model import Channel, TimeSpan
from wadati.units import DAY

MOST_ASKED = 2000
"""Of so many objects the sizes are asked for; of more, so many are drawn and the rest is taken to be like them."""

_BYTES_A_SAMPLE = 1.5
"""Of Steim-2 records of quiet ground at 100 Hz, headers included."""

_USUAL_RATE = 100.0
_ASKED_AT_ONCE = 16


def days(opened: Opened) -> Iterator[tuple[int, list[Channel]]]:
    """Each station-day with the channels that have an epoch then."""
    by_station: dict[tuple[str, str], list[Channel]] = {}
    for channel in opened.inventory:
        by_station.setdefault(channel.source_id.station_key, []).append(channel)
    for shard in opened.shards:
        for day in shard.days:
            whole = TimeSpan(day * DAY, (day + 1) * DAY)
            yield day, [one for one in by_station[shard.network, shard.station] if one.epoch.overlaps(whole)]


def places(opened: Opened, channels: list[Channel], day: int) -> tuple[str, ...]:
    """Where a station-day lies; of an archive that lists, each channel counts as an object without being looked for."""
    source_ids = sorted({channel.source_id for channel in channels})
    if opened.archive.lists:
        return tuple(f"{source_id} {day}" for source_id in source_ids)
    return opened.archive.places(source_ids, day)


def sizes(opened: Opened, objects: list[str]) -> tuple[int, int, str]:
    """How many objects hold something, how many bytes, and whence that is known."""
    if opened.archive.lists or not opened.archive.sizes_are_cheap:
        rates = sum(channel.sampling_rate_hz or _USUAL_RATE for _, channels in days(opened) for channel in channels)
        words = f"estimated: {_BYTES_A_SAMPLE:g} bytes a sample at the stated sampling rates, without gaps"
        return len(objects), round(rates * 86400 * _BYTES_A_SAMPLE), words
    asked = objects if len(objects) <= MOST_ASKED else random.Random(0).sample(objects, MOST_ASKED)  # noqa: S311
    with ThreadPoolExecutor(_ASKED_AT_ONCE) as pool:
        found = dict(zip(asked, pool.map(lambda place: _size(opened, place), asked), strict=True))
    known = {place: size for place, size in found.items() if size is not None}
    opened.place.put(f"{opened.name}/objects.json", msgspec.json.encode(opened.known() | known), "application/json", 0)
    scale = len(objects) / len(asked) if asked else 1.0
    words = "asked of the archive" if scale == 1.0 else f"{len(asked)} objects drawn and asked, the rest like them"
    return round(len(known) * scale), round(sum(known.values()) * scale), words


def _size(opened: Opened, place: str) -> int | None:
    """The size of an object; of one that cannot be had now nothing is known, and the run will say so."""
    try:
        return opened.archive.size(place)
    except ReadError:
        return None
