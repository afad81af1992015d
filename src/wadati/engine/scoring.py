"""`evaluate`: two catalogs of any origin, one beside the other."""

from __future__ import annotations

from pathlib import Path

from wadati.engine.flow import Flow
from wadati.evaluation.evaluate import Evaluation
from wadati.evaluation.evaluate import evaluate as evaluate_catalogs
from wadati.formats.catalogs import read_catalog
from wadati.model import Catalog
from wadati.protocols import Problem


def evaluate(
    candidate: str | Path | Catalog,
    reference: str | Path | Catalog,
    *,
    start: str | None = None,
    end: str | None = None,
    time_tolerance: float = 2.5,
    distance_tolerance: float = 15_000.0,
    problems: list[Problem] | None = None,
) -> Evaluation:
    """How a catalog does beside a reference: recall, precision, chance recall and residuals (see `evaluation`).

    Either side is a catalog, a table of any format that `formats.catalogs` reads, or an output folder. Tolerances in
    seconds and metres; `start` and `end` (ISO times) cut both sides. Lines that cannot be read are added to `problems`
    where it is given; otherwise the first one raises `InputError`.

    >>> from wadati.model import Event, Origin
    >>> one = Catalog((Event("a", (Origin.of(0, 35.7, -117.5, 8000.0),)),))
    >>> evaluate(one, one).recall.value
    1.0
    """
    return evaluate_catalogs(
        candidate if isinstance(candidate, Catalog) else read_catalog(Path(candidate), problems=problems),
        reference if isinstance(reference, Catalog) else read_catalog(Path(reference), problems=problems),
        time_tolerance=time_tolerance,
        distance_tolerance=distance_tolerance,
        span=Flow(start=start, end=end).span(),
    )
