"""How worker processes begin: on Linux as copies of one that has loaded what all need.

Loading takes two seconds of processor time, as much as most of a station-day, and each worker that is started anew
pays for it; a copy pays a fifth. The one that is copied has one thread and has opened no network.
"""

from __future__ import annotations

import multiprocessing
import os
import sys
import threading
from multiprocessing.context import BaseContext
from multiprocessing.process import BaseProcess

_LOADED = (
    "obstore",
    "onnxruntime",
    "pyarrow.parquet",
    "pymseed",
    "scipy.ndimage",
    "scipy.signal",
    "wadati.engine.campaign.picking_shard",
    "wadati.pickers.neural",
)


def processes() -> BaseContext:
    """Where pools of workers take their processes from.

    A copy has the environment that there was when the first of all was started: give it yours.
    """
    if sys.platform != "linux":
        return multiprocessing.get_context("spawn")
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(list(_LOADED))
    return context


def end_with_parent() -> None:
    """Have this worker end when the process dies that gave it work: a pool of one that is killed waits for ever."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        threading.Thread(target=_end_after, args=(parent,), daemon=True).start()


def _end_after(parent: BaseProcess) -> None:
    parent.join()
    os._exit(1)
