"""The report: a catalog as one HTML file that needs neither network nor script."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from wadati.formats.atomic import atomic_write
from wadati.model import Catalog, Inventory, VelocityModel
from wadati.protocols import Source
from wadati.report import sections
from wadati.report.page import whole_page
from wadati.report.scene import Comparison, Scene


def write_report(
    path: Path,
    catalog: Catalog,
    inventory: Inventory,
    *,
    title: str = "Earthquake catalog",
    source: Source | None = None,
    earth: VelocityModel | None = None,
    run: Mapping[str, Any] | None = None,
    truth: Catalog | None = None,
    evaluation: Comparison | None = None,
    scorecard: Sequence[tuple[str, str]] = (),
    record_sections: int = 4,
) -> None:
    """Write the report of a catalog to a path, as a whole or not at all.

    `source` gives the waveforms for the record sections of the `record_sections` largest events, `earth` the model for
    their expected arrivals. `run` is laid out as `run.json` (settings, versions, timings, coverage, problems, notes).
    `truth` and `evaluation` are drawn beside the catalog where they are known, `scorecard` says in words how they
    compare. Equal input gives equal bytes.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write_report(Path(folder) / "report.html", Catalog(), Inventory())
    ...     (Path(folder) / "report.html").read_text(encoding="utf-8")[:15]
    '<!DOCTYPE html>'
    """
    scene = Scene(catalog, inventory, run or {}, earth, truth, evaluation, scorecard)
    page = whole_page(title, sections.body(scene, title, source, record_sections))
    with atomic_write(path) as partial:
        partial.write_text(page, encoding="utf-8", newline="\n")
