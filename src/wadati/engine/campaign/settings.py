"""What a campaign goes through, where its results go and what it may cost: `[campaign]` of a Flow."""

from __future__ import annotations

import msgspec

from wadati.errors import UsageError


class Campaign(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A part of an archive; `start` and `end` of the Flow say which days, and have to be whole days.

    `archive` is a name or an address (see `sources.archives.addresses`), `layout` how it is laid out where no name says
    it. `stations` is StationXML or a station table (a file or a folder), or a list of `NET.STA` whose StationXML the
    archive itself holds; without it they are those that the archive has in the region, with `fdsn:https://HOST` those
    that this service has there. `region` (south, north, west, east in degrees) leaves only stations within it,
    `channels` only channels that fit one of these patterns. `output` is the folder of the results or the URL of a
    bucket, `shards` where the work is kept, which campaigns may share (default: `shards` in the output).

    A shard is one station over at most `days` days. `backend` names a line of the price file (default: one's own
    machines, or Fargate Spot for jobs of AWS Batch), `dollars_per_cpu_hour` is the price of one's own machines.
    """

    archive: str
    stations: str | tuple[str, ...] = ()
    layout: str = ""
    region: tuple[float, float, float, float] | None = None
    channels: tuple[str, ...] = ("HH?", "EH?", "SH?", "BH?", "HN?", "EN?")
    output: str = "out"
    shards: str = ""
    days: int = 10
    backend: str = ""
    dollars_per_cpu_hour: float = 0.0

    def __post_init__(self) -> None:
        if not 1 <= self.days <= 366:
            raise UsageError(f"days = {self.days}: a shard holds 1 to 366 days")
        if self.dollars_per_cpu_hour < 0:
            raise UsageError(f"dollars_per_cpu_hour = {self.dollars_per_cpu_hour}: give 0 or more")
        if not self.channels or not (self.stations or self.region):
            raise UsageError("a campaign needs channels, and stations or a region")
        if self.region is not None:
            south, north, west, east = self.region
            if not (-90 <= south < north <= 90 and -180 <= west <= 180 and -180 <= east <= 180 and west != east):
                raise UsageError(f"region = {list(self.region)}: write [south, north, west, east] in degrees")

    @property
    def place(self) -> str:
        """Where the work is kept."""
        if self.shards:
            return self.shards
        address, mark, options = self.output.partition("?")
        return f"{address.rstrip('/')}/shards{mark}{options}"

    def holds(self, latitude: float, longitude: float) -> bool:
        """Whether a place is within the region, which goes over 180° where its west is greater than its east.

        >>> Campaign(archive="ncedc", stations=("NC.KBG",), region=(39, 41, -125, -123)).holds(40.0, -124.0)
        True
        >>> Campaign(archive="geonet", region=(-40, -25, 175, -175)).holds(-29.3, -177.9)
        True
        """
        if self.region is None:
            return True
        south, north, west, east = self.region
        if west < east:
            return south <= latitude <= north and west <= longitude <= east
        return south <= latitude <= north and (longitude >= west or longitude <= east)
