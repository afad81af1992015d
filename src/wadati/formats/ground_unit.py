"""Units of ground motion as metadata write them."""

from __future__ import annotations

_LENGTHS = {"m": 1.0, "cm": 1e2, "mm": 1e3, "um": 1e6, "nm": 1e9}
_RATES = {"": "m", "/s": "m/s", "/s**2": "m/s**2"}
_SPELLINGS = {"/s/s": "/s**2", "/s^2": "/s**2", "/s2": "/s**2", "/(s**2)": "/s**2", "/(s^2)": "/s**2", "/sec": "/s"}


def ground_unit(text: str) -> tuple[str, float] | None:
    """The SI unit (`m`, `m/s` or `m/s**2`) of a unit in any usual spelling, and how many of that unit make it.

    None where it is no ground motion. A sensitivity per given unit times the factor is per SI unit.

    >>> ground_unit("NM/S"), ground_unit("m/s/s"), ground_unit("PA")
    (('m/s', 1000000000.0), ('m/s**2', 1.0), None)
    """
    plain = text.strip().lower().replace(" ", "").replace("µ", "u").replace("μ", "u")
    length, slash, rest = plain.partition("/")
    rate = slash + rest
    rate = _RATES.get(_SPELLINGS.get(rate, rate), "")
    return (rate, _LENGTHS[length]) if rate and length in _LENGTHS else None
