"""A Message taken apart into the events of a stream."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from typing import Any

from msgcli.endpoint.strictjson import dump

Event = dict[str, Any]
# Uneven, so that cuts fall within words, escapes and numbers as a model's tokens do.
PIECES = (3, 8, 1, 12, 5, 17, 2)
TOOL_CALLS = ("tool_use", "server_tool_use", "mcp_tool_use")
# What message_delta reports again, counted up to the end.
CUMULATIVE = (
    "input_tokens",
    "cache_creation_input_tokens",
    "cache_read_input_tokens",
    "output_tokens",
    "output_tokens_details",
    "server_tool_use",
    "iterations",
    "fallback_credit",
)
ONLY_AT_THE_END = ("output_tokens_details", "server_tool_use", "iterations", "fallback_credit")


def frame(event: Event) -> bytes:
    """One event as it stands in the stream."""
    return f"event: {event['type']}\ndata: ".encode() + dump(event) + b"\n\n"


def events(message: Mapping[str, Any]) -> Iterator[Event]:
    """All events of a stream that adds up to the Message."""
    usage = message["usage"]
    first = {name: value for name, value in usage.items() if name not in ONLY_AT_THE_END}
    first["output_tokens"] = min(1, usage.get("output_tokens", 0))
    started = {**message, "content": [], "stop_reason": None, "stop_sequence": None}
    started.update({"stop_details": None, "usage": first})
    yield {"type": "message_start", "message": started}
    yield {"type": "ping"}
    for index, block in enumerate(message["content"]):
        yield from _block(index, block)
    stop = {name: message[name] for name in ("stop_reason", "stop_sequence", "stop_details")}
    total = {name: usage[name] for name in CUMULATIVE if name in usage}
    yield {"type": "message_delta", "delta": stop, "usage": total}
    yield {"type": "message_stop"}


def _block(index: int, block: Mapping[str, Any]) -> Iterator[Event]:
    skeleton, deltas = _taken_apart(block)
    yield {"type": "content_block_start", "index": index, "content_block": skeleton}
    for delta in deltas:
        yield {"type": "content_block_delta", "index": index, "delta": delta}
    yield {"type": "content_block_stop", "index": index}


def _taken_apart(block: Mapping[str, Any]) -> tuple[dict[str, Any], Iterator[dict[str, Any]]]:
    """What content_block_start shows of a block, and the deltas that fill it in."""
    kind = block["type"]
    if kind == "text":
        skeleton = {**block, "text": ""}
        if block.get("citations"):
            skeleton["citations"] = []
        return skeleton, _text_deltas(block)
    if kind == "thinking":
        return {**block, "thinking": "", "signature": ""}, _thinking_deltas(block)
    if kind in TOOL_CALLS:
        return {**block, "input": {}}, _input_deltas(block)
    if kind == "compaction":
        empty = {"content": None, "encrypted_content": None}
        return {**block, **empty}, _compaction_deltas(block)
    return dict(block), iter(())


def pieces(text: str) -> Iterator[str]:
    """A text in pieces of a few characters."""
    start = 0
    for size in itertools.cycle(PIECES):
        if start >= len(text):
            return
        yield text[start : start + size]
        start += size


def _text_deltas(block: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    for piece in pieces(block["text"]):
        yield {"type": "text_delta", "text": piece}
    for citation in block.get("citations") or ():
        yield {"type": "citations_delta", "citation": citation}


def _thinking_deltas(block: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    for piece in pieces(block["thinking"]):
        yield {"type": "thinking_delta", "thinking": piece}
    yield {"type": "signature_delta", "signature": block["signature"]}


def _input_deltas(block: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    yield {"type": "input_json_delta", "partial_json": ""}
    if block["input"]:
        for piece in pieces(dump(block["input"]).decode()):
            yield {"type": "input_json_delta", "partial_json": piece}


def _compaction_deltas(block: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    yield {
        "type": "compaction_delta",
        "content": block.get("content"),
        "encrypted_content": block.get("encrypted_content"),
    }
