"""Densities and quality factors of a model that states none."""

from __future__ import annotations

import msgspec

from wadati.model import Layer, VelocityModel

_DENSITY = "density by Brocher (2005)"
_QUALITY = "Qs = 0.02 Vs below 1500 m/s, else 0.1 Vs, Qp = 1.5 Qs by Olsen et al. (2003)"

_STATED = "as stated by the model"
_SLOW = 1500.0


def brocher_density(p_velocity: float) -> float:
    """Density (kg/m³) of rock by its P velocity (m/s), meant for 1.5 to 8.5 km/s.

    Brocher (2005), doi:10.1785/0120050077, equation 1, the Nafe–Drake curve.

    >>> round(brocher_density(6000.0))
    2717
    """
    v = p_velocity / 1000
    return 1000 * (1.6612 * v - 0.4721 * v**2 + 0.0671 * v**3 - 0.0043 * v**4 + 0.000106 * v**5)


def olsen_quality(s_velocity: float) -> tuple[float, float]:
    """Quality factors of P and S by the S velocity (m/s).

    Olsen, Day & Bradley (2003), doi:10.1785/0120020135, found for waves longer than 2 s in the Los Angeles basin.

    >>> olsen_quality(3500.0)
    (525.0, 350.0)
    """
    s_quality = (0.02 if s_velocity < _SLOW else 0.1) * s_velocity
    return 1.5 * s_quality, s_quality


def completed(model: VelocityModel) -> VelocityModel:
    """The model with a density and quality factors in every layer: its own where stated, else by rule (`told`).

    >>> completed(VelocityModel("half-space", (Layer(0.0, 6000.0, 3500.0),))).layers[0].s_quality
    350.0
    """
    return msgspec.structs.replace(model, layers=tuple(_completed(layer) for layer in model.layers))


def told(model: VelocityModel) -> str:
    """Where the densities and quality factors of a completed model come from: of each quantity its own words.

    >>> told(VelocityModel("half-space", (Layer(0.0, 6000.0, 3500.0, density=2700.0),)))
    'density as stated by the model, Qs = 0.02 Vs below 1500 m/s, else 0.1 Vs, Qp = 1.5 Qs by Olsen et al. (2003)'
    """
    heavy = all(layer.density for layer in model.layers)
    lossy = all(layer.p_quality and layer.s_quality for layer in model.layers)
    if heavy and lossy:
        return _STATED
    density = f"density {_STATED}" if heavy else _DENSITY
    return f"{density}, {f'Qp and Qs {_STATED}' if lossy else _QUALITY}"


def _completed(layer: Layer) -> Layer:
    p_quality, s_quality = olsen_quality(layer.s_velocity)
    return msgspec.structs.replace(
        layer,
        density=layer.density or brocher_density(layer.p_velocity),
        p_quality=layer.p_quality or p_quality,
        s_quality=layer.s_quality or s_quality,
    )
