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
from msgcli.client import Client
from msgcli.command import Command, help_option
from msgcli.errors import MsgcliError, OutputFault, UsageFault
from msgcli.options.connection import ConnectionOptions, connection_options
from msgcli.options.delivery import DeliveryOptions, delivery_options
from msgcli.options.format import Format, format_options
from msgcli.options.profile import profile_options
from msgcli.options.types import DURATION
from msgcli.output import ended
from msgcli.report import Report
from msgcli.wire import batch, resource
from msgcli.wire.reply import MAX_SIZE


class Batches(click.Group):
    """The commands of this module."""

    def get_help_option(self, ctx: click.Context) -> click.Option:
        return help_option()


@click.group("batches", cls=Batches, no_args_is_help=False)
def command() -> None:
    """Send many prompts as one batch, and watch it."""


@command.command("create", cls=Command)
@click.argument("file", metavar="[FILE]", default="-")
@connection_options
@profile_options
@format_options
def create(file: str, connection: ConnectionOptions, form: Format) -> None:
    """Make a batch of records."""
    report = batches.Creation(verbose=connection.verbose)
    client = _client(connection, form, report)
    answer = batches.create(client, report, upload(Source("record", (file,))))
    name = resource.id_of(answer.value)
    try:
        form.write(ended(answer.raw) if form.is_json else f"{name}\n".encode())
    except OutputFault as fault:
        fault.hint = f"the batch is {name}"
        raise


@command.command("retrieve", cls=Command)
@click.argument("name", metavar="ID")
@connection_options
@profile_options
@format_options
def retrieve(name: str, connection: ConnectionOptions, form: Format) -> None:
    """Show the state of one batch."""
    raw, found = batches.retrieve(_client(connection, form), name)
    form.write(ended(raw) if form.is_json else f"{found.line()}\n".encode())


@command.command("list", cls=Command)
@click.option("--limit", metavar="N", type=click.IntRange(min=1), help="List N batches at most.")
@connection_options
@profile_options
@format_options
def list_batches(limit: int | None, connection: ConnectionOptions, form: Format) -> None:
    """List the batches, the newest first."""
    answers, found = zip(*batches.pages(_client(connection, form), limit), strict=True)
    if not form.is_json:
        form.write("".join(f"{item.line()}\n" for page in found for item in page).encode())
    elif len(answers) == 1 and answers[0].raw:
        form.write(ended(answers[0].raw))
    else:
        form.write(resource.joined(answer.value for answer in answers))


@command.command("wait", cls=Command)
@click.argument("name", metavar="ID")
@click.option("--poll", metavar="T", type=DURATION, help="Look at the batch every T.")
@connection_options
@profile_options
@format_options
def wait(name: str, poll: float | None, connection: ConnectionOptions, form: Format) -> None:
    """Wait until a batch has ended."""
    if poll is not None and poll <= 0:
        raise UsageFault("--poll: a time is more than 0")
    form.check()
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
    form.write(ended(raw) if form.is_json else f"{found.line()}\n".encode())


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
@connection_options
@profile_options
@format_options
def cancel(name: str, connection: ConnectionOptions, form: Format) -> None:
    """Have a batch stop."""
    client = _client(connection, form)
    _write_id(form, batches.fetch(client, "POST", batch.path(name, "cancel")))


@command.command("delete", cls=Command)
@click.argument("name", metavar="ID")
@connection_options
@profile_options
@format_options
def delete(name: str, connection: ConnectionOptions, form: Format) -> None:
    """Delete a batch that has ended."""
    client = _client(connection, form)
    _write_id(form, batches.fetch(client, "DELETE", batch.path(name)))


def _write_id(form: Format, answer: batches.Answer) -> None:
    name = resource.id_of(answer.value)
    form.write(ended(answer.raw) if form.is_json else f"{name}\n".encode())


def _client(connection: ConnectionOptions, form: Format, report: Report | None = None) -> Client:
    report = report or Report(verbose=connection.verbose)
    connection.start_clock(report, reader=True)
    form.check()
    return connection.client(connection.endpoint(), report, max_reply_size=MAX_SIZE)
