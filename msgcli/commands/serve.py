"""Be a local endpoint that repeats the prompt."""

from __future__ import annotations

import errno
import os
import socket
import threading
from typing import TYPE_CHECKING, NoReturn

import click

from msgcli import ending, stdio, terminal
from msgcli.command import Command
from msgcli.errors import Failure, InputFault, MsgcliError, OutputFault, UsageFault
from msgcli.options.types import DURATION

if TYPE_CHECKING:
    from msgcli.endpoint.log import Log
    from msgcli.endpoint.server import Server
    from msgcli.endpoint.service import Service

KEY_VARIABLE = "MSGCLI_SERVE_KEY"
NOT_FOUND, NOT_EXECUTABLE = 127, 126


@click.command("serve", cls=Command, context_settings={"allow_interspersed_args": False})
@click.option(
    "--host",
    default="127.0.0.1",
    metavar="ADDRESS",
    help="Listen on this address; default 127.0.0.1.",
)
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=0,
    metavar="N",
    help="Listen on this port; 0 is any that is free.",
)
@click.option("--replies", metavar="FILE", help="Give the canned replies of FILE.")
@click.option("--delay", type=DURATION, default=0.0, metavar="T", help="Wait between two events.")
@click.option(
    "--fault", multiple=True, metavar="KIND[:N]", help="Spoil the first N replies, or all."
)
@click.option("--log", metavar="FILE", help="Append one JSON line a request to FILE.")
@click.option("--require-key", is_flag=True, help=f"Ask for the key in {KEY_VARIABLE}.")
@click.argument("words", nargs=-1, metavar="[-- COMMAND...]", type=click.UNPROCESSED)
def command(
    *,
    host: str,
    port: int,
    replies: str | None,
    delay: float,
    fault: tuple[str, ...],
    log: str | None,
    require_key: bool,
    words: tuple[str, ...],
) -> None:
    """Be a local endpoint that repeats the prompt."""
    key = os.environ.get(KEY_VARIABLE) if require_key else None
    if require_key and not key:
        raise UsageFault(f"--require-key: {KEY_VARIABLE} is not set")
    service = _service(replies=replies, fault=fault, delay=delay, key=key)
    if not words:
        stdio.check_stdout()
    server = _listen(host, port, service, None if log is None else _open_log(log))
    if not server.is_loopback:
        terminal.notice(f"serve: {host}: other machines can connect, and no key is asked for")
    if words:
        _run(server, words, key)
    stdio.write_stdout(f"{server.url}\n".encode())
    server.serve_forever()


def _service(
    *, replies: str | None, fault: tuple[str, ...], delay: float, key: str | None
) -> Service:
    from msgcli.endpoint.canned import BadReplies, Replies
    from msgcli.endpoint.faults import Faults, UnknownFault
    from msgcli.endpoint.service import Service

    try:
        faults = Faults(fault)
    except UnknownFault as error:
        raise UsageFault(f"--fault: {error}") from None
    try:
        rules = Replies() if replies is None else Replies(stdio.read(replies))
    except BadReplies as error:
        raise InputFault(f"{stdio.shown(str(replies))}: {error}") from None
    return Service(replies=rules, given_faults=faults, delay=delay, key=key)


def _open_log(name: str) -> Log:
    from msgcli.endpoint.log import Log

    try:
        return Log(stdio.path(name))
    except OSError as error:
        raise OutputFault(f"{name}: {stdio.why(error)}") from None


def _listen(host: str, port: int, service: Service, log: Log | None) -> Server:
    from msgcli.endpoint.server import Server

    host = host.strip("[]")
    try:
        return Server(host, port, service, log)
    except socket.gaierror as error:
        raise UsageFault(f"--host: {host}: {stdio.why(error)}") from None
    except OSError as error:
        where = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
        raise Failure(f"serve: {where}: {stdio.why(error)}") from None


def _run(server: Server, words: tuple[str, ...], key: str | None) -> NoReturn:
    """Run the command beside the server, and end as it ends."""
    from msgcli.endpoint import child

    threading.Thread(target=server.serve_forever, daemon=True).start()
    variables = child.environment(os.environ, server.url, key)
    try:
        status = child.run([stdio.path(word) for word in words], variables)
    except OSError as error:
        missing = error.errno == errno.ENOENT
        reason = "command not found" if missing and "/" not in words[0] else stdio.why(error)
        fault = MsgcliError(f"serve: {words[0]}: {reason}")
        ending.end(NOT_FOUND if missing else NOT_EXECUTABLE, fault)
    if status >= 0:
        ending.end(status)
    child.die_by(-status)
    ending.end(128 - status)
