"""A proxy for the tests: it logs all that it sees, and leads every name to one server."""

from __future__ import annotations

import contextlib
import socket
import threading


class Proxy:
    """Speaks CONNECT, and the plain form with a whole URL; `refuses` is its only answer if given.

    Leads to the local server at `port`, whatever the name is.
    """

    def __init__(self, port: int = 0, *, refuses: str | None = None) -> None:
        self._port, self._refuses = port, refuses
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.address = f"127.0.0.1:{self._listener.getsockname()[1]}"
        self.seen: list[bytes] = []
        threading.Thread(target=self._accept, daemon=True).start()

    def __enter__(self) -> Proxy:
        return self

    def __exit__(self, *_: object) -> None:
        self._listener.close()

    @property
    def lines(self) -> list[bytes]:
        """The request line of every connection."""
        return [data.partition(b"\r\n")[0] for data in self.seen]

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                sock, _ = self._listener.accept()
                threading.Thread(target=self._serve, args=(sock,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        with client, contextlib.suppress(OSError):
            head = b""
            while b"\r\n\r\n" not in head:
                head += client.recv(65536)
            place = len(self.seen)
            self.seen.append(head)
            if self._refuses is not None:
                client.sendall(f"HTTP/1.1 {self._refuses}\r\ncontent-length: 0\r\n\r\n".encode())
                return
            with socket.create_connection(("127.0.0.1", self._port)) as server:
                if head.startswith(b"CONNECT "):
                    client.sendall(b"HTTP/1.1 200 Connected\r\n\r\n")
                else:
                    method, url, rest = head.split(b" ", 2)
                    path = url.split(b"/", 3)[3]
                    server.sendall(b"%s /%s %s" % (method, path, rest))
                threading.Thread(target=_copy, args=(server, client), daemon=True).start()
                while data := client.recv(65536):
                    self.seen[place] += data
                    server.sendall(data)


def _copy(source: socket.socket, target: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while data := source.recv(65536):
            target.sendall(data)
        target.shutdown(socket.SHUT_WR)
