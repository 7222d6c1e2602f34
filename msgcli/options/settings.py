"""From the settings in a config file to values that options take."""

from __future__ import annotations

import os
import re
from typing import Any, NamedTuple

import click

from msgcli import command, stdio
from msgcli.config import Setting
from msgcli.errors import UsageFault
from msgcli.options.connection import connection_options
from msgcli.options.request import request_options
from msgcli.options.types import Bundle

_AUTHENTICATION = re.compile(r"(?:x-api-key|authorization)\s*:\s*\S", re.IGNORECASE)
_LIKE_A_KEY = re.compile(r"key|token|secret|password", re.IGNORECASE)
_LIKE_A_NAME = re.compile(r"[A-Za-z_. -]{1,40}")


class Value(NamedTuple):
    """What click takes for a setting; None for a setting that only drops an inherited one."""

    value: Any
    setting: Setting


def known_options() -> dict[str, click.Option]:
    """The options that may stand in the file, by key. --body is of the prompt, which may not."""
    return {
        name[2:]: option
        for bundle in (request_options, connection_options)
        for option in _options(bundle)
        for name in option.opts
        if name.startswith("--") and name != "--body"
    }


def _options(bundle: Bundle) -> list[click.Option]:
    options: list[click.Option] = bundle(lambda: None).__click_params__  # type: ignore[attr-defined]
    return options


def beside_body(used: dict[str, Value]) -> dict[str, Value]:
    """What is left of the settings beside --body: a request that is given is whole, and takes only
    the fields that it cannot be without."""
    fields = {option.name for option in _options(request_options)} - {"model", "max_tokens"}
    return {name: value for name, value in used.items() if name not in fields}


def check(
    context: click.Context, known: dict[str, click.Option], settings: list[Setting]
) -> dict[str, Value]:
    """The values of a section by the name of their parameter; UsageFault with file and line."""
    found: dict[str, Value] = {}
    for setting in settings:
        option = known.get(setting.key)
        if option is None:
            raise _unknown(setting, list(known))
        name = option.name or ""
        if name in found:
            other = found[name].setting.key
            raise UsageFault(f"{setting.place}: {setting.key}: {other} is given too")
        found[name] = Value(_value(context, option, setting), setting)
    return found


def _unknown(setting: Setting, known: list[str]) -> UsageFault:
    from difflib import get_close_matches

    if not _LIKE_A_NAME.fullmatch(setting.key):
        return UsageFault(f"{setting.place}: not of the form KEY = VALUE")
    close = get_close_matches(setting.key, known, 1, 0.75)
    if not close and _LIKE_A_KEY.search(setting.key):
        return _no_key(setting)
    hint = f"did you mean {close[0]}" if close else None
    return UsageFault(f"{setting.place}: no such option: {setting.key}", hint=hint)


def _no_key(setting: Setting) -> UsageFault:
    return UsageFault(
        f"{setting.place}: {setting.key}: a key never stands in the config file",
        hint="api-key-file = FILE names a file that holds it",
    )


def _value(context: click.Context, option: click.Option, setting: Setting) -> Any:
    what = f"{setting.place}: {setting.key}"
    lines = [line for line in setting.value.split("\n") if line]
    if not lines:
        return None
    if len(lines) > 1 and not option.multiple:
        raise UsageFault(f"{what}: it has one value, in one line")
    if option.name == "header" and any(map(_AUTHENTICATION.match, lines)):
        raise _no_key(setting)
    if option.is_flag:
        return _flag(what, lines[0])
    if option.metavar == "FILE":
        lines = list(map(_expanded, lines))
    value = lines if option.multiple else lines[0]
    try:
        option.type_cast_value(context, value)
    except click.BadParameter as error:
        raise UsageFault(f"{what}: {command.plain(error.message)}") from None
    return value


def _flag(what: str, text: str) -> bool:
    from configparser import RawConfigParser

    value = RawConfigParser.BOOLEAN_STATES.get(text.lower())
    if value is None:
        raise UsageFault(f"{what}: {text!r} is not true or false")
    return value


def _expanded(name: str) -> str:
    """`~/` is the home folder, as a shell would have made it on a command line."""
    if not name.startswith("~/"):
        return name
    return os.path.expanduser(stdio.path(name)).decode("utf-8", "surrogateescape")
