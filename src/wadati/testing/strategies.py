"""Hypothesis strategies for model values, for laws that must hold for any of them."""

from __future__ import annotations

import math

from hypothesis import strategies as st

from wadati.model import (
    Arrival,
    Catalog,
    Event,
    FocalMechanism,
    Magnitude,
    MomentTensor,
    NodalPlane,
    Origin,
    Pick,
    SourceId,
    StationMagnitude,
    Uncertainty,
    content_id,
)
from wadati.units import DAY

FIRST, LAST = -20 * 365 * DAY, 100 * 365 * DAY
"""Times lie between 1950 and 2070."""


def codes(least: int = 1, most: int = 8) -> st.SearchStrategy[str]:
    """Codes of networks, stations and the like."""
    return st.text("ABCXYZ019", min_size=least, max_size=most)


def numbers(low: float, high: float) -> st.SearchStrategy[float]:
    """Finite numbers within [low, high]."""
    return st.floats(low, high, allow_nan=False, allow_subnormal=False)


def times(step: int = 1) -> st.SearchStrategy[int]:
    """Instants that are multiples of `step` nanoseconds."""
    return st.integers(FIRST // step, LAST // step).map(lambda count: count * step)


def source_ids() -> st.SearchStrategy[SourceId]:
    """Channels with SEED codes, and some with longer ones."""
    one = codes(1, 1)
    channel = st.one_of(st.tuples(one, one, one), st.tuples(one, codes(1, 2), one), st.just(("", "", "")))
    return st.builds(
        lambda network, station, location, parts: SourceId(network, station, location, *parts),
        codes(1, 2),
        codes(1, 5),
        st.sampled_from(("", "00", "10")),
        channel,
    )


def picks(step: int = 1) -> st.SearchStrategy[Pick]:
    """Picks at multiples of `step` nanoseconds."""
    return st.builds(
        Pick.of,
        source_ids(),
        st.sampled_from("PS"),
        times(step),
        time_uncertainty=st.one_of(numbers(0, 10), st.just(math.inf)),
        probability=numbers(0, 1),
        polarity=st.sampled_from((None, "positive", "negative")),
        amplitude=st.one_of(st.none(), numbers(1e-12, 1.0)),
        method=st.sampled_from(("", "stalta", "neural: a~b/c d")),
        evaluation_mode=st.sampled_from(("automatic", "manual")),
    )


def pick_tuples(step: int = 1) -> st.SearchStrategy[tuple[Pick, ...]]:
    """Different picks in order of time."""
    unique = st.lists(picks(step), max_size=8, unique_by=lambda pick: pick.pick_id)
    return unique.map(lambda found: tuple(sorted(found, key=lambda pick: (pick.time, pick.pick_id))))


def uncertainties() -> st.SearchStrategy[Uncertainty]:
    """Uncertainties with a symmetric covariance; some of unknown time."""

    @st.composite
    def make(draw: st.DrawFn) -> Uncertainty:
        spread = [draw(numbers(0, 1e4)) for _ in range(3)] + [draw(st.one_of(numbers(0, 10), st.just(math.inf)))]
        mixed = draw(numbers(-1e3, 1e3))
        rows = [[mixed if {i, j} == {0, 1} else 0.0 for j in range(4)] for i in range(4)]
        for i, value in enumerate(spread):
            rows[i][i] = value**2
        axes = sorted((draw(numbers(0, 1e5)), draw(numbers(0, 1e5))))
        a, b, c, d = ((w, x, y, z) for w, x, y, z in rows)
        return Uncertainty(
            (a, b, c, d), axes[1], axes[0], draw(numbers(0, 180)), draw(numbers(0, 1e5)), spread[3], draw(st.booleans())
        )

    return make()


@st.composite
def origins(draw: st.DrawFn, used: tuple[Pick, ...] = ()) -> Origin:
    """An origin that rests on some of the picks."""
    chosen = draw(st.lists(st.sampled_from(used), unique=True, max_size=6)) if used else []
    arrivals = tuple(
        Arrival(
            pick.pick_id,
            *pick.source_id.station_key,
            pick.phase_hint,
            round(draw(numbers(0, 1e6)), 3),
            draw(numbers(0, 360)),
            draw(numbers(-10, 10)),
            draw(st.sampled_from((0.0, 0.25, 1.0))),
        )
        for pick in chosen
    )
    return Origin.of(
        draw(times()),
        draw(numbers(-90, 90)),
        draw(numbers(-180, 180)),
        draw(numbers(-9e3, 7e5)),
        arrivals=arrivals,
        uncertainty=draw(st.one_of(st.none(), uncertainties())),
        azimuthal_gap=draw(st.one_of(st.none(), numbers(0, 360))),
        standard_error=draw(st.one_of(st.none(), numbers(0, 10))),
        earth_model=draw(st.sampled_from(("", "southern-california"))),
        method=draw(st.sampled_from(("edt", "stack, 2nd"))),
        evaluation_mode=draw(st.sampled_from(("automatic", "manual"))),
        evaluation_status=draw(st.sampled_from(("preliminary", "reviewed"))),
    )


@st.composite
def magnitudes(draw: st.DrawFn, origin_id: str) -> Magnitude:
    """A magnitude of an origin, with or without those of stations."""
    station = st.builds(
        StationMagnitude,
        source_ids(),
        st.just("ML"),
        numbers(-2, 9),
        numbers(1e-12, 1),
        st.sampled_from((0.0, 1.0)),
    )
    kind, value = draw(st.sampled_from(("ML", "Mw"))), draw(numbers(-2, 9))
    return Magnitude(
        content_id("magnitude", origin_id, kind, value),
        origin_id,
        kind,
        value,
        draw(st.one_of(st.none(), numbers(0, 1))),
        tuple(draw(st.lists(station, max_size=3))),
        draw(st.booleans()),
        draw(st.sampled_from(("", "hutton-boore-1987"))),
    )


@st.composite
def mechanisms(draw: st.DrawFn, origin_id: str) -> FocalMechanism:
    """A focal mechanism of an origin, with or without a tensor."""
    plane = st.builds(NodalPlane, numbers(0, 359), numbers(0, 90), numbers(-179, 180))
    tensor = st.builds(MomentTensor, *[numbers(-1e18, 1e18)] * 6)
    planes = draw(plane), draw(plane)
    solved = draw(st.one_of(st.none(), tensor))
    return FocalMechanism(
        content_id("mechanism", origin_id, *map(str, planes)),
        origin_id,
        planes,
        solved,
        None if solved is None else draw(st.sampled_from((None, origin_id))),
        variance_reduction=draw(st.one_of(st.none(), numbers(0, 1))),
        stations=None if solved is None else draw(st.integers(1, 50)),
        gap=draw(st.one_of(st.none(), numbers(0, 360))),
        quality=draw(st.sampled_from(("", "A", "D"))),
        method=draw(st.sampled_from(("", "wadati-tensor"))),
    )


@st.composite
def catalogs(draw: st.DrawFn, *, used_only: bool = False) -> Catalog:
    """A catalog in order; with `used_only` every pick is used by an origin."""
    observed = draw(pick_tuples())
    seen: set[str] = set()
    events = []
    for name in draw(st.lists(codes(1, 12).map(lambda code: f"wd {code}"), unique=True, max_size=4)):
        found = [o for o in draw(st.lists(origins(observed), min_size=1, max_size=2)) if o.origin_id not in seen]
        if not found:
            continue
        own = {origin.origin_id: origin for origin in found}
        seen.update(own)
        sizes = {m.magnitude_id: m for origin_id in own for m in draw(st.lists(magnitudes(origin_id), max_size=2))}
        moved = {m.mechanism_id: m for origin_id in own for m in draw(st.lists(mechanisms(origin_id), max_size=1))}
        events.append(
            Event(
                name,
                tuple(own.values()),
                tuple(sizes.values()),
                draw(st.sampled_from((None, *own))),
                draw(st.sampled_from((None, *sizes))),
                draw(st.sampled_from(("earthquake", "explosion", "ice/quake"))),
                tuple(f"{name}.{count}" for count in range(draw(st.integers(0, 2)))),
                tuple(moved.values()),
                draw(st.sampled_from((None, *moved))),
            )
        )
    events.sort(key=lambda event: (event.origin.time, event.event_id))
    if used_only:
        used = {arrival.pick_id for event in events for origin in event.origins for arrival in origin.arrivals}
        observed = tuple(pick for pick in observed if pick.pick_id in used)
    return Catalog(tuple(events), observed)
