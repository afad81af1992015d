"""What concerns the services that people and programs read, of a Flow."""

from __future__ import annotations

import msgspec

from wadati.model import TimeSpan, parse_time
from wadati.model.time import BEGINNING, END
from wadati.units import DAY


class OpenId(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Whose signed tokens (JWT of OpenID Connect) open the services too.

    `issuer` and `audience` must be those of a token; `keys` is the address or the file of the issuer's public keys
    (JWKS). The claim `roles` has the names of roles or scopes; those that are unknown here open nothing. Without an
    issuer no such token is taken.
    """

    issuer: str = ""
    audience: str = ""
    keys: str = ""
    roles: str = "roles"


class Restriction(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Waveforms that only callers with the scope `restricted` may have.

    Codes may hold `*` and `?`. Samples from `start` to `end` (ISO 8601; all without them) are closed, or the latest
    `newest_days`; at `until` the embargo ends.
    """

    network: str = "*"
    station: str = "*"
    start: str = ""
    end: str = ""
    until: str = ""
    newest_days: float | None = None

    def closed(self, now: int) -> TimeSpan | None:
        """The span that is closed at a time (ns); None where nothing is. Raises `UsageError` for what is no time.

        >>> Restriction(network="XX", until="2030-01-01").closed(0) is not None
        True
        """
        if self.until and parse_time(self.until) <= now:
            return None
        start = parse_time(self.start) if self.start else BEGINNING
        if self.newest_days is not None:
            start = max(start, now - round(self.newest_days * DAY))
        return TimeSpan(start, parse_time(self.end) if self.end else END)


class Serving(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Settings of `wadati serve`.

    `title` names the network on pages and feeds, `url` is the address under which the public reaches them. `contact`
    says who to write to, `license` and `citation` under what terms and with what words (a DOI) the data may be used;
    they stand in every product that has a place for them. `most_megabytes` is how much one request for waveforms may
    take. `pickers` are those that may be asked for besides the usual one.
    `tokens` is a file of them (`wadati token`): with it, sending waveforms needs one, and reading too unless
    `reading_open`. Each caller (a token, else an address) may ask `requests_a_minute`; feeds out of memory do not
    count where reading is open. `openid` opens them to callers of an organisation. Reviewing always needs one or the
    other. `proxies` are addresses or networks (CIDR) that are believed when they say whom a request came from
    (`X-Forwarded-For`, `X-Forwarded-Proto`); nobody else is. `restricted` are waveforms that are not for everybody. Who
    did what is written to `audit`, a file of JSON lines (`audit.jsonl` in the served folder without one).
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
    proxies: tuple[str, ...] = ()
    openid: OpenId = OpenId()
    restricted: tuple[Restriction, ...] = ()
    audit: str = ""

    def terms(self) -> dict[str, str]:
        """License, citation and contact, as far as they are set."""
        found = {"license": self.license, "citation": self.citation, "contact": self.contact}
        return {name: words for name, words in found.items() if words}

    def words(self) -> str:
        """The same in a line."""
        return "; ".join(f"{name}: {words}" for name, words in self.terms().items())
