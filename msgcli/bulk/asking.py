"""How a worker of `map` asks for the reply to one record, and what line that makes."""

from __future__ import annotations

from functools import partial
from typing import Any, NamedTuple

from msgcli import terminal
from msgcli.baton import Baton
from msgcli.bulk.rate import Pace
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
from msgcli.schema import Schema
from msgcli.usage import UsageLog
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

    data: bytes
    message: dict[str, Any] | None
    fault: MsgcliError | None


class Form(NamedTuple):
    """What is written: results, or (if `text_end` is given) texts that end so."""

    text_end: bytes | None
    schema: Schema | None

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

    def errored(
        self,
        custom_id: str,
        fault: MsgcliError,
        request_id: str | None = None,
        message: dict[str, Any] | None = None,
    ) -> bytes:
        if self.text_end is not None:
            return b""
        return redact_bytes(records.errored(custom_id, fault, request_id, message))


class Asker(NamedTuple):
    """One worker's way of asking, on a line of its own."""

    client: Client
    pace: Pace
    baton: Baton
    form: Form
    is_verbose: bool
    usage_log: str | None

    def ask(self, record: Record) -> Answer:
        """The answer to a record. Raises a fault that the next one would have too."""
        if record.fault is not None:
            return Answer(self.form.errored(record.custom_id, record.fault), None, record.fault)
        if not self.pace.enters_at_once():
            with self.baton.aside():
                self.pace.enter()
        report = Report(verbose=self.is_verbose)
        client = self.client._replace(report=report, rest=partial(self._rest, report))
        message, fault = None, None
        try:
            message = self._reply(client, record)
            if self.form.schema is not None:
                fault = self.form.schema.verdict(message, None)
        except _OF_ONE_RECORD as failed:
            if failed.type == "billing_error":
                raise
            fault = failed
        finally:
            report.end_request()
            self.pace.leave(succeeded=message is not None)
        self._log(report, fault)
        if message is not None and fault is None:
            return Answer(self.form.succeeded(record.custom_id, message), message, None)
        assert fault is not None
        data = self.form.errored(record.custom_id, fault, report.request_id, message)
        return Answer(data, message, fault)

    def _reply(self, client: Client, record: Record) -> dict[str, Any]:
        fold = Fold()
        pieces = client.send(encode(record.params))
        drain(pieces, fold, [], accepted=None, report=client.report, final=False)
        return fold.message()

    def _log(self, report: Report, fault: MsgcliError | None) -> None:
        if self.usage_log is not None:
            status = 0 if fault is None else fault.status
            UsageLog(self.usage_log).append(report.as_object(status, fault))

    def _rest(self, report: Report, seconds: float, fault: MsgcliError, count: str) -> None:
        """Wait before another attempt; where a limit is met all workers do."""
        again = f"retrying in {duration(seconds)} ({count})"
        if fault.type in _LIMITS or report.http_status in _LIMIT_STATUSES:
            if self.pace.shut(seconds):
                terminal.notice(f"{fault}; all wait {duration(seconds)}")
        else:
            terminal.notice(f"{fault}; {again}")
        with self.baton.aside():
            self.pace.rest(seconds)
