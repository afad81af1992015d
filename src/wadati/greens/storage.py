"""Zarr 3 groups on a folder or a bucket (extra `wadati[greens]`)."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import msgspec

from wadati.errors import InputError, MissingExtraError, UsageError
from wadati.greens.layout import DISTANCES_A_CHUNK, FORMAT, Contents

_ATTRIBUTE = "wadati"
_LIMIT = timedelta(seconds=30)


def read_contents(url: str) -> tuple[Any, Contents]:
    """The open group of a store and what it says of itself. Raises `InputError` where there is none."""
    import zarr

    mend = "make one with wadati greens build"
    try:
        group: Any = zarr.open_group(_open(url), mode="r", zarr_format=3)
    except (FileNotFoundError, zarr.errors.GroupNotFoundError):
        raise InputError(url, "is no store of Green's functions", mend) from None
    except Exception as error:  # obstore has an exception of its own for each kind of store
        raise InputError(url, f"cannot be read ({_first_line(error)})", "check the name, keys and network") from error
    try:
        contents = msgspec.convert(group.attrs.asdict().get(_ATTRIBUTE), Contents, strict=False)
    except msgspec.ValidationError as error:
        raise InputError(url, f"is no store of Green's functions ({error})", mend) from None
    if contents.format > FORMAT:
        raise InputError(url, f"has format {contents.format}, newer than {FORMAT}", "use a newer version of Wadati")
    return group, contents


def create(url: str, contents: Contents) -> Any:
    """The group of a store that is to hold this: a new one, or the one there, which must hold the same.

    Raises `InputError` where the one there holds something else.
    """
    import zarr
    from zarr.codecs import ZstdCodec

    try:
        group, found = read_contents(url)
    except InputError:
        group = zarr.open_group(_open(url), mode="a", zarr_format=3)
    else:
        if msgspec.structs.replace(found, checked=None) != contents:
            wrong = f"holds Green's functions of {words(found)}"
            raise InputError(url, wrong, f"name another place for those of {words(contents)}")
        group = zarr.open_group(_open(url), mode="a", zarr_format=3)
        if all(name in group for name in ("traces", "scale", "quality")):
            return group
    nodes = contents.depths.count, contents.distances.count
    chunk = min(DISTANCES_A_CHUNK, nodes[1])
    names = ["depth", "distance", "function", "sample"]
    functions, samples = len(contents.functions), contents.reduced.samples
    group.create_array(
        "traces",
        shape=(*nodes, functions, samples),
        dtype="int16",
        chunks=(1, chunk, functions, samples),
        dimension_names=names,
        compressors=[ZstdCodec(level=1)],
        overwrite=True,
    )
    for name, third, size in (("scale", "function", functions), ("quality", "measure", 4)):
        group.create_array(
            name,
            shape=(*nodes, size),
            dtype="float32",
            chunks=(1, nodes[1], size),
            fill_value=float("nan"),
            dimension_names=["depth", "distance", third],
            overwrite=True,
        )
    write_contents(group, contents)
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


def _open(url: str) -> Any:
    try:
        from zarr.storage import LocalStore, ObjectStore
    except ImportError:
        raise MissingExtraError("Green's functions", "greens") from None
    if "://" not in url or url.startswith("file://"):
        return LocalStore(Path(url.removeprefix("file://")))
    try:
        from obstore.store import from_url
    except ImportError:
        raise MissingExtraError(url, "greens") from None
    address, _, query = url.partition("?")
    options: dict[str, Any] = dict(parse_qsl(query))
    plain = options.get("endpoint", "").startswith("http://")
    try:
        return ObjectStore(
            from_url(address.rstrip("/"), client_options={"timeout": _LIMIT, "allow_http": plain}, **options)
        )
    except Exception as error:  # as above
        raise UsageError(f"{address}: {_first_line(error)}") from error


def _first_line(error: Exception) -> str:
    return next(iter(str(error).splitlines()), type(error).__name__)
