"""The table of ways in which an endpoint misbehaves, each a function of the connection."""

from __future__ import annotations

import contextlib
import gzip
import itertools
import json
import time
from collections.abc import Callable
from typing import Any

from badserver import Behaviour, Wire

TEXT = "Hello, world"


def event(kind: str, **fields: object) -> bytes:
    return f"event: {kind}\ndata: {json.dumps({'type': kind, **fields})}\n\n".encode()


def message(text: str, stop_reason: str | None = "end_turn") -> dict[str, object]:
    return {
        "id": "msg_1",
        "type": "message",
        "role": "assistant",
        "model": "model-1",
        "content": [{"type": "text", "text": text}] if text else [],
        "stop_reason": stop_reason,
        "stop_sequence": None,
        "usage": {"input_tokens": 3, "output_tokens": 5},
    }


def delta(text: str) -> bytes:
    return event("content_block_delta", index=0, delta={"type": "text_delta", "text": text})


def stop(reason: str = "end_turn") -> list[bytes]:
    ended = {"stop_reason": reason, "stop_sequence": None}
    return [
        event("content_block_stop", index=0),
        event("message_delta", delta=ended, usage={"output_tokens": 5}),
        event("message_stop"),
    ]


def error(kind: str, text: str) -> bytes:
    return event("error", error={"type": kind, "message": text})


START = [
    event("message_start", message=message("", None)),
    event("content_block_start", index=0, content_block={"type": "text", "text": ""}),
]
HALF = [*START, delta("Hello")]
GOOD = [*HALF, delta(", world"), *stop()]
STREAM = b"".join(GOOD)
MESSAGE = json.dumps(message(TEXT)).encode()
OVERLOADED = error("overloaded_error", "Overloaded")
TOOL = [
    START[0],
    event(
        "content_block_start",
        index=0,
        content_block={"type": "tool_use", "id": "t", "name": "n", "input": {}},
    ),
    event(
        "content_block_delta", index=0, delta={"type": "input_json_delta", "partial_json": '{"a":'}
    ),
    *stop("tool_use"),
]
# Events whose fields are not of the kind that they should be.
WRONG_KINDS = [
    event("message_start", message=5),
    event("content_block_start", index="x", content_block="y"),
    event("content_block_delta", index=None, delta=[]),
    event("content_block_stop", index=[]),
    event("message_delta", delta=5, usage="lots"),
]
# ESC, BEL, a C1 CSI, bidi controls, DEL, and line ends that would make a second message of one.
NASTY = "\x1b[2J\x07\x9b31m\u202eevil\r\nmsgcli: all is well\u2028\u200f\x7f"
SOON: dict[str, Any] = {"retry_after_ms": 10}
SSE: dict[str, Any] = {"content_type": "text/event-stream"}
JSON: dict[str, Any] = {"content_type": "application/json"}
LONG: dict[str, Any] = {"content_length": 5000}


# What a behaviour is put together from: a head, a body, and how it ends.

Ending = Callable[[Wire], object]


def close(wire: Wire) -> None:
    """End the connection, whatever is missing."""


def reset(wire: Wire) -> None:
    time.sleep(0.1)  # a reset takes with it what the other side has not read
    wire.reset()


def chunked(*parts: bytes, then: Ending = Wire.end) -> Behaviour:
    """An event stream, a part a chunk."""

    def behaviour(wire: Wire) -> None:
        wire.head("200 OK", content_type="text/event-stream", transfer_encoding="chunked")
        wire.chunk(*parts)
        then(wire)

    return behaviour


def until_close(
    body: bytes, *, status: str = "200 OK", then: Ending = close, **headers: object
) -> Behaviour:
    """A body that ends with its connection, whatever the headers claim of its length."""

    def behaviour(wire: Wire) -> None:
        wire.head(status, **headers)
        wire.body(body)
        then(wire)

    return behaviour


def whole(status: str, body: bytes, **headers: object) -> Behaviour:
    return lambda wire: wire.answer(status, body, **headers)


def bytes_only(data: bytes, *, then: Ending = close) -> Behaviour:
    """Bytes that need not be HTTP."""

    def behaviour(wire: Wire) -> None:
        wire.raw(data)
        then(wire)

    return behaviour


def drip(part: bytes) -> Ending:
    return lambda wire: wire.drip(itertools.repeat(part))


def status(number: int, **headers: object) -> Behaviour:
    """A whole error answer of the API."""
    fault = {"type": f"type_{number}", "message": f"message {number}"}
    body = json.dumps({"type": "error", "error": fault}).encode()
    return whole(f"{number} Phrase", body, **headers)


