"""The option -f of commands that write small answers or results, and how they write them."""

from __future__ import annotations

from typing import NamedTuple

import click

from msgcli import stdio, terminal, watch
from msgcli.options.types import TEXT, Bundle


class Format(NamedTuple):
    """The format of the answer."""

    is_json: bool

    def check(self) -> None:
        """OutputFault unless stdout can be written to."""
        stdio.check_stdout()

    def write(self, data: bytes) -> None:
        """Write the answer, which is the last that is written, to standard output."""
        watch.let_reader_go()
        if stdio.is_terminal(stdio.STDOUT):
            data = terminal.visible(data.decode("utf-8", "replace")).encode()
        stdio.write_stdout(data)


def _make(format: str) -> Format:
    return Format(is_json=format == "json")


format_options = Bundle(
    "form",
    _make,
    click.option(
        "-f",
        "--format",
        metavar="text|json",
        type=click.Choice(["text", "json"]),
        default="text",
        help="What is written: text for people and pipes, or JSON.",
    ),
)

# How results of records are written: by `map`, and by `batches results`.
result_options = (
    click.option(
        "-f",
        "--format",
        metavar="text|json",
        type=click.Choice(["text", "json"]),
        default="json",
        help="Write results as JSON, or the texts alone.",
    ),
    click.option("-0", "--null", is_flag=True, help="With -f text: end each text with a NUL."),
    click.option(
        "--accept",
        metavar="REASON",
        type=TEXT,
        multiple=True,
        help="Take this stop reason as complete: status 0.",
    ),
)
