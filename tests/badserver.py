"""A server on raw sockets that answers as a test says, and logs what arrived and who went away."""

from __future__ import annotations

import contextlib
import itertools
import json
import select
import socket
import ssl
import struct
import threading
import time
from collections.abc import Callable, Iterator
from typing import NamedTuple


class Request(NamedTuple):
    """One request as it arrived; `complete` if its whole body did."""

    line: str
    headers: dict[str, str]
    body: bytes
    complete: bool
    at: float

    @property
    def path(self) -> str:
        return self.line.split()[1]

    @property
    def text(self) -> str:
        """The prompt of a request that has one turn."""
        content: str = json.loads(self.body)["messages"][0]["content"]
        return content


class Call:
    """One use of the server by a test: `behaviours` one after the other, the last one for good.

    `bodies` are the reply bodies that were sent, without their framing.
    """

    def __init__(self, url: str, behaviours: tuple[Behaviour, ...]) -> None:
        self.url = url
        self.behaviours = behaviours
        self.requests: list[Request] = []
        self.bodies: list[bytes] = []
        self.begun = threading.Event()
        self.gone = threading.Event()
        self.gone_at = 0.0

    @property
    def posts(self) -> int:
        return len(self.requests)


class Wire:
    """One connection, after its request has come."""

    def __init__(self, sock: socket.socket, request: Request, call: Call) -> None:
        self.sock, self.request, self.call = sock, request, call
        self.call.bodies.append(b"")

    @property
    def key(self) -> str:
        return self.request.headers["x-api-key"]

    def raw(self, data: bytes) -> None:
        self.sock.sendall(data)

    def head(self, status: str, **headers: object) -> None:
        lines = (f"{name.replace('_', '-')}: {value}\r\n" for name, value in headers.items())
        self.raw(f"HTTP/1.1 {status}\r\n{''.join(lines)}\r\n".encode("latin-1"))

    def body(self, data: bytes) -> None:
        self.call.bodies[-1] += data
        self.raw(data)
        self.call.begun.set()

    def chunk(self, *parts: bytes) -> None:
        for part in parts:
            self.call.bodies[-1] += part
            self.raw(b"%x\r\n%s\r\n" % (len(part), part))
        self.call.begun.set()

    def end(self) -> None:
        self.raw(b"0\r\n\r\n")

    def answer(self, status: str, body: bytes, **headers: object) -> None:
        """A whole answer, as JSON unless `headers` say otherwise."""
        headers = {"content_type": "application/json", **headers, "content_length": len(body)}
        self.head(status, **headers)
        self.body(body)

    def reset(self) -> None:
        """Close so that the other side sees a reset rather than an end."""
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.sock.close()

    def stall(self) -> None:
        """Say nothing more until the client goes away."""
        self.call.begun.set()
        if self._client_speaks(30):
            self.client_left()

    def drip(self, parts: Iterator[bytes], pace: float = 0.02) -> None:
        """Send a part every `pace` seconds, until the client goes away."""
        self.call.begun.set()
        try:
            for part in parts:
                if self._client_speaks(pace):
                    break
                self.raw(part)
        finally:
            self.client_left()

    def _client_speaks(self, seconds: float) -> bool:
        """Whether there is something to read: a client that has sent its request only leaves."""
        return bool(select.select([self.sock], [], [], seconds)[0])

    def client_left(self) -> None:
        """Note that there is nobody any more who reads."""
        self.call.gone_at = time.monotonic()
        self.call.gone.set()


Behaviour = Callable[[Wire], object]


class BadServer:
    """Listens on a port of its own; the path of a request says whose call it is.

    What belongs to no call is a stray: it is logged and gets no answer.
    """

    def __init__(self, tls: ssl.SSLContext | None = None) -> None:
        self._tls = tls
        self._calls: dict[str, Call] = {}
        self._numbers = itertools.count(1)
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=128)
        self.port: int = self._listener.getsockname()[1]
        self.connections = 0
        self.strays: list[Request] = []
        threading.Thread(target=self._accept, daemon=True).start()

    def __enter__(self) -> BadServer:
        return self

    def __exit__(self, *_: object) -> None:
        self._listener.close()

    def call(self, *behaviours: Behaviour, host: str = "127.0.0.1") -> Call:
        """A base URL whose n-th request meets the n-th of `behaviours`."""
        number = str(next(self._numbers))
        scheme = "https" if self._tls else "http"
        call = Call(f"{scheme}://{host}:{self.port}/{number}", behaviours)
        self._calls[number] = call
        return call

    def _accept(self) -> None:
        while True:
            try:
                sock, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            threading.Thread(target=self._serve, args=(sock,), daemon=True).start()

    def _serve(self, sock: socket.socket) -> None:
        try:
            if self._tls:
                sock = self._tls.wrap_socket(sock, server_side=True)
            request = read_request(sock)
            if request is None:
                return
            call = self._calls.get(request.path.strip("/").partition("/")[0])
            if call is None:
                self.strays.append(request)
                return
            place = min(len(call.requests), len(call.behaviours) - 1)
            call.requests.append(request)
            call.behaviours[place](Wire(sock, request, call))
            with contextlib.suppress(OSError):
                sock.shutdown(socket.SHUT_WR)
        except OSError:
            pass  # the client went away, as some behaviours make it
        finally:
            sock.close()


def read_request(sock: socket.socket) -> Request | None:
    """The next request on a connection, as far as it comes; None for a connection without one."""
    data = b""
    while b"\r\n\r\n" not in data:
        chunk = sock.recv(65536)
        if not chunk:
            return None
        data += chunk
    head, _, body = data.partition(b"\r\n\r\n")
    line, *lines = head.decode("latin-1").split("\r\n")
    pairs = (text.partition(":") for text in lines)
    headers = {name.lower(): value.strip() for name, _, value in pairs}
    length = int(headers.get("content-length", 0))
    parts, size = [body], len(body)
    while size < length and (chunk := sock.recv(1 << 20)):
        parts.append(chunk)
        size += len(chunk)
    return Request(line, headers, b"".join(parts), size == length, time.monotonic())