def after(word: str) -> Behaviour:
    return status(429, retry_after=word)


# Those that need more than a head, a body and an end.


def slow(wire: Wire) -> None:
    """An event every 20 ms."""
    wire.head("200 OK", content_type="text/event-stream", transfer_encoding="chunked")
    for part in GOOD:
        time.sleep(0.02)
        wire.chunk(part)
    wire.end()


def rest(wire: Wire) -> None:
    """All that GOOD has behind HALF; of the reply it is no part."""
    data = b"".join(GOOD[len(HALF) :])
    wire.raw(b"%x\r\n%s\r\n0\r\n\r\n" % (len(data), data))


def repeat(wire: Wire) -> None:
    """The prompt as the reply."""
    chunked(*START, delta(wire.request.text), *stop())(wire)


def show_key(wire: Wire) -> None:
    """The key in every place that an error answer has."""
    key = wire.key
    fault = {"type": key, "message": f"bad key {key}"}
    body = json.dumps({"type": "error", "error": fault, "request_id": key}).encode()
    wire.answer(f"400 {key}", body, request_id=key, x_echo=key)


def show_key_in_event(wire: Wire) -> None:
    chunked(*HALF, error(wire.key, f"bad key {wire.key}"))(wire)


def show_key_in_fields(wire: Wire) -> None:
    """The key in every field of the Message but its text."""
    reply = {**message(TEXT, wire.key), "id": wire.key, "model": wire.key}
    wire.answer("200 OK", json.dumps(reply).encode(), request_id=wire.key)


def show_key_in_page(wire: Wire) -> None:
    """The key where a message is cut short."""
    wire.answer("400 No", b"x " * 130 + b"y" * 20 + wire.key.encode() + b" z" * 500)


def show_keys(wire: Wire, before: int = 0) -> None:
    """The key behind itself, so that no place to cut the message is not in one."""
    fault = {"type": "api_error", "message": "y" * before + wire.key * 60}
    wire.answer("400 No", json.dumps({"type": "error", "error": fault}).encode())


