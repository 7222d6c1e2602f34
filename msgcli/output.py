"""Where a reply is tapped: text, JSON or the event stream, written as it comes or held."""

from __future__ import annotations

import codecs
import json
from collections.abc import Callable, Iterable
from typing import Any, Protocol

from msgcli import terminal, watch
from msgcli.errors import MsgcliError, ProtocolFault
from msgcli.report import Report
from msgcli.wire.message import Fold
from msgcli.wire.order import TextOrder, whole_characters
from msgcli.wire.reply import Piece


class Writable(Protocol):
    """Where bytes go. What is kept as partial is not taken for a whole answer by anybody."""

    @property
    def keeps_partial(self) -> bool: ...
    def write(self, data: bytes) -> None: ...


class Sink(Writable, Protocol):
    """Where bytes go until the end is known: the answer is whole, or it is not."""

    def sync(self) -> None:
        """All that was written is safe, so that a commit has nothing left to fail but a name."""

    def commit(self) -> None: ...
    def abandon(self) -> None: ...


class Held:
    """A sink that hands on what it was given only at the end."""

    def __init__(self, sink: Sink) -> None:
        self._sink = sink
        self._data: list[bytes] = []
        self.keeps_partial = sink.keeps_partial

    def write(self, data: bytes) -> None:
        self._data.append(data)

    def sync(self) -> None:
        data, self._data = self._data, []
        self._sink.write(b"".join(data))
        self._sink.sync()

    def commit(self) -> None:
        self.sync()
        self._sink.commit()

    def abandon(self) -> None:
        if self.keeps_partial:
            self._sink.write(b"".join(self._data))
        self._sink.abandon()


class Draft:
    """What a reply would write: kept until it is known to be the final one, if that is asked."""

    def __init__(self, sink: Writable, *, wait: bool) -> None:
        self._sink, self._wait = sink, wait
        self._data: list[bytes] = []
        self.keeps_partial = sink.keeps_partial

    def write(self, data: bytes) -> None:
        if self._wait:
            self._data.append(data)
        else:
            self._sink.write(data)

    def release(self) -> None:
        """This is the final reply."""
        watch.let_reader_go()
        self._wait = False
        if self._data:
            self._sink.write(b"".join(self._data))


class Shown:
    """A sink for a terminal: control characters are shown instead of obeyed."""

    def __init__(self, sink: Sink) -> None:
        self._sink = sink
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self.keeps_partial = sink.keeps_partial

    def write(self, data: bytes) -> None:
        self._sink.write(terminal.visible(self._decoder.decode(data)).encode())

    def sync(self) -> None:
        self._sink.sync()

    def commit(self) -> None:
        self._sink.commit()

    def abandon(self) -> None:
        self._sink.abandon()


class Tap:
    """One output format: it is given each piece after the fold has taken it in, then the end."""

    def __init__(self, sink: Writable) -> None:
        self.sink = sink

    def piece(self, piece: Piece) -> None:
        """Write what of it can be written."""

    def complete(self) -> None:
        """The Message is complete, whatever its stop reason."""

    def failed(self) -> None:
        """The Message is not complete, and no more will come."""


class Text(Tap):
    """The text of all blocks of a type, and a newline at the end if there is text without one."""

    def __init__(self, sink: Writable, order: TextOrder, *, newline: bool) -> None:
        super().__init__(sink)
        self._order, self._newline = order, newline
        self._last = ""

    def _write(self, text: str) -> None:
        if text:
            self._last = text[-1]
            self.sink.write(text.encode())

    def piece(self, piece: Piece) -> None:
        self._write(self._order.take())

    def complete(self) -> None:
        self._write(self._order.take(everything=True))
        if self._newline and self._last not in ("", "\n"):
            self.sink.write(b"\n")


class Json(Tap):
    """The body as it came, or the Message that the events make up."""

    def __init__(self, sink: Writable, fold: Fold) -> None:
        super().__init__(sink)
        self._fold = fold
        self._raw = b""

    def piece(self, piece: Piece) -> None:
        if piece.is_json:
            self._raw = piece.raw

    def complete(self) -> None:
        self.sink.write(ended(self._raw) if self._raw else dump(self._fold.message()))

    def failed(self) -> None:
        if self.sink.keeps_partial:
            self.sink.write(self._raw or dump(self._fold.message()))


class Sse(Tap):
    """The event stream as it came."""

    def piece(self, piece: Piece) -> None:
        if not piece.is_json:
            self.sink.write(piece.raw)
        elif piece.events:
            raise ProtocolFault("the reply is JSON, not an event stream")


class AsItCame(Tap):
    """A reply of either form, byte for byte."""

    def piece(self, piece: Piece) -> None:
        if piece.events or not piece.is_json or self.sink.keeps_partial:
            self.sink.write(piece.raw)


class AtEnd(Tap):
    """What can be told of a complete Message only."""

    def __init__(self, sink: Writable, make: Callable[[], bytes]) -> None:
        super().__init__(sink)
        self._make = make

    def complete(self) -> None:
        self.sink.write(self._make())


def dump(value: Any) -> bytes:
    """A JSON value in one line."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return whole_characters(text).encode() + b"\n"


def ended(text: bytes) -> bytes:
    return text if text.endswith(b"\n") else text + b"\n"


def _tap(tap: Tap, piece: Piece, report: Report) -> None:
    try:
        tap.piece(piece)
    except ProtocolFault as fault:
        raise report.located(fault) from None


def drain(
    pieces: Iterable[Piece],
    fold: Fold,
    taps: list[Tap],
    *,
    accepted: frozenset[str] | None,
    report: Report,
    final: bool = True,
) -> MsgcliError | None:
    """Run a reply through the fold and into the taps, to its end, and give the verdict on it.

    After a `final` one nothing more is written, so that the reader may go when it has it.

    Raises what `pieces` raises, after the taps were told.
    """
    try:
        for piece in pieces:
            for event in piece.events:
                fold.apply(event)
            report.piece(piece, fold.fields)
            if final and piece.events and piece.events[-1].type == "message_stop":
                watch.let_reader_go()
            for tap in taps:
                _tap(tap, piece, report)
        verdict = fold.verdict(accepted)
        if isinstance(verdict, ProtocolFault):
            raise report.located(verdict)
    except MsgcliError:
        for tap in taps:
            tap.failed()
        raise
    for tap in taps:
        tap.complete()
    return verdict
