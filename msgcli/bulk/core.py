"""One core for all workers of a process.

Python computes in one thread at a time. Where the threads move from core to core at their waits, a
request costs half as much again, all of it in cold caches and wake-ups across cores.
"""

from __future__ import annotations

import os
import threading
from contextlib import suppress

_STAT = "/proc/self/stat"
# Of the fields behind the name of the program, that with the core on which its main thread ran.
_CORE = 36


class Core:
    """The core of some threads, which is that of the main thread. The system may move that one, to
    where there is less to do, and they follow when they are told."""

    def __init__(self, threads: list[threading.Thread]) -> None:
        self._threads = threads
        self._core: int | None = None

    def follow(self) -> None:
        """Have the threads on the core where the main thread is, where that can be had."""
        core = _current()
        if core is None or core == self._core or not hasattr(os, "sched_setaffinity"):
            return
        self._core = core
        for thread in self._threads:
            with suppress(OSError):  # a thread that has ended, a core that is not for us
                os.sched_setaffinity(thread.native_id or 0, {core})


def _current() -> int | None:
    try:
        with open(_STAT, "rb") as file:
            return int(file.read().rpartition(b")")[2].split()[_CORE])
    except (OSError, ValueError, IndexError):
        return None
