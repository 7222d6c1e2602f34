"""The options that name fields of a request; a parameter is called as its field is on the wire."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import click
from click.core import ParameterSource

from msgcli import command, stdio, terminal
from msgcli.errors import InputFault, UsageFault
from msgcli.options.types import COUNT, TEXT, Bundle
from msgcli.text import read_text
from msgcli.wire import request, strict

DEFAULT_MODEL = "claude-sonnet-4-6"
DEFAULT_MAX_TOKENS = 16384

# The largest max_tokens that is answered in one piece; above it the API wants a stream.
MAX_UNSTREAMED_TOKENS = 21333


class RequestOptions(NamedTuple):
    """What the options say of a request. `given` are fields that a flag named, `default` others."""

    given: dict[str, Any]
    default: dict[str, Any]
    base: dict[str, Any] | None
    stream: bool | None
    cache: tuple[str, ...]
    cache_control: dict[str, Any]
    sets: tuple[tuple[str, Any], ...]

    def body(
        self, prompt: str | None, prefill: str | None, *, streams: bool = True
    ) -> dict[str, Any]:
        """The body of the request. Without a flag or field that says so it asks for a stream if
        `streams`, or if `max_tokens` is too large for one piece."""
        body = request.merge(self.base or {}, self.given, self.default)
        if self.stream is not None:
            body.pop("stream", None)
            if self.stream:
                body["stream"] = True
        request.add_turns(body, prompt, prefill)
        for place in self.cache:
            request.mark_cache(body, place, self.cache_control)
        for path, value in self.sets:
            request.assign(body, path, value)
        if self.stream is None and "stream" not in body:
            limit = body.get("max_tokens")
            if streams or (isinstance(limit, int) and limit > MAX_UNSTREAMED_TOKENS):
                body["stream"] = True
        return body


class Ratio(click.FloatRange):
    """A number from 0 to 1."""

    name = "number"

    def __init__(self) -> None:
        super().__init__(0, 1)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        number = super().convert(value, param, ctx)
        if math.isnan(number):
            self.fail(f"{value!r} is not in the range 0<=x<=1", param, ctx)
        return number


def _thinking(value: str) -> dict[str, Any]:
    if value in ("adaptive", "disabled"):
        return {"type": value}
    if value.isdecimal() and value.isascii() and 0 < len(value) < 10 and int(value):
        return {"type": "enabled", "budget_tokens": int(value)}
    raise UsageFault(f"--thinking: {value!r} is not adaptive, disabled or a number of tokens")


def _system(parts: list[tuple[str, str]]) -> str | list[dict[str, str]] | None:
    texts = [
        value if kind == "system" else read_text("--system-file", value) for kind, value in parts
    ]
    if len(texts) > 1:
        return [{"type": "text", "text": text} for text in texts]
    return texts[0] if texts else None


def _base(name: str) -> dict[str, Any]:
    text = read_text("--body", name)
    try:
        body = strict.parse(text)
    except strict.NotJson as error:
        raise InputFault(f"--body: {stdio.shown(name)}: {error}") from None
    if not isinstance(body, dict):
        raise InputFault(f"--body: {stdio.shown(name)}: not a JSON object")
    if not isinstance(body.get("messages", []), list):
        raise InputFault(f"--body: {stdio.shown(name)}: its messages are not an array")
    return body


def _set(text: str) -> tuple[str, Any]:
    path, equals, value = text.partition("=")
    if not equals or not path or "" in path.split("."):
        raise UsageFault(f"--set: {text!r} is not of the form PATH=JSON")
    try:
        return path, strict.parse(value)
    except strict.NotJson as error:
        reason = str(error).removeprefix("line 1: ")
        raise UsageFault(
            f"--set: {path}: {reason}", hint=f"""a text needs its quotes: --set {path}='"..."'"""
        ) from None


def _make(**values: Any) -> RequestOptions:
    context = click.get_current_context()
    given: dict[str, Any] = {}
    default: dict[str, Any] = {}
    for field in ("model", "max_tokens"):
        by_flag = context.get_parameter_source(field) is ParameterSource.COMMANDLINE
        (given if by_flag else default)[field] = values[field]
    given["system"] = _system(
        command.in_order(
            context, {"system": values["system"], "system_file": values["system_file"]}
        )
    )
    if "" in values["stop_sequences"]:
        raise UsageFault("--stop: a stop sequence is not empty")
    given["stop_sequences"] = list(values["stop_sequences"]) or None
    for field in ("temperature", "top_p", "top_k", "service_tier"):
        given[field] = values[field]
    if values["thinking"] is not None:
        given["thinking"] = _thinking(values["thinking"])
    if values["effort"] is not None:
        given["output_config"] = {"effort": values["effort"]}
    if values["user_id"] is not None:
        given["metadata"] = {"user_id": values["user_id"]}
    if values["temperature"] is not None and values["top_p"] is not None:
        terminal.notice("--temperature and --top-p: most endpoints want one of the two")
    cache_control = {"type": "ephemeral"}
    if values["cache_ttl"] is not None:
        cache_control["ttl"] = values["cache_ttl"]
        if not values["cache_control"]:
            raise UsageFault("--cache-ttl: there is no --cache-control that it is for")
    return RequestOptions(
        given={field: value for field, value in given.items() if value is not None},
        default=default,
        base=None if values["body"] is None else _base(values["body"]),
        stream=values["stream"],
        cache=tuple(dict.fromkeys(values["cache_control"])),
        cache_control=cache_control,
        sets=tuple(map(_set, values["set"])),
    )


_o = click.option

request_options = Bundle(
    "request",
    _make,
    _o(
        "-m",
        "--model",
        metavar="ID",
        type=TEXT,
        envvar="MSGCLI_MODEL",
        default=DEFAULT_MODEL,
        help=f"The model; default {DEFAULT_MODEL}.",
    ),
    _o(
        "-n",
        "--max-tokens",
        metavar="N",
        type=COUNT,
        envvar="MSGCLI_MAX_TOKENS",
        default=DEFAULT_MAX_TOKENS,
        help=f"The most tokens that are generated; default {DEFAULT_MAX_TOKENS}.",
    ),
    _o("-s", "--system", metavar="TEXT", type=TEXT, multiple=True, help="A system prompt."),
    _o("--system-file", metavar="FILE", multiple=True, help="A system prompt from a file."),
    _o(
        "--stop",
        "--stop-sequence",
        "stop_sequences",
        metavar="TEXT",
        type=TEXT,
        multiple=True,
        help="Stop where this text is generated.",
    ),
    _o("--temperature", metavar="F", type=Ratio(), help="Sampling temperature, 0 to 1."),
    _o("--top-p", metavar="F", type=Ratio(), help="Nucleus sampling, 0 to 1."),
    _o(
        "--top-k",
        metavar="N",
        type=COUNT,
        help="Sample from the N likeliest tokens only.",
    ),
    _o("--thinking", metavar="adaptive|disabled|N", help="How to think; N is a budget of tokens."),
    _o("--effort", metavar="LEVEL", type=TEXT, help="How much work to spend on the answer."),
    _o(
        "--cache-control",
        metavar="PLACE",
        type=click.Choice(["system", "tools", "prompt", "auto"]),
        multiple=True,
        help="Cache the prefix up to system, tools or prompt; or auto.",
    ),
    _o(
        "--cache-ttl",
        metavar="5m|1h",
        type=click.Choice(["5m", "1h"]),
        help="How long a cached prefix lives.",
    ),
    _o(
        "--user-id",
        metavar="ID",
        type=TEXT,
        help="An opaque id of the user on whose behalf this is.",
    ),
    _o("--service-tier", metavar="TIER", type=TEXT, help="auto or standard_only."),
    _o(
        "--set",
        "set",
        metavar="PATH=JSON",
        type=TEXT,
        multiple=True,
        help="Set any field of the body, last of all.",
    ),
    _o("--body", metavar="FILE", help="Start from a whole request body."),
    _o(
        "--stream/--no-stream",
        "stream",
        default=None,
        help="Ask for an event stream, or for one piece.",
    ),
)
