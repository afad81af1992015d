"""Ways out: against a real HTTP server, a real SMTP conversation and real files."""

from __future__ import annotations

import http.server
import json
import socketserver
import threading
from pathlib import Path
from xml.etree import ElementTree

import pytest

from wadati.bus.messages import EventMessage, PickMessage, cloud_event
from wadati.errors import InputError, UsageError
from wadati.formats.earthworm_pick import earthworm_pick
from wadati.formats.scml_picks import scml_picks
from wadati.model import Event, Magnitude, Origin, Pick, SourceId, parse_time
from wadati.outlets.mail import Mailer
from wadati.outlets.spool import Spool
from wadati.outlets.webhook import Webhook
from wadati.protocols import Outlet

Z = SourceId.parse("FDSN:CI_CCC_00_H_H_Z")
PICK = Pick.of(Z, "P", 1_562_261_629_230_000_000, time_uncertainty=0.05, probability=0.9, polarity="negative")


def told(state: str = "created"):
    origin = Origin.of(1_562_261_629_230_000_000, 35.7, -117.5, 8000.0)
    size = Magnitude("m", origin.origin_id, "ML", 6.42)
    event = Event("wd1", (origin,), (size,), origin.origin_id, "m")
    additions = {"nearest_place": {"words": "18 km ENE of Ridgecrest"}}
    message = EventMessage(event_id="wd1", version=1, state=state, event=event, released=True, additions=additions)
    return cloud_event(message, source="/wadati/test", time=0)


@pytest.fixture
def web():
    """A web server that answers with the codes in `answers`, then 204, and keeps what it was sent."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            server.heard.append((self.headers["Content-Type"], json.loads(body)))
            self.send_response(server.answers.pop(0) if server.answers else 204)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.heard, server.answers = [], []
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_web_hook_gets_a_cloud_event(web) -> None:
    hook = Webhook(f"http://127.0.0.1:{web.server_port}/hook")
    hook.send(told())
    assert isinstance(hook, Outlet)
    ((kind, body),) = web.heard
    assert kind == "application/cloudevents+json"
    assert body == told()


def test_failures_that_pass_and_those_that_stay_are_told_apart(web) -> None:
    hook = Webhook(f"http://127.0.0.1:{web.server_port}/hook")
    web.answers = [503, 404]
    with pytest.raises(OSError, match="503"):
        hook.send(told())
    with pytest.raises(InputError, match="404"):
        hook.send(told())
    hook.send(told())


def test_an_address_that_is_none_is_refused() -> None:
    with pytest.raises(UsageError):
        Webhook("ftp://example.org")


@pytest.fixture
def post():
    """A mail server that speaks just enough SMTP; refuses recipients that begin with `no`."""

    class Handler(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            self.wfile.write(b"220 test\r\n")
            while line := self.rfile.readline():
                verb = line[:4].upper()
                if verb == b"DATA":
                    self.wfile.write(b"354 go on\r\n")
                    text = b""
                    while (part := self.rfile.readline()) != b".\r\n":
                        text += part
                    server.letters.append(text.decode())
                elif verb == b"RCPT" and b"<no" in line:
                    self.wfile.write(b"550 nobody\r\n")
                    continue
                elif verb == b"QUIT":
                    self.wfile.write(b"221 bye\r\n")
                    return
                self.wfile.write(b"250 ok\r\n")

    server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler)
    server.letters = []
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def test_mail_says_what_and_where(post) -> None:
    Mailer("127.0.0.1", post.server_address[1], "net@example.org", ("duty@example.org",)).send(told())
    (letter,) = post.letters
    assert "Subject: ML 6.4, 18 km ENE of Ridgecrest" in letter
    assert "no public warning" in letter.replace("=\r\n", "")
    Mailer("127.0.0.1", post.server_address[1], "net@example.org", ("duty@example.org",)).send(told("retracted"))
    assert "Subject: Retracted: event wd1" in post.letters[1]


def test_mail_that_is_refused_is_not_tried_again(post) -> None:
    with pytest.raises(InputError, match="refuses"):
        Mailer("127.0.0.1", post.server_address[1], "net@example.org", ("nobody@example.org",)).send(told())


def test_a_spool_counts_on_and_its_files_are_whole(tmp_path: Path) -> None:
    def text(message: PickMessage, number: int) -> str | None:
        return earthworm_pick(message.pick, number) if message.state == "final" else None

    spool = Spool(tmp_path, ".pick", (PickMessage.kind,), text)
    spool.send(PickMessage(pick=PICK, state="early", received=0))
    spool.send(PickMessage(pick=PICK, state="final", received=0))
    Spool(tmp_path, ".pick", (PickMessage.kind,), text).send(PickMessage(pick=PICK, state="final", received=0))
    assert [path.name for path in sorted(tmp_path.iterdir())] == ["000000000001.pick", "000000000002.pick"]
    assert (tmp_path / "000000000002.pick").read_text() == "8 0 0 2 CCC.HHZ.CI.00 D0 20190704173349.230 0 0 0\n"


def test_picks_in_scml_say_all_there_is() -> None:
    root = ElementTree.fromstring(scml_picks([PICK]))
    space = {"s": "http://geofon.gfz-potsdam.de/ns/seiscomp3-schema/0.12"}
    (pick,) = root.findall("s:EventParameters/s:pick", space)
    assert pick.get("publicID") == PICK.pick_id
    assert parse_time(pick.findtext("s:time/s:value", namespaces=space)) == PICK.time
    assert (pick.findtext("s:phaseHint", namespaces=space), pick.findtext("s:polarity", namespaces=space)) == (
        "P",
        "negative",
    )
    codes = pick.find("s:waveformID", space).attrib
    assert list(codes.values()) == ["CI", "CCC", "00", "HHZ"]
