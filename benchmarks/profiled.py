"""Run msgcli under a profiler, in its main thread or in the first one that it starts."""

from __future__ import annotations

import cProfile
import os
import sys
import threading
import time


def main() -> None:
    output, thread, *arguments = sys.argv[1:]
    sys.argv = ["msgcli", *arguments]
    # A thread of `map` waits for the network and the disk: only its time of the processor counts.
    timer = time.perf_counter if thread == "main" else time.thread_time
    profile = cProfile.Profile(timer)
    leave = os._exit

    def end(status: int) -> None:
        profile.disable()
        profile.dump_stats(output)
        leave(status)

    def begin(*_: object) -> None:
        threading.setprofile(None)
        profile.enable()

    # This is how msgcli ends: nothing is done behind it.
    os._exit = end  # type: ignore[assignment]
    from msgcli import __main__ as program

    if thread == "main":
        profile.enable()
    else:
        threading.setprofile(begin)
    program.main()


if __name__ == "__main__":
    main()
