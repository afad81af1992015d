"""A campaign ready for work: its archive, its stations, its shards, and where they are kept."""

from __future__ import annotations

from dataclasses import dataclass

import msgspec

from wadati.engine.campaign.commit import Shelf
from wadati.engine.campaign.settings import Campaign
from wadati.engine.campaign.shards import PickingShard, picking_shards
from wadati.engine.campaign.stations import stations_of
from wadati.engine.compute import Local
from wadati.engine.flow import Flow
from wadati.engine.live.settings import Live
from wadati.engine.serving import Serving
from wadati.errors import UsageError
from wadati.model import Inventory, TimeSpan, content_id
from wadati.model.time import BEGINNING, END
from wadati.protocols import DayArchive, Problem
from wadati.sources.archives.addresses import open_archive
from wadati.sources.archives.objects import ObjectArchive
from wadati.store.objects import Place, open_place
from wadati.units import DAY


@dataclass(frozen=True)
class Opened:
    """What every part of a campaign works with; the same on every machine that has the same Flow."""

    flow: Flow
    campaign: Campaign
    span: TimeSpan
    archive: DayArchive
    inventory: Inventory
    problems: tuple[Problem, ...]
    shards: tuple[PickingShard, ...]
    place: Place
    shelf: Shelf
    name: str

    def known(self) -> dict[str, int]:
        """Bytes of objects that the plan found, by place."""
        content = self.place.get(f"{self.name}/objects.json")
        return {} if content is None else msgspec.json.decode(content, type=dict[str, int])

    @property
    def is_here(self) -> bool:
        """Whether the archive is a folder of this machine."""
        return isinstance(self.archive, ObjectArchive) and self.archive.is_here

    @property
    def is_cancelled(self) -> bool:
        """Whether somebody asked for no more work."""
        return self.place.get(f"{self.name}/cancelled") is not None


def open_campaign(flow: Flow) -> Opened:
    """A campaign from its Flow. Raises `UsageError` for settings that cannot be, `NothingUsableError` without stations.

    StationXML is fetched where it is not kept yet; else only names are made.
    """
    campaign, span = settings_of(flow)
    archive = open_archive(campaign.archive, campaign.layout)
    place = open_place(campaign.place)
    inventory, problems = stations_of(campaign, archive, place, span)
    shards = picking_shards(inventory, span, archive=archive.name, picker=flow.picker, days=campaign.days)
    # Who does the work, at what price, and who is told of it later do not make it another campaign.
    same = msgspec.structs.replace(campaign, backend="", dollars_per_cpu_hour=0.0)
    settings = msgspec.structs.replace(flow, workers=None, compute=Local(), serve=Serving(), live=Live(), campaign=same)
    name = content_id("campaign", msgspec.json.encode(settings), [shard.path for shard in shards])
    return Opened(flow, campaign, span, archive, inventory, problems, shards, place, Shelf(place), name)


def settings_of(flow: Flow) -> tuple[Campaign, TimeSpan]:
    """The campaign and the whole days of a Flow. Raises `UsageError` where it has none."""
    if flow.campaign is None:
        raise UsageError("the flow has no [campaign]: write archive, stations, and start and end above it")
    span = flow.span()
    if span is None or span.start <= BEGINNING or span.end >= END:
        raise UsageError("a campaign needs start and end")
    if span.start % DAY or span.end % DAY:
        raise UsageError(f"a campaign goes over whole days: {span} begins or ends within one")
    return flow.campaign, span
