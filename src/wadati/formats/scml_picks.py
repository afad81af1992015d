"""Picks as SCML, the XML of SeisComP, which `scdispatch` puts into its messaging.

Schema: SeisComP data model 0.12 (http://geofon.gfz-potsdam.de/ns/seiscomp3-schema/0.12).
"""

from __future__ import annotations

from collections.abc import Iterable
from xml.sax.saxutils import escape, quoteattr

from wadati.model import Pick, format_time

NAMESPACE = "http://geofon.gfz-potsdam.de/ns/seiscomp3-schema/0.12"


def scml_picks(picks: Iterable[Pick], *, agency: str = "wadati") -> str:
    """A whole document that holds picks.

    >>> from wadati.model import SourceId
    >>> z = SourceId.parse("FDSN:CI_CCC__H_H_Z")
    >>> text = scml_picks([Pick.of(z, "P", 0, time_uncertainty=0.05, probability=0.9)])
    >>> "<phaseHint>P</phaseHint>" in text
    True
    """
    rows = "".join(_pick(pick, agency) for pick in picks)
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f'<seiscomp xmlns="{NAMESPACE}" version="0.12"><EventParameters>{rows}</EventParameters></seiscomp>\n'
    )


def _pick(pick: Pick, agency: str) -> str:
    network, station, location, channel = pick.source_id.nslc.split(".")
    codes = {"networkCode": network, "stationCode": station, "locationCode": location, "channelCode": channel}
    where = " ".join(f"{name}={quoteattr(code)}" for name, code in codes.items())
    polarity = f"<polarity>{pick.polarity}</polarity>" if pick.polarity else ""
    return (
        f"<pick publicID={quoteattr(pick.pick_id)}>"
        f"<time><value>{format_time(pick.time)}</value>"
        f"<uncertainty>{pick.time_uncertainty:g}</uncertainty></time>"
        f"<waveformID {where}/><methodID>{escape(pick.method)}</methodID>"
        f"<phaseHint>{escape(pick.phase_hint)}</phaseHint>{polarity}"
        f"<evaluationMode>{pick.evaluation_mode}</evaluationMode>"
        f"<creationInfo><agencyID>{escape(agency)}</agencyID></creationInfo></pick>"
    )
