"""What a campaign will take, before anything is done: data, time, storage and money, each with where it comes from."""

from __future__ import annotations

import random
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import msgspec

from wadati.engine.campaign.calibration import Calibration, calibration
from wadati.engine.campaign.opened import Opened, open_campaign
from wadati.engine.campaign.prices import Backend, Storage, backend_of, own_machines, prices
from wadati.engine.flow import Flow
from wadati.errors import ReadError
from wadati.model import Channel, TimeSpan
from wadati.protocols import Problem
from wadati.units import DAY

MOST_ASKED = 2000
"""Of so many objects the sizes are asked for; of more, so many are drawn and the rest is taken to be like them."""

_BYTES_A_SAMPLE = 1.5
"""Of Steim-2 records of quiet ground at 100 Hz, headers included."""

_USUAL_RATE = 100.0
_ASKED_AT_ONCE = 16
_WRITES_A_SHARD = 3
_MONTH_GB = 1e9


class Cost(msgspec.Struct, frozen=True):
    """What a backend takes for it, in dollars: computing, and standing by for an hour when nothing is done."""

    backend: str
    region: str
    compute: float
    standby_an_hour: float
    seen: str
    source: str
    remark: str


class Plan(msgspec.Struct, frozen=True):
    """What a campaign will take.

    `station_days` are days on which a station has an epoch; `objects` those that may hold something then, `found` how
    many of them do, `bytes_` what they hold together, and `sizes_from` says whether that was asked or estimated.
    `requests` are those to the archive, the days beside each shard included. `wall_hours` is for `workers`.
    """

    name: str
    archive: str
    stations: int
    station_days: int
    shards: int
    shards_done: int
    objects: int
    found: int
    bytes_: int
    sizes_from: str
    requests: int
    writes: int
    cpu_hours: float
    workers: int
    wall_hours: float
    calibration: Calibration
    stored_bytes: int
    storage: Storage
    storage_dollars_a_month: float
    request_dollars: float
    backend: str
    costs: tuple[Cost, ...]
    problems: tuple[Problem, ...]
    shard_names: tuple[str, ...]

    def cost(self) -> Cost:
        """That of the backend which the campaign names."""
        return next(cost for cost in self.costs if cost.backend == self.backend)


def plan(flow: Flow) -> Plan:
    """Look at the stations and the sizes of objects, and reckon. What is found is kept, so that an object that vanishes
    before it is read is known to have been there."""
    flow.check("pickers", "associators", "locators", "attenuation")
    opened = open_campaign(flow)
    chosen = backend_of(opened.campaign)
    measured = calibration(flow)
    channel_days = sum(len(channels) for _, channels in _days(opened))
    station_days = sum(len(shard.days) for shard in opened.shards)
    objects = list(dict.fromkeys(place for day, channels in _days(opened) for place in _places(opened, channels, day)))
    found, size, words = _sizes(opened, objects)
    with ThreadPoolExecutor(_ASKED_AT_ONCE) as pool:
        done = list(pool.map(lambda shard: opened.shelf.manifest(shard.path) is not None, opened.shards))
    left = sum(len(shard.days) for shard, is_done in zip(opened.shards, done, strict=True) if not is_done)
    # Three components make a station-day of the calibration; more of them, or fewer, take as much more or less.
    share = channel_days / (3.0 * station_days) if station_days else 1.0
    cpu_hours = left * measured.cpu_s_per_station_day * share / 3600.0
    requests = len(objects) + round(2 * len(opened.shards) * len(objects) / max(station_days, 1))
    stored = round(station_days * measured.output_bytes_per_station_day * share)
    writes = _WRITES_A_SHARD * (len(done) - sum(done))
    storage = prices().storage
    workers = flow.workers or 1
    return Plan(
        opened.name,
        opened.archive.name,
        len(opened.inventory.stations()),
        station_days,
        len(opened.shards),
        sum(done),
        len(objects),
        found,
        size,
        words,
        requests,
        writes,
        round(cpu_hours, 4),
        workers,
        round(cpu_hours / workers, 4),
        measured,
        stored,
        storage,
        round(stored / _MONTH_GB * storage.dollars_per_gb_month, 4),
        round(requests / 1000 * storage.dollars_per_1000_reads + writes / 1000 * storage.dollars_per_1000_writes, 4),
        chosen.name,
        tuple(_cost(one, cpu_hours) for one in (own_machines(opened.campaign), *prices().backends)),
        opened.problems,
        tuple(shard.name for shard in opened.shards),
    )


def _cost(backend: Backend, cpu_hours: float) -> Cost:
    return Cost(
        backend.name,
        backend.region,
        round(cpu_hours * backend.dollars_per_worker_hour, 4),
        backend.standby_dollars_per_hour,
        backend.seen,
        backend.source,
        backend.remark,
    )


def _days(opened: Opened) -> Iterator[tuple[int, list[Channel]]]:
    """Each station-day with the channels that have an epoch then."""
    by_station: dict[tuple[str, str], list[Channel]] = {}
    for channel in opened.inventory:
        by_station.setdefault(channel.source_id.station_key, []).append(channel)
    for shard in opened.shards:
        for day in shard.days:
            whole = TimeSpan(day * DAY, (day + 1) * DAY)
            yield day, [one for one in by_station[shard.network, shard.station] if one.epoch.overlaps(whole)]


def _places(opened: Opened, channels: list[Channel], day: int) -> tuple[str, ...]:
    """Where a station-day lies; of an archive that lists, each channel counts as an object without being looked for."""
    source_ids = sorted({channel.source_id for channel in channels})
    if opened.archive.lists:
        return tuple(f"{source_id} {day}" for source_id in source_ids)
    return opened.archive.places(source_ids, day)


def _sizes(opened: Opened, objects: list[str]) -> tuple[int, int, str]:
    """How many objects hold something, how many bytes, and whence that is known."""
    if opened.archive.lists or not opened.archive.sizes_are_cheap:
        rates = sum(channel.sampling_rate_hz or _USUAL_RATE for _, channels in _days(opened) for channel in channels)
        words = f"estimated: {_BYTES_A_SAMPLE:g} bytes a sample at the stated sampling rates, without gaps"
        return len(objects), round(rates * 86400 * _BYTES_A_SAMPLE), words
    asked = objects if len(objects) <= MOST_ASKED else random.Random(0).sample(objects, MOST_ASKED)  # noqa: S311
    with ThreadPoolExecutor(_ASKED_AT_ONCE) as pool:
        sizes = dict(zip(asked, pool.map(lambda place: _size(opened, place), asked), strict=True))
    known = {place: size for place, size in sizes.items() if size is not None}
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