def show_keys_elsewhere(wire: Wire) -> None:
    """As `show_keys`, but that a cut at the beginning of a key is now in its middle."""
    show_keys(wire, len(wire.key) // 2)


def show_key_in_text(wire: Wire) -> None:
    """200 with plain text, the key near where its beginning is shown."""
    wire.answer("200 OK", b"y" * 50 + wire.key.encode(), content_type="text/plain")


def redirect_with_key(wire: Wire) -> None:
    wire.answer("302 Found", b"", location=f"http://elsewhere.invalid/?{wire.key}")


def redirect(wire: Wire) -> None:
    """To a place on this server, which would log the request."""
    wire.answer("307 Temporary Redirect", b"", location=f"{wire.call.url}/there")


def compressed(wire: Wire) -> None:
    """The right stream, compressed although identity was asked for."""
    data = gzip.compress(STREAM)
    wire.head("200 OK", content_encoding="gzip", content_length=len(data))
    wire.raw(data)
    wire.call.bodies[-1] = STREAM


def endless_error(wire: Wire) -> None:
    """The body of an error answer never ends."""
    wire.head("500 No", content_type="text/plain", **SOON)
    with contextlib.suppress(OSError):
        while True:
            wire.raw(b"word " * 4000)


def hints_without_pause(wire: Wire) -> None:
    """As fast as the client takes them."""
    wire.call.begun.set()
    try:
        while True:
            wire.raw(b"HTTP/1.1 103 Early Hints\r\n\r\n" * 100)
    finally:
        wire.client_left()


def early_refusal(wire: Wire) -> None:
    """An error answer before the request's body is read."""
    wire.answer("413 Too Large", b'{"type":"error","error":{"type":"request_too_large"}}')


RIGHT: dict[str, Behaviour] = {
    "good": chunked(*GOOD),
    "good_with_length": whole("200 OK", STREAM, **SSE),
    "good_until_close": until_close(STREAM, **SSE),
    "good_one_byte_chunks": chunked(*(bytes((byte,)) for byte in STREAM)),
    "good_then_open": chunked(*GOOD, then=Wire.stall),
    "good_then_garbage": chunked(*GOOD, then=bytes_only(b"zzz\r\n" * 3)),
    "good_gzip": compressed,
    "good_after_hints": bytes_only(
        b"HTTP/1.1 103 Early Hints\r\nlink: </x>\r\n\r\nHTTP/1.1 100 Continue\r\n\r\n",
        then=chunked(*GOOD),
    ),
    "good_slow": slow,
    "header_without_colon": until_close(STREAM, content_type="text/event-stream\r\nno header"),
    "bad_length": until_close(STREAM, content_length="many", **SSE),
    "odd_headers": until_close(
        STREAM, set_cookie="=;;\x01==; expires=x", link="<", content_type="text/x; charset=none"
    ),
    "repeat": repeat,
    "wrong_kinds": chunked(*WRONG_KINDS, *GOOD),
    "max_tokens": chunked(*HALF, *stop("max_tokens")),
    "refusal": chunked(*HALF, *stop("refusal")),
    "odd_reason": chunked(*HALF, *stop(NASTY)),
    "nasty_text": chunked(*START, delta("a\x1b"), delta("[31mb\x9b\u202ec\x07"), *stop()),
}
NOT_WHOLE: dict[str, Behaviour] = {
    # The chunks end as they should: HTTP sees no fault.
    "no_message_stop": chunked(*GOOD[:-1]),
    "cut_in_event": chunked(*HALF, GOOD[3][:-1]),
    "cut_in_message_stop": chunked(STREAM[:-1]),
    "closed_until_close": until_close(b"".join(HALF), **SSE),
    "closed_between_chunks": chunked(*HALF, then=close),
    "closed_in_chunk": chunked(*HALF, then=bytes_only(b"ff\r\n")),
    "closed_before_length": until_close(b"".join(HALF), **SSE, **LONG),
    "reset_in_stream": chunked(*HALF, then=reset),
    "bad_chunk_size": chunked(*HALF, then=bytes_only(b"xyz\r\n")),
    "stall_in_stream": chunked(*HALF, then=Wire.stall),
    "broken_gzip": until_close(
        gzip.compress(STREAM)[:10] + b"\xff" * 100, content_encoding="gzip", **SSE
    ),
    "data_not_json": chunked(
        *HALF, b'event: content_block_delta\ndata: {"type"\n\n', then=Wire.stall
    ),
    "data_too_deep": chunked(*HALF, b"data: " + b'{"a":' * 100_000 + b"\n\n", then=Wire.stall),
    "data_with_a_long_number": chunked(*HALF, b'data: {"a":' + b"9" * 5000 + b"}\n\n"),
    "nothing_then_end": chunked(then=Wire.end),
    "pings_then_end": chunked(event("ping"), b": comment\n\n"),
    "tool_input_not_json": chunked(*TOOL),
    "no_stop_reason": chunked(*HALF, event("message_stop")),
    "html": until_close(b"<html><title>Log in</title>Welcome</html>", content_type="text/html"),
    "empty": whole("200 OK", b""),
    "empty_until_close": until_close(b"", **JSON),
    "null": whole("200 OK", b"null"),
    "array": whole("200 OK", b"[]"),
    "no_content": whole("200 OK", b'{"type":"message","stop_reason":"end_turn"}'),
    "json_too_deep": whole("200 OK", b'{"content":' + b"[" * 100_000),
    "json_twice": whole("200 OK", MESSAGE * 2),
    "utf_16": whole("200 OK", MESSAGE.decode().encode("utf-16")),
    "json_cut_length": until_close(MESSAGE[:-20], **JSON, **LONG),
    "json_cut_chunked": chunked(MESSAGE[:-20]),
    "json_cut_close": until_close(MESSAGE[:-20], **JSON),
    "json_then_stall": until_close(MESSAGE[:-20], then=Wire.stall, **JSON, **LONG),
}
ERRORS_WITHIN: dict[str, Behaviour] = {
    "error_first": chunked(event("ping"), OVERLOADED),
    "error_first_invalid": chunked(error("invalid_request_error", "no")),
    "error_first_then_open": chunked(OVERLOADED, then=Wire.stall),
    "error_after_start": chunked(START[0], OVERLOADED),
    "error_later": chunked(*HALF, OVERLOADED, then=Wire.stall),
    "error_later_then_stop": chunked(*HALF, OVERLOADED, then=rest),
    "error_later_unknown": chunked(*HALF, error("strange_error", "why")),
    "error_nasty": chunked(*HALF, error(NASTY, NASTY)),
    "error_object": whole(
        "200 OK", b'{"type":"error","error":{"type":"invalid_request_error","message":"inside"}}'
    ),
}
STATUSES: dict[str, Behaviour] = {
    **{f"http_{n}": status(n) for n in (201, 206, 304, 400, 401, 402, 403, 404, 413, 422, 600)},
    **{f"http_{n}": status(n, **SOON) for n in (408, 409, 429, 500, 502, 503, 504, 529)},
    "asks_for_a_login": status(401, www_authenticate='Negotiate, Basic realm="x"'),
    "asks_for_a_proxy_login": status(407, proxy_authenticate="Basic"),
    "message_behind_429": whole("429 No", MESSAGE, **SOON),
    "no_retry": status(529, x_should_retry="false", **SOON),
    "do_retry": status(400, x_should_retry="true", **SOON),
    "message_202": whole("202 Accepted", MESSAGE),
    "http_204": lambda wire: wire.head("204 No Content"),
    "redirect": redirect,
    "redirect_nasty": whole("302 Found", b"", location="http://x/\x1b[2J\x9b\x7f"),
    "nasty_error": whole(
        "400 \x1b[2J\x9bNo",
        json.dumps({"error": {"type": NASTY, "message": NASTY}, "request_id": NASTY}).encode(),
        request_id="\x1b[2J\x9b\x7f",
    ),
    "nasty_phrase": whole("418 \x1b[2J\x9bNo", b""),
    "gateway_page": whole(
        "502 Bad Gateway",
        b"<html><title>502 Bad Gateway</title>nginx</html>",
        content_type="text/html",
        **SOON,
    ),
    "endless_error": endless_error,
    "early_refusal": early_refusal,
    # Error answers of which only a part comes.
    "error_cut": until_close(
        b'14\r\n{"type":"error","err\r\n', status="529 Later", transfer_encoding="chunked", **SOON
    ),
    "error_stalls": until_close(
        b'{"type":"error","err', status="529 Later", then=Wire.stall, **SOON, **LONG
    ),
    "after_ten_years": after(str(10 * 365 * 86400)),
    "after_negative": after("-5"),
    "after_fraction": after("0.01"),
    "after_garbage": after("soon"),
    "after_infinity": after("inf"),
    "after_nan": after("nan"),
    "after_huge": after("9" * 400),
    "after_past_date": after("Wed, 21 Oct 2015 07:28:00 GMT"),
    "after_far_date": after("Fri, 31 Dec 9999 23:59:59 GMT"),
    "after_no_date": after("Wed, 99 Foo 99999 99:99:99 GMT"),
}
# What only a clock ends: something comes for ever.
ENDLESS: dict[str, Behaviour] = {
    "head_drip": bytes_only(b"HTTP/1.1 200 OK\r\nx: ", then=drip(b"a")),
    "hints_for_ever": drip(b"HTTP/1.1 103 Early Hints\r\n\r\n"),
    "hints_without_pause": hints_without_pause,
    "pings_for_ever": chunked(*HALF, then=drip(b"16\r\nevent: ping\ndata: {}\n\n\r\n")),
    "comments_for_ever": chunked(b":\n\n", then=drip(b"3\r\n:\n\n\r\n")),
    "body_drip": chunked(*HALF, then=drip(b"1\r\n:\r\n")),
    "trailers_for_ever": chunked(*HALF, then=bytes_only(b"0\r\n", then=drip(b"a: b\r\n"))),
}
NO_ANSWER: dict[str, Behaviour] = {
    "drop": close,
    "drop_reset": Wire.reset,
    "half_status": bytes_only(b"HTTP/1.1 2"),
    "half_headers": bytes_only(b"HTTP/1.1 200 OK\r\ncontent-ty"),
    "stall_before_head": Wire.stall,
    "stall_in_head": bytes_only(b"HTTP/1.1 200 OK\r\ncontent-ty", then=Wire.stall),
    "not_http": bytes_only(b"SSH-2.0-OpenSSH_9.2p1\r\n"),
    "bad_status": bytes_only(b"HTTP/1.1 abc OK\r\n\r\n"),
    "http_2": bytes_only(b"HTTP/2.0 200 OK\r\n\r\n"),
    "many_headers": lambda wire: wire.head("200 OK", **{f"x{n}": n for n in range(5000)}),
    "long_header": lambda wire: wire.head("200 OK", x="a" * 200_000),
    "two_lengths": bytes_only(
        b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\ncontent-length: 7\r\n\r\nHello, w"
    ),
}
KEYS_SHOWN: dict[str, Behaviour] = {
    f.__name__: f
    for f in (
        show_key,
        show_key_in_event,
        show_key_in_fields,
        show_key_in_page,
        show_keys,
        show_keys_elsewhere,
        show_key_in_text,
        redirect_with_key,
    )
}
BEHAVIOURS = {
    **RIGHT,
    **NOT_WHOLE,
    **ERRORS_WITHIN,
    **STATUSES,
    **ENDLESS,
    **NO_ANSWER,
    **KEYS_SHOWN,
}
