"""Receiver Green tensors: beside layers, by the laws of blocks and frames, and what is refused."""

from __future__ import annotations

import itertools
from pathlib import Path

import msgspec
import numpy as np
import numpy.typing as npt
import pytest
from scipy.signal import butter, sosfiltfilt

from benchmarks.synthetics.layered_strains import LayeredStrains
from tests.greens.conftest import CRUST
from wadati.cli.main import main
from wadati.engine.synthetics.seismograms import Motion, synthetics
from wadati.errors import InputError
from wadati.formats.miniseed import read_miniseed
from wadati.greens.axis import Axis
from wadati.greens.opened import open_store
from wadati.greens.receiver_build import build_receivers
from wadati.greens.receiver_layout import ReceiverContents, Region, planned_receivers
from wadati.greens.receivers import ReceiverGreens
from wadati.greens.storage import create, read_contents
from wadati.greens.stored import StoredGreens
from wadati.model import MomentTensor, PointSource, Station
from wadati.protocols import GreensFunctions, StrainGenerator, Strains
from wadati.traveltime.geodesy import LocalFrame
from wadati.traveltime.models import IASP91

Floats = npt.NDArray[np.float64]

BAND = (0.03, 0.2)
REGION = Region(35.0, -117.0, Axis(-4e3, 2e3, 4), Axis(-4e3, 2e3, 5), Axis(6e3, 2e3, 3))
STATIONS = (Station("XX", "A", 35.25, -117.05, 100.0), Station("XX", "B", 34.85, -117.3, 0.0))
FRAME = LocalFrame(35.0, -117.0)
TENSOR = MomentTensor(1.3e15, -0.4e15, 0.7e15, 0.9e15, -1.1e15, 0.5e15)
ASKED = {"sampling_rate_hz": 1.0, "start_s": -40.0, "samples": 180}


class Pulses:
    """A generator that needs no program: a wave with an amplitude that is linear in the place of a point."""

    name, version, model, model_digest = "pulses", "1", "made up", "earth-of-pulses"
    velocities = (6000.0, 3500.0, 2000.0)

    def __init__(self, rise: float = 1.0, rate: float = 4.0) -> None:
        self.rise, self.rate, self.asked = rise, rate, list[tuple[str, str]]()

    def strains(
        self, receiver: Station, place: tuple[float, float], component: str, points: Floats, until_s: float, _: float
    ) -> Strains:
        self.asked.append((receiver.code, component))
        times = np.arange(int((until_s + 40) * self.rate)) / self.rate - 20
        far = np.sqrt(((points[:, :2] - place) ** 2).sum(axis=1) + points[:, 2] ** 2)
        height = 1e-20 * (1 + points @ [1e-4, 2e-4, 3e-4]) * (1 + "ZNE".index(component))
        # A step that grows as the force does, later by the way of the fastest S wave.
        width = np.hypot(self.rise, 2.0)
        wave = np.exp(-(((times - far[:, None] / 3500.0) / width) ** 2) / 2) / (width * np.sqrt(2 * np.pi))
        strain = np.array([1.0, 2.0, -1.0, 0.5, 0.3, -0.7])
        pulse = np.exp(-((times / self.rise) ** 2) / 2) / (self.rise * np.sqrt(2 * np.pi))
        return Strains(height[:, None, None] * strain[:, None] * wave[:, None], self.rate, pulse)


def place(north: float, east: float) -> tuple[float, float]:
    latitude, longitude = FRAME.to_lat_lon(east, north)
    return float(latitude), float(longitude)


def made(folder: Path, generator: StrainGenerator, block: tuple[int, int, int] = (2, 2, 2)) -> ReceiverContents:
    contents = planned_receivers(generator, STATIONS, REGION, BAND, block)
    whole, problems = build_receivers(str(folder), contents, generator)
    assert problems == []
    return whole


@pytest.fixture(scope="module")
def layered(extra: None, tmp_path_factory: pytest.TempPathFactory) -> ReceiverGreens:
    folder = tmp_path_factory.mktemp("receivers")
    made(folder, LayeredStrains(CRUST))
    return ReceiverGreens(str(folder), CRUST)


@pytest.fixture(scope="module")
def pulses(extra: None, tmp_path_factory: pytest.TempPathFactory) -> ReceiverGreens:
    folder = tmp_path_factory.mktemp("pulses")
    made(folder, Pulses())
    return ReceiverGreens(str(folder))


