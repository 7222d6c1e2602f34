"""How a worker of `map` asks for the reply to one record, and what line that makes."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

from msgcli import terminal
from msgcli.bulk.account import Account
from msgcli.bulk.rate import Pace, Stopped
from msgcli.bulk.results import Written, thinking
from msgcli.bulk.tally import Tally
from msgcli.client import Client
from msgcli.durations import duration
from msgcli.errors import (
    MsgcliError,
    ProtocolFault,
    RefusedFault,
    SchemaFault,
    TimeFault,
    TransportFault,
    UnavailableFault,
)
from msgcli.output import drain
from msgcli.redaction import redact_bytes
from msgcli.report import Report
from msgcli.reuse import Reuse, Sender, Unstored
from msgcli.schema import Schema
from msgcli.wire import record as records
from msgcli.wire.message import Fold
from msgcli.wire.record import Record
from msgcli.wire.request import encode

# What one record fails with, and the next one need not.
_OF_ONE_RECORD = (
    ProtocolFault,
    RefusedFault,
    SchemaFault,
    TimeFault,
    TransportFault,
    UnavailableFault,
)
_LIMITS = frozenset(("rate_limit_error", "overloaded_error"))
_LIMIT_STATUSES = frozenset((429, 503, 529))


class Answer(NamedTuple):
    """What is to be written for a record, its Message if one came, and why that will not do."""

    written: Written
    message: dict[str, Any] | None
    fault: MsgcliError | None
    is_paid: bool = True


class Form(NamedTuple):
    """What is written: results, or (if `text_end` is given) texts that end so."""

    text_end: bytes | None
    schema: Schema | None
    has_thinking: bool = False

    def succeeded(self, custom_id: str, message: dict[str, Any]) -> bytes:
        if self.text_end is None:
            return records.succeeded(custom_id, message)
        content = message["content"]
        if self.schema is not None:
            text = self.schema.json(content).removesuffix(b"\n")
        else:
            parts = (block["text"] for block in content if block.get("type") == "text")
            text = "".join(parts).encode()
        is_ended = self.text_end == b"\n" and text.endswith(b"\n")
        return text if is_ended else text + self.text_end

    def written(self, custom_id: str, message: dict[str, Any]) -> Written:
        """What is written of a record that has succeeded."""
        data = self.succeeded(custom_id, message)
        return Written(data, thinking(message) if self.has_thinking else b"")

    def errored(
        self,
        custom_id: str,
        fault: MsgcliError,
        request_id: str | None = None,
        message: dict[str, Any] | None = None,
    ) -> Written:
        if self.text_end is not None:
            return Written(b"")
        return Written(redact_bytes(records.errored(custom_id, fault, request_id, message)))


class Asker(NamedTuple):
    """One worker's way of asking, on a line of its own, which is there once a request has to be.

    `shelf` makes of that line, for one record, what looks first for a reply that is stored.
    """

    client: Callable[[], Client]
    shelf: Callable[[Callable[[], Client], Report], Reuse] | None
    pace: Pace
    tally: Tally
    account: Account
    form: Form
    is_verbose: bool

    def ask(self, record: Record) -> Answer:
        """The answer to a record. Raises a fault that the next one would have too."""
        if record.fault is not None:
            return Answer(self.form.errored(record.custom_id, record.fault), None, record.fault)
        report, fold = Report(verbose=self.is_verbose), Fold()
        message, fault = None, None
        try:
            sender = self._sender(record, report)
            pieces = sender.send(encode(record.params))
            drain(pieces, fold, [], accepted=None, report=report, final=False)
            message = fold.message()
            fault = self._verdict(fold, message)
        except MsgcliError as failed:
            fault = failed
            if not isinstance(failed, _OF_ONE_RECORD) or failed.type == "billing_error":
                raise
        except Stopped as stopped:
            fault = stopped.fault
            raise
        finally:
            self._end(report, fault, succeeded=message is not None)
        if message is None or fault is not None:
            assert fault is not None
            written = self.form.errored(record.custom_id, fault, report.request_id, message)
            return Answer(written, message, fault)
        self._keep(sender, fold)
        written = self.form.written(record.custom_id, message)
        return Answer(written, message, None, is_paid=report.attempts > 0)

    def _sender(self, record: Record, report: Report) -> Sender:
        connect = partial(self._enter, record, report)
        return Unstored(connect()) if self.shelf is None else self.shelf(connect, report)

    def _enter(self, record: Record, report: Report) -> Client:
        """What sends one request, once that may begin. LimitFault if none may any more."""
        client = self.client()
        self.pace.enter()
        try:
            self.account.check()
            self.tally.check(record.params)
        except MsgcliError:
            self.pace.leave(succeeded=False)
            raise
        report.started = time.monotonic()  # what --retry-max-time counts from
        return client._replace(report=report, rest=partial(self._rest, report))

    def _verdict(self, fold: Fold, message: dict[str, Any]) -> MsgcliError | None:
        """Why a whole reply will not do."""
        schema = self.form.schema
        return None if schema is None else schema.verdict(message, self.tally.verdict_of(fold))

    def _end(self, report: Report, fault: MsgcliError | None, *, succeeded: bool) -> None:
        report.end_request()
        if report.attempts:
            self.pace.leave(succeeded=succeeded)
            self.account.add(report, fault)

    def _keep(self, sender: Sender, fold: Fold) -> None:
        """Store a reply that is new, complete and good, before anything else is made of it."""
        if self.shelf is not None and self.tally.verdict_of(fold) is None:
            sender.keep()

    def _rest(self, report: Report, seconds: float, fault: MsgcliError, count: str) -> None:
        """Wait before another attempt; where a limit is met all workers do."""
        again = f"retrying in {duration(seconds)} ({count})"
        if fault.type in _LIMITS or report.http_status in _LIMIT_STATUSES:
            if self.pace.shut(seconds):
                terminal.notice(f"{fault}; all wait {duration(seconds)}")
        else:
            terminal.notice(f"{fault}; {again}")
        try:
            self.pace.rest(seconds)
        except Stopped as stopped:
            stopped.fault = fault
            raise
