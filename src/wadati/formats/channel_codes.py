"""Network, station, location and channel codes, as tables and QuakeML write them, to source identifiers and back."""

from __future__ import annotations

from wadati.model import SourceId


def channel_code(source_id: SourceId) -> str:
    """The SEED channel code where three letters say it all, else the codes joined by underscores.

    >>> channel_code(SourceId.parse("FDSN:XX_ABC__H_H_Z")), channel_code(SourceId.parse("FDSN:XX_ABC__H_HH_Z"))
    ('HHZ', 'H_HH_Z')
    """
    codes = (source_id.band, source_id.source, source_id.subsource)
    if all(len(code) == 1 for code in codes):
        return "".join(codes)
    if not source_id.band and not source_id.source and len(source_id.subsource) != 3:
        return source_id.subsource
    return "_".join(codes)


def source_id_of(network: str, station: str, location: str, channel: str) -> SourceId:
    """The way back from `channel_code`; blanks around codes and a location of `--` do not count.

    >>> source_id_of("XX", "ABC", "--", "HHZ").location
    ''
    """
    if channel.count("_") != 2:
        return SourceId.from_nslc(network, station, location, channel)
    plain = SourceId.from_nslc(network, station, location, "")
    return SourceId(plain.network, plain.station, plain.location, *channel.strip().split("_"))
