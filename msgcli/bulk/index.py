"""Where each of very many records and results stands, in memory that does not grow with them."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from typing import NamedTuple

from msgcli.errors import OutputFault

_TABLE = """
CREATE TABLE record (
    custom_id TEXT PRIMARY KEY, number INTEGER, at INTEGER, size INTEGER, succeeded INTEGER
) WITHOUT ROWID
"""
_RESULT = """
INSERT INTO record VALUES (?, NULL, ?, ?, ?) ON CONFLICT DO UPDATE
SET at = excluded.at, size = excluded.size, succeeded = excluded.succeeded
WHERE succeeded IS NOT 1 OR excluded.succeeded
"""
_RECORD = """
INSERT INTO record VALUES (?, ?, NULL, NULL, NULL) ON CONFLICT DO UPDATE
SET number = excluded.number WHERE number IS NULL
"""
# Results without a record, but paid for, go last.
_ORDER = """
SELECT at, size FROM record WHERE at IS NOT NULL AND (number IS NOT NULL OR succeeded)
ORDER BY number IS NULL, number, at
"""


class Place(NamedTuple):
    """Where the line of a result stands in a journal, in bytes."""

    at: int
    size: int


class Index:
    """A table in a file of its own that has no name, and is gone when the process is."""

    def __init__(self) -> None:
        # The caller lets one thread at a time in.
        self._table = sqlite3.connect("", isolation_level=None, check_same_thread=False)
        self._do("PRAGMA journal_mode = OFF")
        self._do("PRAGMA cache_size = -1024")
        self._do(_TABLE)

    def _do(self, statement: str, *values: str | int) -> sqlite3.Cursor:
        try:
            return self._table.execute(statement, values)
        except sqlite3.Error as error:
            raise OutputFault(f"the index of the records: {error}") from None

    def add_result(self, custom_id: str, place: Place, *, succeeded: bool) -> None:
        """A result stands there. It replaces an earlier one, but none that succeeded."""
        self._do(_RESULT, custom_id, *place, succeeded)

    def add_record(self, custom_id: str, number: int) -> bool:
        """This is the record of that number: whether it is the first of its custom_id."""
        return self._do(_RECORD, custom_id, number).rowcount == 1

    def has_succeeded(self, custom_id: str) -> bool:
        """Whether there is a result, and no need of another."""
        found = self._do("SELECT succeeded FROM record WHERE custom_id = ?", custom_id).fetchone()
        return found is not None and found[0] == 1

    def count_strangers(self) -> int:
        """How many results succeeded that no record has asked for."""
        found = self._do("SELECT count(*) FROM record WHERE number IS NULL AND succeeded")
        return int(found.fetchone()[0])

    def in_order(self) -> Iterator[Place]:
        """Where the result of each record stands, in the order of the records."""
        for at, size in self._do(_ORDER):
            yield Place(at, size)
