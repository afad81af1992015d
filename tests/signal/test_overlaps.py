from __future__ import annotations

from fractions import Fraction

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from wadati.model import SourceId, TimeSpan, Trace
from wadati.signal.overlaps import conflict_seconds

SID = SourceId.parse("FDSN:XX_ABC__H_H_Z")
WHOLE = Trace(SID, 1_562_261_629_997_986_000, Fraction(100), np.random.default_rng(1).integers(-1000, 1000, 500))


@given(st.lists(st.tuples(st.integers(0, 499), st.integers(1, 500)), max_size=6), st.randoms())
def test_copies_and_pieces_of_one_recording_agree(spans: list[tuple[int, int]], order: object) -> None:
    pieces = [WHOLE.cut(TimeSpan(WHOLE.time_of(a), WHOLE.time_of(min(a + n, 500)))) for a, n in spans]
    order.shuffle(pieces)  # type: ignore[attr-defined]
    assert conflict_seconds([WHOLE, *pieces]) == 0


def test_another_recording_of_the_same_time_is_counted_where_it_differs() -> None:
    data = WHOLE.data[200:300].copy()
    data[10:30] += 1
    assert conflict_seconds([WHOLE, Trace(SID, WHOLE.time_of(200), WHOLE.sampling_rate, data)]) == 0.2


def test_records_that_touch_do_not_overlap() -> None:
    after = Trace(SID, WHOLE.end, WHOLE.sampling_rate, np.zeros(5))
    assert conflict_seconds([after, WHOLE]) == 0
