"""Where files for the public are put: a folder, or a bucket of any cloud, with what a cache may do with each."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Protocol

from wadati.errors import InputError, WadatiError
from wadati.formats.atomic import atomic_write, create_once
from wadati.formats.buckets import first_line, open_bucket


class Place(Protocol):
    """Somewhere to put files under relative names with slashes."""

    def put(self, name: str, content: bytes, media_type: str, max_age: int) -> None:
        """Keep a file as a whole; caches may give it out for `max_age` seconds without asking."""
        ...

    def get(self, name: str) -> bytes | None:
        """What a file holds; None where there is none."""
        ...

    def create(self, name: str, content: bytes) -> bool:
        """Keep a file as a whole where there is none yet; whether it was kept. Of several at once, one succeeds."""
        ...

    def remove(self, name: str) -> None:
        """Leave no file there."""
        ...


def open_place(url: str) -> Place:
    """The folder or bucket of a URL: a path, or `s3://BUCKET/PREFIX`, `gs://…`, `az://…`.

    Options of a bucket (`endpoint`, `region`) stand behind a question mark; keys come from the environment. Raises
    `UsageError` for a URL that is none, `MissingExtraError` where the extra `wadati[bucket]` is needed.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     place = open_place(folder)
    ...     place.put("a/b.txt", b"whole", "text/plain", 60)
    ...     place.get("a/b.txt"), place.get("none")
    (b'whole', None)
    """
    if "://" not in url:
        return _Folder(Path(url))
    if url.startswith("file://"):
        return _Folder(Path(url.removeprefix("file://")))
    return _Bucket(url)


class _Folder:
    def __init__(self, folder: Path) -> None:
        if folder.exists() and not folder.is_dir():
            raise InputError(folder, "is no folder", "name a folder, or one that does not exist yet")
        self._folder = folder

    def put(self, name: str, content: bytes, media_type: str, max_age: int) -> None:
        """A file cannot hold headers; `_headers` of a site says them to web servers that read it."""
        del media_type, max_age
        with atomic_write(self._folder / name) as partial:
            partial.write_bytes(content)

    def get(self, name: str) -> bytes | None:
        try:
            return (self._folder / name).read_bytes()
        except FileNotFoundError:
            return None

    def create(self, name: str, content: bytes) -> bool:
        return create_once(self._folder / name, content)

    def remove(self, name: str) -> None:
        (self._folder / name).unlink(missing_ok=True)


class _Bucket:
    def __init__(self, url: str) -> None:
        self._url = url.partition("?")[0]
        self._obstore, self._store = open_bucket(url)

    def put(self, name: str, content: bytes, media_type: str, max_age: int) -> None:
        headers = {"Content-Type": media_type, "Cache-Control": f"public, max-age={max_age}"}
        try:
            self._obstore.put(self._store, name, content, attributes=headers)
        except Exception as error:  # obstore has an exception of its own for each kind of store
            raise PlaceError(f"{self._url}/{name}", error) from error

    def get(self, name: str) -> bytes | None:
        try:
            return bytes(self._obstore.get(self._store, name).bytes())
        except FileNotFoundError:
            return None
        except Exception as error:  # as above
            raise PlaceError(f"{self._url}/{name}", error) from error

    def create(self, name: str, content: bytes) -> bool:
        from obstore.exceptions import AlreadyExistsError

        try:
            self._obstore.put(self._store, name, content, mode="create")
        except AlreadyExistsError:
            return False
        except Exception as error:  # as above
            raise PlaceError(f"{self._url}/{name}", error) from error
        return True

    def remove(self, name: str) -> None:
        try:
            self._obstore.delete(self._store, name)
        except FileNotFoundError:
            return
        except Exception as error:  # as above
            raise PlaceError(f"{self._url}/{name}", error) from error


class PlaceError(WadatiError):
    """A bucket that could not be read or written."""

    exit_code = 3

    def __init__(self, name: str, error: Exception) -> None:
        super().__init__(f"{name}: {first_line(error)}; check the bucket's name, the keys and the network")


def headers_file(ages: Mapping[str, int]) -> bytes:
    """What a cache may do with files, by pattern, as `_headers` of hosts for static pages.

    >>> headers_file({"/feeds/*": 30}).decode().splitlines()[1]
    '  Cache-Control: public, max-age=30'
    """
    return "".join(f"{path}\n  Cache-Control: public, max-age={age}\n" for path, age in ages.items()).encode()
