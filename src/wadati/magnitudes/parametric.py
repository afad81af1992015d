"""An attenuation relation of one's own, from a file: a·log10(r/r0) + b·(r − r0) + c."""

from __future__ import annotations

import math
from pathlib import Path
from typing import final

import msgspec
import numpy as np
import numpy.typing as npt

from wadati.errors import InputError
from wadati.units import KILOMETRE

Floats = npt.NDArray[np.float64]


class _Coefficients(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    name: str
    a: float
    b: float
    c: float
    reference_km: float
    nearest_km: float
    farthest_km: float
    doi: str = ""
    magnification: float = 2080.0


@final
class Parametric:
    """−log10 A0 = a·log10(r/r0) + b·(r − r0) + c with r in km, from a TOML file.

    The file has `name`, `a`, `b` (per km), `c`, `reference_km` (r0), `nearest_km` and `farthest_km` (where the relation
    holds; stations outside have no part), and may have `doi` and `magnification` (of the seismograph whose amplitudes
    in mm the relation is for; 2080). Raises `InputError` naming the file and what is wrong.

    >>> import tempfile
    >>> lines = "a = 1.11\\nb = 0.00189\\nc = 3.0\\nreference_km = 100\\nnearest_km = 10\\nfarthest_km = 700"
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder, "relation.toml")
    ...     _ = path.write_text('name = "here"\\n' + lines)
    ...     relation = Parametric(str(path))
    >>> relation.name, relation.distance_range, float(relation.correction(np.array([100e3]))[0])
    ('here', (10000.0, 700000.0), 3.0)
    """

    argument = "FILE.toml"

    def __init__(self, path: str) -> None:
        found = _read(Path(path))
        self.name, self.doi, self.magnification = found.name, found.doi, found.magnification
        self.distance_range = (found.nearest_km * KILOMETRE, found.farthest_km * KILOMETRE)
        self._coefficients = found

    def correction(self, hypocentral_distance: Floats) -> Floats:
        """−log10 A0 at hypocentral distances (m)."""
        own = self._coefficients
        r = hypocentral_distance / KILOMETRE
        return np.asarray(own.a * np.log10(r / own.reference_km) + own.b * (r - own.reference_km) + own.c)


def _read(path: Path) -> _Coefficients:
    fields = ", ".join(_Coefficients.__struct_fields__)
    try:
        found = msgspec.toml.decode(path.read_bytes(), type=_Coefficients)
    except OSError as error:
        raise InputError(path, f"cannot be read ({error.strerror})", "name an existing TOML file") from None
    except (msgspec.ValidationError, msgspec.DecodeError) as error:
        raise InputError(path, f"is no attenuation relation: {error}", f"fields are {fields}") from None
    numbers = [getattr(found, name) for name in ("a", "b", "c", "reference_km", "farthest_km", "magnification")]
    if not all(map(math.isfinite, numbers)) or not 0 <= found.nearest_km < found.farthest_km:
        raise InputError(path, "its numbers are not finite with 0 ≤ nearest_km < farthest_km", "mend them")
    if found.reference_km <= 0 or found.magnification <= 0:
        raise InputError(path, "reference_km and magnification must be above 0", "give r0 in km, and 2080 or 2800")
    return found
