"""The table of ways in which the HTTP around a reply is odd, or wrong, or not HTTP at all."""

from __future__ import annotations

import contextlib
import gzip
import zlib

from badserver import Behaviour, Wire
from misbehaviour import (
    GOOD,
    HALF,
    MESSAGE,
    OVERLOADED,
    STREAM,
    Ending,
    bytes_only,
    chunked,
    close,
    delta,
    reset,
)

CHUNKED = "transfer-encoding: chunked"
SOME = b"".join(HALF)


def said(
    *headers: str,
    line: str = "HTTP/1.1 200 OK",
    body: bytes = STREAM,
    counts: bytes | None = None,
    end: str = "\r\n",
    then: Ending = close,
) -> Behaviour:
    """A status line, headers and a body as they stand here. Of the body, with its framing, those
    bytes count that are the reply's."""

    def behaviour(wire: Wire) -> None:
        wire.call.bodies[-1] = body if counts is None else counts
        wire.raw((end.join([line, *headers, end])).encode("latin-1") + body)
        wire.call.begun.set()
        then(wire)

    return behaviour


def chunks(*parts: bytes, extension: bytes = b"") -> bytes:
    return b"".join(b"%x%s\r\n%s\r\n" % (len(part), extension, part) for part in parts)


def cut(data: bytes, *, counts: bytes = b"") -> Behaviour:
    """A chunked body of which the beginning is right, and then comes this."""
    return said(CHUNKED, body=chunks(*HALF) + data, counts=SOME + counts)


def packed(data: bytes, encoding: str, *, counts: bytes = STREAM) -> Behaviour:
    headers = (f"content-encoding: {encoding}", f"content-length: {len(data)}")
    return said(*headers, body=data, counts=counts)


def line(text: str) -> Behaviour:
    """The right reply behind a status line of its own kind."""
    return said(line=text)


def bare_deflate(data: bytes) -> bytes:
    packer = zlib.compressobj(wbits=-15)
    return packer.compress(data) + packer.flush()


def endless_header(wire: Wire) -> None:
    wire.raw(b"HTTP/1.1 200 OK\r\nx: ")
    with contextlib.suppress(OSError):
        while True:
            wire.raw(b"a" * 65536)


def endless_headers(wire: Wire) -> None:
    wire.raw(b"HTTP/1.1 200 OK\r\n")
    with contextlib.suppress(OSError):
        while True:
            wire.raw(b"a: b\r\n" * 1000)


SIZE = f"content-length: {len(STREAM)}"
PACKED = gzip.compress(STREAM)
ANSWER = b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n%s" % (len(MESSAGE), MESSAGE)

