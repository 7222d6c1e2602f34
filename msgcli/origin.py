"""What the settings of a connection are, and where each of them comes from. No key is shown."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import click
from click.core import ParameterSource

from msgcli.command import given_by
from msgcli.connection import Endpoint
from msgcli.durations import duration
from msgcli.options.connection import ConnectionOptions
from msgcli.redaction import redact

_DURATIONS = frozenset(("timeout", "connect_timeout", "idle_timeout", "retry_max_time"))
_CUSTOM = "ANTHROPIC_CUSTOM_HEADERS"
_SCHEMES = {"x-api-key": "x-api-key", "authorization": "bearer"}


class Setting(NamedTuple):
    """A setting, by the long name of its option; `source` is what gave it."""

    name: str
    value: str
    source: str


def settings(
    context: click.Context, values: dict[str, Any], endpoint: Endpoint | None
) -> Iterator[Setting]:
    """The settings that the values of these parameters are, defaults too."""
    for param in context.command.params:
        if param.name not in values or param.name == "verbose":
            continue
        name = param.name.replace("_", "-")
        is_default = context.get_parameter_source(param.name) is ParameterSource.DEFAULT
        source = "default" if is_default else given_by(context, param)
        yield Setting(name, redact(_shown(param.name, values[param.name])), source)
    if custom := _custom_headers():
        yield Setting("header", _shown("header", custom), _CUSTOM)
    if endpoint is not None and endpoint.proxies and values["proxy"] is None:
        shown = {_without_user(url) for url in endpoint.proxies.values()}
        yield Setting("proxy", ", ".join(sorted(shown)), "environment")


def key(context: click.Context, connection: ConnectionOptions, endpoint: Endpoint) -> Setting:
    """How the key is sent, and what gave it."""
    header = next((header for header in _SCHEMES if header in endpoint.headers), None)
    if header is None:
        return Setting("key", "none", "")
    return Setting("key", _SCHEMES[header], _key_source(context, connection, header))


def _key_source(context: click.Context, connection: ConnectionOptions, header: str) -> str:
    for line in connection.values["header"]:
        if _header_name(line).lower() == header:
            return "--header"
    if header in (_header_name(line).lower() for line in _custom_headers()):
        return _CUSTOM
    given = connection.key_sources()
    params = {param.name: param for param in context.command.params}
    for source, name in (("key_file", "api_key_file"), ("key_command", "api_key_command")):
        if given[source] is not None:
            return given_by(context, params[name])
    variables = ("ANTHROPIC_API_KEY", "ANTHROPIC_AUTH_TOKEN")
    return next(name for name in variables if os.environ.get(name))


def _custom_headers() -> list[str]:
    return [line for line in os.environ.get(_CUSTOM, "").splitlines() if line.strip()]


def _shown(name: str, value: Any) -> str:
    """A value as text; of a header its name, and of a command or a proxy nothing that is secret."""
    if value is None or value == ():
        return ""
    if name == "api_key_command":
        return "a command"
    if name == "proxy":
        return _without_user(value)
    if name == "header":
        return ", ".join(map(_header_name, value))
    if name in _DURATIONS:
        return duration(value)
    if isinstance(value, bool):
        return "yes" if value else "no"
    return ", ".join(value) if isinstance(value, (tuple, list)) else str(value)


def _header_name(line: str) -> str:
    name, colon, _ = line.partition(":")
    return name.strip() if colon else "?"


def _without_user(url: str) -> str:
    parts = urlsplit(url if "://" in url else f"http://{url}")
    return parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()