def test_parts_fill_their_contracts(pulses: ReceiverGreens) -> None:
    assert isinstance(Pulses(), StrainGenerator)
    assert isinstance(LayeredStrains(CRUST), StrainGenerator)
    assert isinstance(pulses, GreensFunctions)


def test_by_reciprocity_forces_at_receivers_answer_as_moments_in_layers(
    layered: ReceiverGreens, greens: StoredGreens
) -> None:
    # One store from moments at sources, the other from slopes of what forces at receivers move; both between nodes.
    rng, shares = np.random.default_rng(5), []
    for _ in range(40):
        north, east, depth = (rng.uniform(axis.start, axis.stop) for axis in REGION.axes)
        a, b = (
            sosfiltfilt(
                butter(4, BAND, "band", fs=1.0, output="sos"),
                store.tensor_responses(*place(north, east), depth, STATIONS, **ASKED),
            )
            for store in (layered, greens)
        )
        shares.append(np.linalg.norm(a - b, axis=(1, 3)) / np.linalg.norm(b, axis=(1, 3)))
    assert np.median(shares) <= 0.01
    assert np.percentile(shares, 99) <= 0.03


def test_z_r_t_are_z_n_e_turned_by_the_way_at_the_station(layered: ReceiverGreens) -> None:
    source = PointSource(0, *place(900.0, -1300.0), 7000.0, TENSOR)
    zne, zrt = (layered.seismograms([source], STATIONS, components=name).samples for name in ("ZNE", "ZRT"))
    onward = np.radians(layered.paths([source.latitude], [source.longitude], [7000.0], STATIONS).onward)[:, None]
    radial = zne[:, 1] * np.cos(onward) + zne[:, 2] * np.sin(onward)
    transverse = zne[:, 2] * np.cos(onward) - zne[:, 1] * np.sin(onward)
    for one, two in ((zne[:, 0], zrt[:, 0]), (radial, zrt[:, 1]), (transverse, zrt[:, 2])):
        assert np.abs(one - two).max() <= 1e-6 * np.abs(zne).max()


def test_a_tensor_of_the_other_sign_moves_the_other_way_and_tensors_add(layered: ReceiverGreens) -> None:
    spot = place(-1700.0, 300.0)
    whole = PointSource(0, *spot, 8200.0, TENSOR)
    other = PointSource(0, *spot, 8200.0, MomentTensor(*(-value for value in TENSOR.components)))
    up, down = (layered.seismograms([one], STATIONS).samples for one in (whole, other))
    np.testing.assert_array_equal(up, -down)
    six = [
        PointSource(0, *spot, 8200.0, MomentTensor(*(value if i == j else 0.0 for j in range(6))))
        for i, value in enumerate(TENSOR.components)
    ]
    parts = layered.seismograms(six, STATIONS).samples.reshape(6, *up.shape).astype(np.float64).sum(axis=0)
    assert np.abs(up - parts).max() <= 1e-6 * np.abs(up).max()


def test_blocks_hold_every_cell_and_how_they_are_cut_changes_nothing(
    extra: None, pulses: ReceiverGreens, tmp_path: Path
) -> None:
    made(tmp_path, Pulses(), (3, 1, 5))
    other = ReceiverGreens(str(tmp_path))
    assert (pulses.contents.blocks, other.contents.blocks) == ((2, 2, 1), (1, 4, 1))
    corners = itertools.product(*((axis.start, axis.start + 0.4 * axis.step, axis.stop) for axis in REGION.axes))
    for north, east, depth in corners:
        source = PointSource(0, *place(north, east), depth, TENSOR)
        np.testing.assert_array_equal(*(store.seismograms([source], STATIONS).samples for store in (pulses, other)))


