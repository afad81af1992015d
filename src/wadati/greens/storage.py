"""Zarr 3 groups on a folder or a bucket (extra `wadati[greens]`)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec

from wadati.errors import InputError, MissingExtraError, ReadError
from wadati.formats.buckets import first_line, open_bucket
from wadati.greens.layout import FORMAT, LAYERS, Contents
from wadati.greens.receiver_layout import RECEIVERS, ReceiverContents

_ATTRIBUTE = "wadati"
_MADE_AGAIN = "copy it again whole, or make it again elsewhere"


_KINDS: dict[str, type[Contents | ReceiverContents]] = {LAYERS: Contents, RECEIVERS: ReceiverContents}


def read_contents(url: str) -> tuple[Any, Contents | ReceiverContents]:
    """The open group of a store and what it says of itself. Raises `InputError` where there is none."""
    group = _group(url)
    plain = None if group is None else group.attrs.asdict().get(_ATTRIBUTE)
    if plain is None:
        raise InputError(url, "is no store of Green's functions", "make one with wadati greens build")
    kind = plain.get("kind", LAYERS)
    if kind not in _KINDS:
        raise InputError(url, f"holds Green's functions of a kind {kind!r}", "use a newer version of Wadati")
    try:
        contents: Contents | ReceiverContents = msgspec.convert(plain, _KINDS[kind], strict=False)
    except msgspec.ValidationError as error:
        raise InputError(url, f"says of itself what cannot be ({error})", "make it again elsewhere") from None
    if contents.format > FORMAT:
        raise InputError(url, f"has format {contents.format}, newer than {FORMAT}", "use a newer version of Wadati")
    return group, contents


def create(url: str, contents: Contents | ReceiverContents) -> Any:
    """The group of a store that is to hold this: a new one, or the one there, which must hold the same.

    Raises `InputError` where what is there holds something else.
    """
    import zarr
    from zarr.codecs import ZstdCodec

    there = _group(url)
    if there is not None and _ATTRIBUTE in there.attrs.asdict():
        _, found = read_contents(url)
        if msgspec.structs.replace(found, checked=None) != contents:
            wrong = f"holds Green's functions of {_told(found)}"
            raise InputError(url, wrong, f"name another place for those of {_told(contents)}")
    elif there is not None and list(there):
        raise InputError(url, "holds other arrays", "name a place of its own for the store")
    group = zarr.open_group(_open(url), mode="a", zarr_format=3)
    if there is None or _ATTRIBUTE not in there.attrs.asdict():
        write_contents(group, contents)
    for array in contents.arrays():
        if array.name not in group:
            group.create_array(
                array.name,
                shape=array.shape,
                dtype=array.dtype,
                chunks=array.chunks,
                fill_value=array.fill,
                dimension_names=list(array.axes),
                compressors=[ZstdCodec(level=1)],
            )
    return group


def _told(contents: Contents | ReceiverContents) -> str:
    return f"{contents.words()}, by {contents.generator} {contents.generator_version}"


def write_contents(group: Any, contents: Contents | ReceiverContents) -> None:
    """Let a store say this of itself."""
    group.attrs.update({_ATTRIBUTE: msgspec.to_builtins(contents)})


def read(url: str, group: Any, name: str, where: tuple[int | slice | list[int], ...]) -> Any:
    """A part of an array of a store. Raises `ReadError` where it is damaged, not there or cannot be had now.

    Chunks that are not there read as the array's fill value: see `incomplete`.
    """
    try:
        return group[name].oindex[where]
    except KeyError:
        raise incomplete(url, name) from None
    except (ValueError, RuntimeError) as error:
        wrong = f"a chunk of its {name} is damaged ({first_line(error)})"
        raise ReadError(url, "damaged", wrong, _MADE_AGAIN) from error
    except Exception as error:  # as in `_group`
        raise _unreadable(url, error) from error


@contextmanager
def writing(url: str) -> Iterator[None]:
    """Where a store is made: `InputError` for what its bucket does not take."""
    try:
        yield
    except Exception as error:  # as in `_group`
        if type(error).__module__.partition(".")[0] != "obstore":
            raise
        raise InputError(url, f"cannot be written ({first_line(error)})", "check the name, keys and network") from error


def incomplete(url: str, what: str) -> ReadError:
    """That a part of a whole store is not there."""
    return ReadError(url, "incomplete", f"lacks a part of its {what}", _MADE_AGAIN)


def _unreadable(url: str, error: Exception) -> ReadError:
    wrong = f"cannot be read ({first_line(error)})"
    return ReadError(url, "unreachable", wrong, "check the name, keys and network")


def open_group(url: str, mode: str) -> Any:
    """A group for arrays of any kind, opened as zarr's `mode` says. Raises `MissingExtraError` without the extra."""
    store = _open(url)
    import zarr

    return zarr.open_group(store, mode=mode, zarr_format=3)


def _group(url: str) -> Any:
    """The open group of a URL; None where there is none."""
    store = _open(url)
    import zarr

    try:
        return zarr.open_group(store, mode="r", zarr_format=3)
    except (FileNotFoundError, zarr.errors.GroupNotFoundError):
        return None
    except Exception as error:  # obstore has an exception of its own for each kind of store
        raise _unreadable(url, error) from error


def _open(url: str) -> Any:
    try:
        from zarr.storage import LocalStore, ObjectStore
    except ImportError:
        raise MissingExtraError("Green's functions", "greens") from None
    if "://" not in url or url.startswith("file://"):
        return LocalStore(Path(url.removeprefix("file://")))
    return ObjectStore(open_bucket(url)[1])
