from __future__ import annotations

import random

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from wadati.engine.review import Decision, review
from wadati.engine.review_rules import Authority, Publication, Quarry, Region, Review
from wadati.errors import UsageError
from wadati.model import Arrival, Event, Magnitude, Origin, Uncertainty, parse_time
from wadati.units import SECOND

OPEN = Review(publication=Publication(arrivals=0, stations=0, ellipse_km=1e6))
SQUARE = Region("here", ((35.0, -118.0), (36.0, -118.0), (36.0, -117.0), (35.0, -117.0)))


def arrivals(names, weight=1.0, stations=None):
    return tuple(
        Arrival(name, "XX", f"S{k if stations is None else k % stations}", "P", 1e4, 0.0, 0.1, weight)
        for k, name in enumerate(names)
    )


def bound(semi_major=1000.0, *, time=0.2, resolved=True):
    return Uncertainty(((1.0, 0.0, 0.0, 0.0),) * 4, semi_major, semi_major, 0.0, 1000.0, time, resolved)


def origin(time=0.0, picks="abcdef", *, latitude=35.5, depth=5000.0, weight=1.0, stations=None, **more):
    own = arrivals(picks, weight, stations)
    return Origin.of(round(time * SECOND), latitude, -117.5, depth, arrivals=own, **more)


def event(name, *origins, magnitudes=(), **more):
    return Event(name, origins, magnitudes, origins[0].origin_id, **more)


def magnitude(of, kind="ML", value=3.0, **more):
    return Magnitude(f"{kind}{value}{more}", of.origin_id, kind, value, **more)


def whats(found):
    return [(one.what, one.rule) for one in found.decisions]


def drawn(seed):
    """Events, many of them duplicates in chains, some under one authority, some with magnitudes."""
    rng = random.Random(seed)
    found = []
    for k in range(rng.randint(1, 8)):
        own = [
            origin(
                rng.choice([0.0, 0.6, 1.2, 1.8, 30.0]),
                rng.sample("abcdefghij", 6),
                latitude=rng.choice([35.5, 35.52, 35.7]),
                evaluation_mode=rng.choice(["automatic", "manual"]),
                evaluation_status=rng.choice(["preliminary", "reviewed"]),
                method=rng.choice(["edt", "other"]),
            )
            for _ in range(rng.randint(1, 2))
        ]
        sizes = tuple(magnitude(own[0], rng.choice(["ML", "Mw"]), k + 1.0) for _ in range(rng.randint(0, 2)))
        found.append(event(f"wd{k}", *own, magnitudes=tuple(dict.fromkeys(sizes))))
    return found


@given(st.integers(0, 10**6))
def test_twice_is_once(seed):
    once = review(drawn(seed), OPEN)
    again = review(once.events, OPEN)
    assert again.events == once.events
    assert again.decisions == again.held_back == ()


@given(st.integers(0, 10**6), st.randoms())
def test_order_does_not_matter(seed, shuffler):
    events = drawn(seed)
    expected = review(events, OPEN)
    shuffler.shuffle(events)
    assert review([*events, events[0]], OPEN) == expected


@given(st.integers(0, 10**6), st.integers(0, 8))
def test_merges_commute(seed, cut):
    events = drawn(seed)
    whole = review(events, OPEN).events
    parts = [*review(events[:cut], OPEN).events, *review(events[cut:], OPEN).events]
    assert review(parts, OPEN).events == whole


@given(st.integers(0, 10**6))
def test_nothing_is_lost(seed):
    events = drawn(seed)
    found = review(events, OPEN).events
    assert {o.origin_id for e in found for o in e.origins} == {o.origin_id for e in events for o in e.origins}
    assert {m.magnitude_id for e in found for m in e.magnitudes} == {
        m.magnitude_id for e in events for m in e.magnitudes
    }
    assert {name for e in found for name in (e.event_id, *e.aliases)} == {e.event_id for e in events}


