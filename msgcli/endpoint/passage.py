"""An answer on its way from an upstream to a client, live, until either of them goes."""

from __future__ import annotations

import http.client
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress

from msgcli.endpoint.answer import Cut, HungUp
from msgcli.endpoint.exchange import Head

WATCH_SECONDS = 0.2
PIECE = 65536
# What is between two ends of one connection, and what the next connection says for itself.
OF_THE_CONNECTION = {
    "connection",
    "content-length",
    "expect",
    "host",
    "keep-alive",
    "proxy-authenticate",
    "proxy-authorization",
    "proxy-connection",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
}
NOT_ANSWERED = OF_THE_CONNECTION | {"date", "set-cookie"}


class Watch:
    """Leaves the upstream when the client leaves, also while nothing comes."""

    def __init__(self, upstream: socket.socket, gone: Callable[[], bool]) -> None:
        self.is_left = False
        self._upstream = upstream
        self._gone = gone
        self._over = threading.Event()
        threading.Thread(target=self._watch, daemon=True).start()

    def _watch(self) -> None:
        # Either socket may be closed by now.
        with suppress(OSError, ValueError):
            while not self._over.wait(WATCH_SECONDS):
                if self._gone():
                    self.is_left = True
                    # Below TLS, which is in use by the thread that reads.
                    socket.socket.shutdown(self._upstream, socket.SHUT_RDWR)
                    return

    def stop(self) -> None:
        """There is nothing to leave any more."""
        self._over.set()


class Passage:
    """One answer: its head, and the pieces of its body as they come."""

    def __init__(
        self,
        connection: http.client.HTTPConnection,
        response: http.client.HTTPResponse,
        watch: Watch,
    ) -> None:
        self.head = Head(response.status, response.reason, _headers(response))
        self.length = response.length
        self.is_chunked = bool(response.chunked)
        self._connection = connection
        self._response = response
        self._watch = watch

    def __iter__(self) -> Iterator[tuple[bytes, bool]]:
        """Each piece, and whether it is known to be the last."""
        left = self.length
        try:
            while left != 0:
                piece = self._response.read1(PIECE if left is None else min(left, PIECE))
                if not piece:
                    break
                if left is not None:
                    left -= len(piece)
                yield piece, left == 0
        except (OSError, http.client.HTTPException):
            raise self._lost() from None
        if left or self._watch.is_left:
            raise self._lost()

    def _lost(self) -> ConnectionError:
        return HungUp() if self._watch.is_left else Cut()

    def close(self) -> None:
        """Leave the upstream, whether the body has come to its end or not."""
        self._watch.stop()
        self._response.close()
        self._connection.close()


def _headers(response: http.client.HTTPResponse) -> dict[str, str]:
    """The headers that are passed on, each name once."""
    headers: dict[str, str] = {}
    for name, value in response.headers.items():
        name = name.lower()
        if name not in NOT_ANSWERED:
            headers[name] = f"{headers[name]}, {value}" if name in headers else value
    return headers
