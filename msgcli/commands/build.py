"""Write the request that create would send."""

from __future__ import annotations

import click

from msgcli import files
from msgcli.command import Command
from msgcli.compose import compose
from msgcli.conversation import read
from msgcli.errors import MsgcliError
from msgcli.options.input import input_options
from msgcli.options.profile import profile_options
from msgcli.options.request import RequestOptions, request_options
from msgcli.prompt import InputOptions
from msgcli.wire.request import Body


@click.command("build", cls=Command)
@input_options
@request_options
@profile_options
@click.option("-o", "--output", metavar="FILE", help="Write to FILE, whole or not at all.")
@click.option("--curl", "as_curl", is_flag=True, help="Write the command line that would send it.")
def command(
    prompt: InputOptions, request: RequestOptions, output: str | None, as_curl: bool
) -> MsgcliError | None:
    """Write the request that create would send."""
    sink = files.output(output)
    body = Body(compose(request, prompt, read(prompt.conversation)))
    if as_curl:
        from msgcli import curl

        sink.write(curl.command_line(b"".join(body)))
    else:
        for piece in body:
            sink.write(piece)
    sink.commit()
    return None
