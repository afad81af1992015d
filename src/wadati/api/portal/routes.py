"""All that the portal asks for, under `/portal/`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from starlette.routing import Route

from wadati.api.current import Current
from wadati.api.holdings import Holdings
from wadati.api.portal.events import PortalEvents
from wadati.api.portal.files import file_routes
from wadati.api.portal.network import PortalNetwork
from wadati.api.portal.waveforms import PortalWaveforms
from wadati.greens.answers import Answers


def portal(
    holdings: Holdings, current: Current, greens: Answers[Any] | None = None
) -> tuple[list[Route], Callable[[], None]]:
    """Where the portal answers, and what gives its connections back; `greens` is what seismograms are computed of."""
    events = PortalEvents(holdings, current)
    data = [*events.routes(), *PortalNetwork(holdings, greens).routes(), *PortalWaveforms(holdings).routes()]
    return [*file_routes(), *data], events.close
