"""Send one prompt, and write the reply."""

from __future__ import annotations

import click

from msgcli.command import Command
from msgcli.compose import compose
from msgcli.errors import MsgcliError
from msgcli.options.connection import ConnectionOptions, connection_options
from msgcli.options.input import input_options
from msgcli.options.output import OutputOptions, output_options
from msgcli.options.request import RequestOptions, request_options
from msgcli.prompt import InputOptions
from msgcli.report import Report
from msgcli.wire.message import Fold
from msgcli.wire.request import encode


@click.command("create", cls=Command)
@input_options
@request_options
@connection_options
@output_options
def command(
    prompt: InputOptions,
    request: RequestOptions,
    connection: ConnectionOptions,
    output: OutputOptions,
) -> MsgcliError | None:
    """Send one prompt, and write the reply."""
    report = Report(verbose=connection.verbose)
    connection.start_clock(report, reader=output.to_stdout)
    target = output.open(report)
    endpoint = connection.endpoint()
    body = compose(request, prompt, streams=output.format != "json")
    client = connection.client(endpoint, report, max_reply_size=output.max_reply_size)
    fold = Fold()
    try:
        return output.write(client.send(encode(body)), target, output.tap(target, fold), fold)
    finally:
        report.end_request()
