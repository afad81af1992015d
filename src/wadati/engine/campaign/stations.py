"""The stations of a campaign, with the true epochs of their channels."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import msgspec

from wadati.engine.campaign.method import stations_version
from wadati.engine.campaign.settings import Campaign
from wadati.errors import InputError, NothingUsableError, UsageError
from wadati.formats.channel_codes import channel_code
from wadati.formats.inventory import read_inventory
from wadati.formats.stationxml import read_stationxml
from wadati.model import Channel, Inventory, TimeSpan, content_id
from wadati.protocols import DayArchive, Problem
from wadati.sources.archives.addresses import open_archive
from wadati.sources.selection import fits
from wadati.store.objects import Place

_LOWEST_RATE = 10.0
_ASKED_AT_ONCE = 16


def stations_of(
    campaign: Campaign, archive: DayArchive, place: Place, span: TimeSpan
) -> tuple[Inventory, tuple[Problem, ...]]:
    """The channels that a campaign goes through and what of the stations could not be used.

    StationXML from the archive is kept beside the shards, so that every machine works with the same, and what all of it
    says in one file, so that a thousand machines that begin ask for that alone. Raises
    `NothingUsableError` where no channel is left, and `ReadError` where the archive cannot be read now: shards have
    numbers, so a station must not be left out for a passing reason.
    """
    named = campaign.stations
    if not named:
        found, told = _of_archive(_in_region(campaign, archive, place), archive, place)
    elif not isinstance(named, str):
        found, told = _of_archive(named, archive, place)
    elif named.startswith("fdsn:"):
        service = open_archive(named)
        found, told = _of_archive(_in_region(campaign, service, place), service, place)
    else:
        found, problems = read_inventory(Path(named))
        told = list(problems)
    wanted = tuple(channel for channel in found if _is_wanted(channel, campaign, span))
    if not wanted:
        first = f" ({told[0].subject}: {told[0].wrong})" if told else ""
        raise NothingUsableError(
            f"of {len(found)} channels none is in the region, fits {','.join(campaign.channels)} and has an epoch in "
            f"the span{first}; check the settings of the campaign"
        )
    return Inventory.of(wanted), tuple(told)


def _is_wanted(channel: Channel, campaign: Campaign, span: TimeSpan) -> bool:
    rate = channel.sampling_rate_hz
    return (
        campaign.holds(channel.latitude, channel.longitude)
        and fits(channel_code(channel.source_id), ",".join(campaign.channels))
        and channel.epoch.overlaps(span)
        and (rate is None or rate >= _LOWEST_RATE)
    )


def _in_region(campaign: Campaign, archive: DayArchive, place: Place) -> tuple[str, ...]:
    """The stations that an archive has in the region, looked for once: the list is kept, as their StationXML is."""
    if campaign.region is None:
        raise UsageError("a campaign over the stations of a service needs a region: [south, north, west, east]")
    kept = f"{content_id('stations', archive.name)}/{content_id('region', campaign.region)}.json"
    content = place.get(kept)
    if content is None:
        codes = archive.station_codes(campaign.region)
        with ThreadPoolExecutor(_ASKED_AT_ONCE if archive.sizes_are_cheap else 1) as pool:
            told = pool.map(lambda code: archive.stationxml(*code), codes)
            names = [
                ".".join(code)
                for code, xml in zip(codes, told, strict=True)
                if xml is not None
                and any(campaign.holds(c.latitude, c.longitude) for c in _read(xml, ".".join(code))[0])
            ]
        content = msgspec.json.encode(names)
        if not place.create(kept, content):
            content = place.get(kept) or content  # another machine was first
    return msgspec.json.decode(content, type=tuple[str, ...])


def _of_archive(names: Iterable[str], archive: DayArchive, place: Place) -> tuple[Inventory, list[Problem]]:
    channels: list[Channel] = []
    problems: list[Problem] = []
    wanted, folder = sorted(set(names)), content_id("stations", archive.name)
    together = f"{folder}/{content_id('channels', wanted, stations_version())}.msgpack"
    content = place.get(together)
    if content is not None:
        return Inventory(msgspec.msgpack.decode(content, type=tuple[Channel, ...])), problems
    for name in wanted:
        network, _, station = name.partition(".")
        if not network or not station or "." in station:
            raise UsageError(f"the station {name!r} is none: write NET.STA")
        kept = f"{folder}/{name}.xml"
        content = place.get(kept)
        if content is None:
            content = archive.stationxml(network, station)
            if content is not None and not place.create(kept, content):
                content = place.get(kept)  # another machine was first
        if content is None:
            wrong = f"{archive.name.partition(' ')[0]} holds no StationXML of it"
            problems.append(Problem(name, wrong, "name a StationXML file in `stations`"))
            continue
        found, wrongs = _read(content, name)
        problems.extend(wrongs)
        channels.extend(channel for channel in found if channel.source_id.station_key == (network, station))
    inventory = Inventory.of(channels)
    if not problems:
        place.put(together, msgspec.msgpack.encode(inventory.channels), "application/msgpack", 0)
    return inventory, problems


def _read(content: bytes, name: str) -> tuple[Inventory, list[Problem]]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"{name}.xml"
        path.write_bytes(content)
        try:
            return read_stationxml(path)
        except InputError as error:
            return Inventory(), [Problem(name, error.wrong, error.mend)]
