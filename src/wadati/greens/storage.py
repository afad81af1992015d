"""Zarr 3 groups on a folder or a bucket (extra `wadati[greens]`)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec

from wadati.errors import InputError, MissingExtraError
from wadati.formats.buckets import first_line, open_bucket
from wadati.greens.layout import DISTANCES_A_CHUNK, FORMAT, MEASURES, Contents

_ATTRIBUTE = "wadati"


def read_contents(url: str) -> tuple[Any, Contents]:
    """The open group of a store and what it says of itself. Raises `InputError` where there is none."""
    group = _group(url)
    plain = None if group is None else group.attrs.asdict().get(_ATTRIBUTE)
    if plain is None:
        raise InputError(url, "is no store of Green's functions", "make one with wadati greens build")
    try:
        contents = msgspec.convert(plain, Contents, strict=False)
    except msgspec.ValidationError as error:
        raise InputError(url, f"says of itself what cannot be ({error})", "make it again elsewhere") from None
    if contents.format > FORMAT:
        raise InputError(url, f"has format {contents.format}, newer than {FORMAT}", "use a newer version of Wadati")
    return group, contents


def create(url: str, contents: Contents) -> Any:
    """The group of a store that is to hold this: a new one, or the one there, which must hold the same.

    Raises `InputError` where what is there holds something else.
    """
    import zarr
    from zarr.codecs import ZstdCodec

    there = _group(url)
    if there is not None and _ATTRIBUTE in there.attrs.asdict():
        _, found = read_contents(url)
        if msgspec.structs.replace(found, checked=None) != contents:
            wrong = f"holds Green's functions of {words(found)}"
            raise InputError(url, wrong, f"name another place for those of {words(contents)}")
    elif there is not None and list(there):
        raise InputError(url, "holds other arrays", "name a place of its own for the store")
    group = zarr.open_group(_open(url), mode="a", zarr_format=3)
    if there is None or _ATTRIBUTE not in there.attrs.asdict():
        write_contents(group, contents)
    nodes = contents.depths.count, contents.distances.count
    functions, samples = len(contents.functions), contents.reduced.samples
    if "traces" not in group:
        group.create_array(
            "traces",
            shape=(*nodes, functions, samples),
            dtype="int16",
            chunks=(1, min(DISTANCES_A_CHUNK, nodes[1]), functions, samples),
            dimension_names=["depth", "distance", "function", "sample"],
            compressors=[ZstdCodec(level=1)],
        )
    for name, third, size in (("scale", "function", functions), ("quality", "measure", len(MEASURES))):
        if name not in group:
            group.create_array(
                name,
                shape=(*nodes, size),
                dtype="float32",
                chunks=(1, nodes[1], size),
                fill_value=float("nan"),
                dimension_names=["depth", "distance", third],
            )
    return group


def write_contents(group: Any, contents: Contents) -> None:
    """Let a store say this of itself."""
    group.attrs.update({_ATTRIBUTE: msgspec.to_builtins(contents)})


def words(contents: Contents) -> str:
    """What a store holds, for people."""
    low, high = contents.band
    return (
        f"{contents.model.name} ({contents.model_digest}), {contents.distances}, depths {contents.depths}, "
        f"{low:g} to {high:g} Hz"
    )


def _group(url: str) -> Any:
    """The open group of a URL; None where there is none."""
    store = _open(url)
    import zarr

    try:
        return zarr.open_group(store, mode="r", zarr_format=3)
    except (FileNotFoundError, zarr.errors.GroupNotFoundError):
        return None
    except Exception as error:  # obstore has an exception of its own for each kind of store
        raise InputError(url, f"cannot be read ({first_line(error)})", "check the name, keys and network") from error


def _open(url: str) -> Any:
    try:
        from zarr.storage import LocalStore, ObjectStore
    except ImportError:
        raise MissingExtraError("Green's functions", "greens") from None
    if "://" not in url or url.startswith("file://"):
        return LocalStore(Path(url.removeprefix("file://")))
    return ObjectStore(open_bucket(url)[1])
