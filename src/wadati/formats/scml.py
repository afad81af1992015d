"""Catalogs of SeisComP (SCML, SC3ML 0.7 and later), through ObsPy, which turns them into QuakeML's objects."""

from __future__ import annotations

import warnings
from pathlib import Path

from wadati.errors import InputError
from wadati.formats.quakeml_reading import Reader
from wadati.model import Catalog
from wadati.protocols import Problem


def looks_like_scml(head: bytes) -> bool:
    """Whether the first bytes are XML of SeisComP."""
    plain = head.replace(b"\0", b"").lstrip(b"\xef\xbb\xbf\xff\xfe \t\r\n")
    return plain.startswith(b"<") and b"<seiscomp" in plain


def read_scml(path: Path, problems: list[Problem] | None = None) -> Catalog:
    """The catalog of an SCML file, as `read_quakeml` gives it. Raises `InputError` for what is no such file."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise InputError(path, f"cannot be read ({error.strerror})", "name an existing SCML file") from None
    import io

    from lxml.etree import LxmlError
    from obspy import read_events

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            found = read_events(io.BytesIO(content), format="SCML")
    except (LxmlError, SyntaxError, ValueError, TypeError, AttributeError, IndexError, NotImplementedError) as error:
        raise InputError(path, f"is no SCML that ObsPy reads ({error})", "name a whole SCML file") from None
    return Reader(found, str(path), problems if problems is not None else []).catalog()
