"""The nouns: frozen values that every room shares."""

from wadati.model.amplitude import AmplitudeTrack
from wadati.model.codec import decode_json, decode_msgpack, encode_json, encode_msgpack
from wadati.model.earth import Layer, VelocityModel
from wadati.model.event import Catalog, Event, Magnitude, StationMagnitude
from wadati.model.ids import content_id
from wadati.model.mechanism import FocalMechanism, NodalPlane, PrincipalAxis
from wadati.model.moment_tensor import MomentTensor, moment_magnitude, scalar_moment
from wadati.model.origin import Arrival, Origin, Uncertainty
from wadati.model.pick import Pick
from wadati.model.point_source import PointSource
from wadati.model.review import Review, ReviewAction, reviewed
from wadati.model.source_id import SourceId
from wadati.model.station import ALWAYS, Channel, Inventory, Response, Station
from wadati.model.summary import EventSummary
from wadati.model.time import Nanoseconds, TimeSpan, format_time, parse_open_time, parse_time, sampling_rate, seconds
from wadati.model.topography import Topography
from wadati.model.trace import Trace, TraceWindow

__all__ = [
    "ALWAYS",
    "AmplitudeTrack",
    "Arrival",
    "Catalog",
    "Channel",
    "Event",
    "EventSummary",
    "FocalMechanism",
    "Inventory",
    "Layer",
    "Magnitude",
    "MomentTensor",
    "Nanoseconds",
    "NodalPlane",
    "Origin",
    "Pick",
    "PointSource",
    "PrincipalAxis",
    "Response",
    "Review",
    "ReviewAction",
    "SourceId",
    "Station",
    "StationMagnitude",
    "TimeSpan",
    "Topography",
    "Trace",
    "TraceWindow",
    "Uncertainty",
    "VelocityModel",
    "content_id",
    "decode_json",
    "decode_msgpack",
    "encode_json",
    "encode_msgpack",
    "format_time",
    "moment_magnitude",
    "parse_open_time",
    "parse_time",
    "reviewed",
    "sampling_rate",
    "scalar_moment",
    "seconds",
]
