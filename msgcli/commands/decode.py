"""Turn a reply into text, a Message or blocks."""

from __future__ import annotations

from collections.abc import Iterator

import click

from msgcli import stdio
from msgcli.command import Command, is_given
from msgcli.errors import MsgcliError, UsageFault
from msgcli.options.output import OutputOptions, decoded_output_options
from msgcli.output import AtEnd, dump
from msgcli.report import Report
from msgcli.wire import reply
from msgcli.wire.message import Fold
from msgcli.wire.reply import Piece


@click.command("decode", cls=Command)
@click.argument("file", metavar="[FILE]", default="-")
@decoded_output_options
@click.option(
    "--blocks", metavar="TYPE", help="Write the blocks of this type, a JSON object a line."
)
def command(file: str, output: OutputOptions, blocks: str | None) -> MsgcliError | None:
    """Turn a reply into text, a Message or blocks."""
    if blocks is not None and is_given("format"):
        raise UsageFault("--blocks: -f is given too")
    target = output.open(Report())
    fold = Fold(keeps_text=output.format == "json" or blocks is not None)
    tap = output.tap(target.sink, fold)
    if blocks is not None:
        tap = AtEnd(target.sink, lambda: _blocks(fold, blocks))
    with target:
        verdict = output.drain(_pieces(file, output.max_reply_size), target, tap, fold)
        target.settle(keep=verdict is None)
    return verdict


def _blocks(fold: Fold, kind: str) -> bytes:
    content = fold.message()["content"]
    return b"".join(dump(block) for block in content if block.get("type") == kind)


def _pieces(name: str, limit: int) -> Iterator[Piece]:
    try:
        yield from reply.pieces(stdio.chunks(name), limit)
    except MsgcliError as fault:
        raise fault if fault.status == 3 else fault.at(stdio.shown(name)) from None
