"""Records that come with ObsPy: each once, none that judges pickers, all in the form of the pool."""

from __future__ import annotations

from itertools import combinations

import numpy as np

from benchmarks.pickers.quiet import TOWN
from training.pool import digest
from training.real import MINIMUM, WINDOW, packaged, packaged_files


def test_no_packaged_file_judges() -> None:
    names = {path.name for path in packaged_files()}
    assert len(names) > 100
    assert not names & set(TOWN)


def test_packaged_records_are_whole_and_no_two_are_alike() -> None:
    records = list(packaged())
    assert len(records) > 50
    for one in records:
        assert one.kind == "continuous"
        assert one.data.shape[0] == 3
        assert MINIMUM <= one.data.shape[1] <= WINDOW
        assert np.isfinite(one.data).all()
        assert one.alive.any()
    assert len({one.name for one in records}) == len(records)
    same = [
        (one.name, other.name)
        for one, other in combinations(records, 2)
        if one.data.shape == other.data.shape and np.array_equal(one.data, other.data)
    ]
    assert not same


def test_the_digest_tells_of_every_packaged_file(tmp_path) -> None:
    files = packaged_files()[:3]
    copies = [tmp_path / path.name for path in files]
    for path, copy in zip(files, copies, strict=True):
        copy.write_bytes(path.read_bytes())
    assert digest(copies) == digest(files)
    copies[1].write_bytes(b"other")
    assert digest(copies) != digest(files)
