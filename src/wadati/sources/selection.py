"""Which channels and times somebody asks for, and whether a record is one of them."""

from __future__ import annotations

import fnmatch
from collections.abc import Sequence

import msgspec

from wadati.formats.channel_codes import channel_code
from wadati.formats.miniseed_headers import Header
from wadati.model import SourceId, TimeSpan
from wadati.model.time import BEGINNING, END


class Selection(msgspec.Struct, frozen=True):
    """Some channels over some time: codes with `*` and `?`, an empty location is written `--`.

    >>> wanted = Selection("CI", "C*", "--", "HH?", TimeSpan(0, 10))
    >>> wanted.holds(SourceId.parse("FDSN:CI_CCC__H_H_Z")), wanted.holds(SourceId.parse("FDSN:CI_CCC_00_H_H_Z"))
    (True, False)
    """

    network: str
    station: str
    location: str
    channel: str
    span: TimeSpan

    def holds(self, source_id: SourceId) -> bool:
        """Whether a channel is one of these."""
        return self.holds_codes(source_id.network, source_id.station, source_id.location, channel_code(source_id))

    def holds_codes(self, network: str, station: str, location: str, channel: str) -> bool:
        """Whether a channel of these codes is one of these."""
        return (
            fits(network, self.network)
            and fits(station, self.station)
            and fits(location or "--", self.location)
            and fits(channel, self.channel)
        )


def fits(code: str, patterns: str) -> bool:
    """Whether a code is one of a list with commas, in which `*` and `?` stand for any characters and any one.

    >>> fits("HHZ", "BH?,HH?"), fits("--", "--,00"), fits("", "*")
    (True, True, True)
    """
    return any(fnmatch.fnmatchcase(code, pattern) for pattern in patterns.replace("[", "[[]").split(","))


def among(source_id: SourceId, span: TimeSpan, selections: Sequence[Selection]) -> bool:
    """Whether any of some selections holds a channel at some time of a span."""
    return any(one.span.overlaps(span) and one.holds(source_id) for one in selections)


EVERYTHING = Selection("*", "*", "*", "*", TimeSpan(BEGINNING, END))
"""All channels at all times."""


ANY_QUALITY = ("B", "M")
"""The letters that ask for records of any quality."""


class Asked:
    """What is wanted of an archive, without what is closed; `quality` is a letter, `B` and `M` are any.

    Of closed times no record gives any.
    """

    def __init__(self, wanted: Sequence[Selection], closed: Sequence[Selection] = (), quality: str = "B") -> None:
        self.wanted, self.closed, self.quality = wanted, closed, quality
        self._known: dict[SourceId, tuple[list[int], list[TimeSpan]]] = {}

    def numbers(self, header: Header) -> list[int]:
        """The numbers of the selections that a record is wanted by."""
        if self.quality not in ANY_QUALITY and header.quality not in ("", self.quality):
            return []
        numbers, closed = self._of(header.source_id)
        found = [number for number in numbers if self.wanted[number].span.overlaps(header.span)]
        return [] if found and any(span.overlaps(header.span) for span in closed) else found

    def touches(self, source_ids: Sequence[SourceId], span: TimeSpan) -> bool:
        """Whether something of some channels over a span may be wanted."""
        return any(self.wanted[number].span.overlaps(span) for one in source_ids for number in self._of(one)[0])

    def covers(self, source_ids: Sequence[SourceId], span: TimeSpan) -> bool:
        """Whether all of some channels over a span is wanted, and nothing of it closed."""
        return not self.shuts(source_ids, span) and all(
            any(_within(span, self.wanted[number].span) for number in self._of(one)[0]) for one in source_ids
        )

    def shuts(self, source_ids: Sequence[SourceId], span: TimeSpan) -> bool:
        """Whether something of some channels over a span may be closed."""
        return any(closed.overlaps(span) for one in source_ids for closed in self._of(one)[1])

    def _of(self, source_id: SourceId) -> tuple[list[int], list[TimeSpan]]:
        """Of a channel, which selections hold it, and which times are closed."""
        found = self._known.get(source_id)
        if found is None:
            numbers = [number for number, one in enumerate(self.wanted) if one.holds(source_id)]
            found = self._known[source_id] = numbers, [one.span for one in self.closed if one.holds(source_id)]
        return found


def _within(inner: TimeSpan, outer: TimeSpan) -> bool:
    return outer.start <= inner.start and inner.end <= outer.end
