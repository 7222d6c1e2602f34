"""A loopback server that costs next to nothing: what it answers is chosen by the path, and canned.

It is a process of its own. It prints its port, and ends when its standard input does.
"""

from __future__ import annotations

import socket
import sys
import threading
import time
from collections.abc import Iterable, Iterator

import replies

_OK = b"HTTP/1.1 200 OK\r\nConnection: close\r\n"
_STREAM = _OK + b"Content-Type: text/event-stream\r\n"
_CHUNKED = _STREAM + b"Transfer-Encoding: chunked\r\n\r\n"


def _sized(head: bytes, body: bytes) -> bytes:
    return b"%sContent-Length: %d\r\n\r\n%s" % (head, len(body), body)


def _chunk(data: bytes) -> bytes:
    return b"%x\r\n%s\r\n" % (len(data), data)


def _chunked(chunks: Iterable[bytes]) -> bytes:
    return b"".join((_CHUNKED, *map(_chunk, chunks), b"0\r\n\r\n"))


def _cut(data: bytes, size: int) -> Iterator[bytes]:
    return (data[at : at + size] for at in range(0, len(data), size))


def _canned() -> dict[str, bytes]:
    """Whole responses by the first part of the path."""
    small, long = replies.small_stream(), list(replies.stream(replies.words(replies.EVENTS)))
    giant = b"".join(replies.stream(["x" * replies.GIANT]))
    return {
        "json": _sized(_OK + b"Content-Type: application/json\r\n", replies.small_json()),
        "small": _chunked(part + b"\n\n" for part in small.split(b"\n\n")[:-1]),
        "long": _chunked(long),
        "long-whole": _sized(_STREAM, b"".join(long)),
        "long-tiny": _chunked(_cut(b"".join(long), 16)),
        "giant": _sized(_STREAM, giant),
        "giant-tiny": _chunked(_cut(giant, 128)),
    }


def _pace(connection: socket.socket, rate: int, count: int) -> None:
    """Send `rate` deltas a second, each with the time of its sending as its text."""
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    first, second, *last = replies.stream(())
    connection.sendall(_CHUNKED + _chunk(first) + _chunk(second))
    start = time.monotonic()
    for number in range(count):
        time.sleep(max(start + number / rate - time.monotonic(), 0))
        connection.sendall(_chunk(replies.delta(f"{time.monotonic_ns():020}\n")))
    connection.sendall(b"".join(map(_chunk, last)) + b"0\r\n\r\n")


def _request(connection: socket.socket) -> str:
    """The path of the request, once its body has come too."""
    data = b""
    while b"\r\n\r\n" not in data:
        data += connection.recv(65536)
    head, _, body = data.partition(b"\r\n\r\n")
    lines = head.lower().split(b"\r\n")
    length = next(int(line[15:]) for line in lines if line.startswith(b"content-length:"))
    left = length - len(body)
    while left > 0:
        left -= len(connection.recv(65536))
    return head.split()[1].decode()


def _serve(connection: socket.socket, canned: dict[str, bytes]) -> None:
    with connection:
        try:
            name, *rest = _request(connection).strip("/").split("/")
            if name == "paced":
                _pace(connection, int(rest[0]), int(rest[1]))
            else:
                connection.sendall(canned[name])
            connection.shutdown(socket.SHUT_WR)
            connection.recv(1)
        except ConnectionError:
            pass  # a client may leave at the end of the Message


def main() -> None:
    listener = socket.create_server(("127.0.0.1", 0), backlog=128)
    canned = _canned()

    def accept() -> None:
        while True:
            connection, _ = listener.accept()
            threading.Thread(target=_serve, args=(connection, canned), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    print(listener.getsockname()[1], flush=True)
    sys.stdin.read()


if __name__ == "__main__":
    main()
