"""Names of events."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from wadati.model import Arrival, Event, Origin
from wadati.store.identity import SAME_TIME, Identity, Known, identities, new_event_id, used_picks
from wadati.testing import strategies


def origin_of(picks: str, time: int = 0, latitude: float = 35.0) -> Origin:
    """An origin that rests on picks named by letters; capitals carry no weight."""
    arrivals = tuple(Arrival(p.lower(), "XX", p, "P", 1e3, 0.0, 0.0, float(p.islower())) for p in picks)
    return Origin.of(time, latitude, -117.0, 8000.0, arrivals=arrivals)


def event(name: str, picks: str, time: int = 0, latitude: float = 35.0) -> Event:
    return Event(name, (origin_of(picks, time, latitude),))


def known(name: str, number: int, picks: str, *, current: bool = True, time: int = 0, vanishing: bool = False) -> Known:
    return Known(name, number, current, time, 35.0, -117.0, frozenset(picks), vanishing)


@given(strategies.origins())
def test_a_name_is_short_and_follows_from_the_origin(origin):
    assert re.fullmatch(r"wd\d{4}[a-z2-7]{10}", new_event_id(origin))
    assert new_event_id(origin) == new_event_id(origin)


def test_only_weighted_arrivals_count():
    assert used_picks(origin_of("abC")) == {"a", "b"}


def test_half_of_the_picks_of_the_smaller_make_one_event():
    assert identities([event("new", "abcd")], [known("old", 1, "abxyz")]) == (Identity("old"),)
    assert identities([event("new", "abcd")], [known("old", 1, "awxyz")]) == (Identity("new"),)
    assert identities([event("new", "abcdefgh")], [known("old", 1, "ab")]) == (Identity("old"),)


def test_an_unrelated_event_keeps_its_own_name():
    assert identities([event("new", "abcd", time=10 * SAME_TIME)], [known("old", 1, "wxyz")]) == (Identity("new"),)


def test_the_most_similar_wins_and_each_name_is_given_once():
    stored = [known("one", 1, "abcd"), known("two", 2, "efgh")]
    assert identities([event("x", "efgh"), event("y", "abcd")], stored) == (Identity("two"), Identity("one"))
    split = identities([event("x", "abc"), event("y", "d")], stored[:1])
    assert split == (Identity("one"), Identity("y"))


def test_a_merge_keeps_the_oldest_name():
    stored = [known("younger", 2, "abcde"), known("older", 1, "fgh")]
    assert identities([event("new", "abcdefgh")], stored) == (Identity("older", ("younger",)),)


def test_what_was_retired_is_not_merged_but_comes_back():
    stored = [known("live", 2, "abcde"), known("retired", 1, "fgh", current=False)]
    assert identities([event("new", "abcdefgh")], stored) == (Identity("live"),)
    assert identities([event("new", "fgh")], stored) == (Identity("retired"),)


def test_nearness_decides_only_where_picks_cannot():
    near, far = event("new", "abcd", time=SAME_TIME), event("new", "abcd", time=SAME_TIME + 1)
    assert identities([near], [known("old", 1, "")]) == (Identity("old"),)
    assert identities([far], [known("old", 1, "")]) == (Identity("new"),)
    assert identities([near], [known("old", 1, "wxyz")]) == (Identity("new"),)
    assert identities([near], [known("old", 1, "wxyz", vanishing=True)]) == (Identity("old"),)
    assert identities([event("new", "", latitude=35.08)], [known("old", 1, "w")]) == (Identity("old"),)
    assert identities([event("new", "", latitude=35.1)], [known("old", 1, "w")]) == (Identity("new"),)


LETTERS = st.text("abcdefgh", max_size=6)


@given(
    st.lists(st.tuples(LETTERS, st.integers(0, 5)), max_size=5),
    st.lists(st.tuples(LETTERS, st.integers(0, 5), st.booleans(), st.booleans()), max_size=5),
    st.randoms(),
)
def test_order_does_not_matter_and_no_name_is_given_twice(incoming, stored, random):
    events = [event(f"e{i}", picks, time * SAME_TIME) for i, (picks, time) in enumerate(incoming)]
    old = [
        known(f"k{i}", i, picks, time=time * SAME_TIME, current=current, vanishing=vanishing)
        for i, (picks, time, current, vanishing) in enumerate(stored)
    ]
    given_names = dict(zip((e.event_id for e in events), identities(events, old), strict=True))
    names = [name for identity in given_names.values() for name in (identity.event_id, *identity.aliases)]
    assert len(names) == len(set(names))
    random.shuffle(events)
    random.shuffle(old)
    assert dict(zip((e.event_id for e in events), identities(events, old), strict=True)) == given_names
