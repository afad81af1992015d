"""Stations and their channels: where, what and when an instrument records, and how it responds."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import msgspec

from wadati.model.source_id import SourceId
from wadati.model.time import BEGINNING, END, Nanoseconds, TimeSpan

ALWAYS = TimeSpan(BEGINNING, END)
"""The epoch of a channel whose start and end nobody states."""


class Response(msgspec.Struct, frozen=True):
    """From ground motion to counts.

    `sensitivity` is in counts per `unit` (`m`, `m/s` or `m/s**2`) at `sensitivity_frequency_hz`. `poles` and `zeros`
    are (real, imaginary) pairs in rad/s of the Laplace transform with respect to `unit`; both empty where only the
    sensitivity is known (`poles` None), that is for a flat response within the instrument's band.
    """

    sensitivity: float
    unit: str
    sensitivity_frequency_hz: float | None = None
    poles: tuple[tuple[float, float], ...] | None = None
    zeros: tuple[tuple[float, float], ...] | None = None

    @property
    def is_flat(self) -> bool:
        """Whether only the sensitivity is known."""
        return self.poles is None


class Channel(msgspec.Struct, frozen=True):
    """One component of one sensor over one epoch.

    Latitude and longitude in degrees (WGS 84), `elevation` of the sensor in metres above sea level (surface minus
    burial), `azimuth` in degrees clockwise from north and `dip` in degrees down from the horizontal, as in StationXML;
    None where unknown.
    """

    source_id: SourceId
    latitude: float
    longitude: float
    elevation: float
    response: Response | None = None
    azimuth: float | None = None
    dip: float | None = None
    sampling_rate_hz: float | None = None
    epoch: TimeSpan = ALWAYS


class Station(msgspec.Struct, frozen=True):
    """One site: the position of a network's station, from the first of its channels."""

    network: str
    code: str
    latitude: float
    longitude: float
    elevation: float

    @property
    def key(self) -> tuple[str, str]:
        """(network, code)."""
        return self.network, self.code


class Inventory(msgspec.Struct, frozen=True):
    """Channels of any number of stations, in order of source id and epoch.

    >>> sid = SourceId.parse("FDSN:XX_ABC__H_H_Z")
    >>> inventory = Inventory.of([Channel(sid, 35.0, -117.5, 700.0)])
    >>> inventory.station("XX", "ABC").elevation, inventory.channel(sid, 0).latitude
    (700.0, 35.0)
    """

    channels: tuple[Channel, ...] = ()

    @classmethod
    def of(cls, channels: Iterable[Channel]) -> Inventory:
        """An inventory of channels in any order; exact duplicates count once."""
        unique = dict.fromkeys(channels)
        return cls(tuple(sorted(unique, key=lambda channel: (channel.source_id, channel.epoch))))

    def stations(self) -> tuple[Station, ...]:
        """The stations, in order of network and code."""
        found: dict[tuple[str, str], Station] = {}
        for channel in self.channels:
            key = channel.source_id.station_key
            if key not in found:
                found[key] = Station(*key, channel.latitude, channel.longitude, channel.elevation)
        return tuple(found[key] for key in sorted(found))

    def station(self, network: str, code: str) -> Station | None:
        """The station of these codes, or None."""
        for channel in self.channels:
            if channel.source_id.station_key == (network, code):
                return Station(network, code, channel.latitude, channel.longitude, channel.elevation)
        return None

    def channel(self, source_id: SourceId, time: Nanoseconds) -> Channel | None:
        """The epoch of a channel that holds a time, or None."""
        for channel in self.channels:
            if channel.source_id == source_id and time in channel.epoch:
                return channel
        return None

    def __iter__(self) -> Iterator[Channel]:
        return iter(self.channels)

    def __len__(self) -> int:
        return len(self.channels)
