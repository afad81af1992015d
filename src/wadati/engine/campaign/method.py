"""What a result depends on besides the data: the weights of a picker and the code that ran, as digests."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from functools import cache
from pathlib import Path

from wadati.pickers import shipped

_WADATI = Path(__file__).resolve().parents[2]
_PICKING = (
    "engine/campaign/picking_shard.py",
    "engine/live/tracks.py",
    "engine/picking.py",
    "formats/channel_codes.py",
    "formats/miniseed.py",
    "formats/miniseed_records.py",
    "formats/parquet.py",
    "formats/records.py",
    "magnitudes/pick_amplitude.py",
    "model",
    "pickers",
    "signal",
    "sources/archives",
)
_STATIONS = ("formats/channel_codes.py", "formats/stationxml.py", "model/source_id.py", "model/station.py")
_ASSOCIATION = (
    "associators",
    "engine/association.py",
    "engine/campaign/association_shards.py",
    "engine/campaign/picks.py",
    "formats/channel_codes.py",
    "formats/parquet.py",
    "model",
    "store/identity.py",
    "traveltime",
)


def picker_digest(spec: str) -> str:
    """Of its name as a whole, and of the network and its card where it is one in a file, which the last colon names.

    >>> picker_digest("stalta") == picker_digest("stalta") != picker_digest("wadati")
    True
    >>> picker_digest("seisbench:PhaseNet/original") == picker_digest("seisbench:EQTransformer/original")
    False
    """
    name, _, argument = spec.partition(":")
    path = Path(argument.rpartition(":")[2] or ".")
    if name == "wadati":
        path = shipped.network(argument or shipped.DEFAULT)
    return _digest([spec.encode(), *(file.read_bytes() for file in network_files(path))])


def network_files(path: Path) -> list[Path]:
    """A network's file and its card, where they are there: NAME.json beside NAME.onnx and NAME.pt, and NAME.json.v1
    beside SeisBench's NAME.pt.v1."""
    if not path.is_file():
        return []
    card = path.with_name(re.sub(r"\.[^.]+(\.v[^.]+)?$", r".json\1", path.name))
    return [path, card] if card.is_file() else [path]


@cache
def picking_version() -> str:
    """Of the code that makes picks and amplitudes from records."""
    return _code(_PICKING)


@cache
def stations_version() -> str:
    """Of the code that makes channels from StationXML."""
    return _code(_STATIONS)


@cache
def association_version() -> str:
    """Of the code that makes events from picks."""
    return _code(_ASSOCIATION)


def _code(parts: Iterable[str]) -> str:
    files = [file for part in parts for file in sorted(_files(_WADATI / part))]
    return _digest(
        content for file in files for content in (str(file.relative_to(_WADATI)).encode(), file.read_bytes())
    )


def _files(path: Path) -> Iterable[Path]:
    return path.rglob("*.py") if path.is_dir() else [path]


def _digest(contents: Iterable[bytes]) -> str:
    found = hashlib.sha256()
    for content in contents:
        found.update(len(content).to_bytes(8, "big") + content)
    return found.hexdigest()[:12]
