"""Laws of picks from a stream: final ones are those of the whole record, however it came; early ones end one way."""

from __future__ import annotations

import random
from fractions import Fraction

import numpy as np
import pytest

from wadati.model import SourceId, Trace
from wadati.pickers.continuous import pick_station
from wadati.pickers.shipped import Shipped
from wadati.pickers.stalta import StaLta
from wadati.pickers.streaming import StreamingPicker
from wadati.units import SECOND

IDS = tuple(SourceId.from_nslc("XX", "ABC", "", code) for code in ("HHZ", "HHN", "HHE"))
KEY = ("XX", "ABC")


def station(rate: int = 100, seconds: int = 240, seed: int = 1, jitter: int = 0) -> list[Trace]:
    """Noise with onsets every 25 s, as records of some seconds."""
    rng = np.random.default_rng(seed)
    found = []
    for k, sid in enumerate(IDS):
        data = rng.normal(size=rate * seconds) * 50
        for onset in range(20, seconds - 10, 25):
            at = (onset + 2 * (k > 0)) * rate
            length = min(8 * rate, len(data) - at)
            data[at : at + length] += 1500 * rng.normal(size=length) * np.exp(-np.arange(length) / rate / 2)
        start = 1_562_261_600 * SECOND + 3_000_000 + k * jitter
        whole = Trace(sid, start, Fraction(rate), data.astype(np.int32))
        at = 0
        while at < len(whole):
            length = int(rng.integers(2 * rate, 4 * rate))
            found.append(Trace(sid, whole.time_of(at), Fraction(rate), whole.data[at : at + length]))
            at += length
    return sorted(found, key=lambda trace: trace.end)


def run(records: list[Trace], picker, *, ask_every: int = SECOND, **options):
    """Final picks (the last word on each span), from records as they come."""
    stream = StreamingPicker(picker, **options)
    picks: dict[str, object] = {}
    now = records[0].end

    def take(finals) -> None:
        for final in finals:
            for name in [n for n, p in picks.items() if final.span.start <= p.time < final.span.end]:
                del picks[name]
            picks.update({pick.pick_id: pick for pick in final.picks})

    for trace in records:
        stream.add(trace, max(now, trace.end))
        if trace.end - now >= ask_every:
            now = trace.end
            take(stream.final(now))
    take(stream.final(None))
    return tuple(sorted(picks.values(), key=lambda p: (p.time, p.phase_hint, p.pick_id)))


@pytest.fixture(scope="module")
def shipped() -> Shipped:
    return Shipped()


@pytest.mark.parametrize("rate", [100, 40, 200])
def test_final_picks_are_those_of_the_whole_record(rate: int, shipped: Shipped) -> None:
    records = station(rate)
    for picker in (shipped, StaLta()):
        assert run(records, picker) == pick_station(records, picker) != ()


def test_clocks_that_differ_change_nothing(shipped: Shipped) -> None:
    records = station(jitter=1_700_000)
    assert run(records, shipped) == pick_station(records, shipped)


@pytest.mark.parametrize("seed", range(4))
def test_late_disordered_and_repeated_records_change_nothing(seed: int, shipped: Shipped) -> None:
    records = station(seed=seed)
    draw = random.Random(seed)
    mixed = [(trace.end + draw.choice([0, 0, 4, 15, 60, 100]) * SECOND, trace) for trace in records]
    mixed += [(end + 20 * SECOND, trace) for end, trace in draw.sample(mixed, 20)]
    came = [trace for _, trace in sorted(mixed, key=lambda one: one[0])]
    assert run(came, shipped, patience=10 * SECOND) == pick_station(records, shipped)


def test_gaps_dead_channels_and_a_station_that_stops_change_nothing(shipped: Shipped) -> None:
    records = station(seed=5)
    start = records[0].start
    kept = [
        trace
        for trace in records
        if not (60 < (trace.start - start) / SECOND < 110)
        and not (trace.source_id == IDS[1] and trace.start > start + 130 * SECOND)
        and not (trace.source_id == IDS[2] and 150 < (trace.start - start) / SECOND < 160)
    ]
    assert run(kept, shipped) == pick_station(kept, shipped)


def test_in_how_many_steps_it_is_asked_does_not_matter(shipped: Shipped) -> None:
    records = station(seed=6)
    once = run(records, shipped, ask_every=10_000 * SECOND)
    assert once == run(records, shipped, ask_every=1) == run(records, shipped, step=SECOND)


def test_early_picks_come_within_seconds_and_never_where_it_is_final(shipped: Shipped) -> None:
    records = station(seed=7)
    stream = StreamingPicker(shipped)
    told = []
    for trace in records:
        stream.add(trace, trace.end)
        for pick in stream.early([KEY]):
            until = stream.states[KEY].final_until
            assert pick.time >= until
            told.append((pick, trace.end))
        stream.final(trace.end)
    onsets = [p for p in pick_station(records, shipped) if p.phase_hint == "P" and p.probability > 0.8]
    seen = [
        min((end - pick.time for pick, end in told if abs(pick.time - p.time) < SECOND // 2), default=None)
        for p in onsets
    ]
    assert len(onsets) >= 5
    assert sum(delay is not None and delay < 8 * SECOND for delay in seen) >= 0.8 * len(onsets)
    assert len({(p.phase_hint, p.time // SECOND) for p, _ in told}) == len(told)


def test_what_is_too_old_is_refused_and_counted(shipped: Shipped) -> None:
    records = station(seconds=240)
    stream = StreamingPicker(shipped, keep=30 * SECOND)
    for trace in records[5:]:
        stream.add(trace, trace.end)
    stream.final(None)
    assert not stream.add(records[0], records[-1].end)
    assert stream.states[KEY].too_late == 1


def test_a_restored_station_goes_on_as_if_nothing_had_been(shipped: Shipped) -> None:
    records = station(seed=8)
    half = len(records) // 2
    first = StreamingPicker(shipped)
    picks = []
    for trace in records[:half]:
        first.add(trace, trace.end)
        picks += [pick for final in first.final(trace.end) for pick in final.picks]
    state = first.states[KEY]
    second = StreamingPicker(shipped)
    second.restore(KEY, state.final_until, state.ring.traces())
    for trace in records[half:]:
        second.add(trace, trace.end)
    picks += [pick for final in second.final(None) for pick in final.picks]
    assert set(picks) == set(pick_station(records, shipped))


def test_a_picker_that_fails_on_a_station_costs_no_other(shipped: Shipped) -> None:
    class Fails:
        def __getattr__(self, name: str):
            return getattr(shipped, name)

        def curves(self, windows, missing):
            if np.abs(windows).max() > 1e7:
                raise ValueError("too loud")
            return shipped.curves(windows, missing)

    good = station(seed=9)
    bad = [
        Trace(
            SourceId.from_nslc("XX", "BAD", "", f"HH{t.source_id.subsource}"),
            t.start,
            t.sampling_rate,
            t.data.astype(float) * 1e9,
        )
        for t in good
    ]
    stream = StreamingPicker(Fails())
    for trace in (*good, *bad):
        stream.add(trace, trace.end)
    stream.early([KEY, ("XX", "BAD")])
    finals = stream.final(None)
    assert {pick for final in finals for pick in final.picks} == set(pick_station(good, shipped))
    assert stream.failures == {("XX", "BAD"): "ValueError: too loud"}
