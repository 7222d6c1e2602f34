"""The shape of the request bodies of messages and count_tokens."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

from msgcli.endpoint import blocks, tools
from msgcli.endpoint.problem import invalid
from msgcli.endpoint.schema import check_supported
from msgcli.endpoint.shapes import (
    CACHE_CONTROL,
    Check,
    anything,
    array,
    boolean,
    fields,
    integer,
    join,
    mapping,
    nonempty,
    nullable,
    number,
    one_of,
    string_or,
    tagged,
    text,
    variant,
)

MESSAGES_LIMIT = 100_000
THINKING_LEAST = 1024
SKILL = variant({"skill_id": nonempty}, {"version": text})
BETA_FIELDS = (
    "mcp_servers",
    "context_management",
    "compaction",
    "fallbacks",
    "thread",
    "fallback_credit_token",
    "billing_policy",
    "output_format",
)
COUNTED = (
    "model",
    "messages",
    "system",
    "tools",
    "tool_choice",
    "thinking",
    "output_config",
    "cache_control",
    "speed",
    "context_management",
    "compaction",
    "mcp_servers",
)
SAMPLING = ("temperature", "top_p", "top_k")


def _message(*, beta: bool) -> Check:
    roles = {role: blocks.content(role, beta=beta) for role in ("user", "assistant", "system")}
    extra = {"clear_at": anything, "output_config": anything} if beta else {}
    shape = fields({"role": one_of(*roles), "content": anything}, extra)

    def check(path: str, value: Any) -> None:
        shape(path, value)
        roles[value["role"]](join(path, "content"), value["content"])

    return check


def _thinking(*, beta: bool) -> Check:
    displays = ("summarized", "omitted", "updates") if beta else ("summarized", "omitted")
    optional = {"display": nullable(one_of(*displays))}
    if beta:
        optional["block_binding"] = anything
    return tagged(
        {
            "enabled": variant({"budget_tokens": integer(THINKING_LEAST)}, optional),
            "adaptive": variant({}, optional),
            "between_tools": variant({}, optional),
            "disabled": variant({}),
        }
    )


def _json_schema(path: str, value: Any) -> None:
    mapping(path, value)
    check_supported(path, value)


def _output_config(*, beta: bool) -> Check:
    optional = {
        "effort": nullable(one_of("low", "medium", "high", "xhigh", "max")),
        "format": nullable(tagged({"json_schema": variant({"schema": _json_schema})})),
    }
    if beta:
        optional["task_budget"] = mapping
    return fields({}, optional)


def _stop_sequence(path: str, value: Any) -> None:
    text(path, value)
    if not value.strip():
        raise invalid(path, "each stop sequence must contain non-whitespace")


@cache
def _fields(*, beta: bool) -> tuple[dict[str, Check], dict[str, Check]]:
    required = {
        "model": nonempty,
        "max_tokens": integer(0),
        "messages": array(_message(beta=beta), least=1, most=MESSAGES_LIMIT),
    }
    optional = {
        "system": string_or(array(tagged({"text": blocks.TEXT}))),
        "stream": boolean,
        "stop_sequences": array(_stop_sequence),
        "thinking": _thinking(beta=beta),
        "output_config": _output_config(beta=beta),
        "tools": tools.tools(beta=beta),
        "tool_choice": tools.TOOL_CHOICE,
        "metadata": fields({}, {"user_id": nullable(text)}),
        "service_tier": one_of("auto", "standard_only"),
        "speed": nullable(one_of("standard", "fast")),
        "inference_geo": nullable(text),
        "container": nullable(
            string_or(fields({}, {"id": nullable(text), "skills": nullable(array(SKILL))}))
        ),
        "cache_control": CACHE_CONTROL,
        "diagnostics": nullable(fields({}, {"previous_message_id": nullable(text)})),
        "temperature": number(0, 1),
        "top_p": number(0, 1),
        "top_k": integer(0),
        **dict.fromkeys(BETA_FIELDS if beta else (), anything),
    }
    return required, optional


def check_messages(body: Any, *, beta: bool) -> None:
    """Refuse a body of `POST /v1/messages` that has not the right shape."""
    required, optional = _fields(beta=beta)
    fields(required, optional)("", body)
    _check_together(body)


def check_count(body: Any, *, beta: bool) -> None:
    """Refuse a body of `POST /v1/messages/count_tokens` that has not the right shape."""
    required, optional = _fields(beta=beta)
    counted = {name: shape for name, shape in optional.items() if name in COUNTED}
    fields({name: required[name] for name in ("model", "messages")}, counted)("", body)


def _check_together(body: Mapping[str, Any]) -> None:
    """What two top-level fields say about one another."""
    thinking = body.get("thinking", {"type": "disabled"})
    forced = body.get("tool_choice", {}).get("type") in ("any", "tool")
    if thinking["type"] == "enabled":
        if thinking["budget_tokens"] >= body["max_tokens"] > 0:
            raise invalid("thinking.budget_tokens", "must be less than max_tokens")
        if forced:
            raise invalid("thinking", "may not be enabled when tool_choice forces tool use")
    if thinking["type"] in ("enabled", "adaptive"):
        if body.get("temperature", 1) != 1:
            raise invalid("temperature", "may only be 1 when thinking is on")
        if "top_k" in body:
            raise invalid("top_k", "must be unset when thinking is on")
        if body.get("top_p", 1) < 0.95:
            raise invalid("top_p", "must be at least 0.95 when thinking is on")
    if body["max_tokens"] == 0:
        formatted = body.get("output_config", {}).get("format") is not None
        for name, present in (
            ("stream", body.get("stream", False)),
            ("thinking", thinking["type"] == "enabled"),
            ("output_config.format", formatted),
            ("tool_choice", forced),
        ):
            if present:
                raise invalid("max_tokens", f"0 is not allowed together with {name}")
