"""What concerns the services that people and programs read, of a Flow."""

from __future__ import annotations

import msgspec


class Serving(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Settings of `wadati serve`.

    `title` names the network on pages and feeds, `url` is the address under which the public reaches them. `contact`
    says who to write to, `license` and `citation` under what terms and with what words (a DOI) the data may be used;
    they stand in every product that has a place for them. `most_megabytes` is how much one request for waveforms may
    take. `pickers` are those that may be asked for besides the usual one.
    """

    title: str = "Wadati"
    url: str = ""
    contact: str = ""
    license: str = ""
    citation: str = ""
    most_megabytes: float = 4000.0
    pickers: tuple[str, ...] = ("stalta",)

    def terms(self) -> dict[str, str]:
        """License, citation and contact, as far as they are set."""
        found = {"license": self.license, "citation": self.citation, "contact": self.contact}
        return {name: words for name, words in found.items() if words}

    def words(self) -> str:
        """The same in a line."""
        return "; ".join(f"{name}: {words}" for name, words in self.terms().items())
