"""fdsnws-dataselect 1.1: miniSEED by channel and time.

Beyond the standard: `format=miniseed3`. Records lie in the answer as they lie in the archive but for the first and last
of a span, which are cut to the samples asked for.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

from wadati.api.errors import Refused
from wadati.api.fdsn.selections import CODES, TIMES, selections
from wadati.api.fdsn.service import Answer, Selecting, Service
from wadati.api.holdings import Holdings
from wadati.api.parameters import Parameter
from wadati.sources.archive import TooMuchError

VERSION = "1.1.3"
PARAMETERS = (
    *TIMES,
    *CODES,
    Parameter(name="quality", choices=("d", "r", "q", "m", "b"), usual="b", words="of records; b and m take any"),
    Parameter(name="minimumlength", kind="number", low=0, usual=0.0, words="only runs without a gap as long, seconds"),
    Parameter(name="longestonly", kind="boolean", usual=False, words="only the longest run of each channel"),
    Parameter(name="format", choices=("miniseed", "miniseed3"), usual="miniseed", words="of the answer"),
)
_MEGABYTE = 1_000_000
_TOO_MUCH = "there is more than one answer may hold; ask for less at a time"


class DataselectService:
    """What answers for one archive."""

    def __init__(self, holdings: Holdings) -> None:
        self._holdings = holdings
        self.service = Service("dataselect", VERSION, PARAMETERS, self.ask, lists=True)

    def ask(
        self, values: dict[str, Any], lines: list[Selecting] | None = None, scopes: frozenset[str] = frozenset()
    ) -> Answer | None:
        """The records that are wanted and open to who asks; None where there are none. Raises `Refused`."""
        wanted = selections(values, lines)
        if lines is None and (values["starttime"] is None or values["endtime"] is None):
            raise Refused(400, "starttime and endtime are needed")
        archive = self._holdings.archive
        if archive is None:
            return None

        def records(*, opened: bool, most: float = math.inf) -> Iterator[bytes]:
            return archive.records(
                wanted,
                version=3 if values["format"] == "miniseed3" else 2,
                quality=values["quality"].upper(),
                shortest=values["minimumlength"],
                longest_only=values["longestonly"],
                opened=opened,
                most=most,
            )

        opened = "restricted" in scopes
        found = records(opened=opened, most=self._most)
        try:
            first = next(found, None)
        except TooMuchError:
            raise Refused(413, _TOO_MUCH) from None
        if first is None:
            if not opened and next(records(opened=True), None) is not None:
                raise Refused(403, "these waveforms are restricted; ask with a token that opens them")
            return None
        return Answer(self._limited(first, found), "application/vnd.fdsn.mseed", "waveforms.mseed")

    def _limited(self, first: bytes, records: Iterator[bytes]) -> Iterator[bytes]:
        """The records, until there are too many, which breaks the answer off."""
        left = self._most - len(first)
        yield first
        for record in records:
            left -= len(record)
            if left < 0:
                raise Refused(413, _TOO_MUCH)
            yield record

    @property
    def _most(self) -> float:
        return self._holdings.settings.most_megabytes * _MEGABYTE
