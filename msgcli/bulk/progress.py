"""The line on a terminal that says how far a run has come."""

from __future__ import annotations

import time

from msgcli import stdio, terminal
from msgcli.bulk.records import Source
from msgcli.bulk.tally import Tally
from msgcli.durations import duration

_STEP = 0.2


class Progress:
    """Shown anew a few times a second, if standard error is a terminal that shows no results."""

    def __init__(self, tally: Tally, source: Source, *, to_stdout: bool) -> None:
        self._tally, self._source = tally, source
        is_taken = to_stdout and stdio.is_terminal(stdio.STDOUT)
        self._is_shown = stdio.is_terminal(stdio.STDERR) and not is_taken
        self._next = 0.0

    def show(self) -> None:
        now = time.monotonic()
        if self._is_shown and now >= self._next:
            self._next = now + _STEP
            terminal.status(self._line(now - self._tally.started))

    def end(self) -> None:
        """Take the line away."""
        if self._is_shown:
            terminal.status("")

    def _line(self, seconds: float) -> str:
        tally = self._tally
        parts = [f"{tally.done} done"]
        if tally.failed:
            parts.append(f"{tally.failed} failed")
        parts.append(f"{tally.done / max(seconds, 0.001):.1f}/s")
        parts.append(f"{tally.tokens.output} tokens out")
        taken, size = self._source.taken, self._source.size
        if size and taken and tally.done:
            left = seconds * max(size - taken, 0) / taken
            parts.append(f"{duration(max(round(left), 1))} left")
        return ", ".join(parts)
