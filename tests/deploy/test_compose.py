"""One host by compose.yaml: its words are those of the program, and the network that it names works."""

from __future__ import annotations

import contextlib
import os
import re
import shlex
import shutil
import signal
import socket
import stat
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml

from benchmarks.servers import NatsServer, PostgresServer, free_port
from tests.conftest import Small
from wadati.cli.main import parser
from wadati.engine.flow import read_flow

DEPLOY = Path(__file__).resolve().parents[2] / "deploy"
GUIDE = (DEPLOY.parent / "docs/how-to/deploy.md").read_text()
COMPOSE: dict[str, Any] = yaml.safe_load((DEPLOY / "compose.yaml").read_text())
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
OURS = {name: one for name, one in SERVICES.items() if "wadati" in one["image"]}
EXACT = re.compile(r"(:[v]?\d+\.\d+\.\d+(-[\w.]+)?|:\d+\.\d+-\w+|@sha256:[0-9a-f]{64})$")
PATIENCE_S = 240.0

every_service = pytest.mark.parametrize("name", SERVICES)
our_services = pytest.mark.parametrize("name", OURS)


def filled(text: str, **values: str) -> str:
    """A text with its `${NAME:-default}` and `${NAME:?words}` as compose fills them."""

    def one(found: re.Match[str]) -> str:
        name, how, rest = found.groups()
        return values.get(name, rest if how == "-" else f"<{name}>")

    return re.sub(r"\$\{(\w+):([-?])([^}]*)\}", one, text)


@our_services
def test_the_program_takes_every_command(name: str) -> None:
    options = parser().parse_args([filled(word) for word in OURS[name]["command"]])
    assert options.run is not None


@every_service
def test_what_is_mounted_is_there_or_the_operators(name: str) -> None:
    for volume in SERVICES[name].get("volumes", ()):
        source = filled(volume).partition(":")[0]
        if source.startswith("."):
            assert (DEPLOY / source).exists(), source
        else:
            assert source in COMPOSE["volumes"] or source == "<WADATI_STATIONS>", source


def test_what_the_operator_has_to_say_is_in_the_guide() -> None:
    text = (DEPLOY / "compose.yaml").read_text()
    for name in set(re.findall(r"\$\{(\w+)", text)):
        assert name in GUIDE, name


@every_service
def test_images_have_exact_versions(name: str) -> None:
    assert EXACT.search(filled(SERVICES[name]["image"])), SERVICES[name]["image"]


@every_service
def test_every_service_is_held_within_bounds_and_asked_how_it_does(name: str) -> None:
    one = SERVICES[name]
    assert {"mem_limit", "cpus", "pids_limit", "healthcheck", "restart", "logging"} <= set(one)
    assert one["cap_drop"] == ["ALL"]
    assert one["security_opt"] == ["no-new-privileges:true"]
    assert one.get("read_only") or name in ("database", "grafana"), "their images write beside their volumes"
    for after, how in one.get("depends_on", {}).items():
        assert how == {"condition": "service_healthy"}
        assert "healthcheck" in SERVICES[after]


@every_service
def test_ports_are_on_loopback_and_in_the_guide(name: str) -> None:
    for port in SERVICES[name].get("ports", ()):
        address, outside, _ = port.split(":")
        assert address == "127.0.0.1"
        assert f"`{outside}`" in GUIDE


def test_passwords_are_files_that_are_made_for_each_host(tmp_path: Path) -> None:
    for one in SERVICES.values():
        for word, value in one.get("environment", {}).items():
            assert "PASSWORD" not in word or word.endswith("_FILE"), f"{word}={value}"
    for folder in ("one", "other"):
        subprocess.run([DEPLOY / "secrets.sh", tmp_path / folder], check=True)
    made = {path.name: path for path in (tmp_path / "one").iterdir()}
    wanted = {Path(filled(secret["file"])).name for secret in COMPOSE["secrets"].values()}
    assert set(made) == wanted
    for name, path in made.items():
        assert stat.S_IMODE(path.stat().st_mode) == 0o400
        assert path.read_text() != (tmp_path / "other" / name).read_text()
    before = {name: path.read_text() for name, path in made.items()}
    subprocess.run([DEPLOY / "secrets.sh", tmp_path / "one"], check=True)
    assert {name: path.read_text() for name, path in made.items()} == before
    given = {name for one in SERVICES.values() for name in map(_name_of, one.get("secrets", ()))}
    assert given == set(COMPOSE["secrets"])


def _name_of(secret: Any) -> str:
    return secret if isinstance(secret, str) else secret["source"]


def test_the_settings_that_are_mounted_are_those_of_a_flow() -> None:
    assert read_flow(DEPLOY / "network/flow.toml").serve.proxies


def test_prometheus_and_grafana_find_what_they_name() -> None:
    settings = yaml.safe_load((DEPLOY / "prometheus/prometheus.yml").read_text())
    assert all((DEPLOY / "prometheus" / name).exists() for name in settings["rule_files"])
    inside = "publish" if SERVICES["prometheus"]["network_mode"] == "service:publish" else "prometheus"
    source = yaml.safe_load((DEPLOY / "grafana/provisioning/datasources/prometheus.yml").read_text())
    assert source["datasources"][0]["url"] == f"http://{inside}:9090"
    folder = yaml.safe_load((DEPLOY / "grafana/provisioning/dashboards/wadati.yml").read_text())
    board = SERVICES["grafana"]["volumes"][1].split(":")[1]
    assert Path(board).parent == Path(folder["providers"][0]["options"]["path"])


