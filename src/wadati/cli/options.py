"""What several commands make of their options."""

from __future__ import annotations

import argparse
import os
from typing import TYPE_CHECKING, Any

from wadati.errors import UsageError

if TYPE_CHECKING:
    from wadati.engine.flow import Flow

NO_STATIONS = "--stations is needed: StationXML or a station CSV, or a folder of them"


def flow_of(options: argparse.Namespace) -> Flow:
    """The Flow of a file, with the flags that override it."""
    import msgspec

    from wadati.engine.flow import Flow, override, read_flow

    flow = read_flow(options.flow) if options.flow else Flow()
    names = set(Flow.__struct_fields__) & set(vars(options))
    flow = override(flow, **{name: getattr(options, name) for name in names})
    if (greens := getattr(options, "greens", None)) is not None:
        flow = override(flow, tensor=msgspec.structs.replace(flow.tensor, greens=greens))
    return flow if flow.workers else override(flow, workers=os.cpu_count() or 1)


def given(options: argparse.Namespace, name: str) -> Any:
    """An option that this use of a command cannot do without. Raises `UsageError`."""
    value = getattr(options, name)
    if not value:
        raise UsageError(f"--{name} is needed; see wadati {options.command} --help")
    return value
