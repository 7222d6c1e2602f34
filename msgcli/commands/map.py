"""Send many prompts, and write the results."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable
from functools import cache, partial

import click

from msgcli import ending, terminal
from msgcli.bulk.asking import Answer, Asker, Form
from msgcli.bulk.engine import Bulk
from msgcli.bulk.progress import Progress
from msgcli.bulk.rate import Pace
from msgcli.client import Client
from msgcli.command import Command
from msgcli.each import Maker
from msgcli.errors import MsgcliError, UsageFault
from msgcli.options.beside import BesideOptions, beside_options
from msgcli.options.bulk import BulkOptions, bulk_options
from msgcli.options.connection import ConnectionOptions, connection_options
from msgcli.options.input import input_options
from msgcli.options.profile import profile_options
from msgcli.options.records import RecordOptions, record_options
from msgcli.options.request import RequestOptions, request_options
from msgcli.prompt import InputOptions
from msgcli.report import Report
from msgcli.wire.record import Record


@click.command("map", cls=Command)
@input_options
@record_options
@request_options
@connection_options
@profile_options
@bulk_options
@beside_options
def command(
    prompt: InputOptions,
    records: RecordOptions,
    request: RequestOptions,
    connection: ConnectionOptions,
    bulk: BulkOptions,
    beside: BesideOptions,
) -> MsgcliError | None:
    """Send many prompts, and write the results."""
    if beside.depfile is not None and bulk.to_stdout:
        raise UsageFault("--depfile: there is no -o FILE that it is about")
    pace = Pace(bulk.values["jobs"], bulk.values["rpm"])
    connection.start_clock(pace, reader=bulk.to_stdout, by_default=False)
    maker, tally = Maker(records, prompt, request), bulk.tally()
    rule = beside.rule(bulk.values["output"], prompt.files)
    account = beside.account(tally)
    has_thinking = beside.thinking_output is not None and bulk.to_stdout
    form = Form(bulk.text_end, request.schema, has_thinking=has_thinking)
    client = _Once(partial(_client, connection, bulk))
    if (shelf := beside.shelf(connection, tally)) is None:
        client()

    def connect() -> Callable[[Record], Answer]:
        own = cache(lambda: _apart(client()))
        verbose = connection.verbose
        return Asker(own, shelf, pace, tally, account, form, verbose).ask

    source = maker.source()
    progress = Progress(tally, source, to_stdout=bulk.to_stdout)
    engine = Bulk(
        source.items(),
        maker.record,
        connect,
        bulk.results(tally, beside.thinking),
        pace=pace,
        tally=tally,
        jobs=bulk.values["jobs"],
    )
    fault = engine.run(progress.show) or account.fault
    progress.end()
    if tally.done or fault is None:
        terminal.notice(tally.summary())
    if engine.interrupted:
        ending.end_by_signal(signal.SIGINT)
    verdict = fault or tally.verdict(None if bulk.to_stdout else "--resume tries them again")
    if verdict is None and rule is not None:
        rule.write()
    return verdict


class _Once:
    """What is made when it is first asked for, by whichever thread that is."""

    def __init__(self, make: Callable[[], Client]) -> None:
        self._make = cache(make)
        self._mutex = threading.Lock()
        self._fault: MsgcliError | None = None

    def __call__(self) -> Client:
        with self._mutex:
            if self._fault is not None:
                raise self._fault
            try:
                return self._make()
            except MsgcliError as fault:
                self._fault = fault
                raise


def _client(connection: ConnectionOptions, bulk: BulkOptions) -> Client:
    """A fault if the connection, as far as can be known without it, cannot be made."""
    size = bulk.values["max_reply_size"]
    return connection.client(connection.endpoint(), Report(), max_reply_size=size)


def _apart(client: Client) -> Client:
    """The client on a line of its own, whose exchanges do not mix with others in the trace."""
    from msgcli.transport import Line

    return client._replace(line=Line(client.endpoint), trace=client.trace.apart())