def test_between_points_what_is_linear_is_exact_and_the_pulse_is_divided_out(
    extra: None, pulses: ReceiverGreens, tmp_path: Path
) -> None:
    # Of a step that grows within seconds only the growth of the wave itself is left, whatever the pulse of the force.
    made(tmp_path, Pulses(rise=0.4, rate=5.0))
    sharp = ReceiverGreens(str(tmp_path))
    spot = north, east, depth = 500.0, -700.0, 7100.0
    source = PointSource(0, *place(north, east), depth, MomentTensor(1.0, 0.0, 0.0, 0.0, 0.0, 0.0))
    for store in (pulses, sharp):
        found = store.seismograms([source], STATIONS)
        height = 1e-20 * (1 + np.dot(spot, [1e-4, 2e-4, 3e-4]))
        np.testing.assert_allclose(found.samples[:, 0, -1], height, rtol=1e-3)
        east_of, north_of = FRAME.to_xy(STATIONS[0].latitude, STATIONS[0].longitude)
        far = np.sqrt((north_of - north) ** 2 + (east_of - east) ** 2 + depth**2)
        times = found.start_s[0] + np.arange(found.samples.shape[2]) / found.sampling_rate_hz
        half = np.interp(0.5 * height, found.samples[0, 0], times)
        assert half == pytest.approx(far / 3500.0, abs=0.02)


def test_the_axes_of_a_tensor_are_those_of_the_earth_not_of_the_frame(extra: None, tmp_path: Path) -> None:
    # 4 degrees east of the middle of a frame its north is 2.3 degrees off the meridian.
    region = msgspec.structs.replace(REGION, east=Axis(360e3, 2e3, 5))
    stations = (Station("XX", "C", 35.2, -113.0, 0.0),)
    generator = LayeredStrains(CRUST)
    build_receivers(str(tmp_path), planned_receivers(generator, stations, region, BAND), generator)
    store = ReceiverGreens(str(tmp_path))
    spot = place(1000.0, 364e3)
    paths = store.paths(*([value] for value in (*spot, 8000.0)), stations)
    assert abs(paths.turn[0]) > 2
    strike = float(paths.onward[0])
    along = PointSource(0, *spot, 8000.0, MomentTensor.of_fault(strike, 90.0, 0.0, 1e15))
    moved = np.abs(store.seismograms([along], stations, components="ZRT").samples[0]).max(axis=1)
    # Along its strike a vertical strike slip moves nothing but T.
    assert moved[:2].max() <= 0.01 * moved[2]


def test_a_store_goes_on_where_it_was_and_names_what_is_missing(extra: None, tmp_path: Path) -> None:
    class Ending(Pulses):
        def strains(self, receiver, *rest) -> Strains:  # type: ignore[no-untyped-def]
            if receiver.code == "B":
                raise InputError("solver", "ended", "start it again")
            return super().strains(receiver, *rest)

    contents = planned_receivers(Pulses(), STATIONS, REGION, BAND)
    with pytest.raises(InputError, match="ended"):
        build_receivers(str(tmp_path), contents, Ending())
    part = open_store(str(tmp_path))
    source = PointSource(0, 35.0, -117.0, 8000.0, TENSOR)
    strangers = [*STATIONS, Station("XX", "D", 35.1, -117.0, 0.0), Station("XX", "A", 35.26, -117.05, 100.0)]
    (found,), left_out = synthetics(part, [source], strangers, Motion())
    assert [station.code for station in found.stations] == ["A"]
    told = [(one.subject, one.wrong) for one in left_out]
    assert told[0] == ("XX.B", "is a receiver of the store that is not made yet")
    assert told[1] == ("XX.D", "is none of the store's 2 receivers")
    assert told[2][1].startswith("stands 1109 m from the receiver of its name")
    for station in strangers[1:]:
        with pytest.raises(InputError, match=f"station {'.'.join(station.key)} (is|stands)"):
            part.tensor_responses(35.0, -117.0, 8000.0, [station], **ASKED)
    again = Pulses()
    build_receivers(str(tmp_path), contents, again)
    assert {code for code, _ in again.asked} == {"B"}
    assert part.left_out([35.0], [-117.0], STATIONS) == (None, None)
    np.testing.assert_array_equal(
        part.seismograms([source], STATIONS).samples, open_store(str(tmp_path)).seismograms([source], STATIONS).samples
    )


@pytest.mark.parametrize(
    ("north", "depth", "rate", "wrong"),
    [
        (2500.0, 8000.0, 1.0, "a source 2.500 km north is outside its region"),
        (0.0, 5000.0, 1.0, "a source 5.000 km deep is outside"),
        (0.0, 8000.0, 0.05, "hold nothing of its band"),
    ],
)
def test_what_lies_outside_is_refused(
    pulses: ReceiverGreens, north: float, depth: float, rate: float, wrong: str
) -> None:
    with pytest.raises(InputError, match=wrong):
        pulses.tensor_responses(*place(north, 0.0), depth, STATIONS, **(ASKED | {"sampling_rate_hz": rate}))


