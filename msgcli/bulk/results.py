"""Where the results of `map` go as they come: to an output, in order or not, or into a journal."""

from __future__ import annotations

import threading
from typing import Protocol

from msgcli.bulk.journal import Journal
from msgcli.output import Writable


class Results(Protocol):
    """Takes the result of the record that was taken as the `turn`-th one, from 0."""

    def has_room(self, turn: int) -> bool:
        """Whether that record may be taken: memory is not without end."""

    def wait_for_room(self, turn: int) -> None:
        """Wait until it may be."""

    def claim(self, custom_id: str, number: int) -> bool:
        """Whether that record needs a result. InputFault for the second one of a custom_id."""

    def put(self, turn: int, custom_id: str, data: bytes, *, succeeded: bool) -> None:
        """Write a result. OutputFault if it cannot be."""

    def close(self, *, complete: bool) -> None:
        """There are no more; `complete` if that is so because all records are done."""


class InJournal:
    """Each result is durable once it is put, and the order is made at the end."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self.claim = journal.claim

    def has_room(self, turn: int) -> bool:
        return True

    def wait_for_room(self, turn: int) -> None:
        """There always is."""

    def put(self, turn: int, custom_id: str, data: bytes, *, succeeded: bool) -> None:
        self._journal.append(custom_id, data, succeeded=succeeded)

    def close(self, *, complete: bool) -> None:
        if complete:
            self._journal.sort()


class AsTheyCome:
    """Each result is written when it is put."""

    def __init__(self, sink: Writable) -> None:
        self._sink = sink
        self._mutex = threading.Lock()

    def has_room(self, turn: int) -> bool:
        return True

    def wait_for_room(self, turn: int) -> None:
        """There always is."""

    def claim(self, custom_id: str, number: int) -> bool:
        return True

    def put(self, turn: int, custom_id: str, data: bytes, *, succeeded: bool) -> None:
        with self._mutex:
            self._sink.write(data)

    def close(self, *, complete: bool) -> None:
        """Nothing is held back."""


class InOrder(AsTheyCome):
    """A result waits for those of the records before its own, of which `window` may be missing."""

    def __init__(self, sink: Writable, window: int) -> None:
        super().__init__(sink)
        self._window = window
        self._written = threading.Condition(self._mutex)
        self._next = 0
        self._waiting: dict[int, bytes] = {}

    def has_room(self, turn: int) -> bool:
        return turn < self._next + self._window

    def wait_for_room(self, turn: int) -> None:
        with self._written:
            self._written.wait_for(lambda: self.has_room(turn))

    def put(self, turn: int, custom_id: str, data: bytes, *, succeeded: bool) -> None:
        with self._written:
            self._waiting[turn] = data
            if turn != self._next:
                return
            while self._next in self._waiting:
                self._sink.write(self._waiting.pop(self._next))
                self._next += 1
            self._written.notify_all()

    def close(self, *, complete: bool) -> None:
        """Write also those that waited for one that did not come."""
        with self._written:
            for turn in sorted(self._waiting):
                self._sink.write(self._waiting.pop(turn))
