"""An archive from its name or address, as it stands in a campaign."""

from __future__ import annotations

from pathlib import Path

from wadati.errors import UsageError
from wadati.protocols import DayArchive
from wadati.sources.archives.dataselect import Dataselect
from wadati.sources.archives.layouts import LAYOUTS, layout_of
from wadati.sources.archives.objects import Bucket, Folder, ObjectArchive


def open_archive(address: str, layout: str = "") -> DayArchive:
    """`scedc`, `ncedc`, `geonet`, `earthscope`; a folder; `s3://BUCKET/PREFIX`, `gs://…`, `az://…`; `fdsn:https://HOST`.

    A folder or bucket is an SDS tree unless `layout` names another layout or is a pattern (see `layouts`). Nothing is
    asked yet. Raises `UsageError` for an address that is none.

    >>> open_archive("fdsn:https://service.example.org").name
    'fdsn:https://service.example.org'
    """
    if address.startswith("fdsn:"):
        return Dataselect(address.removeprefix("fdsn:"))
    if address in LAYOUTS and LAYOUTS[address].url:
        return ObjectArchive(address, Bucket(LAYOUTS[address].url), layout_of(address))
    used = layout_of(layout or "sds")
    if "://" in address:
        # Where a server is reached, and how patiently, is not what makes an archive another one.
        return ObjectArchive(f"{address.partition('?')[0]} {used.waveforms}", Bucket(address), used)
    folder = Path(address)
    if not folder.is_dir():
        public = ", ".join(name for name, one in LAYOUTS.items() if one.url)
        raise UsageError(
            f"{address!r} is no archive: write {public}, a folder, s3://BUCKET/PREFIX or fdsn:https://HOST"
        )
    return ObjectArchive(f"{folder.resolve()} {used.waveforms}", Folder(folder), used)
