"""The option -f of commands that write small answers or results, and how they write them."""

from __future__ import annotations

from typing import NamedTuple

import click

from msgcli import stdio, terminal, watch
from msgcli.errors import UsageFault
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


def text_end(format: str, *, null: bool, no_newline: bool) -> bytes | None:
    """What ends each text; None if results are written. UsageFault if that is not clear."""
    for option, is_given in (("--null", null), ("--no-newline", no_newline)):
        if is_given and format != "text":
            raise UsageFault(f"{option}: it is about texts, so -f text goes with it")
    if null and no_newline:
        raise UsageFault("--null, --no-newline: they are of different minds about the end of texts")
    if format == "json":
        return None
    return b"\0" if null else b"" if no_newline else b"\n"


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
    click.option("--no-newline", is_flag=True, help="With -f text: put nothing behind a text."),
    click.option(
        "--accept",
        metavar="REASON",
        type=TEXT,
        multiple=True,
        help="Take this stop reason as complete: status 0.",
    ),
)
