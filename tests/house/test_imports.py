"""What starting the program may load, measured in a fresh process."""

from __future__ import annotations

import subprocess
import sys

import pytest

HEAVY = ("torch", "numba", "matplotlib", "obspy", "scipy", "pandas", "pyarrow", "onnxruntime", "sqlalchemy", "dask")


PICKERS = ("stalta", "neural", "shipped", "seisbench")


def loaded_after(code: str) -> set[str]:
    script = f"import sys\n{code}\nprint(' '.join(sorted({{name.partition('.')[0] for name in sys.modules}})))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    return set(done.stdout.split("\n")[-2].split())


def test_import_wadati_loads_nothing_heavy() -> None:
    assert loaded_after("import wadati") & {*HEAVY, "numpy"} == set()


def test_the_help_loads_nothing_heavy() -> None:
    code = "from wadati.cli.main import parser; parser().format_help()"
    assert loaded_after(code) & {*HEAVY, "numpy"} == set()


@pytest.mark.parametrize("room", ["signal.axis", *(f"pickers.{name}" for name in PICKERS), "pickers.continuous"])
def test_picking_never_loads_numba_or_torch(room: str) -> None:
    assert loaded_after(f"import wadati.{room}") & {"numba", "torch", "matplotlib", "pandas"} == set()


def test_picking_loads_scipy_only_when_it_measures_amplitudes() -> None:
    assert not loaded_after("import wadati.engine.picking") & {"scipy", "onnxruntime", "obspy"}


def test_the_public_names_are_the_contract() -> None:
    import wadati

    assert wadati.__all__ == [
        "Catalog",
        "Flow",
        "__version__",
        "associate",
        "catalog",
        "demo",
        "evaluate",
        "locate",
        "pick",
    ]
    for name in wadati.__all__:
        assert getattr(wadati, name) is not None
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        wadati.nothing  # noqa: B018
