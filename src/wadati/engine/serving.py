"""What concerns the services that people and programs read, of a Flow."""

from __future__ import annotations

import msgspec


class Serving(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Settings of `wadati serve`.

    `title` names the network on pages and feeds, `contact` who to write to, `license` and `citation` under what terms
    and with what words (a DOI) the data may be used; they stand in every product. `most_megabytes` is how much one
    request for waveforms may take. `pickers` are those that may be asked for besides the usual one.
    """

    title: str = "Wadati"
    contact: str = ""
    license: str = ""
    citation: str = ""
    most_megabytes: float = 4000.0
    pickers: tuple[str, ...] = ("stalta",)
