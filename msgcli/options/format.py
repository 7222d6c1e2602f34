"""The option -f of commands that write one small answer, and how they write it."""

from __future__ import annotations

from typing import NamedTuple

import click

from msgcli import stdio, terminal, watch
from msgcli.options.types import Bundle


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
