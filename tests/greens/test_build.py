"""A store is made, goes on after a kill, and refuses what it does not hold."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import msgspec
import numpy as np
import pytest

from tests.greens.conftest import CRUST
from wadati.engine.greens_building import build_store
from wadati.errors import InputError, MissingExtraError, UsageError
from wadati.greens.axis import Axis, parse_axis, parse_band
from wadati.greens.checks import LIMITS
from wadati.greens.layout import FORMAT, MEASURES, planned
from wadati.greens.medium import completed
from wadati.greens.pygrt import PyGrt
from wadati.greens.quantisation import quantised
from wadati.greens.storage import read_contents
from wadati.greens.stored import StoredGreens
from wadati.model import Layer, Station, VelocityModel
from wadati.protocols import GreensFunctions, GreensGenerator, ReducedTime
from wadati.traveltime.models import IASP91

Traces = np.ndarray[tuple[int, ...], np.dtype[np.float64]]
AXES = Axis(20e3, 2e3, 20), Axis(5e3, 1e3, 3)
BAND = (0.05, 0.2)


class Pulse:
    """A generator that needs no program: a pulse that spreads with one velocity, another for each function."""

    name = "pulse"
    version = "1"

    def __init__(self) -> None:
        self.depths: list[float] = []

    def elementary(
        self, model: VelocityModel, depth: float, distances: list[float], timing: ReducedTime, highest_hz: float
    ) -> Traces:
        self.depths.append(depth)
        far = np.hypot(distances, depth)[:, None, None]
        times = timing.start_s + far / timing.velocity + np.arange(2 * timing.samples) / timing.sampling_rate_hz
        height = 1e-15 / far * (1 + np.arange(10))[:, None]
        return np.asarray(height * np.exp(-(((times - far / 4000.0 - 12.0) / 3.0) ** 2)))


def test_parts_fill_their_contracts(extra: None, pulses: StoredGreens) -> None:
    assert isinstance(Pulse(), GreensGenerator)
    assert isinstance(PyGrt(), GreensGenerator)
    assert isinstance(pulses, GreensFunctions)


def test_what_was_made_says_what_it_holds_and_how_right_it_is(extra: None, tmp_path: Path) -> None:
    whole, problems = build_store(str(tmp_path), CRUST, *AXES, BAND, generator=Pulse())
    _, told = read_contents(str(tmp_path))
    assert told == whole
    assert problems == []
    assert (told.generator, told.band, told.distances, told.model.name) == ("pulse", BAND, AXES[0], "two layers")
    assert told.attenuation == "as stated by the model"
    assert told.checked is not None
    assert tuple(told.checked) == MEASURES
    assert all(share <= LIMITS[name] for name, share in told.checked.items())


def test_making_it_again_makes_nothing_and_another_earth_is_refused(extra: None, tmp_path: Path) -> None:
    again = Pulse()
    first, _ = build_store(str(tmp_path), CRUST, *AXES, BAND, generator=Pulse())
    assert build_store(str(tmp_path), CRUST, *AXES, BAND, generator=again)[0] == first
    assert again.depths == []
    with pytest.raises(InputError, match=r"holds Green's functions of two layers"):
        build_store(str(tmp_path), IASP91, *AXES, BAND, generator=again)
    with pytest.raises(InputError, match="was made for another model"):
        StoredGreens(str(tmp_path), IASP91)


def test_what_other_settings_began_is_not_gone_on_with(
    extra: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    build_store(str(tmp_path), CRUST, *AXES, BAND, generator=Pulse())
    newer = Pulse()
    newer.version = "2"
    with pytest.raises(InputError, match=r"by pulse 1; name another place for those of .*, by pulse 2"):
        build_store(str(tmp_path), CRUST, *AXES, BAND, generator=newer)
    assert newer.depths == []
    before = PyGrt().version
    monkeypatch.setattr("wadati.greens.pygrt.WAVENUMBERS", "+f+k7")
    assert PyGrt().version != before


def test_several_at_once_give_what_one_gives(extra: None, tmp_path: Path) -> None:
    for workers in (1, 3):
        build_store(str(tmp_path / str(workers)), CRUST, *AXES, BAND, generator=Pulse(), workers=workers)
    one, three = (read_contents(str(tmp_path / name))[0] for name in ("1", "3"))
    for name in ("traces", "scale", "quality"):
        np.testing.assert_array_equal(one[name][:], three[name][:])


def test_what_was_there_when_it_was_killed_stays_and_the_rest_follows(extra: None, tmp_path: Path) -> None:
    url = str(tmp_path / "store")
    script = (
        "import sys, threading\n"
        f"sys.path.insert(0, {str(Path.cwd())!r})\n"
        "from tests.greens.test_build import *\n"
        "class Held(Pulse):\n"
        "    def elementary(self, *given):\n"
        "        if len(self.depths) == 2:\n"
        "            print('held', flush=True)\n"
        "            threading.Event().wait()\n"
        "        return super().elementary(*given)\n"
        f"build_store({url!r}, CRUST, *AXES, BAND, generator=Held())\n"
    )
    process = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE)
    assert process.stdout is not None
    assert process.stdout.readline() == b"held\n"
    process.send_signal(signal.SIGKILL)
    process.wait()
    process.stdout.close()
    with pytest.raises(InputError, match="is not whole"):
        StoredGreens(url)
    rest = Pulse()
    build_store(url, CRUST, *AXES, BAND, generator=rest)
    assert rest.depths == [7000.0]
    build_store(str(tmp_path / "undisturbed"), CRUST, *AXES, BAND, generator=Pulse())
    one, two = (read_contents(name)[0] for name in (url, str(tmp_path / "undisturbed")))
    for name in ("traces", "scale", "quality"):
        np.testing.assert_array_equal(one[name][:], two[name][:])


def test_a_failing_generator_ends_the_run_and_keeps_what_was_made(extra: None, tmp_path: Path) -> None:
    class Failing(Pulse):
        def elementary(self, *given: object) -> Traces:
            if len(self.depths) == 1:
                raise InputError("model", "cannot be used", "mend it")
            return super().elementary(*given)  # type: ignore[arg-type]

    with pytest.raises(InputError, match="cannot be used"):
        build_store(str(tmp_path), CRUST, *AXES, BAND, generator=Failing())
    rest = Pulse()
    build_store(str(tmp_path), CRUST, *AXES, BAND, generator=rest)
    assert rest.depths == [6000.0, 7000.0]


def test_numbers_that_are_none_are_not_stored(extra: None, tmp_path: Path) -> None:
    class Broken(Pulse):
        def elementary(self, *given: object) -> Traces:
            return super().elementary(*given) * np.nan  # type: ignore[arg-type]

    with pytest.raises(InputError, match="at a depth of 5 km"):
        build_store(str(tmp_path), CRUST, *AXES, BAND, generator=Broken())


def test_a_generator_that_is_wrong_is_blamed(extra: None, tmp_path: Path) -> None:
    class Early(Pulse):
        def elementary(self, *given: object) -> Traces:
            return np.roll(super().elementary(*given), -20, axis=-1)  # type: ignore[arg-type]

    _, problems = build_store(str(tmp_path), CRUST, *AXES, BAND, generator=Early())
    assert "moves before the first arrival" in problems[0].wrong


@pytest.fixture(scope="module")
def pulses(extra: None, tmp_path_factory: pytest.TempPathFactory) -> StoredGreens:
    url = str(tmp_path_factory.mktemp("pulses"))
    build_store(url, CRUST, *AXES, BAND, generator=Pulse())
    return StoredGreens(url)


@pytest.mark.parametrize(
    ("depth", "north", "rate", "wrong"),
    [
        (4900.0, 0.3, 1.0, "a source at 4.9 km is outside its depths, 5 to 7 km"),
        (7100.0, 0.3, 1.0, "a source at 7.1 km"),
        (6000.0, 0.1, 1.0, "station XX.A is 11.0"),
        (6000.0, 2.0, 1.0, "outside its distances, 20 to 58 km"),
        (6000.0, 0.3, 0.09, "hold nothing of its band"),
    ],
)
def test_what_lies_outside_is_refused(
    pulses: StoredGreens, depth: float, north: float, rate: float, wrong: str
) -> None:
    with pytest.raises(InputError, match=wrong):
        pulses.tensor_responses(
            35.0,
            -117.0,
            depth,
            [Station("XX", "A", 35.0 + north, -117.0, 0.0)],
            sampling_rate_hz=rate,
            start_s=0.0,
            samples=10,
        )


def test_what_is_no_store_is_refused(extra: None, tmp_path: Path) -> None:
    for place in (tmp_path, tmp_path / "none"):
        with pytest.raises(InputError, match="is no store of Green's functions"):
            StoredGreens(str(place))


def test_what_is_there_is_never_overwritten(extra: None, tmp_path: Path) -> None:
    zarr = pytest.importorskip("zarr")
    other = zarr.open_group(tmp_path / "other", mode="w", zarr_format=3)
    other.create_array("traces", data=np.arange(3))
    with pytest.raises(InputError, match="holds other arrays"):
        build_store(str(tmp_path / "other"), CRUST, *AXES, BAND, generator=Pulse())
    build_store(str(tmp_path / "newer"), CRUST, *AXES, BAND, generator=Pulse())
    newer = zarr.open_group(tmp_path / "newer", mode="a")
    newer.attrs.update({"wadati": newer.attrs["wadati"] | {"format": FORMAT + 1}})
    with pytest.raises(InputError, match="use a newer version"):
        build_store(str(tmp_path / "newer"), CRUST, *AXES, BAND, generator=Pulse())
    newer.attrs.update({"wadati": {"format": 1}})
    with pytest.raises(InputError, match="says of itself what cannot be"):
        StoredGreens(str(tmp_path / "newer"))


def test_a_store_in_a_bucket_is_that_in_a_folder(extra: None, moto: str, pulses: StoredGreens) -> None:
    boto3 = pytest.importorskip("boto3")
    boto3.client("s3", endpoint_url=moto, region_name="us-east-1").create_bucket(Bucket="greens")
    url = f"s3://greens/crust?endpoint={moto}&region=us-east-1"
    build_store(url, CRUST, *AXES, BAND, generator=Pulse())
    stations = [Station("XX", "A", 35.3, -117.1, 0.0)]
    given = {"sampling_rate_hz": 1.0, "start_s": 0.0, "samples": 60}
    one = StoredGreens(url).tensor_responses(35.0, -117.0, 5500.0, stations, **given)  # type: ignore[arg-type]
    two = pulses.tensor_responses(35.0, -117.0, 5500.0, stations, **given)  # type: ignore[arg-type]
    np.testing.assert_array_equal(one, two)


def test_counts_lose_less_than_a_thousandth() -> None:
    traces = np.random.default_rng(3).normal(size=(5, 7, 90)) * 10.0 ** np.arange(-22.0, -15.0)[:, None]
    counts, scale = quantised(traces)
    back = counts * scale.astype(np.float64)[..., None]
    assert np.all(np.linalg.norm(back - traces, axis=-1) <= 1e-3 * np.linalg.norm(traces, axis=-1))
    assert quantised(np.zeros((2, 4)))[1].tolist() == [0.0, 0.0]


@pytest.mark.parametrize("text", ["", "a", "1:2", "5:2:1", "1:2:0", "1:2:0.3", "1:2:3:4", "1:inf:1", "-2:4:2"])
def test_what_is_no_axis_is_refused(text: str) -> None:
    with pytest.raises(UsageError):
        parse_axis(text)


@pytest.mark.parametrize("text", ["", "0.1", "0.5:0.1", "0:1", "a:b", "0.1:inf"])
def test_what_is_no_band_is_refused(text: str) -> None:
    with pytest.raises(UsageError):
        parse_band(text)


def test_layers_that_state_no_density_or_quality_get_published_ones() -> None:
    filled = completed(IASP91)
    assert all(layer.density and layer.p_quality and layer.s_quality for layer in filled.layers)
    stated = Layer(0.0, 5500.0, 3180.0, 2600.0, 600.0, 300.0)
    assert completed(VelocityModel("stated", (stated,))).layers == (stated,)
    assert "Brocher" in planned(IASP91, *AXES, BAND, "pulse", "1").attenuation


def test_the_digest_tells_earths_apart() -> None:
    slower = msgspec.structs.replace(CRUST, layers=(msgspec.structs.replace(CRUST.layers[0], s_quality=200.0),))
    digests = {planned(model, *AXES, BAND, "p", "1").model_digest for model in (CRUST, slower, IASP91)}
    assert len(digests) == 3


def test_without_its_program_the_generator_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("wadati.greens.pygrt.find_spec", lambda name: None)
    monkeypatch.setattr("wadati.greens.pygrt.shutil.which", lambda name: None)
    with pytest.raises(MissingExtraError, match=r"wadati\[greens\]"):
        _ = PyGrt().version


def test_a_distance_at_which_nothing_moves_is_refused(extra: None, tmp_path: Path) -> None:
    class Still(Pulse):
        def elementary(self, model, depth, distances, timing, highest_hz) -> Traces:  # type: ignore[no-untyped-def]
            return (
                super().elementary(model, depth, distances, timing, highest_hz)
                * (np.array(distances) > 0)[:, None, None]
            )

    with pytest.raises(InputError, match="gives no motion at 0 km"):
        build_store(str(tmp_path), CRUST, parse_axis("0:8:2"), AXES[1], BAND, generator=Still())
