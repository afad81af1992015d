"""What the services can be asked, as OpenAPI 3.1, made from the same tables that requests are read by."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

import wadati
from wadati.api.archive_urls import PARAMETERS as ADDRESSING
from wadati.api.archive_urls import PATH as ADDRESSES
from wadati.api.archive_urls import SignedObjects
from wadati.api.fdsn.service import Service
from wadati.api.feeds import LEVELS, SPANS
from wadati.api.parameters import Parameter
from wadati.api.picks import PARAMETERS as PICKING
from wadati.api.reviewing import Reviews
from wadati.api.syngine import PATH as SYNGINE
from wadati.api.synthetics_jobs import JOBS, SyntheticsJobState
from wadati.engine.analyst import ReviewRequest
from wadati.engine.jobs import Job
from wadati.engine.picking_requests import PickReply, PickRequest
from wadati.engine.serving import Serving
from wadati.engine.synthetics.answers import SyntheticsReply
from wadati.engine.synthetics.requests import SyntheticsRequest
from wadati.model import Nanoseconds

_TYPES = {
    "time": {"type": "string", "format": "date-time"},
    "number": {"type": "number"},
    "integer": {"type": "integer"},
    "text": {"type": "string"},
    "boolean": {"type": "boolean"},
}
_PROBLEM = {
    "type": "object",
    "properties": {
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "type": {"type": "string"},
    },
    "required": ["title", "status", "detail"],
}
_EXAMPLE = {
    "traces": [
        {
            "source_id": "XX.ABC..HHZ",
            "start": "2026-03-01T00:00:00Z",
            "sampling_rate_hz": 100.0,
            "samples": [0.0, 1.0, -1.0],
        }
    ]
}
_CHANNELS = "NETWORK STATION LOCATION CHANNEL START END"
_A_SOURCE = {
    "sources": [
        {
            "latitude": 35.7,
            "longitude": -117.5,
            "depth": 8000.0,
            "strike": 320.0,
            "dip": 85.0,
            "rake": 180.0,
            "magnitude": 4.0,
        }
    ]
}
_WAVEFORMS = {"schema": {"type": "string", "format": "binary"}}


def openapi(services: Sequence[Service], settings: Serving, address: str) -> dict[str, Any]:
    """The document of some services at an address."""
    kinds: list[type[msgspec.Struct]] = [PickRequest, PickReply, Job, ReviewRequest, Reviews, SignedObjects]
    kinds += [SyntheticsRequest, SyntheticsReply, SyntheticsJobState]
    _, components = msgspec.json.schema_components(kinds, ref_template="#/components/schemas/{name}")
    paths: dict[str, Any] = {}
    for service in services:
        paths |= _fdsn(service)
        if service.path == SYNGINE:
            paths |= _synthetics(service)
    info: dict[str, Any] = {
        "title": settings.title,
        "version": wadati.__version__,
        "description": "Standard services of a seismic network, feeds, and picks of waveforms that are sent.",
    }
    if settings.license:
        info["license"] = {"name": settings.license}
    return {
        "openapi": "3.1.0",
        "info": info,
        "servers": [{"url": address}],
        "paths": paths | _archive() | _picks() | _feeds() | _events() | _others(),
        "components": {
            "schemas": _times_as_text(components) | {"Problem": _PROBLEM},
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
        },
        "security": [{}, {"token": []}],
    }


def _times_as_text(plain: Any) -> Any:
    """Instants are integers in the model and text in JSON."""
    if isinstance(plain, dict):
        if plain.get("title") == Nanoseconds.__metadata__[0].title:  # type: ignore[attr-defined]
            return {"type": "string", "format": "date-time", "description": "ISO 8601, UTC, nine decimals"}
        return {name: _times_as_text(value) for name, value in plain.items()}
    return [_times_as_text(value) for value in plain] if isinstance(plain, list) else plain


def _fdsn(service: Service) -> dict[str, Any]:
    busy = (429,) if service.path == SYNGINE else ()
    refusals = _refusals(400, 413, 414, *busy, 500, 503, kind="text/plain")
    answers = {"200": {"description": "what was found"}, "204": {"description": "nothing was found"}}
    answers |= {"404": {"description": "nothing was found, with nodata=404"}} | refusals
    query: dict[str, Any] = {
        "get": {
            "operationId": f"{service.name}Query",
            "summary": f"{service.title} {service.version}",
            "parameters": [_parameter(one) for one in service.parameters],
            "responses": answers,
        }
    }
    if service.lists:
        lines = "LATITUDE LONGITUDE or NETWORK STATION" if service.path == SYNGINE else _CHANNELS
        query["post"] = _listed(f"{service.name}List", answers, lines)
    return {
        f"{service.path}/query": query,
        f"{service.path}/version": {"get": _plain(f"{service.name}Version", "the version", "text/plain")},
        f"{service.path}/application.wadl": {"get": _plain(f"{service.name}Wadl", "the WADL", "application/xml")},
    }


def _listed(name: str, answers: dict[str, Any], lines: str) -> dict[str, Any]:
    return {
        "operationId": name,
        "summary": f"the same by a list of {lines}",
        "requestBody": {"content": {"text/plain": {"schema": {"type": "string"}}}, "required": True},
        "responses": answers,
    }


def _archive() -> dict[str, Any]:
    content = {"application/json": {"schema": {"$ref": "#/components/schemas/SignedObjects"}}}
    answers = {"200": {"description": "addresses that work for an hour", "content": content}}
    answers |= _refusals(400, 401, 403, 404, 413, 429, 503)
    asked = {
        "operationId": "archiveUrls",
        "summary": "signed addresses of the objects that hold waveforms",
        "parameters": [_parameter(one) for one in ADDRESSING],
        "responses": answers,
    }
    return {ADDRESSES: {"get": asked, "post": _listed("archiveUrlsList", answers, _CHANNELS)}}


def _parameter(one: Parameter) -> dict[str, Any]:
    schema: dict[str, Any] = dict(_TYPES[one.kind])
    if one.choices:
        schema["enum"] = list(one.choices)
    if one.low is not None:
        schema["minimum"] = one.low
    if one.high is not None:
        schema["maximum"] = one.high
    if one.usual is not None:
        schema["default"] = one.usual
    described = one.words + (f"; also `{one.short}`" if one.short else "")
    told: dict[str, Any] = {"name": one.name, "in": "query", "description": described, "schema": schema}
    return told | ({"example": one.example} if one.example else {})


def _picks() -> dict[str, Any]:
    refusals = _refusals(400, 413, 422, 429, 503)
    reply = {"application/json": {"schema": {"$ref": "#/components/schemas/PickReply"}}}
    job = {"application/json": {"schema": {"$ref": "#/components/schemas/Job"}}}
    known = {"404": _refusals(404)["404"]}
    job_id = [{"name": "job_id", "in": "path", "required": True, "schema": {"type": "string"}}]
    return {
        "/picks": {
            "post": {
                "operationId": "postPicks",
                "summary": "picks of waveforms that are sent",
                "parameters": [_parameter(one) for one in PICKING]
                + [{"name": "Idempotency-Key", "in": "header", "schema": {"type": "string"}}],
                "requestBody": {
                    "required": True,
                    "content": {
                        "application/json": {
                            "schema": {"$ref": "#/components/schemas/PickRequest"},
                            "example": _EXAMPLE,
                        },
                        "application/vnd.fdsn.mseed": _WAVEFORMS,
                        "application/octet-stream": _WAVEFORMS,
                        "multipart/form-data": {
                            "schema": {
                                "type": "object",
                                "properties": {"files": {"type": "array", "items": _WAVEFORMS["schema"]}},
                            }
                        },
                    },
                },
                "responses": {
                    "200": {"description": "the picks", "content": reply},
                    "202": {"description": "taken as a job", "content": job},
                    **refusals,
                },
            }
        },
        "/jobs/{job_id}": {
            "parameters": job_id,
            "get": {
                "operationId": "getJob",
                "summary": "how a job stands",
                "responses": {"200": {"description": "the job", "content": job}, **known},
            },
            "delete": {
                "operationId": "cancelJob",
                "summary": "give a job up",
                "responses": {"200": {"description": "the job", "content": job}, **known},
            },
        },
        "/jobs/{job_id}/result": {
            "parameters": job_id,
            "get": {
                "operationId": "getResult",
                "summary": "what came out of a job",
                "responses": {"200": {"description": "the picks", "content": reply}, **known},
            },
        },
    }


def _path_word(name: str) -> dict[str, Any]:
    return {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}


def _synthetics(syngine: Service) -> dict[str, Any]:
    request = {"schema": {"$ref": "#/components/schemas/SyntheticsRequest"}, "example": _A_SOURCE}
    model = _plain("syngineInfo", "the model in numbers", "application/json")
    model["responses"] |= _refusals(400)
    job = {"application/json": {"schema": {"$ref": "#/components/schemas/SyntheticsJobState"}}}
    return {
        "/synthetics": {
            "post": {
                "operationId": "postSynthetics",
                "summary": "seismograms of sources that are sent",
                "requestBody": {"required": True, "content": {"application/json": request}},
                "responses": {
                    "200": {
                        "description": "the seismograms",
                        "headers": {"X-Left-Out": {"schema": {"type": "integer"}, "description": "stations too far"}},
                        "content": {
                            "application/vnd.fdsn.mseed": _WAVEFORMS,
                            "application/zip": _WAVEFORMS,
                            "application/json": {"schema": {"$ref": "#/components/schemas/SyntheticsReply"}},
                        },
                    },
                    "202": {"description": "taken as a job", "content": job},
                    **_refusals(400, 413, 429, 503),
                },
            }
        },
        f"{JOBS}/{{job_id}}": {
            "parameters": [_path_word("job_id")],
            "get": {
                "operationId": "getSyntheticsJob",
                "summary": "how a job of seismograms stands",
                "responses": {"200": {"description": "the job", "content": job}, **_refusals(404)},
            },
            "delete": {
                "operationId": "cancelSyntheticsJob",
                "summary": "give a job of seismograms up",
                "responses": {"200": {"description": "the job", "content": job}, **_refusals(404)},
            },
        },
        f"{JOBS}/{{job_id}}/files/{{name}}": {
            "parameters": [_path_word("job_id"), _path_word("name")],
            "get": {
                "operationId": "getSyntheticsFile",
                "summary": "a file that came of a job of seismograms",
                "responses": {
                    "200": {
                        "description": "the file",
                        "content": {"application/vnd.fdsn.mseed": _WAVEFORMS, "application/octet-stream": _WAVEFORMS},
                    },
                    **_refusals(404),
                },
            },
        },
        f"{SYNGINE}/models": {"get": _plain("syngineModels", "the model there is", "application/json")},
        f"{SYNGINE}/info": {"get": model | {"parameters": [_parameter(syngine.parameters[0])]}},
    }


def _feeds() -> dict[str, Any]:
    feed = [
        {"name": "level", "in": "path", "required": True, "schema": {"type": "string", "enum": list(LEVELS)}},
        {"name": "span", "in": "path", "required": True, "schema": {"type": "string", "enum": list(SPANS)}},
    ]
    paths: dict[str, Any] = {}
    for kind in ("geojson", "csv", "atom", "kml", "xml"):
        operation = _plain(f"feed{kind.capitalize()}", f"events of a size and an age as {kind}", None)
        operation["responses"] |= _refusals(404)
        paths[f"/feeds/{{level}}_{{span}}.{kind}"] = {"parameters": feed, "get": operation}
    detail = _plain("detail", "an event with its products", "application/geo+json")
    detail["responses"] |= _refusals(404)
    event_id = {"name": "event_id", "in": "path", "required": True, "schema": {"type": "string"}}
    return paths | {"/feeds/detail/{event_id}.geojson": {"parameters": [event_id], "get": detail}}


def _events() -> dict[str, Any]:
    named = [{"name": "event_id", "in": "path", "required": True, "schema": {"type": "string"}, "example": "wd2019abc"}]
    needed: list[dict[str, list[str]]] = [{"token": []}]
    request = {"schema": {"$ref": "#/components/schemas/ReviewRequest"}, "example": {"action": "confirm"}}
    return {
        "/events/{event_id}/review": {
            "parameters": named,
            "post": {
                "operationId": "review",
                "summary": "an analyst's word on an event; the event as it is then",
                "security": needed,
                "requestBody": {"content": {"application/json": request}, "required": True},
                "responses": {
                    "200": {
                        "description": "the event; its status is deleted where it is rejected",
                        "content": {"application/geo+json": {"schema": {"type": "object"}}},
                    },
                    **_refusals(400, 401, 403, 404, 413, 429),
                },
            },
        },
        "/events/{event_id}/reviews": {
            "parameters": named,
            "get": {
                "operationId": "reviews",
                "summary": "what analysts said of an event",
                "security": needed,
                "responses": {
                    "200": {
                        "description": "the first first",
                        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Reviews"}}},
                    },
                    **_refusals(401, 403, 404, 429),
                },
            },
        },
        "/audit": {
            "get": {
                "operationId": "audit",
                "summary": "who did what, the latest first",
                "security": needed,
                "responses": {
                    "200": {
                        "description": "requests",
                        "content": {"application/json": {"schema": {"type": "object"}}},
                    },
                    **_refusals(401, 403, 429),
                },
            }
        },
    }


def _others() -> dict[str, Any]:
    kinds = {"name": "kinds", "in": "query", "schema": {"type": "string"}, "description": "event, pick, with commas"}
    after = {"name": "after", "in": "query", "schema": {"type": "string"}, "description": "the last id that came"}
    stream = _plain("stream", "picks and events as they come (server-sent events)", "text/event-stream")
    stream["responses"] |= _refusals(400, 503)
    return {
        "/stream": {"parameters": [kinds, after], "get": stream},
        "/health": {"get": _plain("health", "that it runs", "application/json")},
        "/ready": {"get": _plain("ready", "that it can answer", "application/json")},
        "/metrics": {"get": _plain("metrics", "counts and times for Prometheus", "text/plain")},
    }


def _plain(name: str, summary: str, kind: str | None) -> dict[str, Any]:
    content = {} if kind is None else {"content": {kind: {"schema": {"type": "string"}}}}
    if kind in ("application/json", "application/geo+json"):
        content = {"content": {kind: {"schema": {"type": "object"}}}}
    return {"operationId": name, "summary": summary, "responses": {"200": {"description": summary, **content}}}


def _refusals(*statuses: int, kind: str = "application/problem+json") -> dict[str, Any]:
    schema = {"$ref": "#/components/schemas/Problem"} if kind.endswith("json") else {"type": "string"}
    return {f"{one}": {"description": "refused, in words", "content": {kind: {"schema": schema}}} for one in statuses}
