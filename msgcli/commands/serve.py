"""Be a local endpoint that repeats the prompt."""

from __future__ import annotations

import errno
import os
import socket
import threading
from typing import TYPE_CHECKING, Any, NoReturn

import click
from click.core import ParameterSource

from msgcli import ending, stdio, terminal
from msgcli.command import Command
from msgcli.errors import Failure, InputFault, MsgcliError, OutputFault, UsageFault
from msgcli.options.types import DURATION

if TYPE_CHECKING:
    from msgcli.endpoint.log import Log
    from msgcli.endpoint.recorder import Recorder
    from msgcli.endpoint.replayer import Replayer
    from msgcli.endpoint.server import Answering, Server
    from msgcli.endpoint.service import Service

KEY_VARIABLE = "MSGCLI_SERVE_KEY"
PLACEHOLDER_KEY = "sk-ant-local-endpoint"
OWN = ("replies", "delay", "batch_delay", "fault", "require_key")
NEEDS = {"record": "upstream", "upstream": "record"}
EXCLUDES = {"record": ("replay", *OWN), "replay": OWN}
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
    "--batch-delay",
    type=DURATION,
    default=0.0,
    metavar="T",
    help="End a batch T after its creation.",
)
@click.option(
    "--fault", multiple=True, metavar="KIND[:N]", help="Spoil the first N replies, or all."
)
@click.option("--log", metavar="FILE", help="Append one JSON line a request to FILE.")
@click.option("--require-key", is_flag=True, help=f"Ask for the key in {KEY_VARIABLE}.")
@click.option("--record", metavar="DIR", help="Keep the exchanges with --upstream in DIR.")
@click.option("--upstream", metavar="URL", help="Pass all requests on to this endpoint.")
@click.option("--replay", metavar="DIR", help="Answer from the exchanges in DIR.")
@click.argument("words", nargs=-1, metavar="[-- COMMAND...]", type=click.UNPROCESSED)
def command(
    *,
    host: str,
    port: int,
    log: str | None,
    require_key: bool,
    record: str | None,
    upstream: str | None,
    replay: str | None,
    words: tuple[str, ...],
    **own: Any,
) -> None:
    """Be a local endpoint that repeats the prompt."""
    _check_together()
    key = os.environ.get(KEY_VARIABLE) if require_key else None
    if require_key and not key:
        raise UsageFault(f"--require-key: {KEY_VARIABLE} is not set")
    if not words:
        stdio.check_stdout()
    answering: Answering
    if record is not None:
        answering = _recorder(record, str(upstream))
    elif replay is not None:
        answering = _replayer(replay)
    else:
        answering = _service(**own, key=key)
    server = _listen(host, port, answering, None if log is None else _open_log(log))
    if not server.is_loopback:
        terminal.notice(f"serve: {host}: other machines can connect, and no key is asked for")
    if words:
        _run(server, words, key or (PLACEHOLDER_KEY if record is None else None))
    stdio.write_stdout(f"{server.url}\n".encode())
    server.serve_forever()


def _check_together() -> None:
    """Options that belong together are given together, and no others with them."""
    context = click.get_current_context()
    given = [
        str(param.name)
        for param in context.command.params
        if context.get_parameter_source(str(param.name)) is not ParameterSource.DEFAULT
    ]
    for option, other in NEEDS.items():
        if option in given and other not in given:
            raise UsageFault(f"--{option}: --{other} is missing")
    for option, others in EXCLUDES.items():
        for other in others:
            if option in given and other in given:
                raise UsageFault(f"--{option} and --{other.replace('_', '-')} exclude each other")


def _recorder(folder: str, url: str) -> Recorder:
    from msgcli.endpoint.recorder import Folder, Recorder
    from msgcli.endpoint.upstream import BadUpstream, Upstream

    authorities = os.environ.get("REQUESTS_CA_BUNDLE") or None
    try:
        upstream = Upstream(url, authorities)
    except BadUpstream as error:
        raise UsageFault(f"--upstream: {error}") from None
    except OSError as error:
        raise UsageFault(f"REQUESTS_CA_BUNDLE: {authorities}: {stdio.why(error)}") from None
    try:
        return Recorder(Folder(os.fsdecode(stdio.path(folder))), upstream)
    except OSError as error:
        raise OutputFault(f"--record: {folder}: {stdio.why(error)}") from None


def _replayer(folder: str) -> Replayer:
    from msgcli.endpoint.exchange import BadExchange
    from msgcli.endpoint.replayer import Replayer

    try:
        return Replayer(os.fsdecode(stdio.path(folder)))
    except OSError as error:
        raise InputFault(f"--replay: {folder}: {stdio.why(error)}") from None
    except BadExchange as error:
        raise InputFault(f"--replay: {folder}: {error}") from None


def _service(
    *,
    replies: str | None,
    fault: tuple[str, ...],
    delay: float,
    batch_delay: float,
    key: str | None,
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
    return Service(
        replies=rules, given_faults=faults, delay=delay, batch_delay=batch_delay, key=key
    )


def _open_log(name: str) -> Log:
    from msgcli.endpoint.log import Log

    try:
        return Log(stdio.path(name))
    except OSError as error:
        raise OutputFault(f"{name}: {stdio.why(error)}") from None


def _listen(host: str, port: int, answering: Answering, log: Log | None) -> Server:
    from msgcli.endpoint.server import Server

    host = host.strip("[]")
    try:
        return Server(host, port, answering, log)
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
