"""The network for the portal: its stations and how they do, what waveforms there are, and the map under it.

`/portal/data/network`, and `/portal/data/basemap` (`west`, `south`: one cell of the map).
"""

from __future__ import annotations

import threading
import time
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from wadati.api.holdings import Holdings
from wadati.api.parameters import Parameter, read
from wadati.api.portal.answers import json_answer
from wadati.engine.live.status import read_status
from wadati.greens.answers import Answers
from wadati.greens.layout import Contents
from wadati.model.time import parse_time
from wadati.report.basemap import Box, cut
from wadati.units import KILOMETRE, MILLISECOND

CELL = 10
"""Degrees that one piece of the map is wide and high."""

_KEPT_S = 60.0
_REST = 20
_CORNER = (
    Parameter(name="west", kind="integer", low=-180, high=180 - CELL, usual=0, words="west side of a cell (degrees)"),
    Parameter(name="south", kind="integer", low=-90, high=90 - CELL, usual=0, words="south side of a cell (degrees)"),
)
_A_WEEK = {"Cache-Control": "public, max-age=604800"}


class PortalNetwork:
    """Answers from the stations, the archive, and the status of a live run."""

    def __init__(self, holdings: Holdings, greens: Answers[Any] | None = None) -> None:
        self._holdings, self._greens = holdings, greens
        self._turn = threading.Lock()
        self._extent: tuple[float, dict[str, int] | None] | None = None

    def routes(self) -> list[Route]:
        """Where it answers."""
        return [
            Route("/portal/data/network", self.network, methods=["GET"]),
            Route("/portal/data/basemap", _basemap, methods=["GET"]),
        ]

    def network(self, request: Request) -> Response:
        """The stations and how they do; `live` is None where no run is going on."""
        holdings = self._holdings
        status = (read_status(holdings.folder) if holdings.folder is not None else None) or {}
        running = bool(status.get("running")) and not status.get("stale")
        told: dict[str, Any] = {
            "title": holdings.settings.title,
            "terms": holdings.settings.words(),
            "stations": self._stations({(s["network"], s["station"]): s for s in status.get("stations", ())}),
            "waveforms": self._waveforms(),
            "live": _live(status) if running else None,
            "synthetics": None if self._greens is None else _synthetics(self._greens),
        }
        return json_answer(request, msgspec.json.encode(told), {"Cache-Control": "no-store"})

    def _stations(self, health: dict[tuple[str, str], dict[str, Any]]) -> list[dict[str, Any]]:
        return [
            {
                "network": one.network,
                "station": one.code,
                "latitude": one.latitude,
                "longitude": one.longitude,
                "elevation_m": one.elevation,
                "state": health.get(one.key, {}).get("state"),
                "words": health.get(one.key, {}).get("words", ""),
                "data_latency_s": _known(health.get(one.key, {}).get("data_latency_s")),
                "feed_latency_s": _known(health.get(one.key, {}).get("feed_latency_s")),
            }
            for one in self._holdings.inventory.stations()
        ]

    def _waveforms(self) -> dict[str, int] | None:
        """From when until when (ms) there are waveforms in the archive."""
        with self._turn:
            began = time.monotonic()
            if self._extent is None or began > self._extent[0]:
                archive = self._holdings.archive
                extents = [] if archive is None else archive.extents()
                found = None
                if extents:
                    start, end = min(one.span.start for one in extents), max(one.span.end for one in extents)
                    found = {"start_ms": start // MILLISECOND, "end_ms": end // MILLISECOND}
                ended = time.monotonic()
                # A large archive takes long to look through, and is looked through the more seldom.
                self._extent = ended + _KEPT_S + _REST * (ended - began), found
            return self._extent[1]


def _live(status: dict[str, Any]) -> dict[str, Any]:
    return {
        "data_time_ms": parse_time(status["data_time"]) // MILLISECOND if status.get("data_time") else None,
        "sources": status.get("sources", []),
        "picks_per_minute": status.get("picks", {}).get("per_minute"),
    }


def _synthetics(greens: Answers[Any]) -> dict[str, Any]:
    contents = greens.contents
    reach = [contents.distances.start, contents.distances.stop] if isinstance(contents, Contents) else []
    return {
        "model": greens.model,
        "depths_km": (contents.depths.start / KILOMETRE, contents.depths.stop / KILOMETRE),
        "distances_km": [metres / KILOMETRE for metres in reach],
        "band_hz": greens.band,
    }


def _known(seconds: float | None) -> float | None:
    """Seconds that are known; the status says -1 of others."""
    return None if seconds is None or seconds < 0 else seconds


def _basemap(request: Request) -> Response:
    """Land (polygons), coasts and borders (lines) of one cell as GeoJSON. Raises `Refused`."""
    corner = read(_CORNER, request.query_params.multi_items())
    west, south = (corner[name] // CELL * CELL for name in ("west", "south"))
    found = cut(Box(west, south, west + CELL, south + CELL))
    features = [_feature("land", "Polygon", [_closed(ring.round(3).tolist())]) for ring in found.land]
    features += [_feature("coast", "LineString", line.round(3).tolist()) for line in found.coasts]
    features += [_feature("border", "LineString", line.round(3).tolist()) for line in found.borders]
    whole = msgspec.json.encode({"type": "FeatureCollection", "features": features})
    return json_answer(request, whole, _A_WEEK)


def _feature(kind: str, geometry: str, coordinates: list[Any]) -> dict[str, Any]:
    return {
        "type": "Feature",
        "properties": {"kind": kind},
        "geometry": {"type": geometry, "coordinates": coordinates},
    }


def _closed(ring: list[list[float]]) -> list[list[float]]:
    return ring if ring[0] == ring[-1] else [*ring, ring[0]]
