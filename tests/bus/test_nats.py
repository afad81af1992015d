"""Laws of the durable bus, on a real NATS server: in order, without gaps, whatever is killed."""

from __future__ import annotations

import contextlib
import subprocess
import threading
import time
from pathlib import Path

import pytest

from benchmarks.servers import NatsServer
from wadati.bus.nats import LEASE_S, NatsBus
from wadati.cli.main import main
from wadati.errors import UsageError


@pytest.fixture
def bus(nats_server: NatsServer):
    with NatsBus(f"{nats_server.url}/test") as opened:
        yield opened


def taken(reader, count: int, patience_s: float = 20.0) -> list[bytes]:
    """The next messages of a reader, so many."""
    found = []
    until = time.monotonic() + patience_s
    pause = threading.Event()
    while len(found) < count and time.monotonic() < until:
        found += [message.data for message in reader.take()]
        pause.wait(0.01)
    return found


def put(bus: NatsBus, contents: list[bytes], subject: str = "07") -> None:
    """Publish until it is acknowledged."""
    while True:
        try:
            bus.publish("packets", [(subject, content) for content in contents])
        except ConnectionError:
            continue
        return


def test_what_was_published_is_read_in_order_by_any_number_from_anywhere(bus: NatsBus) -> None:
    sent = [str(k).encode() for k in range(3000)]
    early = bus.read("packets", "*", 0)
    put(bus, sent)
    late = bus.read("packets", "*", 0)
    middle = bus.read("packets", "*", 1000)
    assert early.backlog == 0
    assert late.backlog == 3000
    assert taken(early, 3000) == taken(late, 3000) == sent
    assert taken(middle, 2000) == sent[1000:]
    assert bus.last("packets") == 3000


def test_subjects_are_apart_and_so_are_networks(bus: NatsBus, nats_server: NatsServer) -> None:
    put(bus, [b"a"], "01")
    put(bus, [b"b"], "02")
    assert taken(bus.read("packets", "02", 0), 1) == [b"b"]
    with NatsBus(f"{nats_server.url}/another") as another:
        assert another.last("packets") == 0


def test_a_killed_server_loses_nothing_that_it_acknowledged(bus: NatsBus, nats_server: NatsServer) -> None:
    reader = bus.read("packets", "*", 0)
    put(bus, [b"1", b"2"])
    found = taken(reader, 2)
    nats_server.kill()
    with pytest.raises(ConnectionError):
        bus.publish("packets", [("07", b"3")])
    nats_server.start()
    put(bus, [b"4"])
    found += taken(reader, bus.last("packets") - 2)
    assert found == taken(bus.read("packets", "*", 0), bus.last("packets"))
    assert [content for content in found if content != b"3"] == [b"1", b"2", b"4"]


def test_a_full_disk_refuses_and_with_room_goes_on(tmp_path: Path) -> None:
    if reason := NatsServer.missing():
        pytest.skip(reason)
    tiny = tmp_path / "tiny"
    tiny.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", tiny], capture_output=True, check=False)
    if mounted.returncode:
        pytest.skip("a small disk cannot be mounted here")
    server = NatsServer(tiny)
    try:
        server.start()
        sent = [f"{k:05d}".encode() * 2000 for k in range(1000)]
        acknowledged = 0
        with NatsBus(f"{server.url}/test") as bus:
            with contextlib.suppress(ConnectionError):
                for content in sent:
                    bus.publish("packets", [("07", content)])
                    acknowledged += 1
            assert 100 < acknowledged < len(sent)
            subprocess.run(["mount", "-o", "remount,size=64m", tiny], check=True)
            server.kill()
            server.start()
            put(bus, sent[acknowledged:])
            found = taken(bus.read("packets", "*", 0), bus.last("packets"))
        assert list(dict.fromkeys(found)) == sent
    finally:
        server.stop()
        subprocess.run(["umount", tiny], check=False)


def test_a_lease_has_one_holder_and_runs_out_with_it(bus: NatsBus) -> None:
    first = bus.lease("pick.partition.01", 0)
    assert first is not None
    assert bus.lease("pick.partition.01", 0) is None
    second = bus.lease("pick.partition.01", first)
    assert second is not None
    assert bus.lease("pick.partition.01", first) is None
    assert bus.held("pick") == ["pick.partition.01"]
    bus.release("pick.partition.01")
    assert bus.held("pick") == []
    assert bus.lease("pick.partition.01", 0) is not None
    until = time.monotonic() + 3 * LEASE_S
    pause = threading.Event()
    while bus.held("pick") and time.monotonic() < until:
        pause.wait(0.1)
    assert bus.lease("pick.partition.01", 0) is not None


def test_questions_are_answered_by_who_serves_and_others_are_not(bus: NatsBus) -> None:
    end = bus.serve("ask.1", lambda data: data * 2)
    assert bus.ask([("ask.1", b"a"), ("ask.2", b"b")], 1.0) == [b"aa", None]
    end()
    assert bus.ask([("ask.1", b"a")], 0.5) == [None]


def test_what_is_kept_is_the_last(bus: NatsBus) -> None:
    assert bus.kept("place") is None
    bus.keep("place", b"1")
    bus.keep("place", b"2")
    assert bus.kept("place") == b"2"


@pytest.mark.parametrize(
    "address", ["nats:", "http://127.0.0.1:1", "nats://h:1/a/b", "nats://h:1?hours=x", "nats://h:1?day=1"]
)
def test_an_address_that_is_none_is_refused(address: str) -> None:
    with pytest.raises(UsageError):
        NatsBus(address)


def test_a_password_may_lie_in_a_file(tmp_path: Path) -> None:
    server = NatsServer(tmp_path / "nats")
    settings = tmp_path / "nats.conf"
    settings.write_text('authorization { user: net, password: "p@ss/word" }')
    server.start("-c", str(settings))
    secret = tmp_path / "secret"
    try:
        address = f"nats://net@127.0.0.1:{server.port}/test?password_file={secret}"
        with pytest.raises(FileNotFoundError):
            NatsBus(address)
        secret.write_text("p@ss/word\n")
        with NatsBus(address) as bus:
            bus.keep("place", b"1")
            assert bus.kept("place") == b"1"
        secret.write_text("another")
        with pytest.raises(ConnectionError, match="127") as raised:
            NatsBus(address)
        assert "another" not in str(raised.value)
    finally:
        server.stop()


def test_no_server_is_an_error_in_words(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(ConnectionError, match="127") as raised:
        NatsBus("nats://me:secret@127.0.0.1:9/test")
    assert "secret" not in str(raised.value)
    assert main(["status", "nats://127.0.0.1:9/test"]) == 3
    assert "check the address" in capsys.readouterr().err
