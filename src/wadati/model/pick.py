"""Picks: times at which a phase was seen to arrive at a station."""

from __future__ import annotations

import msgspec

from wadati.model.ids import content_id
from wadati.model.source_id import SourceId
from wadati.model.time import Nanoseconds


class Pick(msgspec.Struct, frozen=True):
    """An observation of a phase onset.

    `source_id` is the channel picked on (for a picker of three components, its vertical). `phase_hint` is `P` or `S`.
    `time_uncertainty` is one standard deviation in seconds. `probability` is the picker's, between 0 and 1.
    `polarity` is `positive` (up), `negative` or None. `amplitude` is the half peak-to-peak of the Wood–Anderson
    seismogram (magnification 2080) after the pick in metres, None where unknown. `method` names picker and weights.
    Make picks with `Pick.of`, which gives them the identifier of their content.
    """

    pick_id: str
    source_id: SourceId
    phase_hint: str
    time: Nanoseconds
    time_uncertainty: float
    probability: float
    polarity: str | None = None
    amplitude: float | None = None
    method: str = ""
    evaluation_mode: str = "automatic"

    @classmethod
    def of(
        cls,
        source_id: SourceId,
        phase_hint: str,
        time: int,
        *,
        time_uncertainty: float,
        probability: float,
        polarity: str | None = None,
        amplitude: float | None = None,
        method: str = "",
        evaluation_mode: str = "automatic",
    ) -> Pick:
        """A pick whose identifier hashes what was observed: channel, phase, time, method and mode.

        >>> channel = SourceId.parse("FDSN:XX_ABC__H_H_Z")
        >>> Pick.of(channel, "P", 0, time_uncertainty=0.05, probability=0.9).pick_id
        'pick-pkhtlzp5voo4u6fv'
        """
        pick_id = content_id("pick", str(source_id), phase_hint, time, method, evaluation_mode)
        return cls(
            pick_id,
            source_id,
            phase_hint,
            time,
            time_uncertainty,
            probability,
            polarity,
            amplitude,
            method,
            evaluation_mode,
        )
