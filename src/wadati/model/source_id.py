"""FDSN source identifiers: what a sequence of samples is the record of.

Standard: FDSN Source Identifiers, https://docs.fdsn.org/projects/source-identifiers.
"""

from __future__ import annotations

import msgspec

from wadati.errors import UsageError


class SourceId(msgspec.Struct, frozen=True, order=True):
    """`FDSN:NET_STA_LOC_BAND_SOURCE_SUBSOURCE`; codes may have up to 8 characters.

    >>> sid = SourceId.parse("FDSN:IU_ANMO_00_B_H_Z")
    >>> sid.channel, sid.subsource, sid.nslc
    ('BHZ', 'Z', 'IU.ANMO.00.BHZ')
    >>> SourceId.from_nslc("IU", "ANMO", "00", "BHZ") == sid
    True
    """

    network: str
    station: str
    location: str
    band: str
    source: str
    subsource: str

    @classmethod
    def parse(cls, text: str) -> SourceId:
        """From text with or without the `FDSN:` prefix. Raises `UsageError` unless it has six codes."""
        parts = text.removeprefix("FDSN:").split("_")
        if len(parts) != 6:
            raise UsageError(f"{text!r} is not a source identifier; write FDSN:NET_STA_LOC_B_S_SS")
        return cls(*parts)

    @classmethod
    def from_nslc(cls, network: str, station: str, location: str, channel: str) -> SourceId:
        """From SEED codes; a location of `--` or blanks is empty; other than three letters are a subsource."""
        location = location.strip().replace("-", "")
        channel = channel.strip()
        codes = tuple(channel) if len(channel) == 3 else ("", "", channel)
        return cls(network.strip(), station.strip(), location, *codes)

    @property
    def channel(self) -> str:
        """The SEED channel code, or `B_S_SS` where a code is longer than one character."""
        codes = (self.band, self.source, self.subsource)
        if all(len(code) <= 1 for code in codes) or not (self.band or self.source):
            return "".join(codes)
        return "_".join(codes)

    @property
    def nslc(self) -> str:
        """`NET.STA.LOC.CHA`."""
        return f"{self.network}.{self.station}.{self.location}.{self.channel}"

    @property
    def station_key(self) -> tuple[str, str]:
        """(network, station)."""
        return self.network, self.station

    @property
    def instrument_key(self) -> tuple[str, str, str, str]:
        """(network, station, location, band + source): the channels that one sensor records."""
        return self.network, self.station, self.location, self.band + self.source

    def __str__(self) -> str:
        return f"FDSN:{self.network}_{self.station}_{self.location}_{self.band}_{self.source}_{self.subsource}"
