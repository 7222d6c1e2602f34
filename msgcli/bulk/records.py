"""The items that records are made of, one after another: a line, a row, a file."""

from __future__ import annotations

import csv
import os
import stat
from collections.abc import Iterator
from typing import NamedTuple

from msgcli import stdio, terminal
from msgcli.errors import InputFault
from msgcli.prompt import wait_for_stdin
from msgcli.text import decode

# A longer one is no request that an endpoint takes.
_LONGEST = 64 << 20

_WAITING = "waiting for records on standard input"


class Item(NamedTuple):
    """One item, its number from 1, and where it stands. `row` has the fields of one of CSV, or
    the name of a file; `problem` is why it is no item."""

    number: int
    place: str
    data: bytes = b""
    row: dict[str, str] | None = None
    problem: str | None = None


class Source:
    """The items of some inputs, or of them those of one shard. Blank ones count, and are none.

    `taken` of `size` bytes, or files, were read so far;
    `size` is None where that is not known.
    """

    def __init__(
        self,
        each: str,
        names: tuple[str, ...],
        shard: tuple[int, int] = (1, 1),
    ) -> None:
        self._each, self._shard = each, shard
        self._names = names or ("-",)
        self.taken = 0
        self.size = len(self._names) if each == "file" else _size(self._names)

    def items(self) -> Iterator[Item]:
        """Each item as soon as it has come. InputFault for an input that cannot be read."""
        first, step = self._shard
        for number, item in enumerate(self._all(), 1):
            is_blank = not (item.row or item.problem or item.data.strip())
            if number % step == first % step and not is_blank:
                yield item._replace(number=number)

    def _all(self) -> Iterator[Item]:
        for name in self._names:
            if self._each == "file":
                self.taken += 1
                yield Item(0, stdio.shown(name), row={"file": name})
                continue
            _announce(name)
            if self._each == "csv":
                yield from self._rows(name)
                continue
            what, end = ("item", b"\0") if self._each == "null" else ("line", b"\n")
            for number, data in enumerate(self._split(name, end), 1):
                yield Item(0, f"{stdio.shown(name)}: {what} {number}", data)

    def _split(self, name: str, end: bytes) -> Iterator[bytes]:
        """The parts of an input, each of which has an `end`; the last one may lack it."""
        held: list[bytes] = []
        size = 0
        for chunk in stdio.chunks(name):
            first, *rest = chunk.split(end)
            held.append(first)
            size += len(first)
            if size > _LONGEST:
                raise InputFault(f"{stdio.shown(name)}: more than {_LONGEST >> 20} MiB in one item")
            for part in rest:
                self.taken += size + 1
                yield b"".join(held)
                held, size = [part], len(part)
        if size:
            self.taken += size
            yield b"".join(held)

    def _rows(self, name: str) -> Iterator[Item]:
        # What is not UTF-8 is the fault of one row, which is told when that is made a record.
        lines = (
            part.decode("utf-8", "surrogateescape") + "\n" for part in self._split(name, b"\n")
        )
        reader = csv.reader(lines, strict=True)
        header = _header(reader, stdio.shown(name))
        while True:
            place = f"{stdio.shown(name)}: line {reader.line_num + 1}"
            try:
                row = next(reader, None)
            except csv.Error as error:
                yield Item(0, place, problem=str(error))
                continue
            if row is None:
                return
            if row and len(row) != len(header):
                problem = f"the first line has {len(header)} fields, and this one {len(row)}"
                yield Item(0, place, problem=problem)
            else:
                yield Item(0, place, row=dict(zip(header, row, strict=True)) if row else None)


def _header(reader: Iterator[list[str]], shown: str) -> list[str]:
    try:
        row = next(reader, [])
    except csv.Error as error:
        raise InputFault(f"{shown}: line 1: {error}") from None
    names = [decode(f"{shown}: line 1", name.encode("utf-8", "surrogateescape")) for name in row]
    for name in names:
        if names.count(name) > 1:
            raise InputFault(f"{shown}: line 1: the field {name} stands twice")
    return names


def _announce(name: str) -> None:
    if name == "-" and stdio.is_terminal(stdio.STDIN):
        terminal.notice("reading records from the terminal; ^D on a line of its own ends them")
    elif name == "-":
        wait_for_stdin(_WAITING)


def _size(names: tuple[str, ...]) -> int | None:
    """The bytes of all inputs, if they are regular files."""
    total = 0
    for name in names:
        try:
            found = os.fstat(stdio.STDIN) if name == "-" else os.stat(stdio.path(name))
        except (OSError, ValueError):
            return None
        if not stat.S_ISREG(found.st_mode):
            return None
        total += found.st_size
    return total
