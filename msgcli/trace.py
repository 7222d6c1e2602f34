"""What is written about an exchange: -v, -vv and --trace. Every secret in it is `***`."""

from __future__ import annotations

import copy
import os
import re
from collections.abc import Iterable, Mapping

from msgcli import files, redaction, stdio, terminal
from msgcli.errors import OutputFault
from msgcli.wire.request import Body

_SECRET = re.compile(r"key|auth|token|secret|cookie|password", re.IGNORECASE)
# Names that match, but are numbers that somebody who looks for a rate limit wants to see.
_COUNTS = re.compile(r"anthropic-(?:ratelimit|priority)-")


def shown_headers(headers: Mapping[str, str]) -> Iterable[str]:
    """`name: value` lines, the values of headers that hold a secret as `***`."""
    for name, value in headers.items():
        name = name.lower()
        if _SECRET.search(name) and not _COUNTS.match(name):
            value = "***"
        yield redaction.redact(f"{name}: {value}")


class Trace:
    """The file of --trace, or nothing."""

    def __init__(self, name: str | None, *, headers_on_stderr: bool = False) -> None:
        self._name = name or ""
        self._fd = files.open_private(name) if name is not None else None
        self._headers_on_stderr = headers_on_stderr
        self._held = b""
        self._pieces: list[bytes] | None = None

    def apart(self) -> Trace:
        """A trace into the same file for another thread: each head in one piece with its body."""
        other = copy.copy(self)
        other._pieces = []
        return other

    def head(self, mark: str, first: str, headers: Mapping[str, str]) -> None:
        """A request or response line and its headers, behind `mark` (> or <)."""
        if self._fd is None and not self._headers_on_stderr:
            return
        lines = [first, *shown_headers(headers)]
        if self._headers_on_stderr:
            for line in lines:
                terminal.notice(f"{mark} {line}")
        if self._fd is not None:
            text = "".join(f"{mark} {line}\n" for line in lines)
            self._write(redaction.redact(text).encode("utf-8", "backslashreplace") + b"\n")

    def request_body(self, body: bytes | Body) -> None:
        """A body that is sent, and whose pieces are not made for nothing."""
        if self._fd is not None:
            for piece in (body,) if isinstance(body, bytes) else body:
                self.body(piece)

    def body(self, chunk: bytes) -> None:
        """A part of a body. What may be the start of a secret waits for the next part."""
        if self._fd is None:
            return
        data = redaction.redact_bytes(self._held + chunk)
        keep = max(redaction.longest_secret() - 1, 0)
        cut = max(len(data) - keep, 0)
        self._held = data[cut:]
        self._write(data[:cut])

    def end(self) -> None:
        """The body is over."""
        if self._fd is not None:
            held, self._held = self._held, b""
            self._write(held + b"\n\n")
            if self._pieces is not None:
                whole, self._pieces = b"".join(self._pieces), None
                self._write(whole)
                self._pieces = []

    def _write(self, data: bytes) -> None:
        assert self._fd is not None
        if self._pieces is not None:
            self._pieces.append(data)
            return
        try:
            stdio.write_all(self._fd, data)
        except OSError as error:
            os.close(self._fd)
            self._fd = None
            raise OutputFault(f"{self._name}: {stdio.why(error)}") from None
