"""An endpoint that passes all requests on to another, and keeps the exchanges as files."""

from __future__ import annotations

import itertools
import os
import sys
import threading
from collections.abc import Iterator

from msgcli.endpoint import answer, exchange
from msgcli.endpoint.answer import Answer, Ending, Framing, HungUp
from msgcli.endpoint.exchange import INCOMPLETE, Head
from msgcli.endpoint.incoming import Request
from msgcli.endpoint.passage import Passage
from msgcli.endpoint.problem import Problem
from msgcli.endpoint.reply import Ids
from msgcli.endpoint.upstream import WITH_BODY, Upstream

BODY_LIMIT = 512 * 1024 * 1024
METHODS = ("GET", "DELETE", *WITH_BODY)
# The last event of a stream; a client that has it may go at once.
STREAM_END = b'"message_stop"'
TAIL = 256


class Folder:
    """Where exchanges are kept: a numbered folder for each, after those that are there."""

    def __init__(self, path: str) -> None:
        os.makedirs(path, mode=0o700, exist_ok=True)
        self._path = path
        taken = [int(name) for name in os.listdir(path) if name.isascii() and name.isdigit()]
        self._numbers = itertools.count(max(taken, default=0) + 1)
        self._lock = threading.Lock()

    def new(self) -> str:
        """A new folder."""
        while True:
            with self._lock:
                path = os.path.join(self._path, f"{next(self._numbers):04d}")
            try:
                os.mkdir(path, 0o700)
            except FileExistsError:
                continue
            return path


class Recording:
    """The files of one exchange, as it goes on; a full disk does not disturb the exchange."""

    def __init__(self, folder: Folder, request: Request, head: Head) -> None:
        self._body: int | None = None
        self._tail = b""
        self._is_stream = head.suffix == "sse"
        try:
            self._path = folder.new()
            files = exchange.request_files(
                request.method, request.target, request.headers, request.data
            )
            # First of all the mark that is taken away at the end: nothing is whole by accident.
            for name, data in {INCOMPLETE: b"", **files, "response.head": head.written()}.items():
                file = self._create(name)
                _write(file, data)
                os.close(file)
            self._body = self._create(f"response.{head.suffix}")
        except OSError as error:
            _complain(error)

    def _create(self, name: str) -> int:
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
        return os.open(os.path.join(self._path, name), flags, 0o600)

    def write(self, piece: bytes, *, is_last: bool) -> None:
        """Keep a piece of the body."""
        if self._body is None:
            return
        try:
            _write(self._body, piece)
        except OSError as error:
            _complain(error)
            self.close()
            return
        self._tail = (self._tail + piece)[-TAIL:]
        end = self._tail.rstrip(b"\r\n")
        if is_last or (self._is_stream and STREAM_END in end and len(self._tail) - len(end) > 1):
            self.complete()

    def complete(self) -> None:
        """Say that the body is whole."""
        try:
            if self._body is not None:
                os.unlink(os.path.join(self._path, INCOMPLETE))
        except FileNotFoundError:
            pass
        except OSError as error:
            _complain(error)

    def close(self) -> None:
        """No more will come."""
        if self._body is not None:
            os.close(self._body)
            self._body = None


def _write(file: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(file, view) :]


def _complain(error: OSError) -> None:
    why = error.strerror or type(error).__name__
    sys.stderr.write(f"msgcli: serve: not recorded: {error.filename or ''}: {why.lower()}\n")


class Recorded:
    """The pieces of an answer, each kept before it is given on."""

    def __init__(self, passage: Passage, recording: Recording) -> None:
        self._passage = passage
        self._recording = recording

    def __iter__(self) -> Iterator[bytes]:
        for piece, is_last in self._passage:
            self._recording.write(piece, is_last=is_last)
            yield piece
        self._recording.complete()

    def close(self) -> None:
        """Nobody wants more pieces."""
        self._passage.close()
        self._recording.close()


class Recorder:
    """Answers every request with what the upstream says."""

    def __init__(self, folder: Folder, upstream: Upstream) -> None:
        self.request_ids = Ids()
        self._folder = folder
        self._upstream = upstream

    def body_limit(self, target: str) -> int:
        """The upstream has its own limits."""
        return BODY_LIMIT

    def answer(self, request: Request) -> Answer:
        """The upstream's answer, which is kept while it is passed on."""
        try:
            if request.method not in METHODS:
                raise Problem(405, f"{request.method} is not passed on")
            passage = self._upstream.send(request)
        except Problem as error:
            return answer.problem(error, request.id)
        except HungUp:
            return Answer(None, {}, (), Framing.CLOSE, Ending.STALL)
        recording = Recording(self._folder, request, passage.head)
        if passage.length == 0:
            recording.complete()
        framing = Framing.CHUNKED if passage.is_chunked else Framing.CLOSE
        if passage.length is not None:
            framing = Framing.LENGTH
        return Answer(
            passage.head.status,
            passage.head.headers,
            Recorded(passage, recording),
            framing,
            length=passage.length,
        )
