"""The page of computed seismograms: what is drawn is what was computed, and names stay text."""

from __future__ import annotations

import re

import numpy as np
from lxml import etree

from wadati.model import MomentTensor
from wadati.model.mechanism import nodal_planes
from wadati.report.seismogram_page import ShownSeismogram, ShownSource, measure, record_section, seismogram_page

TENSOR = MomentTensor.of_fault(30.0, 60.0, 20.0, 1e15)


def shown(count: int = 3, left_out: dict[str, str] | None = None) -> ShownSource:
    times = np.arange(200) / 4 - 5
    stations = [
        ShownSeismogram(
            f"XX.S{k:03d}",
            1000.0 * (count - k),
            10.0 * k,
            np.stack([(part + 1) * 1e-4 * np.exp(-((times - 10 - k) ** 2)) for part in range(3)]),
            (3.0, 6.0),
        )
        for k in range(count)
    ]
    facts = [("Mw", "3.93")]
    return ShownSource(
        *("A <source>", "told", facts, TENSOR, nodal_planes(TENSOR), "ZRT", "m/s", -5.0, 0.25, stations, left_out or {})
    )


def paths(page: str) -> list[list[tuple[float, float]]]:
    drawing = etree.fromstring(page[page.index("<svg") : page.rindex("</svg>") + 6])
    found = [one.get("d") for one in drawing.iter("path") if "of-" in (one.get("class") or "")]
    return [[tuple(map(float, pair.split())) for pair in d[1:].split("L")] for d in found]  # type: ignore[misc]


def test_each_trace_is_drawn_nearest_first_and_peaks_where_it_should() -> None:
    drawn = paths(record_section(shown()))
    assert len(drawn) == 9
    for column in range(3):
        rows = drawn[3 * column : 3 * column + 3]
        middles = [np.median([y for _, y in row]) for row in rows]
        assert middles == sorted(middles)
        for place, row in enumerate(rows):
            x, y = zip(*row, strict=True)
            peak = (x[int(np.argmin(y))] - x[0]) / (x[-1] - x[0])
            # The nearest is the last one that was given; it peaks last.
            assert abs(peak - (15 + 2 - place) / (199 / 4)) < 0.01
            assert abs((middles[place] - min(y)) - (column + 1) / 3 * 0.44 * 40) < 0.2


def test_of_many_stations_some_are_drawn_and_all_are_listed() -> None:
    page = seismogram_page(shown(200))
    assert "80 of 200 stations are drawn" in page
    assert len(re.findall(r"<td[^>]*>XX\.S\d{3}</td>", page)) == 200


def test_names_are_text_and_who_is_left_out_is_told() -> None:
    page = seismogram_page(shown(left_out={"XX.<b>": "is too far"}))
    assert "A &lt;source&gt;" in page
    assert "XX.&lt;b&gt;" in page
    assert "is too far" in page
    assert "left out because" not in seismogram_page(shown())
    assert seismogram_page(shown()) == seismogram_page(shown())


def test_values_have_few_digits_and_the_unit_that_fits() -> None:
    told = [measure(value, "m") for value in (2.0, 0.034, 0.00123, 4.56e-6, 7e-10)]
    assert told == ["2 m", "3.4 cm", "1.2 mm", "4.6 µm", "0.7 nm"]
