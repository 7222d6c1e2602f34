"""Where the results of `map` go as they come: to an output, in order or not, or into a journal."""

from __future__ import annotations

import threading
from typing import Any, NamedTuple, Protocol

from msgcli.bulk.journal import Journal
from msgcli.output import Writable, ended
from msgcli.wire.message import Fold, unfold
from msgcli.wire.record import read_result


class Written(NamedTuple):
    """What is written of a record: a result or a text, and the thinking if that is wanted."""

    data: bytes
    thinking: bytes = b""


class Results(Protocol):
    """Takes the result of the record that was taken as the `turn`-th one, from 0."""

    def wait_for_room(self, turn: int) -> None:
        """Wait until that record may be taken: memory is not without end."""

    def claim(self, custom_id: str, number: int) -> bool:
        """Whether that record needs a result. InputFault for the second one of a custom_id."""

    def put(self, turn: int, custom_id: str, written: Written, *, succeeded: bool) -> None:
        """Write a result. OutputFault if it cannot be."""

    def close(self, *, complete: bool) -> None:
        """There are no more; `complete` if that is so because all records are done."""


class InJournal:
    """Each result is durable once it is put, and the order is made at the end.

    Thinking is taken from there then, so that it has the same order.
    """

    def __init__(self, journal: Journal, thinking: Writable | None) -> None:
        self._journal, self._thinking = journal, thinking
        self.claim = journal.claim

    def wait_for_room(self, turn: int) -> None:
        """There always is."""

    def put(self, turn: int, custom_id: str, written: Written, *, succeeded: bool) -> None:
        self._journal.append(custom_id, written.data, succeeded=succeeded)

    def close(self, *, complete: bool) -> None:
        if not complete:
            return
        self._journal.sort()
        if self._thinking is not None:
            for line in self._journal.in_order():
                self._thinking.write(_thinking_in(line))


class AsTheyCome:
    """Each result is written when it is put."""

    def __init__(self, sink: Writable, thinking: Writable | None) -> None:
        self._sink, self._thinking = sink, thinking
        self._mutex = threading.Lock()

    def wait_for_room(self, turn: int) -> None:
        """There always is."""

    def claim(self, custom_id: str, number: int) -> bool:
        return True

    def put(self, turn: int, custom_id: str, written: Written, *, succeeded: bool) -> None:
        with self._mutex:
            self._write(written)

    def _write(self, written: Written) -> None:
        if self._thinking is not None:
            self._thinking.write(written.thinking)
        self._sink.write(written.data)

    def close(self, *, complete: bool) -> None:
        """Nothing is held back."""


class InOrder(AsTheyCome):
    """A result waits for those of the records before its own, of which `window` may be missing."""

    def __init__(self, sink: Writable, thinking: Writable | None, window: int) -> None:
        super().__init__(sink, thinking)
        self._window = window
        self._written = threading.Condition(self._mutex)
        self._next = 0
        self._waiting: dict[int, Written] = {}

    def wait_for_room(self, turn: int) -> None:
        with self._written:
            self._written.wait_for(lambda: turn < self._next + self._window)

    def put(self, turn: int, custom_id: str, written: Written, *, succeeded: bool) -> None:
        with self._written:
            self._waiting[turn] = written
            if turn != self._next:
                return
            while self._next in self._waiting:
                self._write(self._waiting.pop(self._next))
                self._next += 1
            self._written.notify_all()

    def close(self, *, complete: bool) -> None:
        """Write also those that waited for one that did not come."""
        with self._written:
            for turn in sorted(self._waiting):
                self._write(self._waiting.pop(turn))


def thinking(message: dict[str, Any]) -> bytes:
    """The thinking in a Message, which ends with a newline if there is any."""
    blocks = (block for block in message["content"] if block.get("type") == "thinking")
    text = "".join(block["thinking"] for block in blocks).encode()
    return ended(text) if text else b""


def _thinking_in(line: bytes) -> bytes:
    result, fold = read_result(line), Fold()
    if result is not None and result.message is not None:
        for event in unfold(result.message):
            fold.apply(event)
    return thinking(fold.message())
