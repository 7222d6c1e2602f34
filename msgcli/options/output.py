"""The options that say where a reply goes, in which format, and what counts as complete."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

import click

from msgcli import depfile, ending, files, output, stdio
from msgcli.client import Client
from msgcli.errors import MsgcliError, UsageFault
from msgcli.options.connection import ConnectionOptions
from msgcli.options.types import SIZE, TEXT, Bundle
from msgcli.output import Sink, Tap, Writable
from msgcli.report import Report
from msgcli.reuse import Reuse, Sender, Store, Unstored
from msgcli.wire import reply
from msgcli.wire.message import Fold
from msgcli.wire.reply import Piece

FORMATS = ("text", "json", "sse")


class Target(NamedTuple):
    """Everything that a reply is written to, opened before anything is paid."""

    sink: Sink
    thinking: Sink | None
    report: Report

    def __enter__(self) -> Target:
        return self

    def __exit__(self, kind: type[BaseException] | None, *rest: object) -> None:
        if kind is not None:
            self.settle(keep=False)

    def settle(self, *, keep: bool) -> None:
        """The end: the answer is whole, or what came of it is no more than partial."""
        self.sink.commit() if keep else self.sink.abandon()
        if self.thinking is not None:
            self.thinking.commit()


class OutputOptions(NamedTuple):
    """The values of the options as they were given."""

    values: dict[str, Any]

    @property
    def format(self) -> str:
        return str(self.values["format"])

    @property
    def to_stdout(self) -> bool:
        return self.values["output"] in (None, "-")

    @property
    def max_reply_size(self) -> int:
        return int(self.values["max_reply_size"])

    def open(self, report: Report, *, hold: bool = False) -> Target:
        """OutputFault if anything cannot be written. `hold` is as --hold."""
        values = self.values
        sink: Sink = files.output(values["output"])
        if self.to_stdout and not values["raw_control_chars"] and stdio.is_terminal(stdio.STDOUT):
            sink = output.Shown(sink)
        if values["hold"] or hold:
            sink = output.Held(sink)
        if values.get("depfile") is not None:
            sink = depfile.Ruled(sink, values["output"], files.output(values["depfile"]))
        thinking = values["thinking_output"]
        target = None if thinking is None else files.Direct(thinking, files.open_private(thinking))
        if values["meta"] is not None:
            _write_at_end(values["meta"], report)
        if values.get("usage_log") is not None:
            _log_at_end(values["usage_log"], values["label"], report)
        return Target(sink, target, report)

    def check_sources(self) -> None:
        """UsageFault if a file that was read has a name that cannot be in the --depfile."""
        if self.values.get("depfile") is not None:
            depfile.rule(self.values["output"], stdio.sources())

    def sender(self, connection: ConnectionOptions, report: Report) -> Sender:
        """What sends requests. With --reuse, what a connection needs is asked for only when there
        has to be one."""

        def connect() -> Client:
            endpoint = connection.endpoint()
            return connection.client(endpoint, report, max_reply_size=self.max_reply_size)

        if self.values["reuse"] is None:
            return Unstored(connect())
        store = Store(self.values["reuse"])
        url, headers = connection.identity()
        return Reuse(
            store, url, headers, connect=connect, is_complete=self._is_complete, report=report
        )

    @property
    def _accepted(self) -> frozenset[str] | None:
        accept = self.values.get("accept")
        return None if accept is None else frozenset(accept)

    def _is_complete(self, fold: Fold) -> bool:
        verdict = fold.verdict(self._accepted)
        return verdict is None or verdict.type == "tool_use"

    def ended(self, text: bytes) -> bytes:
        """A whole text as it is written: with a newline at its end, unless --no-newline."""
        return text if self.values["no_newline"] else output.ended(text)

    def tap(self, sink: Writable, fold: Fold) -> Tap:
        if self.format == "text":
            return output.Text(sink, fold.text, newline=not self.values["no_newline"])
        return output.Json(sink, fold) if self.format == "json" else output.Sse(sink)

    def drain(
        self, pieces: Iterable[Piece], target: Target, tap: Tap, fold: Fold, *, final: bool = True
    ) -> MsgcliError | None:
        """Write the whole reply; the verdict on it, None for a complete answer."""
        taps = [tap]
        if target.thinking is not None:
            taps.append(output.Text(target.thinking, fold.thinking, newline=True))
        accepted = self._accepted
        try:
            return output.drain(
                pieces, fold, taps, accepted=accepted, report=target.report, final=final
            )
        finally:
            target.report.end_request()


def _write_at_end(name: str, report: Report) -> None:
    meta = files.Direct(name, files.open_private(name))

    def write(status: int, error: MsgcliError | None) -> None:
        meta.write(output.dump(report.as_object(status, error)))

    ending.at_end(write)


def _log_at_end(name: str, label: str | None, report: Report) -> None:
    from msgcli.usage import UsageLog

    log = UsageLog(name, label)

    def write(status: int, error: MsgcliError | None) -> None:
        if report.attempts:
            log.append(report.as_object(status, error))

    ending.at_end(write)


def _make(**values: Any) -> OutputOptions:
    if values.get("depfile") is not None and values["output"] in (None, "-"):
        raise UsageFault("--depfile: there is no -o FILE that it is about")
    return OutputOptions(values)


_o = click.option

_FORMAT = _o(
    "-f",
    "--format",
    metavar="text|json|sse",
    type=click.Choice(FORMATS),
    default="text",
    help="What is written: the text, the Message, or the event stream.",
)
_NO_NEWLINE = _o(
    "--no-newline", is_flag=True, help="Add no newline to a text that ends without one."
)
_ACCEPT = _o(
    "--accept",
    metavar="REASON",
    type=TEXT,
    multiple=True,
    help="Take this stop reason as complete: status 0.",
)
_WRITTEN = (
    _o("--hold", is_flag=True, help="Write only once the reply is complete."),
    _o("-o", "--output", metavar="FILE", help="Write to FILE, whole or not at all."),
    _o("--meta", metavar="FILE", help="Write what is known of the call as a JSON object."),
    _o("--thinking-output", metavar="FILE", help="Write the thinking to FILE."),
    _o(
        "-r",
        "--raw-control-chars",
        is_flag=True,
        help="Show control characters to a terminal as they are.",
    ),
    _o(
        "--max-reply-size",
        metavar="SIZE",
        type=SIZE,
        default=reply.MAX_SIZE,
        help="The largest event or JSON body taken; default 64M.",
    ),
)
_SENT = (
    _o(
        "--usage-log",
        metavar="FILE",
        envvar="MSGCLI_USAGE_LOG",
        help="Append what is known of the call to FILE as a line.",
    ),
    _o(
        "--label",
        metavar="TEXT",
        type=TEXT,
        envvar="MSGCLI_LABEL",
        help="What the line in the usage log is of.",
    ),
    _o("--depfile", metavar="FILE", help="Write a rule for make: what the output is made of."),
    _o("--reuse", metavar="DIR", help="Take the reply from DIR if it is there, else store it."),
)

output_options = Bundle("output", _make, _FORMAT, _NO_NEWLINE, _ACCEPT, *_WRITTEN, *_SENT)
raw_output_options = Bundle("output", _make, *_WRITTEN, *_SENT)
decoded_output_options = Bundle("output", _make, _FORMAT, _NO_NEWLINE, _ACCEPT, *_WRITTEN)
