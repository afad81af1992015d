"""Earth models: velocities in flat layers."""

from __future__ import annotations

import itertools

import msgspec

from wadati.errors import UsageError


class Layer(msgspec.Struct, frozen=True, omit_defaults=True, repr_omit_defaults=True):
    """A layer of constant velocity: `top` in metres below sea level (negative above it), velocities in m/s.

    `density` (kg/m³) and the quality factors of P and S are None where the model does not state them.
    """

    top: float
    p_velocity: float
    s_velocity: float
    density: float | None = None
    p_quality: float | None = None
    s_quality: float | None = None


class VelocityModel(msgspec.Struct, frozen=True):
    """Flat layers from the top down; the first reaches up to any elevation, the last is a half-space.

    `source` cites where the numbers are from.

    >>> model = VelocityModel("two", (Layer(0.0, 5500.0, 3180.0), Layer(16000.0, 6700.0, 3870.0)))
    >>> model.velocity("P", 20000.0), model.velocity("S", -500.0)
    (6700.0, 3180.0)
    """

    name: str
    layers: tuple[Layer, ...]
    source: str = ""

    def __post_init__(self) -> None:
        if not self.layers:
            raise UsageError(f"velocity model {self.name}: no layers; give at least a half-space")
        tops = [layer.top for layer in self.layers]
        if any(lower <= upper for upper, lower in itertools.pairwise(tops)):
            raise UsageError(f"velocity model {self.name}: layer tops must increase downwards, not {tops}")
        for layer in self.layers:
            if not layer.p_velocity > layer.s_velocity > 0:
                raise UsageError(
                    f"velocity model {self.name}: at {layer.top} m need Vp > Vs > 0, not Vp {layer.p_velocity} and "
                    f"Vs {layer.s_velocity}"
                )
            stated = (layer.density, layer.p_quality, layer.s_quality)
            if any(value is not None and not value > 0 for value in stated):
                raise UsageError(f"velocity model {self.name}: at {layer.top} m need density, Qp and Qs above 0")

    def velocity(self, phase: str, depth: float) -> float:
        """Velocity (m/s) of `P` or `S` at a depth (m below sea level); on a boundary that of the layer below."""
        inside = self.layers[0]
        for layer in self.layers:
            if layer.top <= depth:
                inside = layer
        return inside.p_velocity if phase == "P" else inside.s_velocity
