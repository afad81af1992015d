"""Syngine's interface (EarthScope's synthetics engine): `/syngine/1/query`, `models`, `info`, `version`.

Interface: https://service.earthscope.org/irisws/syngine/1. Its model is that of the Green's functions that are served;
a source is a moment tensor, a double couple or an event of the catalog. A force is none: a store has moments only.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import numpy as np
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from wadati.api.errors import Refused
from wadati.api.fdsn.service import Answer, Service
from wadati.api.holdings import Holdings
from wadati.api.parameters import Parameter, read
from wadati.api.syngine_words import PARAMETERS, Receiver, label_of, read_list, stations_of, tensor_of, window_of
from wadati.api.synthetics import SyntheticsService
from wadati.engine.synthetics.answers import MEDIA, check_finite, miniseed, sac_archive, words_of
from wadati.engine.synthetics.event_sources import source_of_event
from wadati.engine.synthetics.requests import Question, check_tensor, check_time
from wadati.engine.synthetics.seismograms import Motion
from wadati.engine.synthetics.window import Plan, Window, planned, sizes, windowed
from wadati.errors import InputError, UsageError
from wadati.greens.answers import Answers
from wadati.greens.layout import STOP, Contents
from wadati.greens.spectra import taper
from wadati.model import PointSource

PATH = "/syngine/1"
VERSION = "1.0.0"

_SOURCES = ("eventid", "sourcemomenttensor", "sourcedoublecouple")
_PLACE = ("sourcelatitude", "sourcelongitude", "sourcedepthinmeters")
_SLIP_SAMPLES = 64


class SyngineService:
    """What answers in the words of Syngine."""

    def __init__(self, holdings: Holdings, synthetics: SyntheticsService) -> None:
        self._holdings, self._synthetics = holdings, synthetics
        name = name_of(synthetics.greens)
        self._model = Parameter(name="model", words="the name of the model", choices=(name,), usual=name, example=name)
        asked = (self._model, *PARAMETERS)
        self.service = Service("syngine", VERSION, asked, self.ask, lists=True, read_list=read_list, path=PATH)

    def routes(self) -> list[Route]:
        """Where it answers, beside its `service`."""
        return [
            Route(f"{PATH}/models", self.models, methods=["GET"]),
            Route(f"{PATH}/info", self.info, methods=["GET"]),
        ]

    def models(self, _: Request) -> Response:
        """The one model there is, and what it is."""
        greens = self._synthetics.greens
        return JSONResponse({name_of(greens): greens.contents.words()})

    def info(self, request: Request) -> Response:
        """The model in numbers. Raises `Refused`."""
        read([self._model], request.query_params.multi_items())
        return JSONResponse(told(self._synthetics.greens))

    def ask(
        self, values: dict[str, Any], lines: Sequence[Receiver] | None = None, _: frozenset[str] = frozenset()
    ) -> Answer | None:
        """The seismograms that are wanted; None where an event is unknown or has no mechanism. Raises `Refused`."""
        service = self._synthetics
        try:
            source = self._source(values)
            if source is None:
                return None
            label = label_of(values)
            stations, locations = stations_of(values, lines, service.stations)
            window = window_of(values, source.time, locations)
            question = Question((source,), stations, Motion(values["units"]), values["format"])
            service.admit(question, question.samples(service.greens))
            plan = planned(service.greens, question, window)
        except UsageError as error:
            raise Refused(400, str(error)) from None
        except InputError as error:
            raise Refused(400, f"{error.subject}: {error.wrong}") from None
        service.admit(question, sizes(plan, window))
        content = service.in_turn(lambda: self._made(question, window, plan, label))
        ending = "zip" if question.format == "saczip" else "mseed"
        return Answer([content], MEDIA[question.format], f"{label or 'syngine'}.{ending}")

    def _made(self, question: Question, window: Window, plan: Plan, label: str) -> bytes:
        found = [windowed(self._synthetics.greens, question, window, plan)]
        check_finite(found)
        return sac_archive(found, words_of(plan.left_out), label) if question.format == "saczip" else miniseed(found)

    def _source(self, values: dict[str, Any]) -> PointSource | None:
        """The source that is given; None where it is an event that is not there or has none."""
        if values["sourceforce"] is not None:
            raise Refused(400, "these Green's functions are those of moments; give sourcemomenttensor")
        named = [name for name in _SOURCES if values[name] is not None]
        if len(named) != 1:
            raise Refused(400, f"one of {', '.join(_SOURCES)} is needed")
        if named == ["eventid"]:
            event = self._holdings.event(values["eventid"].rpartition(":")[2])
            source = None if event is None else source_of_event(event)
            return source if isinstance(source, PointSource) else None
        latitude, longitude, depth = (values[name] for name in _PLACE)
        if None in (latitude, longitude, depth):
            raise Refused(400, f"{', '.join(_PLACE)} are needed")
        check_time(values["origintime"])
        tensor = tensor_of(values)
        check_tensor(tensor)
        return PointSource(values["origintime"], latitude, longitude, depth, tensor)


def name_of(greens: Answers[Any]) -> str:
    """What the model of a store is called here: small letters, and no blanks."""
    return re.sub(r"[^a-z0-9.-]+", "_", greens.model.lower()).strip("_") or "model"


def told(greens: Answers[Any]) -> dict[str, Any]:
    """What Syngine says of a model: times in seconds, places in metres, and how the moment grows, sampled at `dt`."""
    contents, rate = greens.contents, greens.reduced.sampling_rate_hz
    frequency = np.fft.rfftfreq(_SLIP_SAMPLES, 1 / rate).astype(np.float64)
    spectrum = taper(frequency, contents.band[1], STOP * contents.band[1])
    growth = np.roll(np.fft.irfft(spectrum, _SLIP_SAMPLES), _SLIP_SAMPLES // 2) * rate
    reach = contents.distances if isinstance(contents, Contents) else None
    distances = {} if reach is None else {"min_distance": reach.start, "max_distance": reach.stop}
    return distances | {
        "directory": name_of(greens),
        "velocity_model": greens.model,
        "model_digest": contents.model_digest,
        "dt": 1 / rate,
        "npts": contents.reduced.samples,
        "length": (contents.reduced.samples - 1) / rate,
        "period": 1 / contents.band[1],
        "longest_period": 1 / contents.band[0],
        "components": "vertical and horizontal",
        "attenuation": True,
        "min_depth": contents.depths.start,
        "max_depth": contents.depths.stop,
        "src_shift": _SLIP_SAMPLES // 2 / rate,
        "slip": np.cumsum(growth / rate).tolist(),
        "sliprate": growth.tolist(),
    }
