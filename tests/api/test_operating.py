"""What programs and operators ask of the service as a whole."""

from __future__ import annotations

import re

import httpx
from jsonschema import Draft202012Validator

from wadati.api.fdsn import dataselect, event, station


def test_openapi_names_every_parameter_and_path(served) -> None:
    document = served.get("/openapi.json").json()
    assert document["openapi"].startswith("3.1")
    assert document["info"]["license"]["name"] == "CC-BY-4.0"
    for name, module in (("event", event), ("station", station), ("dataselect", dataselect)):
        told = {one["name"] for one in document["paths"][f"/fdsnws/{name}/1/query"]["get"]["parameters"]}
        assert told == {one.name for one in module.PARAMETERS} | {"nodata"}
    for schema in document["components"]["schemas"].values():
        Draft202012Validator.check_schema(schema)
    names = [
        operation["operationId"]
        for path in document["paths"].values()
        for method, operation in path.items()
        if method in ("get", "post", "delete")
    ]
    assert len(set(names)) == len(names)


def test_the_example_of_openapi_is_one(served) -> None:
    document = served.get("/openapi.json").json()
    body = document["paths"]["/picks"]["post"]["requestBody"]["content"]["application/json"]["example"]
    answer = httpx.post(served.url + "/picks", json=body, timeout=30)
    assert answer.status_code == 200
    components = document["components"]
    schema = {"$ref": "#/components/schemas/PickReply", "components": components}
    Draft202012Validator(schema).validate(answer.json())


def test_health_readiness_and_metrics(served) -> None:
    assert served.get("/health").json() == {"status": "ok"}
    ready = served.get("/ready").json()
    assert ready["status"] == "ok"
    served.get("/fdsnws/event/1/query", limit=1)
    lines = served.get("/metrics").text.splitlines()
    assert any(line.startswith('wadati_api_requests_total{group="event",status="200"}') for line in lines)
    assert any(line.startswith('wadati_api_seconds_bucket{group="event",le="0.1"}') for line in lines)


def test_the_first_page_leads_everywhere(served) -> None:
    page = served.get("/")
    assert page.headers["content-type"].startswith("text/html")
    assert "Small network" in page.text
    assert "CC-BY-4.0" in page.text
    links = re.findall(r'href="([^"]+)"', page.text)
    assert len(links) >= 5
    for there in links:
        if there != "stream":
            assert served.get(f"/{there}").status_code == 200, there


def test_every_request_has_a_name(served) -> None:
    assert len(served.get("/health").headers["x-request-id"]) == 16
    kept = httpx.get(served.url + "/health", headers={"X-Request-ID": "abc123"})
    assert kept.headers["x-request-id"] == "abc123"
    forged = httpx.get(served.url + "/health", headers={"X-Request-ID": "a b;c"})
    assert forged.headers["x-request-id"] != "a b;c"


def test_what_is_not_there_is_a_problem_in_json(served) -> None:
    for path in ("/nothing", "/fdsnws/event/2/query", "/%2e%2e/%2e%2e/etc/passwd", "/static/../x"):
        answer = served.get(path)
        assert answer.status_code == 404
        assert answer.headers["content-type"] == "application/problem+json"
    assert httpx.put(served.url + "/fdsnws/event/1/query").status_code == 405
