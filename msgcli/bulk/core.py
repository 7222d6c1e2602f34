"""One core for all workers of a process.

Python computes in one thread at a time. Where the threads move from core to core at their waits, a
request costs half as much again, all of it in cold caches and wake-ups across cores.
"""

from __future__ import annotations

import os
from contextlib import suppress

_STAT = "/proc/self/stat"
# Of the fields behind the name of the program, that with the core on which it runs.
_CORE = 36


def current() -> int | None:
    """The core that the system has chosen for this process; None where it does not say."""
    try:
        with open(_STAT, "rb") as file:
            return int(file.read().rpartition(b")")[2].split()[_CORE])
    except (OSError, ValueError, IndexError):
        return None


def stay_on(core: int | None) -> None:
    """Keep the calling thread on that core, where that can be had."""
    if core is not None and hasattr(os, "sched_setaffinity"):
        with suppress(OSError):
            os.sched_setaffinity(0, {core})
