"""The file of `map -o`: a result is durable once it is appended, and at the end all are sorted."""

from __future__ import annotations

import os
import stat
import threading
from collections.abc import Callable, Iterator
from typing import Any

from msgcli import files, stdio, terminal
from msgcli.bulk.index import Index, Place
from msgcli.errors import InputFault, OutputFault
from msgcli.wire.record import read_result

_CHUNK = 1 << 20
_START = b'{"custom_id":'
_sync = getattr(os, "fdatasync", os.fsync)


class Journal:
    """A file of results, which nobody else has until the process ends.

    A kill leaves at worst half a line at its end, which the next one to open it cuts off.
    """

    def __init__(
        self,
        name: str,
        *,
        resume: bool,
        found: Callable[[dict[str, Any]], None],
    ) -> None:
        """`found` is called with each Message that is there. OutputFault for a file that is not to
        be touched, InputFault for one that is no journal."""
        self._name = name
        self._path = os.path.realpath(stdio.path(name))
        self._mutex, self._syncing = threading.Lock(), threading.Lock()
        self._durable = 0
        self._index = Index()
        self._fd = self._open()
        file = os.fstat(self._fd)
        if not stat.S_ISREG(file.st_mode):
            raise OutputFault(f"{name}: not a regular file, so it cannot be a journal")
        if file.st_size and not resume:
            raise OutputFault(f"{name}: it is not empty", hint="--resume goes on with it")
        self._size = self._read(found)
        self._was_there = self._size > 0

    def _fault(self, error: Exception) -> OutputFault:
        reason = stdio.why(error) if isinstance(error, OSError) else "not a file name"
        return OutputFault(f"{self._name}: {reason}")

    def _open(self) -> int:
        """Open and lock the file that has the name now: the last one may just have replaced it."""
        flags = os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC | os.O_NOCTTY | os.O_NONBLOCK
        while True:
            try:
                fd = os.open(self._path, flags, files.PRIVATE)
            except (OSError, ValueError) as error:
                raise self._fault(error) from None
            if not files.lock(fd):
                raise OutputFault(f"{self._name}: another map is writing it")
            if files.is_at(fd, self._path):
                return fd
            os.close(fd)

    def _read(self, found: Callable[[dict[str, Any]], None]) -> int:
        """Take in what is there, and mend its end: the size that the file has then."""
        end, torn = 0, 0
        for number, (place, data) in enumerate(self._lines(), 1):
            result = read_result(data)
            if result is None:
                if not _may_be_torn(data):
                    what = f"{self._name}: line {number} is not a result"
                    raise InputFault(what, hint="this is no journal")
                torn += 1
                continue
            self._index.add_result(result.custom_id, place, succeeded=result.message is not None)
            if result.message is not None:
                found(result.message)
            end = place.at + place.size
        if torn:
            terminal.notice(f"{self._name}: it has {torn} torn {'line' if torn == 1 else 'lines'}")
        return self._mend(end)

    def _lines(self) -> Iterator[tuple[Place, bytes]]:
        with open(self._fd, "rb", buffering=_CHUNK, closefd=False) as file:
            at = 0
            for data in file:
                yield Place(at, len(data)), data
                at += len(data)

    def _mend(self, end: int) -> int:
        """Cut off what follows the last result, and have that end with its line."""
        try:
            if os.fstat(self._fd).st_size > end:
                os.ftruncate(self._fd, end)
            if end and os.pread(self._fd, 1, end - 1) != b"\n":
                end += os.write(self._fd, b"\n")
        except OSError as error:
            raise self._fault(error) from None
        return end

    def claim(self, custom_id: str, number: int) -> bool:
        """Whether the record of that number still needs a result.

        InputFault for the second one of a custom_id.
        """
        with self._mutex:
            if not self._index.add_record(custom_id, number):
                raise InputFault(f"the custom_id {custom_id} stands twice")
            return not (self._was_there and self._index.has_succeeded(custom_id))

    def append(self, custom_id: str, line: bytes, *, succeeded: bool) -> None:
        """Write a result, and return once it is durable. OutputFault if it cannot be."""
        try:
            with self._mutex:
                place = Place(self._size, len(line))
                self._write(line)
                self._index.add_result(custom_id, place, succeeded=succeeded)
            self._make_durable(place.at + place.size)
        except OSError as error:
            raise self._fault(error) from None

    def _make_durable(self, end: int) -> None:
        """Return once all is durable up to `end`. What others wrote meanwhile is so as well."""
        with self._syncing:
            if self._durable < end:
                size = self._size
                _sync(self._fd)
                self._durable = size

    def _write(self, line: bytes) -> None:
        try:
            written = os.write(self._fd, line)
            if written < len(line):
                stdio.write_all(self._fd, line[written:])
        except OSError:
            os.ftruncate(self._fd, self._size)
            raise
        self._size += len(line)

    def in_order(self) -> Iterator[bytes]:
        """The result of each record, in the order of the records."""
        for at, size in self._index.in_order():
            yield os.pread(self._fd, size, at).rstrip(b"\n") + b"\n"

    def sort(self) -> None:
        """Put the results into the order of the records, one for each, by one rename."""
        if strangers := self._index.count_strangers():
            terminal.notice(f"{self._name}: {strangers} results are of no record; they stand last")
        if self._is_sorted():
            return
        beside = self._path + b".sorted"
        try:
            fd = os.open(
                beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, files.PRIVATE
            )
            os.fchmod(fd, stat.S_IMODE(os.fstat(self._fd).st_mode))
            with open(fd, "wb", buffering=_CHUNK) as file:
                file.writelines(self.in_order())
                file.flush()
                os.fsync(fd)
            os.replace(beside, self._path)
        except OSError as error:
            raise self._fault(error) from None

    def _is_sorted(self) -> bool:
        end = 0
        for at, size in self._index.in_order():
            if at != end:
                return False
            end += size
        return end == self._size


def _may_be_torn(line: bytes) -> bool:
    """Whether it is what a kill or a power cut leaves of a result."""
    start = line.rstrip(b"\n\0")[: len(_START)]
    return start == _START[: len(start)]