RIGHT: dict[str, Behaviour] = {
    "http_1_0": line("HTTP/1.0 200 OK"),
    "no_phrase": line("HTTP/1.1 200"),
    "no_headers": said(),
    "line_feeds_alone": said("content-type: text/event-stream", end="\n"),
    "folded_header": said("x: a", "  b: c", "\td", "content-type: text/event-stream"),
    "header_not_ascii": said("x: \xe9", "\xfc: x", "n\0: a\0b"),
    "ninety_nine_headers": said(*(f"x{number}: y" for number in range(99))),
    "place_in_200": said("location: http://elsewhere.invalid/", "refresh: 0"),
    "called_json": said("content-type: application/json"),
    "called_a_page": said("content-type: text/html"),
    "two_equal_lengths": said(SIZE, SIZE),
    "list_of_lengths": said(f"{SIZE}, {len(STREAM)}"),
    "negative_length": said("content-length: -5"),
    "length_too_large": said("content-length: 99999999999999999999"),
    "length_of_many_digits": said(f"content-length: {'9' * 5000}"),
    "length_and_chunks": said(
        "content-length: 7", CHUNKED, body=chunks(*GOOD) + b"0\r\n\r\n", counts=STREAM
    ),
    "chunk_extensions": said(
        CHUNKED,
        body=chunks(*GOOD, extension=b' ; a="b;\\"c" ;d') + b"0;last\r\nx: y\r\n\r\n",
        counts=STREAM,
    ),
    "unknown_encoding": packed(STREAM, "x-none"),
    "deflate": packed(zlib.compress(STREAM), "deflate"),
    "bare_deflate": packed(bare_deflate(STREAM), "deflate"),
    "gzip_twice": packed(gzip.compress(PACKED), "gzip, gzip"),
    "gzip_in_members": packed(gzip.compress(SOME) + gzip.compress(STREAM[len(SOME) :]), "gzip"),
    "gzip_then_more": packed(PACKED + b"more", "gzip"),
    "unknown_interim": said(line="HTTP/1.1 199 Soon", body=b"", then=chunked(*GOOD)),
    # The reply is over, whatever follows.
    "text_after_the_end": chunked(*GOOD, then=bytes_only(chunks(delta("more")))),
    "text_after_the_end_at_once": said(body=STREAM + delta("more"), counts=STREAM),
    "another_after_the_end": chunked(*GOOD, then=bytes_only(chunks(STREAM))),
    "error_after_the_end": chunked(*GOOD, then=bytes_only(chunks(OVERLOADED))),
    "reset_after_the_end": chunked(*GOOD, then=reset),
    "another_answer_after_the_end": said(SIZE, body=STREAM + ANSWER, counts=STREAM),
}
NOT_WHOLE: dict[str, Behaviour] = {
    "length_too_small": said(f"content-length: {len(SOME)}", counts=SOME),
    "length_of_nothing": said("content-length: 0", counts=b""),
    "chunks_that_are_none": said(CHUNKED, counts=b""),
    "chunks_packed": said("transfer-encoding: gzip, chunked", body=chunks(PACKED), counts=b""),
    "negative_chunk": cut(b"-5\r\nhello\r\n"),
    "huge_chunk": cut(b"f" * 30 + b"\r\n: comment", counts=b": comment"),
    "endless_chunk_size": cut(b"0" * 200_000 + b"5\r\nhello\r\n"),
    "endless_chunk_extension": cut(b"5;" + b"a" * 200_000 + b"\r\nhello\r\n"),
    "chunk_longer_than_said": cut(b"1\r\n: comment\r\n0\r\n\r\n", counts=b":"),
    "gzip_cut": packed(
        PACKED[:-60], "gzip", counts=zlib.decompressobj(wbits=31).decompress(PACKED[:-60])
    ),
    "gzip_that_is_none": packed(STREAM, "gzip"),
    "deflate_that_is_none": packed(STREAM, "deflate"),
    "fifty_encodings": packed(STREAM, ", ".join(["gzip"] * 50)),
    # A word on another attempt is of an error answer, and not of a reply.
    "cut_and_do_retry": said("x-should-retry: true", "retry-after-ms: 10", body=SOME),
    "nothing_and_do_retry": said("x-should-retry: true", "content-length: 0", body=b""),
}
OTHER_STATUSES: dict[str, Behaviour] = {
    "switching": line("HTTP/1.1 101 Switching Protocols"),
    **{f"http_{number}": line(f"HTTP/1.1 {number} OK") for number in (203, 205, 226, 300, 999)},
}
NO_HTTP: dict[str, Behaviour] = {
    "http_0_9": bytes_only(MESSAGE),
    "http_0_9_stream": bytes_only(STREAM),
    "interim_alone": bytes_only(b"HTTP/1.1 100 Continue\r\n\r\n"),
    "blank_lines": bytes_only(b"\r\n" * 20),
    "blank_line_first": bytes_only(b"\r\nHTTP/1.1 200 OK\r\n\r\n" + STREAM),
    "lower_case_http": line("http/1.1 200 OK"),
    **{
        f"status_{name}": line(f"HTTP/1.1 {word} OK")
        for name, word in (("20", "20"), ("2000", "2000"), ("minus", "-1"), ("nul", "\x00200"))
    },
    "endless_phrase": line(f"HTTP/1.1 200 {'x' * 200_000}"),
    "endless_header": endless_header,
    "endless_headers": endless_headers,
}
ODD_HTTP = {**RIGHT, **NOT_WHOLE, **OTHER_STATUSES, **NO_HTTP}
