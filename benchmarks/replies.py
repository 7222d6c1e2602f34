"""The replies that are measured: bytes of Messages and event streams, made once."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any

EVENTS = 20_000
GIANT = 10_000_000

# As long as pieces of text tend to be; with its frame a delta is some 125 bytes.
_WORDS = ("The ", "quick ", "brown ", "fox ", "jumps ", "over ", "the lazy ", "dog.\n")
_MESSAGE: dict[str, Any] = {
    "id": "msg_bench",
    "type": "message",
    "role": "assistant",
    "model": "bench",
    "content": [],
    "stop_reason": None,
    "stop_sequence": None,
    "usage": {"input_tokens": 10, "output_tokens": 1},
}


def words(count: int) -> Iterator[str]:
    """The texts of `count` deltas."""
    return (_WORDS[number % len(_WORDS)] for number in range(count))


def delta(text: str) -> bytes:
    """The event that brings `text`."""
    return _event("content_block_delta", index=0, delta={"type": "text_delta", "text": text})


def stream(texts: Iterable[str]) -> Iterator[bytes]:
    """The events of a complete reply, a delta for each text."""
    yield _event("message_start", message=_MESSAGE)
    yield _event("content_block_start", index=0, content_block={"type": "text", "text": ""})
    yield from map(delta, texts)
    yield _event("content_block_stop", index=0)
    end = {"stop_reason": "end_turn", "stop_sequence": None}
    yield _event("message_delta", delta=end, usage={"output_tokens": 50})
    yield _event("message_stop")


def small_json() -> bytes:
    """A Message of one line of text."""
    text = "".join(words(8))
    content = [{"type": "text", "text": text}]
    return json.dumps({**_MESSAGE, "content": content, "stop_reason": "end_turn"}).encode()


def small_stream() -> bytes:
    """The same text in eight deltas."""
    return b"".join(stream(words(8)))


def _event(kind: str, **fields: Any) -> bytes:
    data = json.dumps({"type": kind, **fields}, separators=(",", ":"))
    return f"event: {kind}\ndata: {data}\n\n".encode()
