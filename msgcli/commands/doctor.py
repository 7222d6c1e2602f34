"""Show the settings, and try the endpoint."""

from __future__ import annotations

import json

import click

from msgcli import origin, probe, table, terminal
from msgcli.command import Command
from msgcli.connection import Endpoint
from msgcli.errors import MsgcliError
from msgcli.options.connection import ConnectionOptions, connection_options
from msgcli.options.format import Format, format_options
from msgcli.options.profile import profile_options
from msgcli.options.request import DEFAULT_MODEL
from msgcli.options.types import TEXT
from msgcli.origin import Setting
from msgcli.probe import Finding
from msgcli.report import Report
from msgcli.wire.reply import MAX_SIZE

_WORDS = {True: "yes", False: "no", None: "?"}


@click.command("doctor", cls=Command)
@click.option("--offline", is_flag=True, help="Show the settings only; send nothing.")
@click.option(
    "-m",
    "--model",
    metavar="ID",
    type=TEXT,
    envvar="MSGCLI_MODEL",
    default=DEFAULT_MODEL,
    help=f"The model; default {DEFAULT_MODEL}.",
)
@connection_options
@profile_options
@format_options
def command(offline: bool, model: str, connection: ConnectionOptions, form: Format) -> None:
    """Show the settings, and try the endpoint."""
    report = Report(verbose=connection.verbose)
    connection.start_clock(report, reader=True)
    form.check()
    endpoint, fault = _endpoint(connection)
    context = click.get_current_context()
    settings = list(origin.settings(context, {"model": model, **connection.values}, endpoint))
    findings: list[Finding] = []
    if endpoint is not None:
        settings.append(origin.key(context, connection, endpoint))
    if endpoint is not None and not offline:
        client = connection.client(endpoint, report, max_reply_size=MAX_SIZE)
        terminal.notice(f"doctor: {probe.cost(client)}")
        findings = list(probe.examine(client, model))
        fault = probe.verdict(findings)
    write = _json if form.is_json else _text
    form.write(write(settings, findings, fault))
    if fault is not None:
        raise fault


def _endpoint(connection: ConnectionOptions) -> tuple[Endpoint | None, MsgcliError | None]:
    try:
        return connection.endpoint(), None
    except MsgcliError as fault:
        return None, fault


def _text(settings: list[Setting], findings: list[Finding], fault: MsgcliError | None) -> bytes:
    lines = table.columns([("setting", "value", "from"), *settings])
    if findings:
        rows = [(f.feature, _WORDS[f.works], f.note) for f in findings]
        lines += ["", *table.columns([("feature", "works", "note"), *rows])]
    return "".join(f"{line}\n" for line in lines).encode("utf-8", "replace")


def _json(settings: list[Setting], findings: list[Finding], fault: MsgcliError | None) -> bytes:
    value = {
        "settings": [setting._asdict() for setting in settings],
        "features": [{"feature": f.feature, "works": f.works, "note": f.note} for f in findings],
        "status": fault.status if fault else 0,
    }
    return json.dumps(value, separators=(",", ":")).encode() + b"\n"
