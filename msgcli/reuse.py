"""Complete replies in a folder, by the requests that they answer: none is paid for twice."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping
from typing import NamedTuple, Protocol

from msgcli import files, stdio, terminal
from msgcli.client import Client
from msgcli.errors import MsgcliError, OutputFault
from msgcli.report import Report
from msgcli.wire import reply
from msgcli.wire.message import Fold
from msgcli.wire.reply import Piece
from msgcli.wire.request import Body


class Sender(Protocol):
    """What gives the pieces of the reply to a body, and is told when a call has ended well."""

    def send(self, body: bytes | Body) -> Iterator[Piece]: ...
    def keep(self) -> None: ...


class Unstored(NamedTuple):
    """A client alone."""

    client: Client

    def send(self, body: bytes | Body) -> Iterator[Piece]:
        return self.client.send(body)

    def keep(self) -> None:
        """Nothing is stored."""


class Store:
    """A folder with a file for each request: a line with the digest of the reply, and the reply as
    it came. Any number of processes may share it, and any of its files may be removed."""

    def __init__(self, name: str) -> None:
        try:
            files.make_folder(name)
        except OutputFault as fault:
            raise fault.at("--reuse") from None
        self._name = name

    def _path(self, key: str) -> str:
        return f"{self._name}/{key}"

    def get(self, key: str) -> bytes | None:
        """The reply as it came; None if it is not there, or not whole."""
        try:
            with open(stdio.path(self._path(key)), "rb") as entry:
                digest, _, raw = entry.read().partition(b"\n")
        except OSError:
            return None
        return raw if digest == _digest(raw) else None

    def put(self, key: str, raw: bytes) -> None:
        """Store a reply. Where that fails there is a notice: the reply itself is good."""
        try:
            entry = files.Replaced(self._path(key), files.PRIVATE)
            try:
                entry.write(_digest(raw) + b"\n" + raw)
                entry.commit()
            except OutputFault:
                entry.abandon()
                raise
        except OutputFault as fault:
            terminal.notice(f"--reuse: {fault}")


def _digest(raw: bytes) -> bytes:
    return hashlib.sha256(raw).hexdigest().encode()


def key(url: str, headers: Mapping[str, str], body: bytes | Body) -> str:
    """What names a request: its URL, the headers on which the answer depends, its body."""
    lines = [f"POST {url}", *(f"{name}: {headers[name]}" for name in sorted(headers)), "", ""]
    found = hashlib.sha256("\n".join(lines).encode())
    for part in (body,) if isinstance(body, bytes) else body:
        found.update(part)
    return found.hexdigest()


class Reuse:
    """The requests of one call: what is stored is not sent, and nothing connects before it must.

    `is_complete` says of a stored Message whether this call could go on with it.
    """

    def __init__(
        self,
        store: Store,
        url: str,
        headers: Mapping[str, str],
        *,
        connect: Callable[[], Client],
        is_complete: Callable[[Fold], bool],
        report: Report,
    ) -> None:
        self._store, self._url, self._headers = store, url, headers
        self._connect, self._is_complete, self._report = connect, is_complete, report
        self._client: Client | None = None
        self._new: dict[str, list[bytes]] = {}

    def send(self, body: bytes | Body) -> Iterator[Piece]:
        """The pieces of the reply to `body`, new or as they were stored."""
        name = key(self._url, self._headers, body)
        stored = self._stored(name)
        if stored is not None:
            self._report.start_reuse("POST", self._url)
            return iter(stored)
        self._client = self._client or self._connect()
        return self._noted(name, self._client.send(body))

    def _stored(self, name: str) -> list[Piece] | None:
        raw = self._store.get(name)
        if raw is None:
            return None
        fold = Fold()
        try:
            pieces = list(reply.pieces([raw], len(raw)))
        except MsgcliError:
            return None
        for piece in pieces:
            for event in piece.events:
                fold.apply(event)
        return pieces if self._is_complete(fold) else None

    def _noted(self, name: str, pieces: Iterator[Piece]) -> Iterator[Piece]:
        raw = self._new[name] = []
        for piece in pieces:
            raw.append(piece.raw)
            yield piece

    def keep(self) -> None:
        """The call has come to a good end: store what was new in it."""
        for name, raw in self._new.items():
            self._store.put(name, b"".join(raw))
