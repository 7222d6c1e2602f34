"""The options that say where the results of a batch go, and in which order and form."""

from __future__ import annotations

from typing import NamedTuple

import click

from msgcli import files, output, stdio
from msgcli.batch.delivery import Order
from msgcli.bulk.records import Source
from msgcli.bulk.tally import Limits, Tally
from msgcli.options.format import result_options, text_end
from msgcli.options.types import Bundle
from msgcli.output import Sink


class DeliveryOptions(NamedTuple):
    """The values of the options as they were given."""

    input: str | None
    output: str | None
    format: str
    null: bool
    no_newline: bool
    accept: tuple[str, ...]
    raw_control_chars: bool

    @property
    def to_stdout(self) -> bool:
        return self.output in (None, "-")

    @property
    def text_end(self) -> bytes | None:
        """What ends each text; None if results are written."""
        return text_end(self.format, null=self.null, no_newline=self.no_newline)

    @property
    def hint(self) -> str | None:
        """What tries failed records again, if they are kept."""
        is_journal = self.format == "json" and not self.to_stdout
        return (
            f"msgcli map -o {self.output} --resume RECORDS tries them again" if is_journal else None
        )

    def sink(self) -> Sink:
        """Where results go. OutputFault if they cannot be written there."""
        sink: Sink = files.output(self.output)
        if self.to_stdout and stdio.is_terminal(stdio.STDOUT) and not self.raw_control_chars:
            sink = output.Shown(sink)
        return sink

    def order(self) -> Order | None:
        """The order of the records that are given, if any are."""
        return None if self.input is None else Order(Source("record", (self.input,)))

    def tally(self) -> Tally:
        return Tally(Limits(), frozenset(self.accept))


def _make(**values: object) -> DeliveryOptions:
    made = DeliveryOptions(**values)  # type: ignore[arg-type]
    text_end(made.format, null=made.null, no_newline=made.no_newline)
    return made


_o = click.option

delivery_options = Bundle(
    "delivery",
    _make,
    _o("--input", metavar="RECORDS", help="Write in the order of these records."),
    _o("-o", "--output", metavar="FILE", help="Write to FILE, whole or not at all."),
    *result_options,
    _o(
        "-r",
        "--raw-control-chars",
        is_flag=True,
        help="Show control characters to a terminal as they are.",
    ),
)
