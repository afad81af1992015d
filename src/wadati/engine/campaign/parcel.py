"""What workers elsewhere need of this machine: the files that a Flow names, and which shards they are to do.

Files go under the names that the Flow has for them, so the Flow stays word for word what it is, and with it the names
of everything. A worker unpacks them in the folder in which it runs.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path, PurePosixPath

import msgspec

from wadati.engine.campaign.method import network_files
from wadati.engine.flow import Flow
from wadati.errors import InputError, UsageError
from wadati.store.objects import Place

ARRAY = "array"
"""What a job of an array is told as its shard: the one that its number in the array says."""

_NUMBERS = ("AWS_BATCH_JOB_ARRAY_INDEX", "SLURM_ARRAY_TASK_ID")


class Parcel(msgspec.Struct, frozen=True):
    """Names of shards, in the order of the numbers by which they are asked for, and files: name and SHA-256."""

    shards: tuple[str, ...]
    files: dict[str, str]


def send(flow: Flow, shards: tuple[str, ...], place: Place) -> str:
    """Put a parcel beside the shards; its name. Raises `UsageError` for a file that has another path elsewhere."""
    contents = {path: Path(path).read_bytes() for path in files_of(flow)}
    parcel = Parcel(shards, {path: hashlib.sha256(content).hexdigest() for path, content in contents.items()})
    for path, content in contents.items():
        place.put(f"parcels/{parcel.files[path]}", content, "application/octet-stream", 0)
    encoded = msgspec.json.encode(parcel)
    name = f"parcels/{hashlib.sha256(encoded).hexdigest()}.json"
    place.put(name, encoded, "application/json", 0)
    return name


def unpack(name: str, place: Place, folder: Path) -> Parcel:
    """A parcel, with its files in a folder. Raises `InputError` where something of it is gone or another."""
    content = place.get(name)
    if content is None:
        raise InputError(name, "is no parcel", "send the jobs again: wadati run")
    parcel = msgspec.json.decode(content, type=Parcel)
    for path, digest in parcel.files.items():
        file = place.get(f"parcels/{digest}")
        if file is None or hashlib.sha256(file).hexdigest() != digest or not _is_below(path):
            raise InputError(path, "did not come with the parcel as it was sent", "send the jobs again: wadati run")
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(file)
    return parcel


def piece_of(word: str, shards: Sequence[str], environment: Mapping[str, str]) -> str:
    """The piece of work that a job is to do, from what it was told: of an array, the shard of its number.

    Where no shards came with the job, numbers are those of all shards of the campaign. Raises `UsageError` outside of
    an array.

    >>> piece_of("array", ("picks-a", "picks-b"), {"AWS_BATCH_JOB_ARRAY_INDEX": "1"})
    'picks-b'
    >>> piece_of("array", (), {"SLURM_ARRAY_TASK_ID": "7"}), piece_of("finish", (), {})
    ('7', 'finish')
    """
    if word != ARRAY:
        return word
    number = next((environment[name] for name in _NUMBERS if name in environment), "")
    if not number.isdigit() or (shards and int(number) >= len(shards)):
        raise UsageError(
            f"{number or 'nothing'} is no number of an array's job: {' and '.join(_NUMBERS)} are looked for"
        )
    return shards[int(number)] if shards else number


def files_of(flow: Flow) -> tuple[str, ...]:
    """The files of this machine that a Flow names, in order. Raises `UsageError` for one that is not below this folder.

    >>> files_of(Flow())
    ()
    """
    campaign = flow.campaign
    stations = campaign.stations if campaign is not None and isinstance(campaign.stations, str) else ""
    network = Path(flow.picker.rpartition(":")[2]) if ":" in flow.picker else Path()
    named = [
        flow.attenuation.rpartition(":")[2] if ":" in flow.attenuation else "",
        flow.velocity_model,
        flow.topography or "",
        flow.station_terms,
        flow.magnitude_terms,
        stations,
    ]
    found = {str(file) for file in network_files(network)}
    for path in map(Path, filter(None, named)):
        found |= {str(file) for file in (path.rglob("*") if path.is_dir() else [path]) if file.is_file()}
    for name in found:
        if not _is_below(name):
            raise UsageError(f"{name}: workers elsewhere have no such path; name it relative to the folder you are in")
    return tuple(sorted(found))


def _is_below(name: str) -> bool:
    """Whether a path stays in the folder in which it is looked for."""
    path = PurePosixPath(name)
    return not path.is_absolute() and ".." not in path.parts
