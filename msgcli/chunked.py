"""The chunked coding of HTTP, taken off whatever has come of it so far."""

from __future__ import annotations

import re

# Between two chunks, and before the first: nearly always the size alone.
_SIZE = re.compile(rb"(?:\r\n)?([0-9A-Fa-f]{1,8})\r\n")
_DIGITS = re.compile(rb"[0-9A-Fa-f]+")
_LONGEST_LINE = 65536


class Chunked:
    """Makes the body of what is read from a connection, in whatever pieces that comes.

    http.client gives out one HTTP chunk a call, and many servers make one of every event.
    `ended` after the last of them, `broken` from where it is no chunked coding.
    """

    def __init__(self) -> None:
        self.ended = self.broken = False
        self._in_trailer = False
        self._left = 0
        self._line = b""

    def feed(self, data: bytes) -> bytes:
        """The part of the body that is in `data`."""
        data, at, body = self._line + data, 0, []
        while not (self.ended or self.broken):
            if self._left:
                part = data[at : at + self._left]
                body.append(part)
                at += len(part)
                self._left -= len(part)
            if not self._in_trailer:
                at = self._whole_chunks(data, at, body)
            end = data.find(b"\n", at)
            if end < 0 or self._left:
                break
            self._take_line(data[at:end].strip())
            at = end + 1
        self._line = data[at:]
        self.broken = self.broken or len(self._line) > _LONGEST_LINE
        return b"".join(body)

    def _whole_chunks(self, data: bytes, at: int, body: list[bytes]) -> int:
        """Take chunks that have come whole, as fast as can be; where what is left begins."""
        match = _SIZE.match
        while size := match(data, at):
            start = size.end()
            end = start + int(size[1], 16)
            if start == end or end > len(data):
                break
            body.append(data[start:end])
            at = end
        return at

    def _take_line(self, line: bytes) -> None:
        if self._in_trailer:
            self.ended = not line
        elif line:  # an empty one follows each chunk
            size = _DIGITS.fullmatch(line.partition(b";")[0].strip())
            self.broken = size is None
            self._left = 0 if size is None else int(size[0], 16)
            self._in_trailer = self._left == 0 and not self.broken
