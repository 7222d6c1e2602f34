"""What the calls of a run come to: a line for each in the usage log, and one object of them all."""

from __future__ import annotations

import threading
import time
from typing import Any

from msgcli import terminal
from msgcli.bulk.tally import Tally
from msgcli.errors import MsgcliError, OutputFault
from msgcli.redaction import redact
from msgcli.report import Report, added
from msgcli.usage import UsageLog

# What a run has if all its calls have the same.
_COMMON = ("id", "model", "stop_reason", "request_id", "http_status")


class Account:
    """The calls that have ended. Any thread may add to them."""

    def __init__(self, tally: Tally, log: UsageLog | None, *, is_summed: bool) -> None:
        self._tally, self._log, self._is_summed = tally, log, is_summed
        self._mutex = threading.Lock()
        self._started = time.monotonic()
        self._attempts = 0
        self._common: dict[str, Any] | None = None
        self._usage: dict[str, Any] = {}
        self.fault: OutputFault | None = None

    def check(self) -> None:
        """Before a request is sent: OutputFault if the last one could not be logged."""
        if self.fault is not None:
            raise self.fault

    def add(self, report: Report, fault: MsgcliError | None) -> None:
        """A call has ended. That it cannot be logged does not cost its reply: see `check`."""
        if self._log is None and not self._is_summed:
            return
        call = report.as_object(0 if fault is None else fault.status, fault)
        with self._mutex:
            self._sum(call)
            try:
                if self._log is not None:
                    self._log.append(call)
            except OutputFault as failed:
                self.fault = failed

    def _sum(self, call: dict[str, Any]) -> None:
        self._attempts += call["attempts"]
        self._usage = added(call["usage"] or {}, self._usage)
        if self._common is None:
            self._common = {name: call[name] for name in _COMMON}
        for name, value in self._common.items():
            self._common[name] = value if call[name] == value else None

    def as_object(self, status: int, error: MsgcliError | None) -> dict[str, Any]:
        """The object of --meta, which has the keys of that of a single call."""
        tally = self._tally
        with self._mutex:
            return {
                **dict.fromkeys(_COMMON),
                **(self._common or {}),
                "usage": self._usage or None,
                "attempts": self._attempts,
                "status": status,
                "error": error
                and {"type": redact(error.type), "message": redact(terminal.line(str(error)))},
                "time_to_first_token_ms": None,
                "duration_ms": round((time.monotonic() - self._started) * 1000),
                "records": {
                    "succeeded": tally.succeeded,
                    "errored": tally.failed,
                    "reused": tally.reused,
                    "done_before": tally.found,
                },
            }
