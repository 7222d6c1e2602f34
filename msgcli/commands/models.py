"""List the models of the endpoint, or show one."""

from __future__ import annotations

import click

from msgcli import lists
from msgcli.command import Command, Group
from msgcli.errors import MsgcliError, RefusedFault, UsageFault
from msgcli.options.asked import Asked, asked_options
from msgcli.output import ended
from msgcli.wire import resource

_NO_SUCH_RESOURCE = (404, 405)


@click.group("models", cls=Group, no_args_is_help=False)
def command() -> None:
    """List the models of the endpoint, or show one."""


@command.command("list", cls=Command)
@asked_options
def list_models(asked: Asked) -> None:
    """List the models."""
    client = asked.client()
    try:
        answers, pages = zip(*lists.pages(client, "models"), strict=True)
    except RefusedFault as fault:
        if client.report.http_status in _NO_SUCH_RESOURCE:
            fault.hint = "the endpoint may have no list of models"
        raise
    if asked.form.is_json:
        asked.form.write(ended(answers[0]) if len(answers) == 1 else resource.joined(pages))
    else:
        names = [name for page in pages for name in resource.ids(page)]
        asked.form.write("".join(f"{name}\n" for name in names).encode())


@command.command("retrieve", cls=Command)
@click.argument("name", metavar="ID")
@asked_options
def retrieve_model(name: str, asked: Asked) -> None:
    """Show one model."""
    if not name.strip("."):
        raise UsageFault(f"{name!r} is not the id of a model")
    client = asked.client()
    try:
        answer = client.fetch("GET", resource.path_of("models", name))
    except RefusedFault as fault:
        if client.report.http_status in _NO_SUCH_RESOURCE:
            fault.hint = "msgcli models list shows those that there are"
        raise
    try:
        found = resource.id_of(resource.read(answer))
    except MsgcliError as fault:
        raise fault.at(client.endpoint.host) from None
    asked.write(answer, found)
