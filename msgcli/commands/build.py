"""Write the request that create would send."""

from __future__ import annotations

import click

from msgcli import files, terminal
from msgcli.command import Command
from msgcli.compose import compose
from msgcli.conversation import read
from msgcli.errors import InputFault, MsgcliError, UsageFault
from msgcli.files import Direct, Replaced, Stdout
from msgcli.options.input import input_options
from msgcli.options.profile import profile_options
from msgcli.options.records import RecordOptions, record_options
from msgcli.options.request import RequestOptions, request_options
from msgcli.prompt import InputOptions
from msgcli.wire.request import Body


@click.command("build", cls=Command)
@input_options
@record_options
@request_options
@profile_options
@click.option("-o", "--output", metavar="FILE", help="Write to FILE, whole or not at all.")
@click.option("--curl", "as_curl", is_flag=True, help="Write the command line that would send it.")
def command(
    prompt: InputOptions,
    records: RecordOptions,
    request: RequestOptions,
    output: str | None,
    as_curl: bool,
) -> MsgcliError | None:
    """Write the request that create would send."""
    if records.each is None and records.shard != (1, 1):
        raise UsageFault("--shard: there is no --each that makes records")
    if records.each is not None and as_curl:
        raise UsageFault("--curl: with --each there are records, which no single command sends")
    sink = files.output(output)
    if records.each is not None:
        return _write_records(sink, records, prompt, request)
    body = Body(compose(request, prompt, read(prompt.conversation)))
    if as_curl:
        from msgcli import curl

        sink.write(curl.command_line(b"".join(body)))
    else:
        for piece in body:
            sink.write(piece)
    sink.commit()
    return None


def _write_records(
    sink: Stdout | Direct | Replaced,
    records: RecordOptions,
    prompt: InputOptions,
    request: RequestOptions,
) -> MsgcliError | None:
    """Write a record for each item, as soon as that has come; say which items make none."""
    from msgcli.each import Maker
    from msgcli.wire import record

    # A batch takes no `stream`; where a record needs one, `map` asks for it.
    maker = Maker(records, prompt, request._replace(stream=bool(request.stream)))
    failed = 0
    for item in maker.source().items():
        made = maker.record(item)
        if made.fault is None:
            sink.write(record.line(made))
        else:
            failed += 1
            terminal.error(str(made.fault))
    if failed:
        sink.abandon()
        return InputFault(
            "1 item makes no record" if failed == 1 else f"{failed} items make no record"
        )
    sink.commit()
    return None
