"""A store that is damaged, incomplete or out of reach says so; it never answers with zeros."""

from __future__ import annotations

import http.server
import os
import shutil
import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from tests.greens.conftest import CRUST
from wadati.cli.main import main
from wadati.engine.greens_building import build_store
from wadati.errors import InputError, ReadError
from wadati.greens.axis import Axis
from wadati.greens.stored import StoredGreens
from wadati.model import Layer, Station, VelocityModel

STATION = [Station("XX", "A", 35.25, -117.0, 0.0)]
"""27.7 km from the source, so that nodes of the first chunk are asked for."""


@pytest.fixture
def store(small_store: str, tmp_path: Path) -> Path:
    """A copy of the small store that may be damaged."""
    return shutil.copytree(small_store, tmp_path / "store")


def ask(greens: StoredGreens):
    return greens.tensor_responses(35.0, -117.0, 7000.0, STATION, sampling_rate_hz=0.8, start_s=0.0, samples=60)


def chunks(store: Path, name: str) -> list[Path]:
    found = sorted(path for path in (store / name / "c").rglob("*") if path.is_file())
    assert found
    return found


@pytest.mark.parametrize(
    ("array", "wrong"), [("traces", "lacks a part of its traces at 6 km"), ("scale", "lacks a part of its scale")]
)
def test_a_chunk_that_is_gone_is_named_and_not_zeros(store: Path, array: str, wrong: str) -> None:
    chunks(store, array)[0].unlink()
    with pytest.raises(ReadError, match=wrong) as caught:
        ask(StoredGreens(str(store)))
    assert caught.value.subject == str(store)
    assert "make it again" in caught.value.mend


def test_an_array_that_is_gone_is_named(store: Path) -> None:
    shutil.rmtree(store / "scale")
    with pytest.raises(ReadError, match="lacks a part of its scale"):
        StoredGreens(str(store))


@pytest.mark.parametrize("array", ["traces", "scale"])
@pytest.mark.parametrize("kept", [0, 7, 40])
def test_a_chunk_that_was_cut_off_is_named(store: Path, array: str, kept: int) -> None:
    path = chunks(store, array)[0]
    os.truncate(path, kept)
    with pytest.raises(ReadError, match=f"a chunk of its {array} is damaged|lacks a part"):
        ask(StoredGreens(str(store)))


def test_bytes_that_are_something_else_are_named(store: Path) -> None:
    path = chunks(store, "traces")[0]
    path.write_bytes(np.random.default_rng(1).bytes(path.stat().st_size))
    with pytest.raises(ReadError, match="a chunk of its traces is damaged"):
        ask(StoredGreens(str(store)))


def test_what_is_mended_answers_again(store: Path, small_store: str) -> None:
    path = chunks(store, "traces")[0]
    whole = path.read_bytes()
    path.unlink()
    greens = StoredGreens(str(store))
    with pytest.raises(ReadError):
        ask(greens)
    path.write_bytes(whole)
    np.testing.assert_array_equal(ask(greens), ask(StoredGreens(small_store)))


def test_a_store_of_another_earth_is_refused(small_store: str) -> None:
    faster = VelocityModel("faster", (Layer(0.0, 6500.0, 3700.0), *CRUST.layers[1:]))
    with pytest.raises(InputError, match="was made for another model: two layers"):
        StoredGreens(small_store, faster)


def test_a_bucket_that_is_not_there_or_not_open_is_told(extra: None, moto: str, small_store: str, tmp_path) -> None:
    boto3 = pytest.importorskip("boto3")
    client = boto3.client("s3", endpoint_url=moto, region_name="us-east-1")
    query = f"endpoint={moto}&region=us-east-1"
    with pytest.raises(InputError, match="is no store of Green's functions"):
        StoredGreens(f"s3://nowhere/store?{query}")
    client.create_bucket(Bucket="greens")
    for path in Path(small_store).rglob("*"):
        if path.is_file():
            client.upload_file(str(path), "greens", f"store/{path.relative_to(small_store)}")
    greens = StoredGreens(f"s3://greens/store?{query}")
    client.delete_object(Bucket="greens", Key="store/traces/c/0/0/0/0")
    with pytest.raises(ReadError, match="lacks a part of its traces"):
        ask(greens)


class _Forbidding(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(403)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def do_HEAD(self) -> None:
        self.do_GET()

    def log_message(self, *_: object) -> None:
        """Nothing."""


@pytest.fixture
def forbidding() -> Iterator[str]:
    """The address of a service that gives nothing to anybody."""
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Forbidding) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def test_a_service_that_answers_with_403_is_told(extra: None, forbidding: str) -> None:
    with pytest.raises(ReadError, match="cannot be read") as caught:
        StoredGreens(f"s3://greens/store?endpoint={forbidding}&region=us-east-1&skip_signature=true")
    assert "keys" in caught.value.mend


class _ReadOnly(_Forbidding):
    def do_GET(self) -> None:
        self.send_response(404)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def do_PUT(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        super().do_GET()


def test_a_bucket_that_takes_nothing_is_told(extra: None) -> None:
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), _ReadOnly) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        url = f"s3://greens/store?endpoint=http://127.0.0.1:{server.server_port}&region=us-east-1&skip_signature=true"
        with pytest.raises(InputError, match=r"cannot be written .*; check the name, keys and network"):
            build_store(url, CRUST, Axis(20e3, 2e3, 2), Axis(5e3, 1e3, 2), (0.05, 0.2))
        server.shutdown()
        thread.join()


def test_the_command_line_says_it_in_a_line(store: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    chunks(store, "traces")[0].unlink()
    (tmp_path / "stations.csv").write_text(
        "network,station,location,channel,latitude,longitude,elevation_m\nXX,A,,HHZ,35.25,-117.0,0\n"
    )
    given = ["--greens", str(store), "--stations", str(tmp_path / "stations.csv"), "--output", str(tmp_path / "out")]
    fault = ["--latitude", "35", "--longitude", "-117", "--depth", "7", "--strike", "0", "--dip", "90", "--rake", "0"]
    assert main(["synthetics", *given, *fault, "--magnitude", "4"]) == 3
    told = capsys.readouterr().err
    assert "lacks a part of its traces at 6 km; copy it again whole" in told
    assert "Traceback" not in told
    assert not (tmp_path / "out").exists()
