"""Count the input tokens of a prompt."""

from __future__ import annotations

import click

from msgcli.client import Client
from msgcli.command import Command
from msgcli.compose import compose
from msgcli.conversation import read
from msgcli.errors import MsgcliError, RefusedFault
from msgcli.options.connection import ConnectionOptions, connection_options
from msgcli.options.format import Format, format_options
from msgcli.options.input import input_options
from msgcli.options.profile import profile_options
from msgcli.options.request import RequestOptions, request_options
from msgcli.output import ended
from msgcli.prompt import InputOptions
from msgcli.report import Report
from msgcli.wire import resource
from msgcli.wire.reply import MAX_SIZE
from msgcli.wire.request import Body

_NO_SUCH_RESOURCE = (404, 405)


@click.command("count-tokens", cls=Command)
@input_options
@request_options
@connection_options
@profile_options
@format_options
def command(
    prompt: InputOptions, request: RequestOptions, connection: ConnectionOptions, form: Format
) -> None:
    """Count the input tokens of a prompt."""
    report = Report(verbose=connection.verbose)
    connection.start_clock(report, reader=True)
    form.check()
    endpoint = connection.endpoint()
    body = resource.countable(compose(request, prompt, read(prompt.conversation)))
    client = connection.client(endpoint, report, max_reply_size=MAX_SIZE)
    answer, count = _ask(client, Body(body))
    form.write(ended(answer) if form.is_json else b"%d\n" % count)


def _ask(client: Client, body: Body) -> tuple[bytes, int]:
    """The answer, and the number in it."""
    try:
        answer = client.fetch("POST", "messages/count_tokens", body)
    except RefusedFault as fault:
        if client.report.http_status in _NO_SUCH_RESOURCE:
            fault.hint = "the endpoint may have no count_tokens"
        raise
    try:
        return answer, resource.input_tokens(resource.read(answer))
    except MsgcliError as fault:
        raise fault.at(client.endpoint.host) from None
