"""The options that let a call have several turns."""

from __future__ import annotations

from typing import Any

import click

from msgcli.errors import UsageFault
from msgcli.options.types import COUNT, DURATION, TEXT, Bundle
from msgcli.tools import ToolCommands
from msgcli.turns import TurnOptions


def _command(text: str) -> tuple[str, str]:
    name, equals, command = text.partition("=")
    if not equals or not name or not command.strip():
        raise UsageFault(f"--tool-command: {text!r} is not of the form NAME=CMD")
    return name, command


def _make(**values: Any) -> TurnOptions:
    if values["max_turns"] == 0:
        raise UsageFault("--max-turns: there is at least one reply")
    commands = dict(map(_command, values["tool_command"]))
    return TurnOptions(
        tools=ToolCommands(commands, values["tool_timeout"]),
        max_turns=values["max_turns"],
        repairs=values["repair"],
    )


_o = click.option

turn_options = Bundle(
    "turns",
    _make,
    _o(
        "--tool-command",
        metavar="NAME=CMD",
        type=TEXT,
        multiple=True,
        help="Run this shell command when the tool is called.",
    ),
    _o(
        "--max-turns",
        metavar="N",
        type=COUNT,
        default=10,
        help="Take at most N replies with tools; default 10.",
    ),
    _o(
        "--tool-timeout",
        metavar="T",
        type=DURATION,
        default="60s",
        help="End a tool's command after T; default 60s.",
    ),
    _o(
        "--repair",
        metavar="N",
        type=COUNT,
        default=0,
        help="Send an error against the schema back N times.",
    ),
)
