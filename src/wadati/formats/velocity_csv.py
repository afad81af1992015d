"""Layered velocity models as a table.

Columns `depth_km,vp_km_s,vs_km_s`: the top of each layer below sea level and its velocities, the last a half-space.
The header may shorten the names (`depth,vp,vs`, in km and km/s); with `thickness_km` in place of the depth, layers are
stacked from sea level down and the last one, of thickness 0, is the half-space. `density_g_cm3` and, together, the
quality factors `qp` and `qs` are read where there are such columns. Other columns do not matter.
Comment lines `# name: ...` and `# source: ...` name and cite the model.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable
from decimal import Decimal, InvalidOperation
from pathlib import Path

from wadati.errors import InputError, UsageError
from wadati.formats.atomic import atomic_write
from wadati.model import Layer, VelocityModel

_NAMES = {
    "depth": "depth",
    "depth_km": "depth",
    "top_km": "depth",
    "thickness": "thickness",
    "thickness_km": "thickness",
    "vp": "vp",
    "vp_km_s": "vp",
    "vs": "vs",
    "vs_km_s": "vs",
    "density_g_cm3": "density",
    "qp": "qp",
    "qs": "qs",
}
_OPTIONAL = ("density", "qp", "qs")
_MEND = "write the columns depth_km,vp_km_s,vs_km_s: the top of each layer, from the top down, the last a half-space"
_THOUSAND = Decimal(1000)

Lines = list[tuple[int, str]]
Numbers = tuple[Decimal, ...]


def read_velocity_model(path: Path) -> VelocityModel:
    """The model of a file; its name is that of the comment, else of the file.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder) / "two.csv"
    ...     _ = path.write_text("depth_km,vp_km_s,vs_km_s\\n0,5.5,3.18\\n16,6.7,3.87\\n")
    ...     read_velocity_model(path).layers[1]
    Layer(top=16000.0, p_velocity=6700.0, s_velocity=3870.0)

    Raises `InputError` for a file that is no such table or whose layers cannot be meant.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise InputError(path, f"cannot be read ({error.strerror})", "name an existing file") from None
    except UnicodeDecodeError:
        raise InputError(path, "is not text", _MEND) from None
    lines = [(number, line.strip()) for number, line in enumerate(text.splitlines(), 1) if line.strip()]
    notes = dict(_note(line) for _, line in lines if line.startswith("#"))
    table = [(number, line) for number, line in lines if not line.startswith("#")]
    columns = _columns(path, table)
    rows = [_row(path, number, line, columns) for number, line in table[1:]]
    if "thickness" in columns:
        rows = _stack(path, rows)
    stated = [name for name in _OPTIONAL if name in columns]
    layers = tuple(_layer(row, stated) for row in rows)
    try:
        return VelocityModel(notes.get("name") or path.stem, layers, notes.get("source", ""))
    except UsageError as error:
        raise InputError(path, str(error), _MEND) from None


def write_velocity_model(model: VelocityModel, path: Path) -> None:
    """Write a model, atomically; reading gives it back."""
    names = ["depth_km", "vp_km_s", "vs_km_s"]
    columns = [[_kilometres(value) for value in layer] for layer in _transposed(model)]
    if all(layer.density is not None for layer in model.layers):
        names.append("density_g_cm3")
        columns.append([_kilometres(layer.density or 0.0) for layer in model.layers])
    if all(layer.p_quality is not None and layer.s_quality is not None for layer in model.layers):
        names += ["qp", "qs"]
        columns.append([repr(layer.p_quality) for layer in model.layers])
        columns.append([repr(layer.s_quality) for layer in model.layers])
    rows = [",".join(names), *(",".join(row) for row in zip(*columns, strict=True))]
    notes = [f"# name: {model.name}"] + ([f"# source: {model.source}"] if model.source else [])
    with atomic_write(path) as partial:
        partial.write_text("\n".join([*notes, *rows]) + "\n", encoding="utf-8")


def _transposed(model: VelocityModel) -> Iterable[Iterable[float]]:
    return zip(*((layer.top, layer.p_velocity, layer.s_velocity) for layer in model.layers), strict=True)


def _layer(row: Numbers, stated: list[str]) -> Layer:
    """A layer of numbers in km, km/s and g/cm³, those after the third in the order of `stated`."""
    top, vp, vs = (float(value * _THOUSAND) for value in row[:3])
    rest = dict(zip(stated, row[3:], strict=True))
    density = float(rest["density"] * _THOUSAND) if "density" in rest else None
    qp, qs = (float(rest[name]) if name in rest else None for name in ("qp", "qs"))
    return Layer(top, vp, vs, density, qp, qs)


def _note(line: str) -> tuple[str, str]:
    key, _, value = line.lstrip("# ").partition(":")
    return key.strip().lower(), value.strip()


def _columns(path: Path, table: Lines) -> dict[str, int]:
    names = _fields(table[0][1]) if table else []
    columns = {_NAMES[name.lower()]: i for i, name in enumerate(names) if name.lower() in _NAMES}
    missing = {"vp", "vs"} - columns.keys()
    if missing or ("depth" in columns) == ("thickness" in columns):
        raise InputError(path, f"its header {','.join(names)!r} is not that of a velocity model", _MEND)
    if ("qp" in columns) != ("qs" in columns):
        del columns["qp" if "qp" in columns else "qs"]
    return columns


def _row(path: Path, number: int, line: str, columns: dict[str, int]) -> Numbers:
    fields = _fields(line)
    vertical = "thickness" if "thickness" in columns else "depth"
    names = (vertical, "vp", "vs", *(name for name in _OPTIONAL if name in columns))
    try:
        numbers = tuple(Decimal(fields[columns[name]]) for name in names)
    except (IndexError, InvalidOperation):
        raise InputError(f"{path}, line {number}", f"{line!r} lacks a number", _MEND) from None
    if not all(value.is_finite() for value in numbers):
        raise InputError(f"{path}, line {number}", f"{line!r} has a number that is not finite", _MEND)
    return numbers


def _stack(path: Path, rows: Iterable[Numbers]) -> list[Numbers]:
    tops, top, last = [], Decimal(0), Decimal(0)
    for thickness, *rest in rows:
        tops.append((top, *rest))
        top, last = top + thickness, thickness
    if last != 0:
        wrong = f"its last layer is {last} km thick, so that nothing is known below"
        raise InputError(path, wrong, "give the half-space as the last layer, with a thickness of 0")
    return tops


def _fields(line: str) -> list[str]:
    return [field.strip() for field in next(csv.reader([line]), [])]


def _kilometres(value: float) -> str:
    return format(Decimal(repr(value)) / _THOUSAND, "f")
