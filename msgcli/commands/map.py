"""Send many prompts, and write the results."""

from __future__ import annotations

import signal
from collections.abc import Callable

import click

from msgcli import ending, terminal
from msgcli.baton import Baton
from msgcli.bulk.asking import Answer, Asker, Form
from msgcli.bulk.engine import Bulk
from msgcli.bulk.progress import Progress
from msgcli.bulk.rate import Pace
from msgcli.client import Client
from msgcli.command import Command
from msgcli.each import Maker
from msgcli.errors import MsgcliError
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
def command(
    prompt: InputOptions,
    records: RecordOptions,
    request: RequestOptions,
    connection: ConnectionOptions,
    bulk: BulkOptions,
) -> MsgcliError | None:
    """Send many prompts, and write the results."""
    jobs = bulk.values["jobs"]
    pace = Pace(jobs, bulk.values["rpm"])
    connection.start_clock(pace, reader=bulk.to_stdout, by_default=False)
    endpoint = connection.endpoint()
    maker = Maker(records, prompt, request)
    tally = bulk.tally()
    baton = Baton()
    results = bulk.results(tally, baton)
    client = connection.client(endpoint, Report(), max_reply_size=bulk.values["max_reply_size"])
    form = Form(bulk.text_end, request.schema)

    def connect() -> Callable[[Record], Answer]:
        own = _apart(client, baton)
        return Asker(own, pace, baton, form, connection.verbose, bulk.values["usage_log"]).ask

    source = maker.source(baton.aside)
    progress = Progress(tally, source, to_stdout=bulk.to_stdout)
    engine = Bulk(
        source.items(),
        maker.record,
        connect,
        results,
        pace=pace,
        baton=baton,
        tally=tally,
        jobs=jobs,
    )
    fault = engine.run(progress.show)
    progress.end()
    if tally.done or fault is None:
        terminal.notice(tally.summary())
    if engine.interrupted:
        ending.end_by_signal(signal.SIGINT)
    return fault or tally.verdict(None if bulk.to_stdout else "--resume tries them again")


def _apart(client: Client, baton: Baton) -> Client:
    """The client on a line of its own, whose exchanges do not mix with others in the trace."""
    from msgcli.transport import Line

    return client._replace(line=Line(client.endpoint, baton), trace=client.trace.apart())
