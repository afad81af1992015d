"""What a campaign will take, before anything is done: data, time, storage and money, each with where it comes from."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import msgspec

from wadati.engine.campaign.calibration import Calibration, calibration
from wadati.engine.campaign.commit import WORKER_DIED, Manifest
from wadati.engine.campaign.opened import Opened, open_campaign
from wadati.engine.campaign.prices import OWN, Backend, Storage, backend_of, own_machines, prices
from wadati.engine.campaign.sizes import days, places, sizes
from wadati.engine.flow import Flow
from wadati.protocols import Problem
from wadati.sources.archives.layouts import LAYOUTS

_ASKED_AT_ONCE = 16
_WRITES_A_SHARD = 3
_GB = 1e9
_REQUEST_S, _BYTES_A_S = 0.1, 20e6
"""How long an answer from afar is taken to be on its way, and how fast it then comes, until shards are done."""


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
    `requests` are those to the archive, the days beside each shard included. `worker_hours` is the time for which
    machines are there, with what they wait for the archive, and `worker_hours_from` whence that is known; `wall_hours`
    is for `workers`. `deletions` are objects that have to be deleted in the end.

    Dollars for requests, storage and egress are those of buckets that are paid by whoever runs the campaign: none for
    folders, services and public buckets; `unpriced` are those of which no price is known. `egress_bytes` leave such
    buckets where one's own machines work; hired ones
    are taken to stand in the region of the buckets.
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
    deletions: int
    cpu_hours: float
    worker_hours: float
    worker_hours_from: str
    workers: int
    wall_hours: float
    calibration: Calibration
    stored_bytes: int
    storage: Storage
    storage_is_paid: bool
    requests_are_paid: bool
    storage_dollars_a_month: float
    request_dollars: float
    deletion_dollars: float
    egress_bytes: int
    egress_dollars: float
    unpriced: tuple[str, ...]
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
    chosen, storage = backend_of(opened.campaign, opened.flow.compute), prices().storage
    measured = calibration(flow)
    channel_days = sum(len(channels) for _, channels in days(opened))
    station_days = sum(len(shard.days) for shard in opened.shards)
    objects = list(dict.fromkeys(place for day, channels in days(opened) for place in places(opened, channels, day)))
    found, size, words = sizes(opened, objects)
    with ThreadPoolExecutor(_ASKED_AT_ONCE) as pool:
        done = list(pool.map(lambda shard: opened.shelf.manifest(shard.path), opened.shards))
    left = [len(shard.days) for shard, manifest in zip(opened.shards, done, strict=True) if manifest is None]
    # Three components make a station-day of the calibration; more of them, or fewer, take as much more or less.
    share = channel_days / (3.0 * station_days) if station_days else 1.0
    cpu_hours = sum(left) * measured.cpu_s_per_station_day * share / 3600.0
    requests = len(objects) + round(2 * len(opened.shards) * len(objects) / max(station_days, 1))
    part = sum(left) / station_days if station_days else 0.0
    worker_hours, whence = _worker_hours(opened, done, sum(left), share, measured, part * requests, part * size)
    stored = round(station_days * measured.output_bytes_per_station_day * share)
    writes = _WRITES_A_SHARD * len(left)
    reading_is_paid, keeping_is_paid = _are_paid(opened)
    reads = requests / 1000 * storage.dollars_per_1000_reads if reading_is_paid else 0.0
    egress = (size if reading_is_paid else 0) + (stored if keeping_is_paid else 0) if chosen.name == OWN else 0
    paid = float(keeping_is_paid)
    workers = flow.workers or 1
    return Plan(
        name=opened.name,
        archive=opened.archive.name,
        stations=len(opened.inventory.stations()),
        station_days=station_days,
        shards=len(opened.shards),
        shards_done=len(opened.shards) - len(left),
        objects=len(objects),
        found=found,
        bytes_=size,
        sizes_from=words,
        requests=requests,
        writes=writes,
        deletions=_WRITES_A_SHARD * len(opened.shards),
        cpu_hours=round(cpu_hours, 4),
        worker_hours=round(worker_hours, 4),
        worker_hours_from=whence,
        workers=workers,
        wall_hours=round(worker_hours / workers, 4),
        calibration=measured,
        stored_bytes=stored,
        storage=storage,
        storage_is_paid=keeping_is_paid,
        requests_are_paid=reading_is_paid,
        storage_dollars_a_month=round(paid * stored / _GB * storage.dollars_per_gb_month, 4),
        request_dollars=round(reads + paid * writes / 1000 * storage.dollars_per_1000_writes, 4),
        deletion_dollars=round(
            paid * _WRITES_A_SHARD * len(opened.shards) / 1000 * storage.dollars_per_1000_deletions, 4
        ),
        egress_bytes=egress,
        egress_dollars=round(egress / _GB * storage.dollars_per_gb_egress, 4),
        unpriced=_unpriced(opened),
        backend=chosen.name,
        costs=tuple(
            _cost(one, cpu_hours, worker_hours, len(left))
            for one in (own_machines(opened.campaign), *prices().backends)
        ),
        problems=opened.problems,
        shard_names=tuple(shard.name for shard in opened.shards),
    )


def _worker_hours(
    opened: Opened,
    done: Sequence[Manifest | None],
    left: int,
    share: float,
    measured: Calibration,
    requests: float,
    size: float,
) -> tuple[float, str]:
    """For how long workers are there until the days that are left are done, and whence that is known."""
    worked = [one for one in done if one is not None]
    known = sum(unit.cause != WORKER_DIED for one in worked for unit in one.units)
    if known:
        return left * sum(one.wall_s for one in worked) / known / 3600.0, f"as {known} station-days took that are done"
    picking = left * measured.wall_s_per_station_day * share
    if opened.is_here:
        return picking / 3600.0, "by the calibration, reading from disk not counted"
    words = f"by the calibration, and for reading {_REQUEST_S:g} s a request and {_BYTES_A_S / 1e6:g} MB/s, assumed"
    return (picking + requests * _REQUEST_S + size / _BYTES_A_S) / 3600.0, words


def _are_paid(opened: Opened) -> tuple[bool, bool]:
    """Whether reading the archive and keeping the work is paid by whoever runs the campaign, at the prices of the list.

    Of public buckets, and of any that is read without keys, the owner pays.
    """
    archive, place = opened.campaign.archive, opened.campaign.place
    with_keys = archive not in LAYOUTS and "skip_signature=true" not in archive
    return archive.startswith("s3://") and with_keys, place.startswith("s3://")


def _unpriced(opened: Opened) -> tuple[str, ...]:
    """Which of the archive and the place of the work is a bucket of another vendor than that of the list."""
    known = ("s3://", "file://")
    places = {"archive": opened.campaign.archive, "shards": opened.campaign.place}
    return tuple(
        name
        for name, address in places.items()
        if "://" in address and not address.startswith(("fdsn:", *known)) and "skip_signature=true" not in address
    )


def _cost(backend: Backend, cpu_hours: float, worker_hours: float, shards: int) -> Cost:
    """Hired machines are paid while they are there, from their start on; one's own by what they compute."""
    hours = cpu_hours if backend.name == OWN else worker_hours + shards * backend.starting_s / 3600.0
    return Cost(
        backend.name,
        backend.region,
        round(hours * backend.dollars_per_worker_hour, 4),
        backend.standby_dollars_per_hour,
        backend.seen,
        backend.source,
        backend.remark,
    )
