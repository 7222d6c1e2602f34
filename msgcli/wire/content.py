"""The blocks that stand before the text of a user's turn, and how bytes tell what they are."""

from __future__ import annotations

import re
from binascii import b2a_base64
from collections.abc import Iterator, Sequence
from typing import Any

Block = dict[str, Any]
Content = str | list[Block]

PDF, TEXT = "application/pdf", "text/plain"
MEDIA_TYPES = ("image/png", "image/jpeg", "image/gif", "image/webp", PDF, TEXT)

# The first bytes of a file, as many as the longest signature has.
HEAD = 12

_SIGNATURES = {
    rb"\x89PNG\r\n\x1a\n": "image/png",
    rb"\xff\xd8\xff": "image/jpeg",
    rb"GIF8[79]a": "image/gif",
    rb"(?s:RIFF....WEBP)": "image/webp",
    rb"%PDF-": PDF,
}
_ENDINGS = {
    ".png": "image/png",
    ".jpg": "image/jpeg",
    ".jpeg": "image/jpeg",
    ".gif": "image/gif",
    ".webp": "image/webp",
    ".pdf": PDF,
}


class Base64:
    """Bytes that stand in a body as base64, which is made anew each time that it is gone through.

    So what a file costs is its own size, and not a third more for each form that a body takes.
    """

    def __init__(self, chunks: Sequence[bytes]) -> None:
        self._chunks = chunks
        self._size = sum(map(len, chunks))

    def __len__(self) -> int:
        return (self._size + 2) // 3 * 4

    def __iter__(self) -> Iterator[bytes]:
        rest = b""
        for chunk in self._chunks:
            chunk = rest + chunk
            whole = len(chunk) // 3 * 3
            yield b2a_base64(memoryview(chunk)[:whole], newline=False)
            rest = chunk[whole:]
        yield b2a_base64(rest, newline=False)


def type_of_bytes(head: bytes) -> str | None:
    """The media type of what begins so; None if it may be text, or anything else."""
    return next((kind for start, kind in _SIGNATURES.items() if re.match(start, head)), None)


def type_of_path(path: str) -> str | None:
    """The media type of what cannot be looked into, by the end of its name."""
    return next((kind for end, kind in _ENDINGS.items() if path.lower().endswith(end)), None)


def block(media_type: str, data: str | Base64) -> Block:
    """An image or a document that is part of the body."""
    form = "text" if isinstance(data, str) else "base64"
    return _block(media_type, {"type": form, "media_type": media_type, "data": data})


def url_block(media_type: str, url: str) -> Block:
    """An image or a document that the endpoint fetches."""
    return _block(media_type, {"type": "url", "url": url})


def _block(media_type: str, source: Block) -> Block:
    kind = "image" if media_type.startswith("image/") else "document"
    return {"type": kind, "source": source}


def content(blocks: list[Block], text: str | None) -> Content | None:
    """The content of a turn: the blocks, and the text behind them; None if there is neither."""
    if not blocks or text is None:
        return blocks or text
    return [*blocks, {"type": "text", "text": text}]
