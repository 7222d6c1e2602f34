"""The models that the endpoint lists, one page at a time."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from msgcli.endpoint import pages
from msgcli.endpoint.problem import Problem, invalid

LIFECYCLES = ("active", "deprecated", "retired")
EPOCH = "1970-01-01T00:00:00Z"
EFFORTS = ("low", "medium", "high", "xhigh", "max")


class Model(NamedTuple):
    """One model: what it is called, how much it takes in and gives out."""

    id: str
    name: str
    line: str
    context: int
    output: int
    thinking: tuple[str, ...]
    lifecycle: str = "active"
    retires_at: str | None = None


NEW = ("adaptive", "disabled")
MID_TURN = ("adaptive", "between_tools")
MIDDLE = ("adaptive", "disabled", "enabled")
OLD = ("disabled", "enabled")
# Newest first.
MODELS = (
    Model("claude-opus-5-5", "Claude Opus 5.5", "opus", 1_000_000, 128_000, ("adaptive",)),
    Model("claude-sonnet-5-5", "Claude Sonnet 5.5", "sonnet", 1_000_000, 128_000, MID_TURN),
    Model("claude-haiku-5-5", "Claude Haiku 5.5", "haiku", 1_000_000, 128_000, NEW),
    Model("claude-opus-4-7", "Claude Opus 4.7", "opus", 1_000_000, 128_000, NEW),
    Model("claude-sonnet-4-6", "Claude Sonnet 4.6", "sonnet", 1_000_000, 128_000, MIDDLE),
    Model("claude-opus-4-6", "Claude Opus 4.6", "opus", 1_000_000, 128_000, MIDDLE),
    Model("claude-opus-4-5-20251101", "Claude Opus 4.5", "opus", 200_000, 64_000, OLD),
    Model("claude-haiku-4-5-20251001", "Claude Haiku 4.5", "haiku", 200_000, 64_000, OLD),
    Model(
        "claude-sonnet-4-5-20250929",
        "Claude Sonnet 4.5",
        "sonnet",
        200_000,
        64_000,
        OLD,
        "deprecated",
        "2026-11-30T00:00:00Z",
    ),
    Model(
        "claude-opus-4-1-20250805",
        "Claude Opus 4.1",
        "opus",
        200_000,
        32_000,
        OLD,
        "retired",
        "2026-08-05T00:00:00Z",
    ),
)
BY_ID = {model.id: model for model in MODELS}
ALIASES = {model.id[:-9]: model.id for model in MODELS if model.id[-8:].isdigit()}


def resolve(name: str) -> str:
    """The id behind an alias; any other string is its own id."""
    return ALIASES.get(name, name)


def check_max_tokens(body: Mapping[str, Any]) -> None:
    """Refuse more output than a listed model can give."""
    model = BY_ID.get(resolve(body["model"]))
    if model is not None and body["max_tokens"] > model.output:
        raise invalid(
            "max_tokens",
            f"{body['max_tokens']} > {model.output}, which is the maximum allowed number of "
            f"output tokens for {model.id}",
        )


def retrieve(name: str) -> dict[str, Any]:
    """One model by id or alias."""
    model = BY_ID.get(resolve(name))
    if model is None:
        raise Problem(404, f"model: {name}")
    return _info(model)


def page(query: Mapping[str, list[str]]) -> dict[str, Any]:
    """The page of the list that a query string asks for."""
    lifecycles = query.get("lifecycle[]", ["active", "deprecated"])
    for lifecycle in lifecycles:
        if lifecycle not in LIFECYCLES:
            raise invalid("lifecycle", f"Input should be {' or '.join(map(repr, LIFECYCLES))}")
    return pages.page(query, [_info(model) for model in MODELS if model.lifecycle in lifecycles])


def _info(model: Model) -> dict[str, Any]:
    return {
        "type": "model",
        "id": model.id,
        "display_name": model.name,
        "created_at": EPOCH,
        "lifecycle": model.lifecycle,
        "line": model.line,
        "deprecated_at": None if model.lifecycle == "active" else EPOCH,
        "retires_at": model.retires_at,
        "max_input_tokens": model.context,
        "max_tokens": model.output,
        "capabilities": _capabilities(model),
    }


def _capabilities(model: Model) -> dict[str, Any]:
    yes, no = {"supported": True}, {"supported": False}
    types = ("adaptive", "between_tools", "disabled", "enabled")
    plain = ("batch", "citations", "code_execution", "image_input", "pdf_input")
    edits = ("clear_thinking_20251015", "clear_tool_uses_20250919", "compact_20260112")
    return {
        **dict.fromkeys(plain, yes),
        "context_management": {**no, **dict.fromkeys(edits, no)},
        "effort": {**yes, **dict.fromkeys(EFFORTS, yes)},
        "server_tools": {**no, "web_search": no, "code_execution": no},
        "structured_outputs": yes,
        "thinking": {
            **yes,
            "types": {name: yes if name in model.thinking else no for name in types},
        },
    }
