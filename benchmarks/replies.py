"""The replies that are measured: bytes of Messages and event streams, made once."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from functools import cache
from typing import Any, NamedTuple

EVENTS = 20_000
MANY = 200_000
LARGE = 1_000_000
GIANT = 10_000_000
VAST = 64_000_000

# As long as pieces of text tend to be; with its frame a delta is some 120 bytes.
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


class Reply(NamedTuple):
    """The body of an answer and its media type."""

    kind: str
    body: bytes


def words(count: int) -> Iterator[str]:
    """The texts of `count` deltas."""
    return (_WORDS[number % len(_WORDS)] for number in range(count))


def text(count: int) -> Iterator[bytes]:
    """The text of a reply of `count` deltas, which end with a line, in pieces."""
    line = "".join(_WORDS).encode()
    return (line for _ in range(count // len(_WORDS)))


def vast_count() -> int:
    """How many deltas a reply of 64 MB has."""
    return VAST // len(_line()) * len(_WORDS)


def long(count: int) -> Iterator[bytes]:
    """The events of that reply, in pieces."""
    return _framed(_line() for _ in range(count // len(_WORDS)))


def delta(text: str) -> bytes:
    """The event that brings `text`."""
    return _event("content_block_delta", index=0, delta={"type": "text_delta", "text": text})


def stream(texts: Iterable[str]) -> Iterator[bytes]:
    """The events of a complete reply, a delta for each text."""
    return _framed(map(delta, texts))


def whole() -> dict[str, Reply]:
    """The replies that are sent in one piece, of known length, by name."""
    return {
        "json": Reply("application/json", small_json()),
        "small": _many(8),
        "long": _many(EVENTS),
        "longer": _many(MANY),
        "large": _giant(LARGE),
        "giant": _giant(GIANT),
        "vast": _many(vast_count()),
    }


def small_json() -> bytes:
    """A Message of one line of text."""
    content = [{"type": "text", "text": "".join(_WORDS)}]
    return json.dumps({**_MESSAGE, "content": content, "stop_reason": "end_turn"}).encode()


def small_stream() -> bytes:
    """The same text in eight deltas."""
    return _many(8).body


@cache
def _line() -> bytes:
    return b"".join(map(delta, _WORDS))


def _many(count: int) -> Reply:
    return Reply("text/event-stream", b"".join(long(count)))


def _giant(size: int) -> Reply:
    return Reply("text/event-stream", b"".join(stream(["x" * size])))


def _framed(deltas: Iterable[bytes]) -> Iterator[bytes]:
    yield _event("message_start", message=_MESSAGE)
    yield _event("content_block_start", index=0, content_block={"type": "text", "text": ""})
    yield from deltas
    yield _event("content_block_stop", index=0)
    end = {"stop_reason": "end_turn", "stop_sequence": None}
    yield _event("message_delta", delta=end, usage={"output_tokens": 50})
    yield _event("message_stop")


def _event(kind: str, **fields: Any) -> bytes:
    data = json.dumps({"type": kind, **fields}, separators=(",", ":"))
    return f"event: {kind}\ndata: {data}\n\n".encode()
