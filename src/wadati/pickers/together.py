"""Many callers, one network: windows that wait at the same time are looked at in one batch.

Many small callers then cost about what one large caller does, and the network is run by one thread however many ask.
"""

from __future__ import annotations

import queue
import threading
from concurrent.futures import Future
from typing import Any

import numpy as np
import numpy.typing as npt

from wadati.protocols import Picker

_AT_ONCE = 64
"""Windows in one batch, at most (but for those of one caller who asks for more)."""

_Array = npt.NDArray[Any]


class Together:
    """A picker that any number of threads may ask; close it.

    What a window gives does not depend on those it is looked at with (see `Picker.curves`).

    >>> from wadati.pickers.stalta import StaLta
    >>> from contextlib import closing
    >>> with closing(Together(StaLta())) as picker:
    ...     windows = np.zeros((2, 3, picker.grid.samples), np.float32)
    ...     len(picker.curves(windows, windows != 0))
    2
    """

    def __init__(self, picker: Picker) -> None:
        self.name, self.grid, self.components = picker.name, picker.grid, picker.components
        self.phases, self.thresholds = picker.phases, picker.thresholds
        self.time_uncertainty = picker.time_uncertainty
        if hasattr(picker, "first_motion"):
            self.first_motion = picker.first_motion
        self.batches = 0
        self._picker = picker
        self._waiting: queue.SimpleQueue[tuple[_Array, _Array, Future[_Array]] | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="together", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Look at what waits, and end."""
        self._waiting.put(None)
        self._thread.join()

    def curves(self, windows: npt.NDArray[np.float32], missing: npt.NDArray[np.bool_]) -> npt.NDArray[np.float32]:
        """As of the picker; raises what it raises."""
        done: Future[_Array] = Future()
        self._waiting.put((windows, missing, done))
        return done.result()

    def _run(self) -> None:
        ended = False
        while not ended:
            one = self._waiting.get()
            some = []
            while one is not None:
                some.append(one)
                if sum(len(windows) for windows, _, _ in some) >= _AT_ONCE:
                    break
                try:
                    one = self._waiting.get_nowait()
                except queue.Empty:
                    break
            ended = one is None
            if some:
                self._look(some)

    def _look(self, some: list[tuple[_Array, _Array, Future[_Array]]]) -> None:
        self.batches += 1
        try:
            found = self._picker.curves(
                np.concatenate([windows for windows, _, _ in some]), np.concatenate([missing for _, missing, _ in some])
            )
        except Exception as error:
            if len(some) == 1:
                some[0][2].set_exception(error)
                return
            for one in some:  # One caller's windows must not cost the others theirs.
                self._look([one])
            return
        first = 0
        for windows, _, done in some:
            done.set_result(found[first : first + len(windows)])
            first += len(windows)
