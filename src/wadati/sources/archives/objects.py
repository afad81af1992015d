"""Archives of files: below a folder, or in a bucket of any cloud by obstore (extra `wadati[bucket]`)."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from wadati.errors import ReadError, UsageError
from wadati.formats.buckets import first_line, is_of_bucket, open_bucket
from wadati.model import SourceId
from wadati.sources.archives.layouts import Layout

_REFUSED = "give the keys that open it, or another archive"
_AWAY = "try again later: wadati retry"


class Files(Protocol):
    """Where files are, under relative names with slashes."""

    def read(self, name: str) -> bytes | None:
        """What a file holds; None where there is none. Raises `ReadError`."""
        ...

    def size(self, name: str) -> int | None:
        """Its bytes; None where there is none. Raises `ReadError`."""
        ...

    def beginning_with(self, name: str) -> list[str]:
        """The files whose names begin so, in order. Raises `ReadError`."""
        ...

    def below(self, folder: str) -> list[str]:
        """All files in a folder and its folders, in order. Raises `ReadError`."""
        ...


class ObjectArchive:
    """A `protocols.DayArchive` of files in a layout."""

    sizes_are_cheap = True

    def __init__(self, name: str, files: Files, layout: Layout) -> None:
        self.name = name
        self.lists = layout.lists
        self._files = files
        self._layout = layout

    @property
    def is_here(self) -> bool:
        """Whether it is a folder of this machine."""
        return isinstance(self._files, Folder)

    def places(self, channels: Sequence[SourceId], day: int) -> tuple[str, ...]:
        """The objects of a day, which are looked for only where the layout names no more than their beginnings."""
        paths = self._layout.paths(channels, day)
        if not self.lists:
            return paths
        return tuple(dict.fromkeys(name for path in paths for name in self._files.beginning_with(path)))

    def read(self, place: str) -> bytes | None:
        """An object as a whole."""
        return self._files.read(place)

    def size(self, place: str) -> int | None:
        """What the folder or bucket says of it."""
        return self._files.size(place)

    def stationxml(self, network: str, station: str) -> bytes | None:
        """The first StationXML of a station that is there."""
        for path in self._layout.stationxml_paths(network, station):
            if (content := self._files.read(path)) is not None:
                return content
        return None

    def station_codes(self, region: tuple[float, float, float, float]) -> tuple[tuple[str, str], ...]:
        """All stations of which StationXML lies there, by one listing: names say nothing of places."""
        del region
        folders = self._layout.stationxml_folders()
        if not folders:
            raise UsageError(
                f"{self.name.partition(' ')[0]} has no list of stations: name them, or a service that has one"
            )
        found = {self._layout.station_of(path) for folder in folders for path in self._files.below(folder)}
        return tuple(sorted(one for one in found if one is not None))


class Folder:
    """Files below a folder. Raises `UsageError` where there is none."""

    def __init__(self, folder: Path) -> None:
        if not folder.is_dir():
            raise UsageError(f"{folder} is no folder; name the folder of an archive, or the URL of a bucket")
        self._folder = folder

    def read(self, name: str) -> bytes | None:
        """What a file holds."""
        try:
            return (self._folder / name).read_bytes()
        except FileNotFoundError:
            self._must_be_there()
            return None
        except OSError as error:
            raise _os_error(self._folder / name, error) from None

    def size(self, name: str) -> int | None:
        """Its bytes."""
        try:
            return (self._folder / name).stat().st_size
        except FileNotFoundError:
            self._must_be_there()
            return None
        except OSError as error:
            raise _os_error(self._folder / name, error) from None

    def beginning_with(self, name: str) -> list[str]:
        """Files of the folder that the name leads to."""
        parent, _, start = name.rpartition("/")
        folder = self._folder / parent
        try:
            found = [path.name for path in folder.iterdir() if path.name.startswith(start)]
        except FileNotFoundError:
            self._must_be_there()
            return []
        except OSError as error:
            raise _os_error(folder, error) from None
        return [f"{parent}/{one}" if parent else one for one in sorted(found)]

    def below(self, folder: str) -> list[str]:
        """Files of a folder and of its folders."""
        try:
            found = [path for path in (self._folder / folder).rglob("*") if path.is_file()]
        except OSError as error:
            raise _os_error(self._folder / folder, error) from None
        return sorted(path.relative_to(self._folder).as_posix() for path in found)

    def _must_be_there(self) -> None:
        """What is not in a folder that went away, with its disk, may well be."""
        if not self._folder.is_dir():
            raise ReadError(self._folder, "unreachable", "is not there any more", "mount it, then wadati retry")


class Bucket:
    """Objects of a bucket under a prefix: `s3://BUCKET/PREFIX?endpoint=URL&region=NAME`, `gs://…`, `az://…`.

    Options and how patiently it is asked: see `formats.buckets.open_bucket`, whose errors it raises.
    """

    def __init__(self, url: str) -> None:
        self._address = url.partition("?")[0]
        self._obstore, self._store = open_bucket(url)

    def read(self, name: str) -> bytes | None:
        """What an object holds, as it was at one moment."""
        try:
            return bytes(self._obstore.get(self._store, name).bytes())
        except FileNotFoundError as error:
            self._must_be_there(error)
            return None
        except Exception as error:  # obstore has an exception of its own for each kind of store
            raise self._error(name, error) from error

    def size(self, name: str) -> int | None:
        """Its bytes, by HEAD."""
        try:
            return int(self._obstore.head(self._store, name)["size"])
        except FileNotFoundError as error:
            self._must_be_there(error)
            return None
        except Exception as error:  # as above
            raise self._error(name, error) from error

    def beginning_with(self, name: str) -> list[str]:
        """Objects by one listing of the folder that the name leads to."""
        return [path for path in self.below(name.rpartition("/")[0]) if path.startswith(name)]

    def below(self, folder: str) -> list[str]:
        """Objects by one listing."""
        try:
            found = [one["path"] for some in self._obstore.list(self._store, folder or None) for one in some]
        except Exception as error:  # as above
            raise self._error(folder, error) from error
        return sorted(found)

    def _must_be_there(self, error: FileNotFoundError) -> None:
        """What is not in a bucket that is none may be in the one that was meant."""
        if is_of_bucket(error):
            raise ReadError(self._address, "unreachable", "is no bucket", "check its name and region") from None

    def _error(self, name: str, error: Exception) -> ReadError:
        from obstore.exceptions import PermissionDeniedError, UnauthenticatedError

        subject, words = f"{self._address}/{name}", first_line(error)
        if isinstance(error, (PermissionDeniedError, UnauthenticatedError)):
            return ReadError(subject, "refused", f"is refused ({words})", _REFUSED)
        chain = " ".join(str(error).lower().split())  # which has the word timeout whatever happened: retry_timeout
        if any(words in chain for words in ("timed out", "timedout", "kind: timeout")):
            return ReadError(subject, "timed out", "did not come in time", _AWAY)
        return ReadError(subject, "unreachable", f"cannot be read ({words})", _AWAY)


def _os_error(path: Path, error: OSError) -> ReadError:
    cause = "refused" if isinstance(error, PermissionError) else "unreadable"
    return ReadError(
        path, cause, f"cannot be read ({error.strerror})", "mend its rights or the disk, then wadati retry"
    )
