"""An archive in a bucket answers as the same files on disk (a real S3 server, moto, on loopback)."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from tests.sources.test_archive import is_too_much, put_by_day, records, split
from wadati.errors import InputError, UsageError
from wadati.formats.miniseed import read_miniseed
from wadati.model import TimeSpan
from wadati.sources.archive import Archive
from wadati.sources.bucket_tree import BucketTree
from wadati.sources.selection import EVERYTHING, Selection
from wadati.units import DAY, SECOND

obstore = pytest.importorskip("obstore")


class Counted:
    """The module obstore, and how often it was asked for what."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, int]] = []

    def __getattr__(self, name: str) -> Callable[..., object]:
        def ask(store: object, *args: object, **options: int) -> object:
            self.asked.append((name, options.get("end", 0) - options.get("start", 0)))
            return getattr(obstore, name)(store, *args, **options)

        return ask

    def take(self) -> dict[str, int]:
        """How often each was asked since the last call."""
        found = {name: sum(1 for one, _ in self.asked if one == name) for name, _ in self.asked}
        self.asked.clear()
        return found


def filled(endpoint: str, folder: Path) -> str:
    """The URL of a bucket that holds what a folder holds, under a prefix."""
    boto3 = pytest.importorskip("boto3")
    client = boto3.client("s3", endpoint_url=endpoint, region_name="us-east-1")
    client.create_bucket(Bucket="waveforms")
    upload(endpoint, folder)
    return f"s3://waveforms/net/data?endpoint={endpoint}&region=us-east-1"


def upload(endpoint: str, folder: Path) -> None:
    """Put all files of a folder into the bucket."""
    options = {"endpoint": endpoint, "region": "us-east-1", "client_options": {"allow_http": True}}
    store = obstore.store.S3Store("waveforms", prefix="net/data", **options)
    for path in folder.rglob("*"):
        if path.is_file():
            obstore.put(store, str(path.relative_to(folder)), path.read_bytes())


@pytest.mark.parametrize("how", ["days", "scattered"])
def test_a_bucket_answers_as_the_same_tree_on_disk(moto: str, tmp_path: Path, how: str) -> None:
    folder = split(tmp_path, how)
    (folder / "README.txt").write_text("to be read by people")
    (folder / "empty.mseed").write_bytes(b"")
    disk, bucket = Archive([folder]), Archive([filled(moto, folder)])
    draw = random.Random(4)
    assert disk.extents() == bucket.extents() != []
    for wanted in [EVERYTHING] + [
        Selection("XX", draw.choice("AB*") + "*", "--", draw.choice(["HH?", "HHZ"]), TimeSpan(start, start + length))
        for _ in range(6)
        if (start := DAY + draw.randrange(-400 * SECOND, 400 * SECOND)) and (length := draw.randrange(300 * SECOND))
    ]:
        for options in ({}, {"longest_only": True}, {"version": 3}):
            assert list(bucket.records([wanted], **options)) == list(disk.records([wanted], **options))
        assert is_too_much(bucket, 5000, wanted) == is_too_much(disk, 5000, wanted)
        assert bucket.extents([wanted]) == disk.extents([wanted])


def test_objects_are_found_by_name_and_read_in_part(moto: str, tmp_path: Path, monkeypatch) -> None:
    folder = split(tmp_path, "days")
    counted = Counted()
    original = BucketTree.__init__

    def counting(self: BucketTree, url: str) -> None:
        original(self, url)
        self._obstore = counted

    monkeypatch.setattr(BucketTree, "__init__", counting)
    archive = Archive([filled(moto, folder)])
    wanted = Selection("XX", "AAA", "--", "HHZ", TimeSpan(DAY - 200 * SECOND, DAY - 190 * SECOND))
    first = list(archive.records([wanted]))
    assert first
    assert counted.take()["list_with_delimiter"] > 0
    assert list(archive.records([wanted])) == first
    # Two days lie near; one holds something, and is read once, by its block.
    assert counted.take() == {"head": 2, "get_range": 1}


def test_objects_that_come_and_that_grow_are_seen(moto: str, tmp_path: Path) -> None:
    some = records()
    put_by_day(tmp_path, some[:3])
    archive = Archive([filled(moto, tmp_path)])
    wanted = Selection("XX", "AAA", "*", "HHN", TimeSpan(0, 3 * DAY))
    assert b"".join(archive.records([wanted])) == b"".join(some[:3])
    put_by_day(tmp_path, some)
    upload(moto, tmp_path)
    given = read_miniseed(b"".join(archive.records([wanted])))[0]
    assert given == [t for t in read_miniseed(b"".join(some))[0] if wanted.holds(t.source_id)]


def test_signed_addresses_open_objects_and_no_others(moto: str, tmp_path: Path) -> None:
    folder = split(tmp_path, "days")
    tree = BucketTree(filled(moto, folder))
    stored = tree.of_days("1970/XX/AAA/HHZ.D", "1970.001", "1970.002")
    assert len(stored) == 2
    for one, url in zip(stored, tree.signed([one.name for one in stored], 60), strict=True):
        assert httpx.get(url).content == (folder / one.name).read_bytes()
        assert "X-Amz-Expires=60" in url
    assert tree.signed([], 60) == []


def test_a_bucket_that_is_not_there_is_told(moto: str) -> None:
    with pytest.raises(InputError, match=r"s3://nowhere/a: .* cannot be read; check its name, the keys"):
        Archive([f"s3://nowhere/a?endpoint={moto}&region=us-east-1"])
    with pytest.raises(UsageError, match="nothing://x"):
        Archive(["nothing://x"])
