"""Published one-dimensional models by name."""

from __future__ import annotations

from wadati.errors import UsageError
from wadati.model import Layer, VelocityModel

SOUTHERN_CALIFORNIA = VelocityModel(
    "southern-california",
    tuple(
        Layer(top, p_velocity, p_velocity / 1.73)
        for top, p_velocity in ((0.0, 5500.0), (5500.0, 6300.0), (16000.0, 6700.0), (32000.0, 7800.0))
    ),
    "Hadley & Kanamori (1977), doi:10.1130/0016-7606(1977)88<1469:SSOTTR>2.0.CO;2, with Vp/Vs 1.73, "
    "as the Southern California Seismic Network uses it; crustal earthquakes within 300 km",
)
"""The crust of southern California."""

GIL7 = VelocityModel(
    "gil7",
    (
        Layer(0.0, 3200.0, 1500.0),
        Layer(1000.0, 4500.0, 2400.0),
        Layer(3000.0, 4800.0, 2780.0),
        Layer(4000.0, 5510.0, 3180.0),
        Layer(5000.0, 6210.0, 3400.0),
        Layer(17000.0, 6890.0, 3980.0),
        Layer(25000.0, 7830.0, 4520.0),
    ),
    "Dreger & Romanowicz (1994), Source characteristics of events in the San Francisco Bay region, USGS Open-File "
    "Report 94-176, 301–309; northern California Coast Ranges within 300 km",
)
"""The crust of the northern California Coast Ranges."""

IASP91 = VelocityModel(
    "iasp91",
    (Layer(0.0, 5800.0, 3360.0), Layer(20000.0, 6500.0, 3750.0), Layer(35000.0, 8040.0, 4470.0)),
    "Kennett & Engdahl (1991), doi:10.1111/j.1365-246X.1991.tb06724.x, crust and uppermost mantle; continents within "
    "500 km",
)
"""The average continent."""

AK135 = VelocityModel(
    "ak135",
    (Layer(0.0, 5800.0, 3460.0), Layer(20000.0, 6500.0, 3850.0), Layer(35000.0, 8040.0, 4480.0)),
    "Kennett, Engdahl & Buland (1995), doi:10.1111/j.1365-246X.1995.tb03540.x, crust and uppermost mantle; continents "
    "within 500 km",
)
"""The average continent, its shear waves fitted better."""

DEFAULT = SOUTHERN_CALIFORNIA
"""What is used where nobody names a model."""

_MODELS = {model.name: model for model in (SOUTHERN_CALIFORNIA, GIL7, IASP91, AK135)}


def names() -> tuple[str, ...]:
    """The names one can ask for, in order.

    >>> names()
    ('ak135', 'gil7', 'iasp91', 'southern-california')
    """
    return tuple(sorted(_MODELS))


def named(name: str) -> VelocityModel:
    """The published model of a name. Raises `UsageError`, which lists the names, for one that is not here.

    >>> named("iasp91").velocity("P", 25000.0)
    6500.0
    """
    if name not in _MODELS:
        raise UsageError(f"no velocity model is called {name!r}; there are: {', '.join(names())}")
    return _MODELS[name]
