"""Databases of AxiSEM: beside a full space, beside Instaseis, and as stores."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from tests.greens import axisem_files
from tests.greens.axisem_files import RATE, SAMPLES, SHIFT, force_motion
from wadati.cli.main import main
from wadati.errors import InputError
from wadati.formats.velocity_csv import write_velocity_model
from wadati.greens.answers import resampled
from wadati.greens.axisem import AxisemDatabase
from wadati.greens.elementary import radiation, to_north_east
from wadati.greens.opened import open_store
from wadati.greens.source_time import SourceTime
from wadati.model import Layer, MomentTensor, PointSource, Station, VelocityModel
from wadati.protocols import GreensGenerator
from wadati.testing.full_space import FullSpace
from wadati.traveltime.geodesy import destination

Floats = npt.NDArray[np.float64]

SPHERE, FLAT = 6371e3, 637100e3
"""Radii of the earth, and of one so large that it is flat."""
JUDGE = Path(__file__).parents[2] / ".venv-instaseis" / "bin" / "python"
ROCK = VelocityModel("rock", (Layer(0.0, axisem_files.P, axisem_files.S, axisem_files.DENSITY, 1e6, 1e6),))


@pytest.fixture(scope="module", autouse=True)
def hdf5() -> None:
    pytest.importorskip("h5py", reason="databases of AxiSEM: h5py is not installed (extra greens)")


@pytest.fixture(scope="module")
def flat(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("flat") / "database"
    axisem_files.write(folder, FLAT, merged=False)
    return folder


def strain(direction: int, way: Floats) -> Floats:
    """Of the wave of a force, by differences over 100 m: shape (axis, axis, time)."""
    times = np.arange(SAMPLES) / RATE - SHIFT
    beside = [force_motion((way + h * np.eye(3)), direction, times) for h in (50.0, -50.0)]
    slopes = (beside[0] - beside[1]) / 100.0
    return np.asarray(slopes + np.swapaxes(slopes, 0, 1)) / 2


@pytest.mark.parametrize(("depth", "distance"), [(15e3, 95e3), (3e3, 150.5e3), (38e3, 61e3)])
def test_functions_are_those_of_the_wave_that_the_files_hold(flat: Path, depth: float, distance: float) -> None:
    # The source's north is towards the station; x is from the station to the source, z up.
    up, along, around = (strain(axis, np.array([distance, 0.0, -depth])) for axis in (2, 0, 1))

    def even(e: Floats) -> list[Floats]:
        nn, ee, dd, nd = e[0, 0], e[1, 1], e[2, 2], e[0, 2]
        return [nn - ee, 2 * nd, 2 * dd - nn - ee, nn + ee + dd]

    truth = [*even(up), *(-row for row in even(along)), 2 * around[0, 1], 2 * around[1, 2]]
    found = AxisemDatabase(flat).functions(depth, distance)
    # Polynomials of the fourth order over 20 km: the waves of 20 s are 70 km long.
    strongest = max(np.linalg.norm(row) for row in truth)
    for one, other in zip(found, truth, strict=True):
        assert np.linalg.norm(one - other) <= 0.01 * strongest


@pytest.mark.parametrize(("merged", "time_first"), [(True, False), (False, True)])
def test_every_layout_holds_the_same(flat: Path, tmp_path: Path, merged: bool, time_first: bool) -> None:
    axisem_files.write(tmp_path, FLAT, merged=merged, time_first=time_first)
    one, two = (AxisemDatabase(folder).functions(15e3, 95e3) for folder in (flat, tmp_path))
    np.testing.assert_allclose(one, two, rtol=0, atol=1e-9 * np.abs(one).max())


def geodesic(receiver: tuple[float, float], source: tuple[float, float]) -> tuple[float, float, float]:
    """On a sphere: angle (radians), azimuth at the source towards the receiver, azimuth at the receiver onward."""
    (a, b), (c, d) = np.radians(receiver), np.radians(source)
    angle = np.arccos(np.sin(a) * np.sin(c) + np.cos(a) * np.cos(c) * np.cos(d - b))

    def azimuth(la: float, lo: float, to_la: float, to_lo: float) -> float:
        along = np.cos(la) * np.sin(to_la) - np.sin(la) * np.cos(to_la) * np.cos(to_lo - lo)
        return float(np.degrees(np.arctan2(np.sin(to_lo - lo) * np.cos(to_la), along)))

    return float(angle), azimuth(c, d, a, b), azimuth(a, b, c, d) + 180.0


def test_seismograms_are_those_of_instaseis(tmp_path: Path) -> None:
    if not JUDGE.exists():
        pytest.skip("Instaseis is not there: make test-instaseis")
    folders = [tmp_path / "ordered", tmp_path / "merged"]
    for folder in folders:
        axisem_files.write(folder, SPHERE, merged=folder.name == "merged")
    receiver, rng = (10.0, 20.0), np.random.default_rng(2)
    sources = []
    for _ in range(12):
        north, east = rng.uniform(0.3, 1.2, 2) * rng.choice((-1.0, 1.0), 2)
        tensor = rng.normal(size=6) * 1e15
        sources.append((receiver[0] + north, receiver[1] + east, float(rng.uniform(2e3, 38e3)), tensor.tolist()))
    job = {"folders": list(map(str, folders)), "receiver": receiver, "sources": sources}
    (tmp_path / "job.json").write_text(json.dumps(job))
    script = Path(__file__).with_name("instaseis_judge.py")
    subprocess.run([JUDGE, script, tmp_path / "job.json", tmp_path / "out.npy"], check=True, capture_output=True)
    for folder, judged in zip(folders, np.load(tmp_path / "out.npy"), strict=True):
        database = AxisemDatabase(folder)
        for theirs, (latitude, longitude, depth, tensor) in zip(judged, sources, strict=True):
            angle, azimuth, onward = geodesic(receiver, (latitude, longitude))
            functions = database.functions(depth, angle * SPHERE)
            shares = radiation(tensor, azimuth)
            z, r, t = shares[:4] @ functions[:4], shares[:4] @ functions[4:8], shares[4:] @ functions[8:]
            n, e = to_north_east(r[None], t[None], np.array([onward]))
            ours = np.stack([z, n[0], e[0]])
            assert np.linalg.norm(ours - theirs) <= 1e-4 * np.linalg.norm(theirs)


def test_an_imported_database_answers_as_a_store(flat: Path, tmp_path: Path) -> None:
    write_velocity_model(ROCK, tmp_path / "rock.csv")
    url = str(tmp_path / "store")
    ranges = ["--distances", "60:160:5", "--depths", "5:35:5", "--band", "0.01:0.045"]
    assert main(["greens", "import", str(flat), "--model", str(tmp_path / "rock.csv"), *ranges, "--to", url]) in (0, 4)
    store = open_store(url, ROCK)
    assert store.contents.generator == "axisem"
    assert store.contents.attenuation == "as in the database"
    spot = destination(35.0, -117.0, 103e3, 40.0)
    stations = [Station("XX", "A", float(spot[0]), float(spot[1]), 0.0)]
    source = PointSource(0, 35.0, -117.0, 17e3, MomentTensor(0.4e15, -1.1e15, 0.7e15, 0.9e15, -0.3e15, 0.6e15))
    found = store.seismograms([source], stations, source_time=SourceTime("half-sine", 30.0))
    times = np.arange(-100.0, 200.0, 2.0)
    ours = resampled(found, times, 0.5)[0]
    # The moment of the full space rises around time 0.
    space = FullSpace(axisem_files.P, axisem_files.S, axisem_files.DENSITY, rise_s=30.0)
    asked = {"sampling_rate_hz": 0.5, "start_s": times[0] - 15.0, "samples": len(times)}
    theirs = space.tensor_responses(35.0, -117.0, 17e3, stations, **asked)[0]
    theirs = np.einsum("ctx,t->cx", theirs, source.tensor.components)
    assert np.linalg.norm(ours - theirs) <= 0.03 * np.linalg.norm(theirs)


def test_the_generator_fills_its_contract_and_refuses_what_it_does_not_hold(flat: Path, tmp_path: Path) -> None:
    database = AxisemDatabase(flat)
    assert isinstance(database, GreensGenerator)
    with pytest.raises(InputError, match="has no element 60 km deep, 90 km away"):
        database.functions(60e3, 90e3)
    with pytest.raises(InputError, match=r"holds neither merged_output.nc4 nor ordered_output.nc4"):
        AxisemDatabase(tmp_path)
    dump = "dump type (displ_only, displ_velo, fullfields)"
    for name, words, more in (
        ("a", "'fullfields'; only 'displ_only' is read", {dump: "fullfields"}),
        ("b", "'errorf'; only 'gauss_0' is read", {"source time function": "errorf"}),
    ):
        axisem_files.write(tmp_path / name, FLAT, merged=True, **more)
        with pytest.raises(InputError, match=words):
            AxisemDatabase(tmp_path / name)


@pytest.mark.parametrize(
    ("ranges", "words"),
    [
        (["--distances", "60:160:50", "--band", "0.01:0.2"], "is right up to 0.05 Hz, one over its dominant period"),
        (["--distances", "60:160:50", "--band", "0.001:0.045"], "lasts 275 s"),
    ],
)
def test_what_a_database_cannot_give_is_told(
    flat: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], ranges: list[str], words: str
) -> None:
    write_velocity_model(ROCK, tmp_path / "rock.csv")
    asked = ["--model", str(tmp_path / "rock.csv"), "--depths", "5:35:15", "--to", str(tmp_path / "store")]
    assert main(["greens", "import", str(flat), *asked, *ranges]) == 3
    assert words in capsys.readouterr().err


def test_import_needs_the_model_and_build_takes_no_other(flat: Path, capsys: pytest.CaptureFixture[str]) -> None:
    ranges = ["--distances", "60:160:50", "--depths", "5:35:15", "--band", "0.01:0.045", "--to", "nowhere"]
    assert main(["greens", "import", str(flat), *ranges]) == 2
    assert "--model is needed" in capsys.readouterr().err
    assert main(["greens", "build", "gil7", "--model", "gil7", *ranges]) == 2
    assert "--model is for import" in capsys.readouterr().err
