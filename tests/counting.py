"""A server that keeps connections, answers as a test says, and counts what it was paid for."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections import Counter
from collections.abc import Callable
from typing import Any, NamedTuple

OUTPUT_TOKENS = 7


class Answer(NamedTuple):
    """A response; without a status the connection is closed instead, and paid for all the same."""

    status: int | None
    body: dict[str, Any]
    headers: str = ""


def message(text: str, reason: str = "end_turn") -> Answer:
    usage = {"input_tokens": 3, "output_tokens": OUTPUT_TOKENS}
    content = [{"type": "text", "text": text}]
    body = {"id": "msg_1", "type": "message", "role": "assistant", "model": "m"}
    return Answer(200, {**body, "content": content, "stop_reason": reason, "usage": usage})


def error(status: int, kind: str, headers: str = "") -> Answer:
    body = {"type": "error", "error": {"type": kind, "message": "No"}, "request_id": "req_1"}
    return Answer(status, body, headers)


class Server:
    """`answer(prompt)` is called in the thread of a connection; the default repeats the prompt."""

    def __init__(self, answer: Callable[[str], Answer] = message, host: str = "127.0.0.1") -> None:
        self.answer = answer
        self.paid: Counter[str] = Counter()
        self.bodies: list[dict[str, Any]] = []
        self.begun: list[float] = []
        self.connections = self.closed = 0
        self.keeps_connections = True
        self.running = self.most_running = 0
        self.changed = threading.Condition()
        self._listener = socket.create_server((host, 0), backlog=256)
        self.url = f"http://{host}:{self._listener.getsockname()[1]}"
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        self._listener.close()

    @property
    def requests(self) -> int:
        return len(self.begun)

    def wait(self, condition: Callable[[], bool]) -> None:
        with self.changed:
            assert self.changed.wait_for(condition, 30)

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        with connection, connection.makefile("rb") as file:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            try:
                while self._exchange(connection, file):
                    pass
            except OSError:
                pass
        with self.changed:
            self.closed += 1
            self.changed.notify_all()

    def _exchange(self, connection: socket.socket, file: Any) -> bool:
        length = 0
        while (line := file.readline()) not in (b"\r\n", b""):
            if line.lower().startswith(b"content-length:"):
                length = int(line[15:])
        data = file.read(length)
        if not data:
            return False
        body = json.loads(data)
        prompt: str = body["messages"][0]["content"]
        with self.changed:
            self.bodies.append(body)
            self.begun.append(time.monotonic())
            self.running += 1
            self.most_running = max(self.most_running, self.running)
            self.changed.notify_all()
        found = self.answer(prompt)
        with self.changed:
            self.running -= 1
            self.paid[prompt] += found.status in (200, None)
            self.changed.notify_all()
        if found.status is None:
            return False
        reply = json.dumps(found.body).encode()
        head = f"HTTP/1.1 {found.status} X\r\nContent-Type: application/json\r\n{found.headers}"
        connection.sendall(f"{head}Content-Length: {len(reply)}\r\n\r\n".encode() + reply)
        return self.keeps_connections
