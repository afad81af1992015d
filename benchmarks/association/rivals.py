"""PyOcto's settings for each case: what its author recommends, and the best of a small grid on tuning seeds.

Recommended: the defaults of the class for what an event needs, and for the velocity model the tolerances and reaches
of the author's own benchmark (shallow: 100 km; subduction: 250 km), homogeneous and layered. The volume covers the
network and, in the regional case, the depths of its earthquakes.
"""

from __future__ import annotations

import itertools
from typing import Any

PYOCTO = "wadati.associators.pyocto:PyOcto"

Settings = dict[str, Any]

_CRUST = {"homogeneous": (6200.0, 3580.0)}
_SLAB = {"homogeneous": (7000.0, 4000.0)}
_DEEP = {"depth_range": (0.0, 210_000.0), "association_cutoff_distance": 250_000.0}
_ONLY_P = {
    "n_p_picks": 10,
    "n_s_picks": 0,
    "n_p_and_s_picks": 0,
    "association_cutoff_distance": 400_000.0,
    "min_node_size": 20_000.0,
}


def homogeneous(case: str) -> Settings:
    """The recommended start: one velocity, tolerances of 2 s."""
    loose = {"tolerance": 2.0, "pick_match_tolerance": 2.0}
    return loose | (_SLAB if case in _OWN else _CRUST) | _OWN.get(case, {})


def layered(case: str) -> Settings:
    """The recommended next step: the case's layers, tolerances of 1.5 s."""
    return dict(_OWN.get(case, {}))


_OWN: dict[str, Settings] = {"regional": _DEEP, "ceus-2017": _ONLY_P}


def grid(case: str) -> list[Settings]:
    """What was tried on tuning seeds, one for each combination."""
    is_small = case in ("local", "volcano")
    needs = (
        {"n_picks": 8, "n_p_picks": 3, "n_s_picks": 2, "n_p_and_s_picks": 2},
        {"n_picks": 10, "n_p_picks": 3, "n_s_picks": 3, "n_p_and_s_picks": 3},
    )
    widths = ((0.4, 0.6), (0.8, 0.8)) if is_small else ((0.8, 0.8), (1.2, 1.2))
    if case == "regional":
        widths = ((1.5, 1.5), (2.5, 2.0))
    nodes = (3_000.0, 6_000.0) if is_small else (5_000.0, 10_000.0)
    return [
        layered(case) | need | {"tolerance": width[0], "pick_match_tolerance": width[1], "min_node_size": node}
        for need, width, node in itertools.product(needs, widths, nodes)
    ]


def tuned(case: str) -> Settings:
    """The best of the grid on tuning seeds. The bursts, whose search takes hours, have that of the quiet day; real
    tables the first combination, and where nothing is called S, eight P."""
    return layered(case) | _BEST.get(case, grid(case)[0])


_FEW = {"n_picks": 8, "n_p_picks": 3, "n_s_picks": 2, "n_p_and_s_picks": 2}

_BEST: dict[str, Settings] = {
    "local": _FEW | {"tolerance": 0.4, "pick_match_tolerance": 0.6, "min_node_size": 3_000.0},
    "regional": _FEW | {"tolerance": 1.5, "pick_match_tolerance": 1.5, "min_node_size": 10_000.0},
}
_BEST["volcano"] = _BEST["local"]
_BEST |= dict.fromkeys(
    ("quiet", "burst-200", "burst-1000"),
    _FEW | {"tolerance": 1.2, "pick_match_tolerance": 1.2, "min_node_size": 10_000.0},
)
_BEST["ceus-2017"] = {"n_picks": 8, "n_p_picks": 8, "n_s_picks": 0, "n_p_and_s_picks": 0}
