"""The one way in which the process ends: what is left to do is done once, by whoever is first.

SIGINT, SIGTERM and SIGHUP keep their default action, so that they end the process at any moment,
also inside a name look-up, which no Python handler can interrupt. That is safe because nothing is
ever left to clean up: an output file is written as FILE.partial until it is complete.
"""

from __future__ import annotations

import _thread
import os
import signal
from collections.abc import Callable
from typing import NoReturn

from msgcli import terminal
from msgcli.errors import MsgcliError

_last_words: list[Callable[[int, MsgcliError | None], None]] = []
_once = _thread.allocate_lock()
_speaker: int | None = None


def at_end(callback: Callable[[int, MsgcliError | None], None]) -> None:
    """Have `callback(status, error)` called before the process ends with that exit status."""
    _last_words.append(callback)


def restore_signals() -> None:
    """In a child before it becomes another program: no signal is blocked."""
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGPIPE})


def _say(status: int, error: MsgcliError | None) -> int:
    # A second thread that wants to end the process waits here for ever: the first one does it.
    _once.acquire()
    global _speaker
    _speaker = _thread.get_ident()
    if error is not None:
        terminal.error(str(error))
    for callback in _last_words:
        try:
            callback(status, error)
        except MsgcliError as failed:
            terminal.error(str(failed))
            status = status or failed.status
        except Exception as unforeseen:
            terminal.error(f"internal error: {type(unforeseen).__name__}: {unforeseen}")
            status = status or 1
    return status


def is_over() -> bool:
    """Whether this thread is ending the process already."""
    return _speaker == _thread.get_ident()


def end(status: int, error: MsgcliError | None = None) -> NoReturn:
    """End with `status`, after one line on stderr if there is an error."""
    os._exit(_say(status, error))


def end_by_signal(signum: int) -> NoReturn:
    """End by `signum`, as a shell sees it (128 + signum), without a word."""
    _say(128 + signum, None)
    try:
        signal.signal(signum, signal.SIG_DFL)
    except ValueError:
        pass  # not the main thread, for which `watch` has set it already
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signum})
    os.kill(os.getpid(), signum)
    os._exit(128 + signum)
