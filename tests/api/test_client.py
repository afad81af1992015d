"""The client: what the services hold, as values; busy services are asked again, refusals are told."""

from __future__ import annotations

import http.server
import threading
from collections.abc import Iterator

import msgspec
import numpy as np
import pytest

from tests.api.conftest import Served, serving
from wadati.api.picks import AT_ONCE
from wadati.api.synthetics import AT_ONCE as SYNTHETICS_AT_ONCE
from wadati.api.tokens import new_token
from wadati.client import Client, ServiceError
from wadati.engine.analyst import ReviewRequest
from wadati.formats.inventory import read_inventory
from wadati.formats.miniseed import read_miniseed
from wadati.greens.stored import StoredGreens
from wadati.model import MomentTensor, PointSource, SourceId, Trace, parse_time, scalar_moment
from wadati.store.catalog import CatalogStore
from wadati.units import SECOND


@pytest.fixture(scope="module")
def client(served: Served) -> Client:
    return Client(served.url)


def test_events_and_the_catalog(client: Client, small) -> None:
    assert {one["id"] for one in client.events()} == {event.event_id for event in small.result.catalog}
    large = [e for e in small.result.catalog if e.magnitude is not None and e.magnitude.value >= 1.5]
    found = client.catalog(minmagnitude=1.5, orderby="time-asc")
    assert [event.event_id for event in found] == [event.event_id for event in large]
    assert [len(event.origin.arrivals) for event in found] == [len(event.origin.arrivals) for event in large]
    assert client.events(minmagnitude=9) == []
    assert len(client.catalog(minmagnitude=9)) == 0


def test_waveforms_and_stations(client: Client, small) -> None:
    trace = small.scenario.traces[0]
    start = trace.start + 10 * SECOND
    (found,) = client.waveforms(
        network="XX", station=trace.source_id.station, channel=trace.source_id.channel, starttime=start,
        endtime=start + 5 * SECOND,
    )  # fmt: skip
    assert np.array_equal(found.data, trace.data[1000:1501])
    assert client.waveforms(station="NONE", starttime=start, endtime=start + SECOND) == []
    assert client.stations().stations() == read_inventory(small.stations)[0].stations()


def _renamed(trace: Trace, copy: int) -> SourceId:
    return msgspec.structs.replace(trace.source_id, network=f"Y{copy}")


def test_picks_at_once_and_as_a_job(client: Client, small) -> None:
    traces, _ = read_miniseed(sorted(small.waveforms.iterdir())[0])
    reply = client.pick(traces, thresholds={"P": 0.5})
    assert reply.picks
    assert all(pick.probability >= 0.5 for pick in reply.picks if pick.phase == "P")
    many = [trace for path in sorted(small.waveforms.iterdir()) for trace in read_miniseed(path)[0]]
    many += [Trace(_renamed(t, k), t.start, t.sampling_rate, t.data) for k in range(3) for t in many]
    assert sum(map(len, many)) > AT_ONCE
    whole = client.pick(many, thresholds={"P": 0.5})
    assert {pick.pick_id for pick in reply.picks} <= {pick.pick_id for pick in whole.picks}


def test_seismograms_at_once_and_as_a_job(client: Client, small, near_store: str) -> None:
    stations = small.scenario.inventory.stations()
    store = StoredGreens(near_store)
    many = SYNTHETICS_AT_ONCE // (3 * len(stations) * store.contents.reduced.samples) + 1
    tensor = MomentTensor.of_fault(30.0, 60.0, 20.0, scalar_moment(4.5))
    sources = [PointSource(parse_time("2000-01-01"), 35.9, -117.5, 4000.0 + 10 * k, tensor) for k in range(many)]
    direct = np.stack([store.seismograms([one], stations, kind="velocity").samples for one in sources])
    for asked in (sources[:1], sources):
        found = client.synthetics(asked, kind="velocity")
        assert len(found) == 3 * len(asked) * len(stations)
        codes = [station.code for station in stations]
        for k, trace in enumerate(found):
            own = direct[k // (3 * len(stations)), codes.index(trace.source_id.station)]
            wanted = own["ZNE".index(trace.source_id.subsource)]
            np.testing.assert_allclose(trace.data, wanted, atol=1e-5 * np.abs(direct).max())


def test_a_review_and_who_listens(small, tmp_path) -> None:
    word = new_token(tmp_path / "tokens.json", "me", ("analyst",), 1)
    with serving(small, tmp_path, f'tokens = "{tmp_path / "tokens.json"}"\n') as served:
        event = small.result.catalog.events[0]
        client = Client(served.url, word)
        assert client.review(event.event_id, ReviewRequest("confirm"))["properties"]["status"] == "reviewed"
        told = next(client.listen("event", after="0"))
        assert told["data"]["event_id"] == event.event_id
        with pytest.raises(ServiceError, match="403"):
            Client(served.url, new_token(tmp_path / "tokens.json", "you", ("viewer",), 1)).review(
                event.event_id, ReviewRequest("reject")
            )
        with CatalogStore(served.folder / "catalog.sqlite") as store:
            assert store.event(event.event_id) is not None


def test_refusals_are_told_in_the_words_of_the_service(client: Client) -> None:
    with pytest.raises(ServiceError, match="minmagnitude") as refused:
        client.events(minmagnitude="many")
    assert refused.value.status == 400
    with pytest.raises(ServiceError, match="404"):
        Client(client.url)._ask("GET", "/nothing")
    with pytest.raises(OSError, match="refused"):
        Client("http://127.0.0.1:1").events()


@pytest.fixture
def busy() -> Iterator[tuple[str, list[int]]]:
    """A service that is busy twice."""
    statuses = [429, 503, 200]
    asked: list[int] = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status = statuses[min(len(asked), 2)]
            asked.append(status)
            self.send_response(status)
            self.send_header("Retry-After", "0")
            self.end_headers()
            self.wfile.write(b'{"features": []}')

        def log_message(self, *_: object) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}", asked
    server.shutdown()
    server.server_close()


def test_a_busy_service_is_asked_again(busy: tuple[str, list[int]]) -> None:
    url, asked = busy
    assert Client(url).events() == []
    assert asked == [429, 503, 200]
