"""A request, read from the connection to its end."""

from __future__ import annotations

from collections.abc import Callable
from email.message import Message as Headers
from io import BufferedIOBase
from typing import NamedTuple

from msgcli.endpoint.problem import Problem, invalid

BODY_LIMIT = 32 * 1024 * 1024
LINE_LIMIT = 4096


class Request(NamedTuple):
    """One HTTP request, and whether its client has gone in the meantime."""

    id: str
    method: str
    target: str
    headers: Headers
    data: bytes
    gone: Callable[[], bool]


class Incomplete(ConnectionError):
    """The client went away in the middle of its request."""


def too_large() -> Problem:
    """The answer to a body over the limit."""
    return Problem(413, "Request exceeds the maximum size")


def declared_length(headers: Headers) -> int:
    """The length that the client declares; 0 where there is no body."""
    lengths = set(headers.get_all("content-length", []))
    if not lengths:
        return 0
    length = lengths.pop().strip()
    if lengths or not (length.isascii() and length.isdigit()):
        raise invalid("content-length", "must be one whole number")
    return int(length[:20])


def read_body(stream: BufferedIOBase, headers: Headers, limit: int) -> bytes:
    """The whole body, by its length or in chunks, of at most `limit` bytes."""
    coding = headers.get("transfer-encoding")
    if coding is None:
        length = declared_length(headers)
        if length > limit:
            raise too_large()
        return _exactly(stream, length)
    if coding.strip().lower() != "chunked" or "content-length" in headers:
        raise invalid("transfer-encoding", "only chunked is supported, and no content-length")
    return _chunks(stream, limit)


def _chunks(stream: BufferedIOBase, limit: int) -> bytes:
    body = bytearray()
    while size := _chunk_size(stream):
        if len(body) + size > limit:
            raise too_large()
        body += _exactly(stream, size)
        if _line(stream):
            raise invalid("", "malformed chunk")
    while _line(stream):
        pass
    return bytes(body)


def _chunk_size(stream: BufferedIOBase) -> int:
    digits = _line(stream).partition(b";")[0].strip()
    if not digits or digits.strip(b"0123456789abcdefABCDEF") or len(digits) > 16:
        raise invalid("", "malformed chunk size")
    return int(digits, 16)


def _line(stream: BufferedIOBase) -> bytes:
    line = stream.readline(LINE_LIMIT)
    if not line.endswith(b"\n"):
        raise Incomplete if len(line) < LINE_LIMIT else invalid("", "line too long in a chunk")
    return line.rstrip(b"\r\n")


def _exactly(stream: BufferedIOBase, length: int) -> bytes:
    data = stream.read(length) if length else b""
    if len(data) < length:
        raise Incomplete
    return data
