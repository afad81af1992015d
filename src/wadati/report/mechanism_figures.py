"""How events moved: a beach ball for each, and their mechanisms in a table."""

from __future__ import annotations

from collections.abc import Iterable

from wadati.model import Event, FocalMechanism, MomentTensor
from wadati.model.mechanism import decompose
from wadati.report.beachball import beachball
from wadati.report.chart import WIDTH, figure, svg
from wadati.report.markup import Markup
from wadati.report.scene import instant, shown_magnitude, size_words
from wadati.report.tables import table
from wadati.units import KILOMETRE

_DRAWN = 8


def mechanism_figure(event: Event, mechanism: FocalMechanism) -> Markup:
    """The ball of a mechanism with its planes in words."""
    planes = [f"{one.strike:.0f}° / {one.dip:.0f}° / {one.rake:.0f}°" for one in mechanism.planes]
    how = "moment tensor" if mechanism.tensor is not None else f"{mechanism.polarities} first motions"
    tensor = mechanism.tensor
    if tensor is None:
        plane = mechanism.planes[0]
        tensor = MomentTensor.of_fault(plane.strike, plane.dip, plane.rake, 1.0)
    ball = beachball(tensor, mechanism.planes, WIDTH / 2, 118.0, 96.0)
    drawing = svg(226.0, f"Beach ball, planes {planes[0]} or {planes[1]}", ball)
    caption = (
        f"{instant(event.origin.time, 0)} UTC, by {how}, quality {mechanism.quality}. Lower hemisphere, dark where P "
        f"first moves up. Strike / dip / rake: {planes[0]} or {planes[1]}."
    )
    return figure(drawing, f"Mechanism, {size_words(event)}", caption)


def largest_mechanisms(events: Iterable[Event]) -> list[Markup]:
    """The balls of the largest events that have a preferred mechanism, tensors first."""
    known = [(event, event.mechanism) for event in events if event.mechanism is not None]

    def rank(one: tuple[Event, FocalMechanism | None]) -> tuple[bool, float, int]:
        event, mechanism = one
        size = shown_magnitude(event)
        return mechanism is None or mechanism.tensor is None, -(size.value if size else -9.0), event.origin.time

    return [mechanism_figure(event, mechanism) for event, mechanism in sorted(known, key=rank)[:_DRAWN] if mechanism]


def mechanism_table(event: Event) -> Markup:
    """All mechanisms of an event, the preferred one marked."""
    header = (
        "by", "strike / dip / rake", "or", "Mw", "depth (km)", "double couple (%)", "explained (%)",
        "contradicted (%)", "from", "gap (°)", "quality", "",
    )  # fmt: skip
    return table(header, [_row(event, one) for one in event.mechanisms])


def _row(event: Event, one: FocalMechanism) -> list[str]:
    tensor, size = one.tensor, {size.magnitude_id: size for size in event.magnitudes}.get(one.magnitude_id or "")
    centroid = {origin.origin_id: origin for origin in event.origins}.get(one.derived_origin_id or "")
    first, second = (f"{plane.strike:.0f} / {plane.dip:.0f} / {plane.rake:.0f}" for plane in one.planes)
    return [
        "moment tensor" if tensor is not None else "first motions",
        first,
        second,
        f"{size.value:.2f}" if size is not None else "",
        f"{centroid.depth / KILOMETRE:.1f}" if centroid is not None else "",
        f"{100 * decompose(tensor).double_couple:.0f}" if tensor is not None else "",
        f"{100 * one.variance_reduction:.0f}" if one.variance_reduction is not None else "",
        f"{100 * one.misfit:.0f}" if one.misfit is not None else "",
        f"{one.stations} stations" if one.stations is not None else f"{one.polarities} polarities",
        f"{one.gap:.0f}" if one.gap is not None else "",
        one.quality,
        "preferred" if one.mechanism_id == event.preferred_mechanism_id else "",
    ]
