"""Bytes of a reply to pieces: an event stream or a JSON Message, told apart by content."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from msgcli.errors import MsgcliError, ProtocolFault
from msgcli.wire import fault
from msgcli.wire.event import BOM, Event, Frames, parse, read_json
from msgcli.wire.message import unfold

# The largest event or JSON body, in bytes after decompression, that is taken.
MAX_SIZE = 64 * 1024 * 1024

_STREAM = re.compile(rb":|(?:event|data|id|retry)[:\r\n]")
_LONGEST_FIELD = len(b"event:")

# Bytes of something else that a message quotes; it is cut once more where it is shown.
_SNIPPET = 4096


class Piece(NamedTuple):
    """Some whole events as they came, or a whole JSON body with the events that would have made it.

    A piece without events is what came of something that is not whole.
    """

    raw: bytes
    events: list[Event]
    is_json: bool


def pieces(chunks: Iterable[bytes], limit: int = MAX_SIZE) -> Iterator[Piece]:
    """The reply in pieces, each as soon as it is whole. Ends with the end of the Message.

    Raises the error that the reply is, or ProtocolFault if it is none of the Messages format, ends
    before it is complete, or has an event or a JSON body of more than `limit` bytes.
    """
    source = iter(chunks)
    head, body = _head(source, limit)
    if body[:1] in (b"{", b"["):
        yield from _json(head, source, limit)
    elif _STREAM.match(body):
        yield from _stream(head, source, limit)
    elif not body:
        raise ProtocolFault("the reply is empty")
    else:
        start = " ".join(body[:_SNIPPET].decode("utf-8", "replace").split())
        raise ProtocolFault(f"the reply is neither JSON nor an event stream: {start}")


def _is_clear(head: bytes) -> bool:
    return head[:1] in (b"{", b"[") or bool(_STREAM.match(head))


def _head(source: Iterator[bytes], limit: int) -> tuple[bytes, bytes]:
    """What tells the one from the other: the bytes as they came, and without the space before."""
    came: list[bytes] = []
    size, body = 0, b""
    for chunk in source:
        came.append(chunk)
        size += len(chunk)
        if size > limit:
            raise ProtocolFault(f"the reply is of more than {limit} bytes")
        body += chunk
        body = body.removeprefix(BOM).lstrip()
        if len(body) > _LONGEST_FIELD or _is_clear(body):
            break
    return b"".join(came), body


def _stream(head: bytes, source: Iterator[bytes], limit: int) -> Iterator[Piece]:
    frames = Frames(limit)
    bom = BOM if head.startswith(BOM) else b""
    chunk: bytes | None = head[len(bom) :]
    while chunk is not None:
        if whole := frames.feed(chunk):
            raw, events, end = parse(whole)
            yield Piece(bom + raw, events, False)
            bom = b""
            if isinstance(end, MsgcliError):
                raise end
            if end:
                return
        try:
            chunk = next(source, None)
        except MsgcliError:
            yield Piece(frames.rest(), [], False)
            raise
    yield Piece(frames.rest(), [], False)
    raise ProtocolFault("the reply ended before it was complete")


def _json(head: bytes, source: Iterator[bytes], limit: int) -> Iterator[Piece]:
    body, size = [head], len(head)
    try:
        for chunk in source:
            body.append(chunk)
            size += len(chunk)
            if size > limit:
                raise ProtocolFault(f"the reply is JSON of more than {limit} bytes")
    except MsgcliError:
        yield Piece(b"".join(body), [], True)
        raise
    raw = b"".join(body)
    try:
        message = _message(raw)
    except MsgcliError:
        yield Piece(raw, [], True)
        raise
    yield Piece(raw, list(unfold(message)), True)


def _message(raw: bytes) -> dict[str, Any]:
    try:
        value = read_json(raw.removeprefix(BOM).decode("utf-8", "replace"))
    except (ValueError, RecursionError):
        raise ProtocolFault(
            "the reply is JSON that ended before it was complete, or is none"
        ) from None
    if not isinstance(value, dict):
        raise ProtocolFault("the reply is JSON, but not an object")
    if value.get("type") == "error" or (value.get("error") and "content" not in value):
        raise fault.of_error_event(value)
    content = value.get("content")
    if not isinstance(content, list) or not all(isinstance(block, dict) for block in content):
        raise ProtocolFault("the reply is JSON, but not a Message")
    if not isinstance(value.get("stop_reason"), str):
        raise ProtocolFault("the reply has no stop reason")
    return value
