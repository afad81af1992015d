"""FDSN StationXML, through ObsPy.

Standard: https://docs.fdsn.org/projects/stationxml. Of a response the overall sensitivity and the analogue poles and
zeros are kept; digital filters are not.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Iterable, Sequence
from itertools import groupby
from pathlib import Path
from typing import Any

from wadati.errors import InputError
from wadati.formats.atomic import atomic_write
from wadati.formats.channel_codes import channel_code, source_id_of
from wadati.formats.ground_unit import ground_unit
from wadati.model import ALWAYS, Channel, Inventory, Response, TimeSpan
from wadati.protocols import Problem

_RADIANS = "LAPLACE (RADIANS/SECOND)"
_HERTZ = "LAPLACE (HERTZ)"
_SCALE = {_RADIANS: 1.0, _HERTZ: 2 * math.pi}

Pairs = tuple[tuple[float, float], ...]


def read_stationxml(path: Path) -> tuple[Inventory, list[Problem]]:
    """The channels of a StationXML file, and what of it was left out.

    The elevation of a channel is that of its sensor: elevation minus depth of the file. A response of ground motion
    has its sensitivity in counts per m, m/s or m/s**2; its poles and zeros are those of all analogue stages together,
    in rad/s, where the first of them has the same input unit. Epochs without an end are open. Raises `InputError` for a
    file that is not StationXML.
    """
    import obspy

    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        try:
            found = obspy.read_inventory(str(path), format="STATIONXML")
        except (OSError, ValueError, TypeError, AttributeError, LookupError, SyntaxError) as error:
            raise _unreadable(path, error) from None
    problems = [
        Problem(str(path), _line(warning.message), "mend this channel in the file; the others are used")
        for warning in told
        if "coordinates" in str(warning.message)
    ]
    channels = []
    for network in found:
        for station in network:
            for channel in station:
                source_id = source_id_of(network.code, station.code, channel.location_code or "", channel.code)
                response, wrong = _response(channel.response)
                if wrong:
                    problems.append(Problem(f"{path}: {source_id.nslc}", wrong, "it is used for picks, not magnitudes"))
                channels.append(
                    Channel(
                        source_id,
                        float(channel.latitude),
                        float(channel.longitude),
                        float(channel.elevation) - float(channel.depth or 0.0),
                        response,
                        None if channel.azimuth is None else float(channel.azimuth),
                        None if channel.dip is None else float(channel.dip),
                        None if not channel.sample_rate else float(channel.sample_rate),
                        _epoch(channel.start_date, channel.end_date),
                    )
                )
    return Inventory.of(channels), problems


def write_stationxml(inventory: Inventory, path: Path) -> None:
    """Write an inventory as StationXML 1.2, atomically; reading gives it back, the same inventory the same bytes.

    Epochs are held to the microsecond. A flat response is written without stages, one with poles and zeros as one stage
    of them.
    """
    from obspy import UTCDateTime
    from obspy.core.inventory import Inventory as ObspyInventory
    from obspy.core.inventory import Network, Station

    networks = []
    for code, of_network in groupby(inventory, key=lambda channel: channel.source_id.network):
        stations = []
        for name, group in groupby(of_network, key=lambda channel: channel.source_id.station):
            own = list(group)
            first = own[0]
            stations.append(
                Station(
                    name,
                    first.latitude,
                    first.longitude,
                    first.elevation,
                    channels=[_channel(channel) for channel in own],
                )
            )
        networks.append(Network(code, stations))
    with atomic_write(path) as partial:
        ObspyInventory(networks, "Wadati", created=UTCDateTime(0)).write(str(partial), format="STATIONXML")


def _unreadable(path: Path, error: Exception) -> InputError:
    if "out of bounds (-90" in str(error):
        # ObsPy refuses the whole file for one such value, without saying where it stands.
        wrong = f"a latitude or dip is beyond 90 degrees ({_line(error)})"
        return InputError(path, wrong, "where latitude and longitude are swapped, exchange them")
    wrong = f"is not StationXML that can be read ({_line(error)})"
    return InputError(path, wrong, "give FDSN StationXML or a station CSV")


def _line(error: object) -> str:
    return " ".join(str(error).split())[:200]


def _epoch(start: Any, end: Any) -> TimeSpan:
    return TimeSpan(ALWAYS.start if start is None else int(start.ns), ALWAYS.end if end is None else int(end.ns))


def _response(response: Any) -> tuple[Response | None, str]:
    """The response of a channel, None where it records no ground motion; and what is wrong with it."""
    if response is None or response.instrument_sensitivity is None:
        return None, ""
    overall = response.instrument_sensitivity
    unit = ground_unit(overall.input_units or "")
    if unit is None:
        return None, ""
    if not overall.value or not math.isfinite(overall.value):
        return None, f"has a sensitivity of {overall.value}"
    poles, zeros = _analogue(response.response_stages, unit[0])
    frequency = None if overall.frequency is None else float(overall.frequency)
    return Response(float(overall.value) * unit[1], unit[0], frequency, poles, zeros), ""


def _analogue(stages: Sequence[Any], unit: str) -> tuple[Pairs | None, Pairs | None]:
    """Poles and zeros of all analogue stages, in rad/s with respect to a unit; None where they are not known."""
    laplace = [stage for stage in stages if getattr(stage, "pz_transfer_function_type", None) in _SCALE]
    first = ground_unit(laplace[0].input_units or "") if laplace else None
    if first is None or first[0] != unit:
        return None, None
    poles, zeros = (
        tuple(
            (float(root.real) * scale, float(root.imag) * scale)
            for stage in laplace
            for scale in (_SCALE[stage.pz_transfer_function_type],)
            for root in getattr(stage, name)
        )
        for name in ("poles", "zeros")
    )
    return poles, zeros


def _channel(channel: Channel) -> Any:
    from obspy import UTCDateTime
    from obspy.core.inventory import Channel as ObspyChannel

    start, end = (
        None if edge in (ALWAYS.start, ALWAYS.end) else UTCDateTime(ns=edge)
        for edge in (channel.epoch.start, channel.epoch.end)
    )
    return ObspyChannel(
        channel_code(channel.source_id),
        channel.source_id.location,
        channel.latitude,
        channel.longitude,
        channel.elevation,
        0.0,
        azimuth=channel.azimuth,
        dip=channel.dip,
        sample_rate=channel.sampling_rate_hz,
        response=None if channel.response is None else _stages(channel.response),
        start_date=start,
        end_date=end,
    )


def _stages(response: Response) -> Any:
    from obspy.core.inventory.response import InstrumentSensitivity, PolesZerosResponseStage
    from obspy.core.inventory.response import Response as ObspyResponse

    frequency = response.sensitivity_frequency_hz
    overall = InstrumentSensitivity(response.sensitivity, frequency, response.unit, "count")
    if response.poles is None:
        return ObspyResponse(instrument_sensitivity=overall)
    stage = PolesZerosResponseStage(
        1,
        response.sensitivity,
        frequency,
        response.unit,
        "count",
        _RADIANS,
        frequency or 1.0,
        [complex(*zero) for zero in response.zeros or ()],
        [complex(*pole) for pole in response.poles],
        normalization_factor=_normalisation(response.poles, response.zeros or (), frequency or 1.0),
    )
    return ObspyResponse(instrument_sensitivity=overall, response_stages=[stage])


def _normalisation(poles: Pairs, zeros: Pairs, frequency: float) -> float:
    """What makes poles and zeros one at a frequency (Hz)."""
    s = 2j * math.pi * frequency
    gain = abs(_product(s, zeros) / _product(s, poles))
    return 1 / gain if gain else 1.0


def _product(s: complex, roots: Iterable[tuple[float, float]]) -> complex:
    value = 1 + 0j
    for root in roots:
        value *= s - complex(*root)
    return value
