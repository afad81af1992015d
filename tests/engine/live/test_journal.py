"""The journal: what was appended is there, in order; what a kill cut short is not, and costs nothing else."""

from __future__ import annotations

from pathlib import Path

import pytest

from wadati.engine.live.journal import Journal
from wadati.protocols import Packet
from wadati.units import MINUTE


def packet(k: int, stream: str = "a") -> Packet:
    return Packet(bytes([k % 256]) * 512, stream, k, k, k * MINUTE // 4)


def test_packets_and_positions_come_back(tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    for k in range(40):
        journal.append([packet(k), packet(1000 - k, "b")])
    journal.close()
    again = Journal(tmp_path)
    assert [p for p in again.packets() if p.stream == "a"] == [packet(k) for k in range(40)]
    assert again.positions() == {"a": 39, "b": 1000}


@pytest.mark.parametrize("lost", [1, 7, 300, 520])
def test_an_entry_that_was_cut_short_is_not_there(tmp_path: Path, lost: int) -> None:
    journal = Journal(tmp_path)
    journal.append([packet(0)])
    journal.append([packet(1)])
    journal.close()
    (segment,) = tmp_path.glob("*.log")
    segment.write_bytes(segment.read_bytes()[:-lost])
    again = Journal(tmp_path)
    assert list(again.packets()) == [packet(0)]
    assert again.positions() == {"a": 0}
    again.append([packet(1), packet(2)])
    again.close()
    assert list(Journal(tmp_path).packets()) == [packet(0), packet(1), packet(2)]


def test_what_is_not_needed_goes_and_positions_stay(tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    journal.append([packet(5, "old")])
    for k in range(100):
        journal.append([packet(k)])
    journal.forget(20 * MINUTE)
    journal.close()
    again = Journal(tmp_path)
    kept = [p.clock for p in again.packets()]
    assert min(kept) >= 18 * MINUTE
    assert max(kept) == packet(99).clock
    assert again.positions() == {"a": 99, "old": 5}


def test_what_a_full_disk_did_not_take_is_asked_for_again(tmp_path: Path) -> None:
    class Full:
        def write(self, _: bytes) -> None:
            raise OSError(28, "No space left on device")

    journal = Journal(tmp_path)
    journal.append([Packet(b"x", "a", 1, 0, 0)])
    begin = journal._next_segment

    def cut_short(minute: int) -> None:
        begin(minute)
        assert journal._file is not None
        journal._file.close()
        journal._file = Full()  # type: ignore[assignment]

    journal._next_segment = cut_short  # type: ignore[method-assign]
    with pytest.raises(OSError, match="No space"):
        journal.append([Packet(b"y", "a", 2, 0, 5 * MINUTE)])
    assert [packet.sequence for packet in Journal(tmp_path).packets()] == [1]
    min(tmp_path.glob("*.log")).unlink()  # as when nothing in it is needed any more
    assert Journal(tmp_path).positions() == {"a": 1}
