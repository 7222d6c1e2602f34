"""Faults by name: each turns a reply into an answer that a script must survive."""

from __future__ import annotations

import email.utils
import gzip
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from functools import partial

from msgcli.endpoint import answer, stream_faults
from msgcli.endpoint.answer import Answer, Ending, Framing, Reply
from msgcli.endpoint.problem import Problem

Fault = Callable[[Reply], Answer]
MESSAGES = {
    401: "invalid x-api-key",
    408: "Request timeout",
    413: "Request exceeds the maximum size",
    429: "This request would exceed the rate limit",
    500: "Internal server error",
    504: "Request timed out",
    529: "Overloaded",
}
BYTE_PACE = 0.002
TEN_YEARS = 10 * 365 * 86400
PAGE = b"<html><head><title>Welcome</title></head><body><h1>Please log in</h1></body></html>\n"
GATEWAY = b"<html><head><title>502 Bad Gateway</title></head><body>Bad Gateway</body></html>\n"


class UnknownFault(Exception):
    """No fault has this name."""


def http_status(
    reply: Reply,
    status: int,
    headers: Mapping[str, str] | None = None,
    *,
    code: str | None = None,
) -> Answer:
    """An error answer of the API with this HTTP status."""
    details = {"error_code": code} if code else None
    message = MESSAGES.get(status, f"HTTP status {status} was asked for")
    error = Problem(status, message, details=details, headers=headers)
    return answer.problem(error, reply.request_id)


def too_many(reply: Reply) -> Answer:
    """429 as the API sends it: retry-after of one second, and the state of the limits."""
    reset = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 1))
    limits = {"limit": "50", "remaining": "0", "reset": reset}
    headers = {f"anthropic-ratelimit-requests-{name}": value for name, value in limits.items()}
    return http_status(reply, 429, {"retry-after": "1", **headers})


def too_many_date(reply: Reply) -> Answer:
    """429 with retry-after as a date, one second ahead."""
    date = email.utils.formatdate(time.time() + 1, usegmt=True)
    return http_status(reply, 429, {"retry-after": date})


def bad_gateway(reply: Reply) -> Answer:
    """502 with a page of HTML."""
    return answer.body(502, {"content-type": "text/html"}, GATEWAY)


def not_json(reply: Reply) -> Answer:
    """200 with a page of HTML, as a captive portal sends it."""
    return answer.body(200, {"content-type": "text/html; charset=utf-8"}, PAGE)


def empty(reply: Reply) -> Answer:
    """200 with the right content type and nothing in it."""
    usual = answer.usual(reply)
    return answer.body(200, {"content-type": usual.headers["content-type"]}, b"")


def error_object(reply: Reply) -> Answer:
    """200 with an error object in place of the Message."""
    return answer.json(200, Problem(529, MESSAGES[529]).body(reply.request_id))


def redirect(reply: Reply) -> Answer:
    """302 to another host."""
    return answer.body(302, {"location": "https://elsewhere.invalid/v1/messages"}, b"")


def drop(reply: Reply) -> Answer:
    """The connection is closed before any answer."""
    return Answer(None, {}, (), Framing.CLOSE, Ending.CLOSE)


def stall_headers(reply: Reply) -> Answer:
    """No answer at all, and the connection stays open."""
    return drop(reply)._replace(ending=Ending.STALL)


def half_headers(reply: Reply) -> Answer:
    """A status line, half of the headers, and no more."""
    head = b"HTTP/1.1 200 OK\r\ncontent-type: text/ev"
    return stall_headers(reply)._replace(pieces=(head,))


def early_hints(reply: Reply) -> Answer:
    """103 before the real answer."""
    return answer.usual(reply)._replace(preface=b"HTTP/1.1 103 Early Hints\r\n\r\n")


def slow_body(reply: Reply) -> Answer:
    """The right body, one byte at a time."""
    usual = answer.usual(reply)
    single = (bytes((byte,)) for piece in usual.pieces for byte in piece)
    return usual._replace(pieces=single, pace=BYTE_PACE)


def gzipped(reply: Reply) -> Answer:
    """The right body, compressed although nobody asked."""
    usual = answer.usual(reply)
    headers = {**usual.headers, "content-encoding": "gzip"}
    return answer.body(200, headers, gzip.compress(b"".join(usual.pieces)))


def expired(reply: Reply) -> Answer:
    """Of a request in a batch nothing comes in time; any other reply is as usual."""
    return answer.usual(reply)


FAULTS: Mapping[str, Fault] = {
    "429": too_many,
    "429-bare": partial(http_status, status=429),
    "429-ms": partial(http_status, status=429, headers={"retry-after-ms": "50"}),
    "429-date": too_many_date,
    "429-long": partial(http_status, status=429, headers={"retry-after": str(TEN_YEARS)}),
    "429-bad": partial(http_status, status=429, headers={"retry-after": "soon"}),
    "429-ramp": partial(
        http_status, status=429, headers={"retry-after": "1"}, code="ramp_limit_exceeded"
    ),
    "429-spend": partial(http_status, status=429, code="enforced_spend_limit_reached"),
    "502": bad_gateway,
    "retry": partial(http_status, status=400, headers={"x-should-retry": "true"}),
    "no-retry": partial(http_status, status=529, headers={"x-should-retry": "false"}),
    "drop": drop,
    "stall-headers": stall_headers,
    "half-headers": half_headers,
    "early-hints": early_hints,
    "not-json": not_json,
    "empty": empty,
    "error-object": error_object,
    "redirect": redirect,
    "json": answer.whole,
    "stream": answer.stream,
    "slow-body": slow_body,
    "gzip": gzipped,
    "expired": expired,
    **stream_faults.FAULTS,
}


def by_name(kind: str) -> Fault:
    """The fault of this name; any HTTP status from 400 to 599 is one too."""
    if kind in FAULTS:
        return FAULTS[kind]
    if len(kind) == 3 and kind.isascii() and kind.isdigit() and 400 <= int(kind) <= 599:
        return partial(http_status, status=int(kind))
    names = ", ".join(name for name in FAULTS if not name.isdigit())
    raise UnknownFault(f"{kind}: no such fault; there are 400 to 599, {names}")


class Faults:
    """The faults of a run, one after the other: each for its number of requests."""

    def __init__(self, given: Iterable[str] = ()) -> None:
        self._queue = [self._parsed(text) for text in given]
        self._lock = threading.Lock()

    @staticmethod
    def _parsed(text: str) -> tuple[Fault, float]:
        kind, colon, count = text.partition(":")
        fault = by_name(kind)
        if not colon:
            return fault, float("inf")
        if not (count.isascii() and count.isdigit()) or int(count[:9]) < 1:
            raise UnknownFault(f"{text}: the number of requests must be 1 or more")
        return fault, int(count[:9])

    def take(self) -> Fault | None:
        """The fault of the next request, if it has one."""
        with self._lock:
            if not self._queue:
                return None
            fault, left = self._queue.pop(0)
            if left > 1:
                self._queue.insert(0, (fault, left - 1))
            return fault
