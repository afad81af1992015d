"""An evaluation in words for people: kilometres, and each number with its unit and interval."""

from __future__ import annotations

from wadati.evaluation.coverage import UncertaintyCoverage
from wadati.evaluation.evaluate import Evaluation
from wadati.evaluation.statistics import Residuals, Share
from wadati.model import TimeSpan, format_time
from wadati.model.time import BEGINNING, END
from wadati.units import KILOMETRE


def rows(evaluation: Evaluation) -> list[tuple[str, str]]:
    """What was measured, and how much, one a row.

    >>> from wadati.evaluation.evaluate import evaluate
    >>> from wadati.model import Catalog
    >>> rows(evaluate(Catalog(), Catalog()))[1]
    ('recall', 'none to count')
    """
    tolerances = f"{evaluation.time_tolerance:g} s and {evaluation.distance_tolerance / KILOMETRE:g} km"
    chance = evaluation.chance_recall
    table = [("a match is within", tolerances)]
    if evaluation.span is not None:
        table.append(("events", _ends(evaluation.span)))
    if evaluation.left_out:
        table.append(("left out, no earthquakes", str(evaluation.left_out)))
    table += [
        ("recall", share(evaluation.recall)),
        ("recall by chance", "span too short to tell" if chance is None else f"{chance:.3f}"),
        ("precision", share(evaluation.precision)),
    ]
    for part in evaluation.recall_by_magnitude:
        label = "without magnitude" if part.low is None else f"magnitude {part.low:.1f} to {part.high:.1f}"
        table.append((f"recall, {label}", share(part.recall)))
    table += [
        ("origin time", _signed(evaluation.time, "s", 1.0, 2)),
        ("epicentre", _distance(evaluation.distance)),
        ("depth", _signed(evaluation.depth, "km", KILOMETRE, 2)),
        ("magnitude", _signed(evaluation.magnitude, "", 1.0, 2)),
    ]
    if evaluation.local_magnitude.count not in (0, evaluation.magnitude.count):
        table.append(("magnitude against local ones", _signed(evaluation.local_magnitude, "", 1.0, 2)))
    if len(evaluation.magnitude_by_type) > 1:
        for kind, residuals in evaluation.magnitude_by_type.items():
            table.append((f"magnitude against {kind}", _signed(residuals, "", 1.0, 2)))
    return table


def coverage_rows(stated: UncertaintyCoverage) -> list[tuple[str, str]]:
    """How often the truth lies within the stated 95 % bounds, one a row."""
    return [
        (
            "within the 95 % ellipse's larger axis",
            _bounds(stated.horizontal, stated.median_semi_major, KILOMETRE, "km"),
        ),
        ("within the 95 % depth interval", _bounds(stated.depth, stated.median_depth_95, KILOMETRE, "km")),
        ("within the 95 % time interval", _bounds(stated.time, stated.median_time_95, 1.0, "s")),
    ]


def share(value: Share) -> str:
    """A share as people read it.

    >>> share(Share.of(50, 62))
    '0.806 (50 of 62; 95 %: 0.691 to 0.886)'
    """
    if value.value is None:
        return "none to count"
    return f"{value.value:.3f} ({value.count} of {value.total}; 95 %: {value.low:.3f} to {value.high:.3f})"


def _ends(span: TimeSpan) -> str:
    """The span in words; open sides are not named."""
    start = f"from {format_time(span.start)}" if span.start > BEGINNING else ""
    end = f"until {format_time(span.end)}" if span.end < END else ""
    return " ".join(part for part in (start, end) if part) or "of all times"


def _signed(residuals: Residuals, unit: str, scale: float, digits: int) -> str:
    if residuals.median is None or residuals.low is None or residuals.high is None or residuals.mad is None:
        return "none to compare"
    median, low, high = (f"{value / scale:+.{digits}f}" for value in (residuals.median, residuals.low, residuals.high))
    space = f" {unit}" if unit else ""
    mad = f"{residuals.mad / scale:.{digits}f}"
    return f"median {median}{space} (95 %: {low} to {high}), MAD {mad}{space}, {residuals.count} events"


def _distance(residuals: Residuals) -> str:
    if residuals.median is None or residuals.low is None or residuals.high is None or residuals.p90_absolute is None:
        return "none to compare"
    median, low, high, p90 = (
        f"{value / KILOMETRE:.2f}"
        for value in (residuals.median, residuals.low, residuals.high, residuals.p90_absolute)
    )
    return f"median {median} km (95 %: {low} to {high}), p90 {p90} km, {residuals.count} events"


def _bounds(value: Share, median: float | None, scale: float, unit: str) -> str:
    return share(value) if median is None else f"{share(value)}, median ±{median / scale:.2f} {unit}"
