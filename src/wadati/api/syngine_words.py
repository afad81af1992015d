"""What may be asked of Syngine beside its model, and its words for sources, receivers and times."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from wadati.api.errors import Refused
from wadati.api.fdsn.service import entries_of
from wadati.api.parameters import Parameter
from wadati.engine.synthetics.requests import check_code, chosen, place_of
from wadati.engine.synthetics.window import Moment, Window
from wadati.errors import UsageError
from wadati.model import MomentTensor, Station, parse_open_time, parse_time
from wadati.units import SECOND

PARAMETERS = (
    Parameter(name="network", words="codes with commas between them; * and ?"),
    Parameter(name="station", words="codes with commas between them; * and ?", example="*"),
    Parameter(name="receiverlatitude", kind="number", low=-90, high=90, words="of a place without station, degrees"),
    Parameter(name="receiverlongitude", kind="number", low=-180, high=180, words="of it, degrees"),
    Parameter(name="networkcode", words="what the network of a place is called", usual="XX"),
    Parameter(name="stationcode", words="what a place is called; S0001 and so on without"),
    Parameter(name="locationcode", words="the location of all seismograms", usual="SE"),
    Parameter(name="eventid", words="an event of this catalog with a moment tensor, CATALOG:ID or ID"),
    Parameter(name="sourcelatitude", kind="number", low=-90, high=90, words="degrees", example="35.7"),
    Parameter(name="sourcelongitude", kind="number", low=-180, high=180, words="degrees", example="-117.5"),
    Parameter(name="sourcedepthinmeters", kind="number", words="m below sea level", example="8000"),
    Parameter(name="sourcemomenttensor", words="Mrr,Mtt,Mpp,Mrt,Mrp,Mtp in N m (r up, t south, p east)"),
    Parameter(name="sourcedoublecouple", words="strike,dip,rake in degrees, and M0 in N m", example="320,85,180,1e16"),
    Parameter(name="sourceforce", words="refused: these Green's functions are those of moments"),
    Parameter(name="origintime", kind="time", usual=parse_time("1900-01-01"), words="of the source"),
    Parameter(name="starttime", words="of the first sample: seconds after the origin, a time, or P-10, S+30"),
    Parameter(name="endtime", words="of the last sample: seconds after the first, a time, or P-10, S+30"),
    Parameter(name="label", words="what names of files begin with"),
    Parameter(name="components", words="any of Z, N, E, R, T", usual="ZNE"),
    Parameter(
        name="units", choices=("displacement", "velocity", "acceleration"), usual="displacement", words="m, m/s, m/s²"
    ),
    Parameter(name="scale", kind="number", low=-1e12, high=1e12, usual=1.0, words="what samples are multiplied by"),
    Parameter(name="dt", kind="number", low=1e-6, words="seconds between samples, at most those of the model"),
    Parameter(name="kernelwidth", kind="integer", low=1, high=100, words="taken, and changes nothing: it is 16 here"),
    Parameter(name="format", choices=("miniseed", "saczip"), usual="miniseed", words="of the answer"),
)

_COMPONENTS = "ZNERT"
_USUAL_MOMENT = 1e19
_AFTER_PHASE = re.compile(r"([PS])([+-]\d+(?:\.\d*)?)?", re.IGNORECASE)
_LABEL = re.compile(r"[A-Za-z0-9._-]{1,40}")
_CODES = ("NETCODE", "STACODE", "LOCCODE")
_MOST_LINES = 2000


class Receiver(NamedTuple):
    """A line of a list: the codes of a station, or a place with those that it is to have."""

    network: str = ""
    station: str = ""
    location: str = ""
    place: tuple[float, float] | None = None


def read_list(text: str) -> tuple[list[tuple[str, str]], list[Receiver]]:
    """The `name=value` lines of a list, and its receivers: `NET STA`, or `LATITUDE LONGITUDE`, after which may stand
    NETCODE=, STACODE= and LOCCODE=. Raises `Refused` for what is neither.

    >>> read_list("model=gil7\\nXX ABC\\n35.5 -117.5 STACODE=HERE\\n")[1]
    [Receiver(network='XX', station='ABC', location='', place=None), \
Receiver(network='', station='HERE', location='', place=(35.5, -117.5))]
    """
    return entries_of(text, _receiver, _MOST_LINES, "NETWORK STATION or LATITUDE LONGITUDE")


def _receiver(number: int, fields: Sequence[str]) -> Receiver:
    if len(fields) >= 2:
        codes = dict(field.upper().partition("=")[::2] for field in fields[2:])
        try:
            place = float(fields[0]), float(fields[1])
        except ValueError:
            if not codes:
                return Receiver(fields[0], fields[1])
        else:
            if set(codes) <= set(_CODES):
                network, station, location = (codes.get(name, "") for name in _CODES)
                return Receiver(network, station, location, place)
    raise Refused(400, f"line {number} of the list is neither NETWORK STATION nor LATITUDE LONGITUDE")


def stations_of(
    values: dict[str, Any], lines: Sequence[Receiver] | None, known: Sequence[Station]
) -> tuple[tuple[Station, ...], dict[tuple[str, str], str]]:
    """Where seismograms are wanted, and the location codes of places that state their own. Raises `UsageError`."""
    if lines is None:
        lines = [_of_parameters(values)]
    check_code(values["locationcode"], 2)
    found = list(_places(lines, values, known))
    return tuple(station for station, _ in found), {station.key: code for station, code in found if code}


def _of_parameters(values: dict[str, Any]) -> Receiver:
    place = values["receiverlatitude"], values["receiverlongitude"]
    if place == (None, None):
        if values["network"] is None and values["station"] is None:
            raise Refused(400, "network and station, or receiverlatitude and receiverlongitude are needed")
        return Receiver(values["network"] or "*", values["station"] or "*")
    if None in place or values["network"] is not None or values["station"] is not None:
        raise Refused(400, "give network and station, or receiverlatitude and receiverlongitude")
    return Receiver(values["networkcode"], values["stationcode"] or "", "", place)


def _places(
    lines: Sequence[Receiver], values: dict[str, Any], known: Sequence[Station]
) -> Iterator[tuple[Station, str]]:
    for number, line in enumerate(lines, 1):
        if line.place is None:
            for station in chosen([f"{line.network}.{line.station}"], known):
                yield station, ""
            continue
        network, code = line.network or values["networkcode"], line.station or f"S{number:04d}"
        check_code(line.location or values["locationcode"], 2)
        yield place_of(network, code, *line.place), line.location


def tensor_of(values: dict[str, Any]) -> MomentTensor:
    """The moment tensor that is given, in whatever words. Raises `UsageError`."""
    if values["sourcemomenttensor"] is not None:
        up, south, east, up_south, up_east, south_east = _numbers("sourcemomenttensor", values, 6, 6)
        return MomentTensor(nn=south, ee=east, dd=up, ne=-south_east, nd=up_south, ed=-up_east)
    strike, dip, rake, *moment = _numbers("sourcedoublecouple", values, 3, 4)
    return MomentTensor.of_fault(strike, dip, rake, moment[0] if moment else _USUAL_MOMENT)


def _numbers(name: str, values: dict[str, Any], least: int, most: int) -> list[float]:
    try:
        found = [float(part) for part in values[name].split(",")]
    except ValueError:
        found = []
    if not (least <= len(found) <= most and all(math.isfinite(one) for one in found)):
        wanted = f"{least}" if least == most else f"{least} or {most}"
        raise UsageError(f"{name} needs {wanted} numbers with commas between them")
    return found


def window_of(values: dict[str, Any], origin: int, locations: dict[tuple[str, str], str]) -> Window:
    """What of the seismograms is wanted. Raises `UsageError`."""
    components = "".join(dict.fromkeys(values["components"].upper().replace(",", "")))
    if not components or set(components) - set(_COMPONENTS):
        raise UsageError(f"components={values['components']!r} must be of {', '.join(_COMPONENTS)}")
    return Window(
        start=_moment("starttime", values, origin, "origin") or Moment("origin", 0.0),
        end=_moment("endtime", values, origin, "start"),
        step_s=values["dt"],
        components=components,
        location=values["locationcode"],
        locations=locations,
        scale=values["scale"],
    )


def _moment(name: str, values: dict[str, Any], origin: int, usual: str) -> Moment | None:
    text = values[name]
    if text is None:
        return None
    if (found := _AFTER_PHASE.fullmatch(text)) is not None:
        return Moment(found[1].upper(), float(found[2] or 0))
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if math.isfinite(number):
        return Moment(usual, number)
    try:
        return Moment("origin", (parse_open_time(text) - origin) / SECOND)
    except UsageError:
        raise UsageError(f"{name}={text!r} is neither seconds nor a time, nor P or S with seconds") from None


def label_of(values: dict[str, Any]) -> str:
    """What files are called by. Raises `UsageError` for what no file should be called."""
    label = values["label"]
    if label is not None and not _LABEL.fullmatch(label):
        raise UsageError("label may have up to 40 letters, digits, dots, dashes and underscores")
    return label or ""
