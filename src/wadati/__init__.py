"""Wadati: from continuous waveforms to an earthquake catalog.

Each command is a function here; its heavy parts are loaded when it is first asked for:

- `catalog(waveforms, stations, output=None)`: the whole chain
- `pick`, `associate`, `locate`: one stage alone
- `evaluate(candidate, reference)`: a catalog beside another
- `demo(output, seed=1)`: a simulated network with known truth

>>> import wadati
>>> wadati.Flow(picker="stalta").velocity_model
'southern-california'
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from wadati.engine.demo import demo
    from wadati.engine.flow import Flow
    from wadati.engine.local import associate, catalog, locate, pick
    from wadati.engine.scoring import evaluate
    from wadati.model import Catalog

__version__ = "0.1.0"

__all__ = ["Catalog", "Flow", "__version__", "associate", "catalog", "demo", "evaluate", "locate", "pick"]

_HOMES = {
    "Catalog": "wadati.model",
    "Flow": "wadati.engine.flow",
    "associate": "wadati.engine.local",
    "catalog": "wadati.engine.local",
    "demo": "wadati.engine.demo",
    "evaluate": "wadati.engine.scoring",
    "locate": "wadati.engine.local",
    "pick": "wadati.engine.local",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'wadati' has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return sorted(__all__)
