"""A loopback server that costs next to nothing: what it answers is chosen by the path, and canned.

It is a process of its own. It prints two ports: that of replies of known length, which nginx sends
where there is one, and that of replies in chunks and of paced ones. It ends when its standard input
does, so that neither is left whatever becomes of the benchmark.
"""

from __future__ import annotations

import socket
import sys
import tempfile
import threading
import time
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

import nginx
import replies

_OK = b"HTTP/1.1 200 OK\r\nContent-Type: %s\r\n"
_CHUNKED = _OK % b"text/event-stream" + b"Transfer-Encoding: chunked\r\n\r\n"


def _sized(reply: replies.Reply) -> bytes:
    head = _OK % reply.kind.encode()
    return b"%sContent-Length: %d\r\n\r\n%s" % (head, len(reply.body), reply.body)


def _chunk(data: bytes) -> bytes:
    return b"%x\r\n%s\r\n" % (len(data), data)


def _chunked(chunks: Iterable[bytes]) -> bytes:
    return b"".join((_CHUNKED, *map(_chunk, chunks), b"0\r\n\r\n"))


def _cut(data: bytes, size: int) -> Iterator[bytes]:
    return (data[at : at + size] for at in range(0, len(data), size))


def _canned(whole: Mapping[str, replies.Reply]) -> dict[str, bytes]:
    """Responses in chunks by the first part of the path."""
    return {
        "small-chunked": _chunked(replies.stream(replies.words(8))),
        "long-chunked": _chunked(replies.stream(replies.words(replies.EVENTS))),
        "longer-chunked": _chunked(replies.stream(replies.words(replies.MANY))),
        "long-tiny": _chunked(_cut(whole["long"].body, 16)),
        "giant-tiny": _chunked(_cut(whole["giant"].body, 128)),
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


def _request(connection: socket.socket) -> str | None:
    """The path of the next request, once its body has come too; None at the end."""
    data = b""
    while b"\r\n\r\n" not in data:
        piece = connection.recv(65536)
        if not piece:
            return None
        data += piece
    head, _, body = data.partition(b"\r\n\r\n")
    lines = head.lower().split(b"\r\n")
    length = next((int(line[15:]) for line in lines if line.startswith(b"content-length:")), 0)
    left = length - len(body)
    while left > 0:
        left -= len(connection.recv(65536))
    return head.split()[1].decode()


def _serve(connection: socket.socket, canned: Mapping[str, bytes]) -> None:
    with connection:
        try:
            while (path := _request(connection)) is not None:
                name, *rest = path.strip("/").split("/")
                if name == "paced":
                    _pace(connection, int(rest[0]), int(rest[1]))
                else:
                    connection.sendall(canned[name])
        except ConnectionError:
            pass  # a client may leave at the end of the Message


def _listen(canned: Mapping[str, bytes]) -> int:
    listener = socket.create_server(("127.0.0.1", 0), backlog=128)

    def accept() -> None:
        while True:
            connection, _ = listener.accept()
            threading.Thread(target=_serve, args=(connection, canned), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    return int(listener.getsockname()[1])


def main() -> None:
    whole = replies.whole()
    own = _listen(_canned(whole))
    program = nginx.program()
    if program is None:
        print(_listen({name: _sized(reply) for name, reply in whole.items()}), own, flush=True)
        sys.stdin.read()
        return
    with (
        tempfile.TemporaryDirectory(dir=sys.argv[1]) as folder,
        nginx.serve(program, Path(folder), whole) as port,
    ):
        print(port, own, flush=True)
        sys.stdin.read()


if __name__ == "__main__":
    main()
