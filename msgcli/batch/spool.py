"""What is too large for memory, in a file that has no name and is gone when the process is."""

from __future__ import annotations

import os
from collections.abc import Iterator
from tempfile import TemporaryFile

from msgcli import stdio
from msgcli.errors import OutputFault


class Spool:
    """Bytes that are written once and read as often as need be. OutputFault if they cannot be."""

    def __init__(self) -> None:
        self.size = 0
        try:
            self._file = TemporaryFile()  # noqa: SIM115
        except OSError as error:
            raise _fault(error) from None

    def write(self, data: bytes) -> None:
        try:
            self._file.write(data)
        except OSError as error:
            raise _fault(error) from None
        self.size += len(data)

    def end(self) -> None:
        """No more is written: from here on it can be read."""
        try:
            self._file.flush()
        except OSError as error:
            raise _fault(error) from None

    def read(self, at: int, size: int) -> bytes:
        """The `size` bytes behind the first `at`."""
        return os.pread(self._file.fileno(), size, at)

    def chunks(self) -> Iterator[bytes]:
        """All of it, from the start."""
        for at in range(0, self.size, stdio.CHUNK):
            yield self.read(at, stdio.CHUNK)


def _fault(error: OSError) -> OutputFault:
    return OutputFault(f"a temporary file: {stdio.why(error)}")
