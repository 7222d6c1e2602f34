"""What the endpoint says: a Message that repeats the prompt, within the limits of the request."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from msgcli.endpoint import models, tokens
from msgcli.endpoint.blocks import as_blocks
from msgcli.endpoint.problem import invalid
from msgcli.endpoint.schema import sample
from msgcli.endpoint.strictjson import dump

Message = dict[str, Any]
Block = dict[str, Any]
SIGNATURE = "RW5kcG9pbnRTaWduYXR1cmU="
THOUGHT = "The prompt is to be repeated."


class Ids:
    """Ids that count up, so that two runs give the same bytes."""

    def __init__(self) -> None:
        self._count = itertools.count(1)

    def new(self, prefix: str) -> str:
        """The next id: `msg_000000000000000000000001`."""
        return f"{prefix}_{next(self._count):024d}"


class Content(NamedTuple):
    """The blocks of a reply, and why it stops after them."""

    blocks: list[Block]
    stop_reason: str = "end_turn"
    stop_sequence: str | None = None


def prompt_of(body: Mapping[str, Any]) -> str:
    """The text of the last user message; of its tool results, if it has no text of its own."""
    users = [message for message in body["messages"] if message["role"] == "user"]
    blocks = as_blocks(users[-1]["content"])
    texts = [block["text"] for block in blocks if block["type"] == "text"]
    if not texts:
        texts = [
            part["text"]
            for block in blocks
            if block["type"] == "tool_result"
            for part in as_blocks(block.get("content", ""))
            if part["type"] == "text"
        ]
    return "\n\n".join(texts)


def limited(text: str, max_tokens: int, stop_sequences: Sequence[str]) -> Content:
    """A text as far as the request lets it go: to the token limit or the first stop sequence."""
    kept = tokens.cut(text, max_tokens)
    # A model writes from left to right: the sequence that is complete first is the one that stops.
    found = [(kept.find(stop) + len(stop), kept.find(stop), stop) for stop in stop_sequences]
    found = [match for match in found if match[1] >= 0]
    if found:
        _, start, stop = min(found)
        return Content(_text(kept[:start]), "stop_sequence", stop)
    return Content(_text(kept), "end_turn" if kept == text and max_tokens else "max_tokens")


def _text(text: str) -> list[Block]:
    return [{"type": "text", "text": text}] if text else []


def answer_text(body: Mapping[str, Any], text: str) -> Content:
    """A reply of this text, after a thought if the request asks for thinking."""
    content = limited(text, body["max_tokens"], body.get("stop_sequences", []))
    thinking = body.get("thinking", {})
    if thinking.get("type") not in ("enabled", "adaptive") or not body["max_tokens"]:
        return content
    shown = "" if thinking.get("display") == "omitted" else THOUGHT
    thought = {"type": "thinking", "thinking": shown, "signature": SIGNATURE}
    return content._replace(blocks=[thought, *content.blocks])


def default_content(body: Mapping[str, Any], ids: Ids) -> Content:
    """The prompt again; a smallest instance where the request asks for a tool or a schema."""
    choice = body.get("tool_choice", {"type": "auto"})
    schema = body.get("output_config", {}).get("format")
    if choice["type"] in ("any", "tool"):
        return Content([_tool_use(body["tools"], choice.get("name"), ids)], "tool_use")
    if schema is not None:
        return answer_text(body, dump(_instance("output_config", schema["schema"])).decode())
    return answer_text(body, prompt_of(body))


def _tool_use(tools: list[dict[str, Any]], wanted: str | None, ids: Ids) -> Block:
    named = [tool for tool in tools if "name" in tool]
    if not named:
        raise invalid("tool_choice", "no tool can be called by name")
    tool = next((tool for tool in named if tool["name"] == wanted), named[0])
    value = _instance(f"tools.{tool['name']}", tool.get("input_schema", {"type": "object"}))
    return {"type": "tool_use", "id": ids.new("toolu"), "name": tool["name"], "input": value}


def _instance(path: str, schema: Any) -> Any:
    try:
        return sample(schema)
    except (AttributeError, IndexError, KeyError, TypeError):
        raise invalid(path, "the schema is not a valid JSON schema") from None


def message(
    body: Mapping[str, Any],
    content: Content,
    ids: Ids,
    *,
    stop_details: Any = None,
    usage: Mapping[str, Any] | None = None,
) -> Message:
    """The whole Message, with the usage that the estimate gives unless told otherwise."""
    output, thinking = tokens.in_reply(content.blocks)
    counted: dict[str, Any] = {
        "input_tokens": tokens.in_request(body),
        "cache_creation_input_tokens": 0,
        "cache_read_input_tokens": 0,
        "cache_creation": {"ephemeral_5m_input_tokens": 0, "ephemeral_1h_input_tokens": 0},
        "output_tokens": output,
        "service_tier": "standard",
        "inference_geo": "global",
    }
    if thinking:
        counted["output_tokens_details"] = {"thinking_tokens": thinking}
    return {
        "id": ids.new("msg"),
        "type": "message",
        "role": "assistant",
        "model": models.resolve(body["model"]),
        "content": content.blocks,
        "stop_reason": content.stop_reason,
        "stop_sequence": content.stop_sequence,
        "stop_details": stop_details,
        "usage": {**counted, **(usage or {})},
    }
