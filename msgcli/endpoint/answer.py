"""An HTTP answer as data: what is sent, how it is framed, and how it ends."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import Enum
from typing import Any, NamedTuple

from msgcli.endpoint.events import Event, events, frame
from msgcli.endpoint.problem import Problem
from msgcli.endpoint.strictjson import dump

JSON = {"content-type": "application/json"}
JSON_LINES = {"content-type": "application/x-jsonl"}
EVENT_STREAM = {"content-type": "text/event-stream; charset=utf-8", "cache-control": "no-cache"}


class HungUp(ConnectionError):
    """The client went away."""


class Cut(ConnectionError):
    """The body ends before it is complete, and so does the connection."""


class Framing(Enum):
    """How the end of the body is told."""

    LENGTH = "content-length"
    CHUNKED = "transfer-encoding: chunked"
    CLOSE = "the connection ends"


class Ending(Enum):
    """What happens after the last piece."""

    DONE = "the body is complete"
    CLOSE = "the connection is closed, complete or not"
    RESET = "the connection is reset"
    STALL = "nothing more happens"


class Answer(NamedTuple):
    """One answer. Without a status nothing but the pieces is sent, as they are."""

    status: int | None
    headers: Mapping[str, str]
    pieces: Iterable[bytes]
    framing: Framing
    ending: Ending = Ending.DONE
    length: int | None = None
    preface: bytes = b""
    wait: float = 0
    pace: float | None = None


class Reply(NamedTuple):
    """A Message on its way out, and how it was asked for."""

    message: dict[str, Any]
    stream: bool
    headers: Mapping[str, str]
    request_id: str


def body(status: int, headers: Mapping[str, str], data: bytes) -> Answer:
    """A whole body of known length."""
    return Answer(status, headers, (data,), Framing.LENGTH, length=len(data))


def json(status: int, value: Any, headers: Mapping[str, str] | None = None) -> Answer:
    """A JSON value."""
    return body(status, {**JSON, **(headers or {})}, dump(value))


def problem(error: Problem, request_id: str) -> Answer:
    """An error answer."""
    headers = {"request-id": request_id, **error.headers}
    return json(error.status, error.body(request_id), headers)


def stream(reply: Reply, only: Iterable[Event] | None = None) -> Answer:
    """The event stream of a reply, or one of other events in its place."""
    shown = events(reply.message) if only is None else only
    headers = {**EVENT_STREAM, **reply.headers}
    return Answer(200, headers, map(frame, shown), Framing.CHUNKED)


def whole(reply: Reply) -> Answer:
    """The Message of a reply as JSON."""
    return json(200, reply.message, reply.headers)


def usual(reply: Reply) -> Answer:
    """A reply in the form that was asked for."""
    return stream(reply) if reply.stream else whole(reply)
