"""List the models of the endpoint, or show one."""

from __future__ import annotations

import click

from msgcli import lists
from msgcli.client import Client
from msgcli.command import Command, help_option
from msgcli.errors import MsgcliError, UsageFault
from msgcli.options.connection import ConnectionOptions, connection_options
from msgcli.options.format import Format, format_options
from msgcli.options.profile import profile_options
from msgcli.output import ended
from msgcli.report import Report
from msgcli.wire import resource
from msgcli.wire.reply import MAX_SIZE


class Models(click.Group):
    """The commands of this module."""

    def get_help_option(self, ctx: click.Context) -> click.Option:
        return help_option()


@click.group("models", cls=Models, no_args_is_help=False)
def command() -> None:
    """List the models of the endpoint, or show one."""


@command.command("list", cls=Command)
@connection_options
@profile_options
@format_options
def list_models(connection: ConnectionOptions, form: Format) -> None:
    """List the models."""
    answers, pages = zip(*lists.pages(_client(connection, form), "models"), strict=True)
    if form.is_json:
        form.write(ended(answers[0]) if len(answers) == 1 else resource.joined(pages))
    else:
        names = [name for page in pages for name in resource.ids(page)]
        form.write("".join(f"{name}\n" for name in names).encode())


@command.command("retrieve", cls=Command)
@click.argument("name", metavar="ID")
@connection_options
@profile_options
@format_options
def retrieve_model(name: str, connection: ConnectionOptions, form: Format) -> None:
    """Show one model."""
    if not name.strip("."):
        raise UsageFault(f"{name!r} is not the id of a model")
    client = _client(connection, form)
    answer = client.fetch("GET", resource.path_of("models", name))
    try:
        found = resource.id_of(resource.read(answer))
    except MsgcliError as fault:
        raise fault.at(client.endpoint.host) from None
    form.write(ended(answer) if form.is_json else f"{found}\n".encode())


def _client(connection: ConnectionOptions, form: Format) -> Client:
    report = Report(verbose=connection.verbose)
    connection.start_clock(report, reader=True)
    form.check()
    return connection.client(connection.endpoint(), report, max_reply_size=MAX_SIZE)
