"""The rules that hold between the messages of a request."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from msgcli.endpoint.blocks import as_blocks
from msgcli.endpoint.problem import Problem, invalid

CACHE_BREAKPOINTS = 4

Block = Mapping[str, Any]


def check_turns(body: Mapping[str, Any]) -> None:
    """Refuse messages that do not make a conversation."""
    messages = body["messages"]
    if messages[0]["role"] != "user":
        raise invalid("messages", 'first message must use the "user" role')
    for index, message in enumerate(messages):
        final = index == len(messages) - 1 and message["role"] == "assistant"
        if not message["content"] and not final:
            raise invalid(
                f"messages.{index}",
                "all messages must have non-empty content except for the optional final "
                "assistant message",
            )
        if isinstance(message["content"], str) and message["content"].isspace() and not final:
            raise invalid(f"messages.{index}", "text content must contain non-whitespace text")
    _check_tool_results(messages)
    _check_prefill(body)


def _turns(messages: list[dict[str, Any]]) -> list[tuple[str, list[tuple[str, Block]]]]:
    """Neighbours of one role are one turn; system messages stand outside."""
    turns: list[tuple[str, list[tuple[str, Block]]]] = []
    for index, message in enumerate(messages):
        if message["role"] == "system":
            continue
        if not turns or turns[-1][0] != message["role"]:
            turns.append((message["role"], []))
        for place, block in enumerate(as_blocks(message["content"])):
            turns[-1][1].append((f"messages.{index}.content.{place}", block))
    return turns


def _check_tool_results(messages: list[dict[str, Any]]) -> None:
    open_ids: list[str] = []
    seen: set[str] = set()
    for role, placed in _turns(messages):
        if role == "user":
            _check_answers(placed, open_ids)
        open_ids = []
        for path, block in placed:
            if block["type"] != "tool_use":
                continue
            if block["id"] in seen:
                raise invalid(f"{path}.id", "`tool_use` ids must be unique")
            seen.add(block["id"])
            open_ids.append(block["id"])
    if open_ids:
        raise _unanswered(open_ids)


def _check_answers(placed: list[tuple[str, Block]], open_ids: list[str]) -> None:
    answered = []
    begun = False
    for path, block in placed:
        if block["type"] != "tool_result":
            begun = True
            continue
        name = block["tool_use_id"]
        if name not in open_ids:
            raise invalid(path, f"unexpected `tool_use_id` found in `tool_result` blocks: {name}")
        if name in answered:
            raise invalid(path, f"each tool_use must have a single result: {name}")
        if begun:
            raise invalid(path, "`tool_result` blocks must come before all other content")
        answered.append(name)
    missing = [name for name in open_ids if name not in answered]
    if missing:
        raise _unanswered(missing)


def _unanswered(names: list[str]) -> Problem:
    return invalid(
        "messages",
        "`tool_use` ids were found without `tool_result` blocks immediately after: "
        + ", ".join(names),
    )


def _check_prefill(body: Mapping[str, Any]) -> None:
    last = body["messages"][-1]
    content = as_blocks(last["content"])
    if last["role"] != "assistant" or not content or content[-1]["type"] != "text":
        return
    if content[-1]["text"] != content[-1]["text"].rstrip():
        raise invalid("messages", "final assistant content cannot end with trailing whitespace")
    if body.get("thinking", {}).get("type") in ("enabled", "adaptive"):
        raise invalid("messages", "the final assistant message cannot be a prefill with thinking")


def check_cache(body: Mapping[str, Any]) -> None:
    """At most four breakpoints, and none of one hour after one of five minutes."""
    lifetimes = [
        block["cache_control"].get("ttl") or "5m"
        for block in [*_in_prefix_order(body), body]
        if block.get("cache_control")
    ]
    if len(lifetimes) > CACHE_BREAKPOINTS:
        raise invalid(
            "",
            f"A maximum of {CACHE_BREAKPOINTS} blocks with cache_control may be provided. "
            f"Found {len(lifetimes)}.",
        )
    if "5m" in lifetimes and "1h" in lifetimes[lifetimes.index("5m") :]:
        raise invalid("cache_control.ttl", "a '1h' block must not come after a '5m' block")


def _in_prefix_order(body: Mapping[str, Any]) -> Iterator[Block]:
    yield from body.get("tools", [])
    yield from as_blocks(body.get("system", ""))
    for message in body["messages"]:
        for block in as_blocks(message["content"]):
            if block["type"] == "tool_result":
                yield from as_blocks(block.get("content", ""))
            yield block


def check_version(body: Mapping[str, Any], version: str) -> None:
    """What API version 2026-10-21 no longer takes."""
    if version < "2026-10-21":
        return
    for name in ("temperature", "top_p", "top_k"):
        if name in body:
            raise invalid(name, "Extra inputs are not permitted")
    for index, message in enumerate(body["messages"]):
        for place, block in enumerate(as_blocks(message["content"])):
            path = f"messages.{index}.content.{place}"
            if message["role"] == "assistant" and block["type"] == "document":
                raise invalid(path, "`document` blocks are not allowed in assistant messages")
            if message["role"] == "user" and _cites(block):
                raise invalid(f"{path}.citations", "not allowed in user messages")


def _cites(block: Block) -> bool:
    if block["type"] == "search_result":
        return any(_cites(part) for part in block["content"])
    return block["type"] == "text" and bool(block.get("citations"))
