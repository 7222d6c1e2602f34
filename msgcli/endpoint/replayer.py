"""An endpoint that gives the answers of recorded exchanges again, without any network."""

from __future__ import annotations

import os
import threading

from msgcli.endpoint import answer, exchange
from msgcli.endpoint.answer import Answer, Ending, Framing
from msgcli.endpoint.exchange import BadExchange, Key
from msgcli.endpoint.incoming import Request
from msgcli.endpoint.problem import Problem
from msgcli.endpoint.recorder import BODY_LIMIT
from msgcli.endpoint.reply import Ids

SHOWN = 200


class Replayer:
    """Answers a request as it was answered before."""

    def __init__(self, path: str) -> None:
        """Read all requests in a folder. Raises OSError and BadExchange."""
        self.request_ids = Ids()
        self._folders: dict[Key, list[str]] = {}
        self._lock = threading.Lock()
        for name in sorted(os.listdir(path), key=_place):
            folder = os.path.join(path, name)
            if not os.path.isdir(folder):
                continue
            try:
                key = exchange.read_request(folder)
                exchange.read_answer(folder)
            except BadExchange as error:
                raise BadExchange(f"{name}: {error}") from None
            if key is not None:
                self._folders.setdefault(key, []).append(folder)
        if not self._folders:
            raise BadExchange("there are no exchanges in it")

    def body_limit(self, target: str) -> int:
        """Whatever was recorded can be asked for again."""
        return BODY_LIMIT

    def answer(self, request: Request) -> Answer:
        """The next answer to this request; the last one again and again."""
        with self._lock:
            folders = self._folders.get(
                exchange.key(request.method, request.target, request.data), []
            )
            folder = folders.pop(0) if len(folders) > 1 else next(iter(folders), None)
        if folder is None:
            return answer.problem(_unknown(request), request.id)
        try:
            return _again(exchange.read_answer(folder))
        except (OSError, BadExchange) as error:
            why = f"{os.path.basename(folder)}: {error}"
            return answer.problem(Problem(500, why), request.id)


def _place(name: str) -> str:
    """Numbers in their order, whatever their length."""
    return name.zfill(12) if name.isdigit() else name


def _unknown(request: Request) -> Problem:
    asked = f"{request.method} {exchange.without_secrets(request.target)}"
    body = request.data[: SHOWN + 1].decode(errors="replace")
    shown = body if len(body) <= SHOWN else f"{body[:SHOWN]}..."
    return Problem(404, f"no exchange is recorded for {asked} {shown}".rstrip())


def _again(stored: exchange.Stored) -> Answer:
    head, body, complete = stored
    if complete and head.suffix != "sse":
        return answer.body(head.status, head.headers, body)
    ending = Ending.DONE if complete else Ending.CLOSE
    return Answer(head.status, head.headers, (body,) if body else (), Framing.CHUNKED, ending)