@pytest.fixture
def host(tmp_path: Path) -> Iterator[dict[str, str]]:
    """Bus and database of compose.yaml, on loopback, with the passwords of secrets.sh; words to put in their place."""
    for reason in (NatsServer.missing(), PostgresServer.missing()):
        if reason:
            pytest.skip(reason)
    secrets = tmp_path / "secrets"
    subprocess.run([DEPLOY / "secrets.sh", secrets], check=True)
    bus = NatsServer(tmp_path / "bus")
    settings = (DEPLOY / "nats/nats.conf").read_text()
    settings = settings.replace("127.0.0.1:8222", f"127.0.0.1:{free_port()}").replace("  store_dir: /data\n", "")
    settings = settings.replace("0.0.0.0:4222", f"127.0.0.1:{bus.port}")
    settings = settings.replace("  sync_interval: always\n", "")  # unknown to 2.9, which Debian has
    (tmp_path / "nats.conf").write_text(settings)
    shutil.copy(secrets / "bus.conf", tmp_path / "password.conf")
    folder = Path(tempfile.mkdtemp(prefix="wadati-compose-"))  # where the account of the server may go
    database = PostgresServer(folder / "postgresql")
    folder.chmod(0o755)
    with contextlib.ExitStack() as running:
        running.callback(shutil.rmtree, folder, ignore_errors=True)
        bus.start("-c", str(tmp_path / "nats.conf"))
        running.callback(bus.stop)
        database.start()
        running.callback(database.stop)
        password = (secrets / "database-password").read_text()
        statements = ["-c", f"ALTER ROLE wadati PASSWORD '{password}'", "-c", "CREATE DATABASE net"]
        database._run(
            "psql", "-q", "-h", "127.0.0.1", "-p", database.port, "-U", "wadati", "-d", "postgres", *statements
        )
        (database.folder / "data/pg_hba.conf").write_text("host all all 127.0.0.1/32 scram-sha-256\n")
        database._run("pg_ctl", "-D", database.folder / "data", "reload")
        yield {
            "@bus:4222": f"@127.0.0.1:{bus.port}",
            "@database/": f"@127.0.0.1:{database.port}/",
            "/run/secrets": str(secrets),
            "/etc/wadati/flow.toml": str(DEPLOY / "network/flow.toml"),
        }


def test_the_network_of_compose_works(host: dict[str, str], small: Small, tmp_path: Path) -> None:
    """Every command of ours as it stands, but for addresses, until every health check is content."""
    source = f"replay:{small.waveforms}?speed=20"
    checks: dict[str, list[str]] = {}
    environment = os.environ | {"PGPASSFILE": host["/run/secrets"] + "/pgpass", "OMP_NUM_THREADS": "1"}
    with contextlib.ExitStack() as running:
        for name, one in OURS.items():
            places = host | {
                "/etc/wadati/stations.xml": str(small.stations),
                "/var/lib/wadati": str(tmp_path / name),
                "0.0.0.0": "127.0.0.1",
                "9618": str(free_port()),
                "8080": str(free_port()),
            }
            (tmp_path / name).mkdir()
            for copy in range(one.get("deploy", {}).get("replicas", 1)):
                if copy:
                    places["9618"] = str(free_port())
                words = [_put(filled(word, WADATI_SOURCE=source), places) for word in one["command"]]
                process = subprocess.Popen([sys.executable, "-m", "wadati.cli.main", *words], env=environment)
                running.callback(_end, process)
                check = [_put(word, places) for word in one["healthcheck"]["test"][1:]]
                checks[f"{name} {copy}"] = [sys.executable if check[0] == "python" else check[0], *check[1:]]
            if name == "serve":
                served = f"http://127.0.0.1:{places['8080']}"
            if name == "publish":
                metrics = f"http://127.0.0.1:{places['9618']}/metrics"
        for name, check in checks.items():
            _until(lambda check=check: subprocess.run(check, check=False, capture_output=True).returncode == 0, name)
        _until(lambda: _picks(httpx.get(metrics).text) > 0, "picks")
        assert socket.gethostname().replace(".", "-") in httpx.get(metrics).text
        assert httpx.get(f"{served}/fdsnws/station/1/query", params={"format": "text"}).text.count("\n") > 12


def _put(word: str, places: dict[str, str]) -> str:
    for old, new in places.items():
        word = word.replace(old, new)
    return word


def _picks(text: str) -> float:
    return sum(float(value) for value in re.findall(r"^wadati_picks_total\{.*\} (\S+)$", text, re.MULTILINE))


def _until(true: Any, what: str) -> None:
    until, pause = time.monotonic() + PATIENCE_S, threading.Event()
    while time.monotonic() < until:
        with contextlib.suppress(httpx.HTTPError):
            if true():
                return
        pause.wait(0.2)
    raise TimeoutError(what)


def _end(process: subprocess.Popen[bytes]) -> None:
    """Told to stop, it does; the HTTP server says by which signal, as Unix programs do."""
    process.terminate()
    assert process.wait(30) in (0, -signal.SIGTERM), shlex.join(map(str, process.args))


def test_what_may_write_or_read_buckets_reaches_them() -> None:
    assert all("outside" in SERVICES[name]["networks"] for name in ("site", "serve"))