def test_another_model_and_another_kind_are_refused(layered: ReceiverGreens, small_store: str) -> None:
    url = layered.url
    assert isinstance(open_store(url, CRUST), ReceiverGreens)
    assert isinstance(open_store(small_store, CRUST), StoredGreens)
    assert ReceiverGreens(url, layered.contents.model_digest).band == BAND
    for model in (IASP91, "another"):
        with pytest.raises(InputError, match="was made for another model: two layers"):
            ReceiverGreens(url, model)
    with pytest.raises(InputError, match="holds Green's functions of receivers"):
        StoredGreens(url)
    with pytest.raises(InputError, match="holds Green's functions of flat layers"):
        ReceiverGreens(small_store)


def test_a_kind_that_is_not_known_is_refused(extra: None, pulses: ReceiverGreens, tmp_path: Path) -> None:
    create(str(tmp_path), pulses.contents).attrs.update({"wadati": {"kind": "spheres", "format": 1}})
    with pytest.raises(InputError, match="of a kind 'spheres'; use a newer version"):
        read_contents(str(tmp_path))


@pytest.mark.parametrize(
    ("spoiled", "wrong"),
    [
        (lambda one: msgspec.structs.replace(one, rates=one.rates * np.nan), "gives numbers that are none"),
        (lambda one: msgspec.structs.replace(one, rates=one.rates[..., :60]), "strains end "),
        (lambda one: msgspec.structs.replace(one, sampling_rate_hz=0.5), "do not hold 0.32 Hz"),
        (lambda one: msgspec.structs.replace(one, pulse=np.eye(160)[:, :40].sum(axis=1)), "its force holds too little"),
    ],
)
def test_strains_that_cannot_be_used_are_refused(extra: None, tmp_path: Path, spoiled, wrong: str) -> None:  # type: ignore[no-untyped-def]
    class Spoiled(Pulses):
        def strains(self, *given) -> Strains:  # type: ignore[no-untyped-def]
            return spoiled(super().strains(*given))  # type: ignore[no-any-return]

    with pytest.raises(InputError, match=wrong):
        build_receivers(str(tmp_path), planned_receivers(Pulses(), STATIONS, REGION, BAND), Spoiled())


def test_the_command_takes_either_kind(
    layered: ReceiverGreens, small_store: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    table = tmp_path / "stations.csv"
    rows = [f"{one.network},{one.code},,HHZ,{one.latitude},{one.longitude},{one.elevation}" for one in STATIONS]
    table.write_text("network,station,location,channel,latitude,longitude,elevation_m\n" + "\n".join(rows) + "\n")
    asked = ["--latitude", "35.0", "--longitude", "-117.0", "--depth", "9", "--strike", "30", "--dip", "60"]
    asked += ["--rake", "20", "--magnitude", "4.5", "--stations", str(table), "--kind", "velocity"]
    found = []
    for url in (layered.url, small_store):
        assert main(["synthetics", "--greens", url, "--output", str(tmp_path), *asked]) == 0
        found.append(read_miniseed(tmp_path / "synthetics.mseed")[0])
    for one, two in zip(*found, strict=True):
        assert one.source_id == two.source_id
        assert np.abs(one.data).max() == pytest.approx(np.abs(two.data).max(), rel=0.05)
    table.write_text(table.read_text() + "XX,NEW,,HHZ,35.1,-117,0\n")
    assert main(["synthetics", "--greens", layered.url, "--output", str(tmp_path), *asked]) == 4
    assert "XX.NEW: is none of the store's 2 receivers; make the store with it" in capsys.readouterr().err


def test_a_store_in_a_bucket_is_that_in_a_folder(extra: None, moto: str, pulses: ReceiverGreens) -> None:
    boto3 = pytest.importorskip("boto3")
    boto3.client("s3", endpoint_url=moto, region_name="us-east-1").create_bucket(Bucket="receivers")
    url = f"s3://receivers/pulses?endpoint={moto}&region=us-east-1"
    build_receivers(url, planned_receivers(Pulses(), STATIONS, REGION, BAND, (2, 2, 2)), Pulses())
    spot = place(-300.0, 1100.0)
    one, two = (store.tensor_responses(*spot, 7700.0, STATIONS, **ASKED) for store in (open_store(url), pulses))
    np.testing.assert_array_equal(one, two)
