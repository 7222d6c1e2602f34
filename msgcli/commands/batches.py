"""Send many prompts as one batch, and watch it."""

from __future__ import annotations

import click
from click.core import ParameterSource

from msgcli import watch
from msgcli.batch import batches
from msgcli.batch.delivery import deliver
from msgcli.batch.download import Results, place
from msgcli.batch.upload import upload
from msgcli.bulk.records import Source
from msgcli.command import Command, Group
from msgcli.errors import MsgcliError, OutputFault, UsageFault
from msgcli.options.asked import Asked, asked_options
from msgcli.options.connection import ConnectionOptions, connection_options
from msgcli.options.delivery import DeliveryOptions, delivery_options
from msgcli.options.profile import profile_options
from msgcli.options.types import DURATION
from msgcli.output import ended
from msgcli.report import Report
from msgcli.wire import batch, resource
from msgcli.wire.reply import MAX_SIZE


@click.group("batches", cls=Group, no_args_is_help=False)
def command() -> None:
    """Send many prompts as one batch, and watch it."""


@command.command("create", cls=Command)
@click.argument("file", metavar="[FILE]", default="-")
@asked_options
def create(file: str, asked: Asked) -> None:
    """Make a batch of records."""
    answer = batches.create(asked.client(), upload(Source("record", (file,))))
    name = resource.id_of(answer.value)
    try:
        asked.write(answer.raw, name)
    except OutputFault as fault:
        fault.hint = f"the batch is {name}"
        raise


@command.command("retrieve", cls=Command)
@click.argument("name", metavar="ID")
@asked_options
def retrieve(name: str, asked: Asked) -> None:
    """Show the state of one batch."""
    raw, found = batches.retrieve(asked.client(), name)
    asked.write(raw, found.line())


@command.command("list", cls=Command)
@click.option("--limit", metavar="N", type=click.IntRange(min=1), help="List N batches at most.")
@asked_options
def list_batches(limit: int | None, asked: Asked) -> None:
    """List the batches, the newest first."""
    answers, found = zip(*batches.pages(asked.client(), limit), strict=True)
    form = asked.form
    if not form.is_json:
        form.write("".join(f"{item.line()}\n" for page in found for item in page).encode())
    elif len(answers) == 1 and answers[0].raw:
        form.write(ended(answers[0].raw))
    else:
        form.write(resource.joined(answer.value for answer in answers))


@command.command("wait", cls=Command)
@click.argument("name", metavar="ID")
@click.option("--poll", metavar="T", type=DURATION, help="Look at the batch every T.")
@asked_options
def wait(name: str, poll: float | None, asked: Asked) -> None:
    """Wait until a batch has ended."""
    if poll is not None and poll <= 0:
        raise UsageFault("--poll: a time is more than 0")
    connection = asked.connection
    asked.form.check()
    endpoint = connection.endpoint()

    def look() -> tuple[bytes, batch.Batch]:
        report = Report(verbose=connection.verbose)
        return batches.retrieve(client._replace(report=report), name)

    client = connection.client(endpoint, Report(), max_reply_size=MAX_SIZE)
    waiting = batches.Wait(name, look, poll)
    source = click.get_current_context().get_parameter_source("timeout")
    timeout = None if source is ParameterSource.DEFAULT else connection.values["timeout"]
    watch.start(timeout, reader=True, expired=waiting.expire)
    raw, found = waiting.run()
    asked.write(raw, found.line())


@command.command("results", cls=Command)
@click.argument("name", metavar="ID")
@delivery_options
@connection_options
@profile_options
def results(
    name: str, delivery: DeliveryOptions, connection: ConnectionOptions
) -> MsgcliError | None:
    """Write the results of a batch that has ended."""
    report = Report(verbose=connection.verbose)
    connection.start_clock(report, reader=delivery.to_stdout)
    sink, tally = delivery.sink(), delivery.tally()
    client = connection.client(connection.endpoint(), report, max_reply_size=MAX_SIZE)
    order = delivery.order()
    _, found = batches.retrieve(client, name)
    own = client._replace(report=Report(verbose=connection.verbose))
    came = Results(own, place(client, found), found.size)
    deliver(came, sink, text_end=delivery.text_end, tally=tally, order=order)
    sink.commit()
    return tally.verdict(delivery.hint)


@command.command("cancel", cls=Command)
@click.argument("name", metavar="ID")
@asked_options
def cancel(name: str, asked: Asked) -> None:
    """Have a batch stop."""
    answer = batches.fetch(asked.client(), "POST", batch.path(name, "cancel"))
    asked.write(answer.raw, resource.id_of(answer.value))


@command.command("delete", cls=Command)
@click.argument("name", metavar="ID")
@asked_options
def delete(name: str, asked: Asked) -> None:
    """Delete a batch that has ended."""
    answer = batches.fetch(asked.client(), "DELETE", batch.path(name))
    asked.write(answer.raw, resource.id_of(answer.value))
