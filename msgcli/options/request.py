"""The options that name fields of a request; a parameter is called as its field is on the wire."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import click
from click.core import ParameterSource

from msgcli import command, terminal
from msgcli.errors import UsageFault
from msgcli.options import fields
from msgcli.options.types import COUNT, TEXT, Bundle
from msgcli.schema import Schema
from msgcli.wire import request
from msgcli.wire.content import Content

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
    schema: Schema | None

    def body(
        self,
        prompt: Content | None,
        prefill: str | None,
        history: list[dict[str, Any]],
        *,
        streams: bool = True,
    ) -> dict[str, Any]:
        """The body of the request. Without a flag or field that says so it asks for a stream if
        `streams`, or if `max_tokens` is too large for one piece."""
        body = request.merge(self.base or {}, self.given, self.default)
        if self.stream is not None:
            body.pop("stream", None)
            if self.stream:
                body["stream"] = True
        request.add_turns(body, history, prompt, prefill)
        if self.schema is not None:
            self.schema.apply(body)
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


def _make(**values: Any) -> RequestOptions:
    context = click.get_current_context()
    given: dict[str, Any] = {}
    default: dict[str, Any] = {}
    for field in ("model", "max_tokens"):
        by_flag = context.get_parameter_source(field) is ParameterSource.COMMANDLINE
        (given if by_flag else default)[field] = values[field]
    given["system"] = fields.system(
        command.in_order(
            context, {"system": values["system"], "system_file": values["system_file"]}
        )
    )
    if "" in values["stop_sequences"]:
        raise UsageFault("--stop: a stop sequence is not empty")
    given["stop_sequences"] = list(values["stop_sequences"]) or None
    for field in ("temperature", "top_p", "top_k", "service_tier"):
        given[field] = values[field]
    given["tools"] = fields.tools(values["tool"])
    given["tool_choice"] = fields.tool_choice(values["tool_choice"])
    if values["thinking"] is not None:
        given["thinking"] = fields.thinking(values["thinking"])
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
        base=None if values["body"] is None else fields.base(values["body"]),
        stream=values["stream"],
        cache=tuple(dict.fromkeys(values["cache_control"])),
        cache_control=cache_control,
        sets=tuple(map(fields.assignment, values["set"])),
        schema=fields.schema(
            values["schema"],
            values["schema_mode"],
            has_tools=bool(values["tool"] or values["tool_choice"]),
        ),
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
    _o("--tool", metavar="FILE", multiple=True, help="A tool, or an array of tools, as JSON."),
    _o("--tool-choice", metavar="CHOICE", type=TEXT, help="auto, any, none, or a tool's name."),
    _o("--schema", metavar="FILE", help="Take only a reply that is valid against this schema."),
    _o(
        "--schema-mode",
        metavar="native|tool",
        type=click.Choice(["native", "tool"]),
        help="Ask by output_config (the default), or force a tool.",
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
