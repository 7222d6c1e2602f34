"""The endpoint on its socket: HTTP/1.1, one thread a connection."""

from __future__ import annotations

import os
import select
import socket
import socketserver
import struct
import sys
import traceback
from http.server import BaseHTTPRequestHandler
from typing import Any, Protocol

from msgcli.endpoint import answer
from msgcli.endpoint.answer import Answer, Cut, Ending, Framing, HungUp
from msgcli.endpoint.incoming import BODY_LIMIT, Request, declared_length, read_body
from msgcli.endpoint.log import Log
from msgcli.endpoint.problem import Problem
from msgcli.endpoint.reply import Ids

DRAIN_SECONDS = 2
# A half-closed connection counts as left: no HTTP client half-closes while it waits for an answer.
HUNG_UP = select.POLLHUP | select.POLLERR | getattr(select, "POLLRDHUP", 0)


class Answering(Protocol):
    """What stands behind the socket."""

    request_ids: Ids

    def body_limit(self, target: str) -> int:
        """How long a body may be that is sent there."""

    def answer(self, request: Request) -> Answer:
        """The answer to one request, whatever it is."""


class Handler(BaseHTTPRequestHandler):
    """One connection, kept alive over any number of requests."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: Server

    def _exchange(self) -> None:
        service, log = self.server.service, self.server.log
        request_id = service.request_ids.new("req")
        try:
            data = read_body(self.rfile, self.headers, service.body_limit(self.path))
        except Problem as error:
            self._refuse(error, request_id)
            return
        request = Request(
            request_id, self.command, self.path, self.headers, data, lambda: self._gone(0)
        )
        found = service.answer(request)
        if log:
            log.request(request, found.status)
        try:
            self._deliver(found)
        except OSError as error:
            self.close_connection = True
            if log and not isinstance(error, Cut):
                log.hung_up(request_id)
        finally:
            close = getattr(found.pieces, "close", None)
            if close:
                close()

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = do_OPTIONS = _exchange

    def _refuse(self, error: Problem, request_id: str) -> None:
        """An error answer to a request that was not read to its end, so that no other follows."""
        self.close_connection = True
        self._deliver(answer.problem(error, request_id))
        self.connection.shutdown(socket.SHUT_WR)
        # Closing with unread bytes would reset the connection and take the answer with it.
        self.connection.settimeout(DRAIN_SECONDS)
        left = 2 * BODY_LIMIT
        while left > 0 and (data := self.rfile.read1(65536)):
            left -= len(data)

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        """What the HTTP layer refuses gets an error envelope too."""
        status = 405 if code == 501 else code
        request_id = self.server.service.request_ids.new("req")
        self.command = getattr(self, "command", None) or "GET"
        self.request_version = self.protocol_version
        self._refuse(Problem(status, message or "malformed HTTP request"), request_id)

    def handle_expect_100(self) -> bool:
        """Ask for the body only if it is going to be read."""
        try:
            wanted = declared_length(self.headers) <= self.server.service.body_limit(self.path)
        except Problem:
            wanted = False
        return super().handle_expect_100() if wanted else True

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing: `serve` is silent."""

    def _deliver(self, found: Answer) -> None:
        if found.framing is Framing.CHUNKED and self.request_version < "HTTP/1.1":
            found = found._replace(framing=Framing.CLOSE)
        if found.framing is Framing.CLOSE or found.ending is not Ending.DONE:
            self.close_connection = True
        self._pause(found.wait)
        if found.status is not None:
            self._send_head(found, found.status)
        if self.command != "HEAD":
            self._send_pieces(found)
        self._end(found.ending)

    def _send_head(self, found: Answer, status: int) -> None:
        if found.preface:
            self.wfile.write(found.preface)
        self.send_response_only(status)
        self.send_header("date", self.date_time_string())
        for name, value in found.headers.items():
            self.send_header(name, value)
        if found.framing is Framing.LENGTH:
            self.send_header("content-length", str(found.length))
        elif found.framing is Framing.CHUNKED:
            self.send_header("transfer-encoding", "chunked")
        if not self.close_connection:
            if self.request_version < "HTTP/1.1":
                self.send_header("connection", "keep-alive")
        elif found.ending is Ending.DONE:
            self.send_header("connection", "close")
        self.end_headers()

    def _send_pieces(self, found: Answer) -> None:
        chunked = found.framing is Framing.CHUNKED
        for number, piece in enumerate(found.pieces):
            if number:
                self._pause(found.pace or 0)
            self.wfile.write(b"%x\r\n%b\r\n" % (len(piece), piece) if chunked else piece)
        if chunked and found.ending is Ending.DONE:
            self.wfile.write(b"0\r\n\r\n")

    def _pause(self, seconds: float | None) -> None:
        """Wait, but not for a client that has gone; None waits until it goes."""
        if seconds != 0 and self._gone(seconds):
            raise HungUp

    def _gone(self, seconds: float | None) -> bool:
        """Whether the client goes within this time."""
        poll = select.poll()
        poll.register(self.connection, HUNG_UP)
        return bool(poll.poll(None if seconds is None else seconds * 1000))

    def _end(self, ending: Ending) -> None:
        if ending is Ending.STALL:
            self._pause(None)
        elif ending is Ending.RESET:
            linger = struct.pack("ii", 1, 0)
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
            # socketserver would shut the connection down in order before it closes it.
            self.rfile.close()
            self.connection.close()


class Server(socketserver.ThreadingMixIn, socketserver.TCPServer):
    """A listening socket whose connections are answered by one service."""

    allow_reuse_address = True
    daemon_threads = True
    block_on_close = False
    request_queue_size = 128

    def __init__(self, host: str, port: int, service: Answering, log: Log | None = None) -> None:
        """Listen on an address. Raises OSError where that cannot be."""
        self.service = service
        self.log = log
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        self.address_family = found[0][0]
        super().__init__((host, port), Handler)

    @property
    def url(self) -> str:
        """The base URL, with an address that can be connected to."""
        host, port = self.socket.getsockname()[:2]
        if host in ("0.0.0.0", "::"):
            host = "127.0.0.1" if host == "0.0.0.0" else "::1"
        return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"

    @property
    def is_loopback(self) -> bool:
        """Whether only this machine can connect."""
        host = self.socket.getsockname()[0]
        return bool(host.startswith("127.") or host == "::1")

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that goes away is no error of ours; anything else is one line."""
        error = sys.exc_info()[1]
        if isinstance(error, OSError):
            return
        if os.environ.get("MSGCLI_DEBUG") == "1":
            traceback.print_exc()
        sys.stderr.write(f"msgcli: serve: internal error: {error!r}\n")