def test_duplicates_by_picks_and_by_nearness():
    one, other = event("wd2", origin(0, "abcdef")), event("wd1", origin(20.0, "abcxyz"))
    found = review([one, other], OPEN)
    assert [(e.event_id, e.aliases, len(e.origins)) for e in found.events] == [("wd1", ("wd2",), 2)]
    near = event("wd3", origin(0.9, "uvwxyz", latitude=35.58))
    assert len(review([one, near], OPEN).events) == 1
    for apart in (origin(3.0, "uvwxyz"), origin(0.5, "uvwxyz", latitude=35.7)):
        assert len(review([one, event("wd3", apart)], OPEN).events) == 2


def test_bounds_widen_what_is_near_at_most_twofold():
    sure, unsure = (
        [event("wd1", origin(0, "abc", uncertainty=u)), event("wd2", origin(1.7, "xyz", latitude=35.63, uncertainty=u))]
        for u in (bound(), bound(8000.0, time=1.0))
    )
    assert len(review(sure, OPEN).events) == 2
    assert len(review(unsure, OPEN).events) == 1
    far = [unsure[0], event("wd3", origin(2.1, "xyz", uncertainty=bound(9e4, time=9.0)))]
    assert len(review(far, OPEN).events) == 2


def test_the_older_name_stays():
    twins = [event("wd1", origin()), event("wd2", origin(0.1))]
    assert review(twins, OPEN).events[0].event_id == "wd1"
    found = review(twins, OPEN, ages={"wd2": 5, "wd1": 9})
    assert (found.events[0].event_id, found.events[0].aliases) == ("wd2", ("wd1",))
    (merged,) = [one for one in found.decisions if one.what == "duplicate"]
    assert merged == Decision(
        "wd2", "duplicate", "same earthquake", "wd1", "wd2", "the same earthquake as wd2, 0.10 s apart"
    )


@pytest.mark.parametrize(
    ("better", "rule"),
    [
        ({"evaluation_mode": "manual", "picks": "abc"}, "automatic"),
        ({"method": "agency", "picks": "abc"}, "authority"),
        ({"evaluation_status": "final", "picks": "abc"}, "evaluation status"),
        ({"picks": "abcdefg"}, "support"),
        ({"uncertainty": bound(500.0)}, "ellipse (m)"),
        ({"standard_error": 0.1}, "residuals (s)"),
    ],
)
def test_the_preferred_origin_follows_the_rules_and_says_which(better, rule):
    usual = {"uncertainty": bound()} if rule == "ellipse (m)" else {}
    usual |= {"standard_error": 0.2} if rule == "residuals (s)" else {}
    old, new = origin(0, **usual), origin(0.01, **better)
    rules = msgspec.structs.replace(OPEN, authorities=(Authority(SQUARE, ("agency",)),))
    found = review([event("wd1", old, new)], rules)
    assert found.events[0].origin == new
    (decision,) = found.decisions
    assert (decision.what, decision.rule) == ("preferred origin", rule)
    assert (decision.before, decision.after) == (old.origin_id, new.origin_id)
    assert " against " in decision.because


def test_a_rejected_origin_is_never_preferred_before_another():
    rejected = origin(0, "abcdefghij", evaluation_mode="manual", evaluation_status="rejected")
    poor = origin(0.1, "abc")
    found = review([event("wd1", rejected, poor)], OPEN)
    assert found.events[0].origin == poor
    assert review([event("wd1", rejected)], OPEN).held_back[0].wrong == "not published: it is rejected"


def test_an_authority_holds_in_its_region_only():
    rules = msgspec.structs.replace(OPEN, authorities=(Authority(SQUARE, ("agency",)),))
    own, theirs = origin(0, latitude=37.0), origin(0.01, "abc", latitude=37.0, method="agency")
    assert review([event("wd1", own, theirs)], rules).events[0].origin == own


def test_the_preferred_magnitude_is_by_type_then_stations_and_never_saturated():
    own = origin()
    sizes = (magnitude(own, "ML", 6.4, saturated=True), magnitude(own, "mb", 5.9), magnitude(own, "Mwr", 6.3))
    found = review([event("wd1", own, magnitudes=sizes)], OPEN)
    assert found.events[0].magnitude.magnitude_type == "Mwr"
    assert whats(found) == [("preferred magnitude", "type, origin, stations, uncertainty")]
    assert review([event("wd1", own, magnitudes=sizes[:1])], OPEN).events[0].magnitude is None
    sharp = magnitude(own, "ML", 3.1, uncertainty=0.05), magnitude(own, "ML", 3.2, uncertainty=0.2)
    assert review([event("wd1", own, magnitudes=sharp)], OPEN).events[0].magnitude.value == 3.1


