"""Send a body, and write the reply as it came."""

from __future__ import annotations

import click

from msgcli import stdio, text
from msgcli.command import Command
from msgcli.errors import InputFault, MsgcliError
from msgcli.options.connection import ConnectionOptions, connection_options
from msgcli.options.output import OutputOptions, raw_output_options
from msgcli.options.profile import profile_options
from msgcli.output import AsItCame
from msgcli.report import Report
from msgcli.wire import strict
from msgcli.wire.message import Fold


@click.command("post", cls=Command)
@click.argument("file", metavar="[FILE]", default="-")
@connection_options
@profile_options
@raw_output_options
def command(file: str, connection: ConnectionOptions, output: OutputOptions) -> MsgcliError | None:
    """Send a body, and write the reply as it came."""
    report = Report(verbose=connection.verbose)
    connection.start_clock(report, reader=output.to_stdout)
    target = output.open(report)
    sender = output.sender(connection, report)
    body = _read(file)
    output.check_sources()
    fold = Fold(keeps_text=False)
    with target:
        output.drain(sender.send(body), target, AsItCame(target.sink), fold)
        sender.keep()
        target.settle(keep=True)
    return None


def _read(name: str) -> bytes:
    """The body, which is sent as it is; InputFault unless it is one JSON object."""
    body = stdio.read(name)
    try:
        value = strict.parse(text.decode(name, body))
    except strict.NotJson as error:
        raise InputFault(f"{stdio.shown(name)}: {error}") from None
    if not isinstance(value, dict):
        raise InputFault(f"{stdio.shown(name)}: not a JSON object")
    return body
