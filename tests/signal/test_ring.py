"""Laws of the ring: what it holds does not depend on how, how often or in which order records came."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from wadati.formats.records import Records
from wadati.model import SourceId, TimeSpan, Trace
from wadati.signal.axis import assemble
from wadati.signal.ring import Ring
from wadati.units import SECOND

Z = SourceId.parse("FDSN:XX_ABC__H_H_Z")
RATES = st.sampled_from([Fraction(100), Fraction(40), Fraction(3000, 29)])


def cut(rate: Fraction, lengths: list[int], gaps: list[int]) -> list[Trace]:
    """Records of one run of samples: `gaps` are samples left out before each."""
    whole = Trace(Z, 5 * SECOND, rate, np.arange(sum(lengths) + sum(gaps)) % 97)
    found, at = [], 0
    for length, gap in zip(lengths, gaps, strict=False):
        at += gap
        found.append(Trace(Z, whole.time_of(at), rate, whole.data[at : at + length]))
        at += length
    return found


records = st.builds(
    lambda rate, pairs: cut(rate, [a for a, _ in pairs], [b for _, b in pairs]),
    RATES,
    st.lists(st.tuples(st.integers(1, 60), st.sampled_from([0, 0, 0, 7])), min_size=1, max_size=12),
)


def values(traces) -> list[tuple[int, list[float]]]:
    """What an axis makes of traces: first time, and samples with NaN where there are none."""
    sections = assemble(traces, {Z: "Z"}, "Z", longest_gap=10_000)
    out = []
    for section in sections:
        data, missing = section.read(section.axis.first, section.axis.end)
        out.append((section.axis.time_of(section.axis.first), np.where(missing, -1, data)[0].tolist()))
    return out


@given(records, st.randoms(use_true_random=False))
def test_order_and_copies_do_not_matter(some: list[Trace], random) -> None:
    shuffled = some + random.sample(some, len(some) // 2)
    random.shuffle(shuffled)
    ring = Ring()
    for trace in shuffled:
        ring.add(trace)
    assert values(ring.traces()) == values(Records(some).traces())


@given(records)
def test_records_in_order_become_one_trace_a_run(some: list[Trace]) -> None:
    ring = Ring()
    for trace in some:
        assert ring.add(trace)
    assert len(ring.traces()) == len(Records(some).traces())
    assert not any(ring.add(trace) for trace in some)


@given(records, st.integers(0, 10 * SECOND))
def test_forgetting_is_cutting(some: list[Trace], after: int) -> None:
    ring = Ring()
    for trace in some:
        ring.add(trace)
    before = 5 * SECOND + after
    wanted = [part for trace in ring.traces() if len(part := trace.cut(TimeSpan(before, 1 << 62)))]
    ring.forget(before)
    assert values(ring.traces()) == values(wanted)


def test_views_stay_what_they_were_when_the_ring_grows() -> None:
    ring = Ring()
    ring.add(Trace(Z, 0, Fraction(100), np.arange(50)))
    (view,) = ring.traces()
    for k in range(1, 300):
        ring.add(Trace(Z, k * SECOND // 2, Fraction(100), np.arange(50 * k, 50 * k + 50)))
        ring.forget(k * SECOND // 4)
    assert view.data.tolist() == list(range(50))


def test_reaches_stops_at_a_gap() -> None:
    ring = Ring()
    ring.add(Trace(Z, 0, Fraction(100), np.arange(100)))
    ring.add(Trace(Z, 2 * SECOND, Fraction(100), np.arange(100)))
    assert ring.reaches(Z, 0) == SECOND
    ring.add(Trace(Z, SECOND, Fraction(100), np.arange(100)))
    assert ring.reaches(Z, 0) == 3 * SECOND


def test_another_opinion_of_the_same_time_is_kept() -> None:
    ring = Ring()
    assert ring.add(Trace(Z, 0, Fraction(100), np.zeros(100)))
    assert ring.add(Trace(Z, 0, Fraction(100), np.ones(100)))
    assert len(ring.traces()) == 2
