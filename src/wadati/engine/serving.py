"""What concerns the services that people and programs read, of a Flow."""

from __future__ import annotations

import msgspec


class Serving(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Settings of `wadati serve`.

    `title` names the network on pages and feeds, `url` is the address under which the public reaches them. `contact`
    says who to write to, `license` and `citation` under what terms and with what words (a DOI) the data may be used;
    they stand in every product that has a place for them. `most_megabytes` is how much one request for waveforms may
    take. `pickers` are those that may be asked for besides the usual one.
    `tokens` is a file of them (`wadati token`): with it, sending waveforms needs one, and reading too unless
    `reading_open`. Each caller (a token, else an address) may ask `requests_a_minute`; feeds out of memory do not
    count where reading is open.
    """

    title: str = "Wadati"
    url: str = ""
    contact: str = ""
    license: str = ""
    citation: str = ""
    most_megabytes: float = 4000.0
    pickers: tuple[str, ...] = ("stalta",)
    tokens: str = ""
    reading_open: bool = True
    requests_a_minute: float = 6000.0

    def terms(self) -> dict[str, str]:
        """License, citation and contact, as far as they are set."""
        found = {"license": self.license, "citation": self.citation, "contact": self.contact}
        return {name: words for name, words in found.items() if words}

    def words(self) -> str:
        """The same in a line."""
        return "; ".join(f"{name}: {words}" for name, words in self.terms().items())
