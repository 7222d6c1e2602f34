"""A command that runs with the endpoint in its environment, and ends the run with its status."""

from __future__ import annotations

import os
import resource
import signal
import subprocess
from collections.abc import Mapping, Sequence
from types import FrameType

REMOVED = ("MSGCLI_BASE_URL", "MSGCLI_SERVE_KEY")
REMOVED_WITH_KEY = ("ANTHROPIC_AUTH_TOKEN", "MSGCLI_AUTH")
# Seconds between two looks for signals.
_LOOK = 0.1
PASSED_ON = (signal.SIGTERM, signal.SIGHUP)


def environment(given: Mapping[str, str], url: str, key: str | None) -> dict[str, str]:
    """An environment in which a client of the API finds the endpoint; without a key, its own."""
    removed = REMOVED if key is None else REMOVED + REMOVED_WITH_KEY
    kept = {name: value for name, value in given.items() if name not in removed}
    if key is not None:
        kept["ANTHROPIC_API_KEY"] = key
    return {**kept, "ANTHROPIC_BASE_URL": url}


def run(command: Sequence[bytes], variables: Mapping[str, str]) -> int:
    """Run a command to its end: its status, or minus the signal that killed it.

    SIGTERM and SIGHUP are passed on. SIGINT reaches the command from the terminal by itself.
    Raises OSError if the command cannot be started.
    """
    pending: list[int] = []
    child: subprocess.Popen[bytes] | None = None

    def pass_on(number: int, frame: FrameType | None) -> None:
        if child is None:
            pending.append(number)
        else:
            child.send_signal(number)

    for number in PASSED_ON:
        _handle(number, pass_on)
    # A handler and not SIG_IGN: an ignored signal would stay ignored in the command.
    _handle(signal.SIGINT, lambda number, frame: None)
    child = subprocess.Popen(command, env=variables)
    for early in pending:
        child.send_signal(early)
    # A signal that comes just before a wait without end would be handled only after it.
    while True:
        try:
            return child.wait(_LOOK)
        except subprocess.TimeoutExpired:
            pass


def _handle(number: signal.Signals, handler: signal._HANDLER) -> None:
    if signal.getsignal(number) is not signal.SIG_IGN:
        signal.signal(number, handler)


def die_by(number: int) -> None:
    """End this process by a signal, without a core file of its own."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    signal.pthread_sigmask(signal.SIG_UNBLOCK, [number])
    if number not in (signal.SIGKILL, signal.SIGSTOP):
        signal.signal(number, signal.SIG_DFL)
    os.kill(os.getpid(), number)
