"""Text out of blocks that may overlap, and characters out of halves that may come apart."""

from __future__ import annotations

import re

_LONE_HIGH = re.compile("[\ud800-\udbff]\\Z")


def whole_characters(text: str) -> str:
    """`text` with surrogate halves joined to pairs, and those without another half as U+FFFD."""
    if text.isascii():
        return text
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return text


class TextOrder:
    """The text of all blocks of a type in order of index, given out as early as that allows.

    The text of a block waits until the blocks of that type before it have stopped; half a
    surrogate pair waits for its other half.
    """

    def __init__(self) -> None:
        self._waiting: dict[int, list[str]] = {}
        self._open: set[int] = set()
        self._half = ""
        self._half_of = -1

    def start(self, index: int) -> None:
        self._open.add(index)
        self._waiting.setdefault(index, [])

    def add(self, index: int, text: str) -> None:
        self._waiting.setdefault(index, []).append(text)

    def stop(self, index: int) -> None:
        self._open.discard(index)

    def take(self, *, everything: bool = False) -> str:
        """What can be written now."""
        first = min(self._open, default=None)
        taken = []
        for index in sorted(self._waiting):
            if not everything and first is not None and index > first:
                break
            parts = self._waiting[index]
            if parts:
                taken.append(self._joined(index, "".join(parts)))
                parts.clear()
            if index not in self._open:
                del self._waiting[index]
        if everything:
            taken.append(self._joined(-1, ""))
        return "".join(taken)

    def _joined(self, index: int, text: str) -> str:
        half, self._half = self._half, ""
        if half and index != self._half_of:
            half = "\ufffd"
        text = half + text
        self._half_of = index
        if index >= 0 and _LONE_HIGH.search(text):
            text, self._half = text[:-1], text[-1]
        return whole_characters(text)
