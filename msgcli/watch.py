"""A second thread that sees what the first cannot while it waits: the clock, and a lost reader."""

from __future__ import annotations

import os
import select
import signal
import stat
import time
from collections.abc import Callable

from msgcli import ending, stdio
from msgcli.errors import TimeFault

# Milliseconds that a poll may be asked for: its argument is a C int.
_LONGEST = 1 << 30

_deadline: float | None = None
_reader_may_go = False


def remaining() -> float | None:
    """Seconds until the process is ended, or None."""
    return None if _deadline is None else _deadline - time.monotonic()


def let_reader_go() -> None:
    """What is written next is the last: a reader such as `decode` may go as soon as it has it."""
    global _reader_may_go
    _reader_may_go = True


def start(timeout: float | None, *, reader: bool, expired: Callable[[], TimeFault]) -> None:
    """From here on the process ends once `timeout` seconds are over, and by SIGPIPE once the reader
    of stdout goes away (if `reader`), also in the middle of a name look-up."""
    global _deadline
    fd = stdio.STDOUT if reader and _is_stream(stdio.STDOUT) else None
    if timeout is None and fd is None:
        return
    import threading

    _deadline = None if timeout is None else time.monotonic() + timeout
    # Blocked instead of ignored: a write to a lost reader fails as before, and any thread can end
    # the process by the signal.
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGPIPE})
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    threading.Thread(target=_watch, args=(fd, expired), daemon=True).start()


def _is_stream(fd: int) -> bool:
    mode = os.fstat(fd).st_mode
    return stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode)


def _watch(fd: int | None, expired: Callable[[], TimeFault]) -> None:
    poll = select.poll()
    if fd is not None:
        poll.register(fd, 0)
    while True:
        left = remaining()
        if left is not None and left <= 0:
            fault = expired()
            ending.end(fault.status, fault)
        if poll.poll(_LONGEST if left is None else min(left * 1000 + 1, _LONGEST)):
            if not _reader_may_go:
                ending.end_by_signal(signal.SIGPIPE)
            poll.unregister(stdio.STDOUT)
