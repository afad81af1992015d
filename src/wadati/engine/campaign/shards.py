"""The units of a campaign's work, each named by all that its result depends on.

A picking shard is one station over days that lie together on a fixed grid, so that campaigns over the same span have
the same shards. Its name is a digest of the archive, the days, the channels with their responses, the picker with its
weights and the code; so a shard that is done is done for every campaign, and whatever would change its result gives it
another name.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from itertools import groupby

import msgspec

from wadati.engine.campaign.method import picker_digest, picking_version
from wadati.model import Channel, Inventory, TimeSpan, content_id
from wadati.units import DAY


class PickingShard(msgspec.Struct, frozen=True):
    """One station over some days (since 1970); `path` is where its outputs are kept."""

    path: str
    network: str
    station: str
    days: tuple[int, ...]

    @property
    def name(self) -> str:
        """Its name alone."""
        return self.path.rpartition("/")[2]

    @property
    def unit(self) -> str:
        """The station."""
        return f"{self.network}.{self.station}"


def picking_shards(
    inventory: Inventory, span: TimeSpan, *, archive: str, picker: str, days: int
) -> tuple[PickingShard, ...]:
    """The shards of a span of whole days, in order of time and station: the days on which stations have an epoch.

    >>> from wadati.model import SourceId
    >>> channel = Channel(SourceId.parse("FDSN:XX_ABC__H_H_Z"), 35.0, -117.5, 0.0, epoch=TimeSpan(3 * DAY, 12 * DAY))
    >>> found = picking_shards(Inventory.of([channel]), TimeSpan(0, 20 * DAY), archive="a", picker="stalta", days=10)
    >>> [shard.days for shard in found]
    [(3, 4, 5, 6, 7, 8, 9), (10, 11)]
    """
    weights, code = picker_digest(picker), picking_version()
    collection = f"{re.sub(r'[^A-Za-z0-9.-]', '-', picker.rpartition('/')[2])}-{weights}"
    found = []
    for (network, station), group in groupby(inventory, key=lambda channel: channel.source_id.station_key):
        channels = tuple(group)
        for _, some in groupby(operating_days(channels, span), key=lambda day: day // days):
            own = tuple(some)
            whole = TimeSpan(own[0] * DAY, (own[-1] + 1) * DAY)
            about = msgspec.to_builtins([one for one in channels if one.epoch.overlaps(whole)])
            name = content_id("picks", archive, network, station, own, about, weights, code)
            found.append(PickingShard(f"{collection}/{name}", network, station, own))
    return tuple(sorted(found, key=lambda shard: (shard.days[0], shard.network, shard.station)))


def operating_days(channels: Iterable[Channel], span: TimeSpan) -> list[int]:
    """The days of a span on which at least one channel has an epoch, in order."""
    epochs = [channel.epoch for channel in channels]
    return [
        day
        for day in range(span.start // DAY, -(-span.end // DAY))
        if any(epoch.overlaps(TimeSpan(day * DAY, (day + 1) * DAY)) for epoch in epochs)
    ]
