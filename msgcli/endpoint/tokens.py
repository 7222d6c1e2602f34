"""A stated estimate of tokens: four bytes of UTF-8 are one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from msgcli.endpoint.blocks import as_blocks
from msgcli.endpoint.strictjson import dump

BYTES_PER_TOKEN = 4
ATTACHMENT_TOKENS = 1500
NOT_COUNTED = ("thinking", "redacted_thinking")


def in_text(text: str) -> int:
    """The tokens of a text."""
    return _tokens(len(text.encode()))


def _tokens(size: int) -> int:
    return -(-size // BYTES_PER_TOKEN)


def in_request(body: Mapping[str, Any]) -> int:
    """The input tokens of a request: system prompt, tools and messages; at least 1."""
    blocks = list(as_blocks(body.get("system", "")))
    for message in body["messages"]:
        blocks += as_blocks(message["content"])
    size = sum(len(dump(tool)) for tool in body.get("tools", []))
    attachments = 0
    while blocks:
        block = blocks.pop()
        inner = block.get("content")
        source = block.get("source")
        if block["type"] == "text":
            size += len(block["text"].encode())
        elif block["type"] in ("tool_result", "search_result"):
            blocks += as_blocks(inner or "")
        elif isinstance(source, dict) and source["type"] == "text":
            size += len(source["data"].encode())
        elif isinstance(source, dict) and source["type"] == "content":
            blocks += as_blocks(source["content"])
        elif isinstance(source, dict):
            attachments += 1
        elif block["type"] not in NOT_COUNTED:
            size += len(dump(block))
    return max(1, _tokens(size) + attachments * ATTACHMENT_TOKENS)


def in_reply(content: list[dict[str, Any]]) -> tuple[int, int]:
    """The output tokens of a reply's blocks, and how many of them are thinking."""
    thinking = sum(in_text(block["thinking"]) for block in content if block["type"] == "thinking")
    rest = sum(
        in_text(block["text"]) if block["type"] == "text" else _tokens(len(dump(block)))
        for block in content
        if block["type"] != "thinking"
    )
    return thinking + rest, thinking


def cut(text: str, limit: int) -> str:
    """The start of a text that has at most `limit` tokens, ending between characters."""
    return text.encode()[: limit * BYTES_PER_TOKEN].decode(errors="ignore")