def test_of_two_origins_the_magnitude_of_the_preferred_counts():
    old, new = origin(0), origin(0.01, evaluation_mode="manual")
    sizes = (magnitude(old, "ML", 3.0, uncertainty=0.01), magnitude(new, "ML", 3.3, uncertainty=0.3))
    assert review([event("wd1", old, new, magnitudes=sizes)], OPEN).events[0].magnitude.value == 3.3


NOON, NIGHT = "2024-03-05T19:50:00Z", "2024-03-05T07:50:00Z"  # solar time at 117.5° W: 12 and 0 h


@pytest.mark.parametrize(
    ("time", "depth", "more", "kind"),
    [
        (NOON, 0.0, {}, "quarry blast"),
        (NIGHT, 0.0, {}, "earthquake"),
        (NOON, 8000.0, {}, "earthquake"),
        (NOON, 8000.0, {"uncertainty": bound(resolved=False)}, "quarry blast"),
        (NOON, 0.0, {"latitude": 36.5}, "earthquake"),
        (NOON, 0.0, {"evaluation_mode": "manual"}, "earthquake"),
    ],
)
def test_a_quarry_blast_is_shallow_by_day_in_a_listed_quarry(time, depth, more, kind):
    rules = msgspec.structs.replace(OPEN, quarries=(Quarry(SQUARE),))
    made = event("wd1", origin(parse_time(time) / SECOND, depth=depth, **more))
    found = review([made], rules)
    assert found.events[0].event_type == kind
    assert review([made], OPEN).events[0].event_type == "earthquake"
    assert review(found.events, rules).decisions == ()
    if kind == "quarry blast":
        assert "in here at 12.0 h solar time, depth " in found.decisions[0].because


def test_a_type_that_somebody_gave_stays():
    rules = msgspec.structs.replace(OPEN, quarries=(Quarry(SQUARE),))
    given_type = event("wd1", origin(parse_time(NOON) / SECOND, depth=0.0), event_type="explosion")
    assert review([given_type], rules).events[0].event_type == "explosion"
    twin = event("wd0", origin(parse_time(NOON) / SECOND + 0.1))
    assert review([twin, given_type], OPEN).events[0].event_type == "explosion"


@pytest.mark.parametrize(
    ("made", "why"),
    [
        (origin(picks="abcd"), "4 arrivals fit it, 5 are needed"),
        (origin(weight=0.05), "0 arrivals fit it, 5 are needed"),
        (origin(stations=3), "3 stations fit it, 4 are needed"),
        (origin(standard_error=0.9), "its residuals are 0.90 s, more than 0.8 s"),
        (origin(uncertainty=bound(16e3)), "its epicentre is known to 16 km only, not to 15 km"),
    ],
)
def test_what_is_not_good_enough_is_held_back_and_says_why(made, why):
    found = review([event("wd1", made)])
    assert found.events == ()
    assert found.held_back[0].wrong == f"not published: {why}"
    assert whats(found) == [("publication", "gates")]


def test_gates_can_be_set_and_manual_origins_pass():
    made = event("wd1", origin(azimuthal_gap=250.0))
    assert review([made]).events == (made,)
    assert review([made], Review(publication=Publication(gap=200.0))).events == ()
    assert review([made], Review(publication=Publication(arrivals=7))).events == ()
    manual = event("wd1", origin(picks="ab", evaluation_mode="manual"))
    assert review([manual]).events == (manual,)


def test_regions():
    assert SQUARE.holds(35.0, -118.0)
    assert not SQUARE.holds(36.0, -117.5)
    with pytest.raises(UsageError, match="the region line has 2 corners"):
        Region("line", ((0.0, 0.0), (1.0, 1.0)))


def test_nothing_in_nothing_out():
    found = review([])
    assert (found.events, found.decisions, found.held_back) == ((), (), ())
