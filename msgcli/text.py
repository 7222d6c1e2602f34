"""Bytes that a user gives as text: UTF-8, and nothing else by accident."""

from __future__ import annotations

from msgcli import stdio
from msgcli.errors import InputFault

_BOM = b"\xef\xbb\xbf"
_ATTACH = "-a attaches an image or a PDF"


def decode(name: str, data: bytes, *, replace: bool = False) -> str:
    """The text of an input; InputFault with the offset of what is not UTF-8, or is a NUL."""
    bom = len(_BOM) if data.startswith(_BOM) else 0
    try:
        text = data[bom:].decode("utf-8", "replace" if replace else "strict")
    except UnicodeDecodeError as error:
        raise InputFault(
            f"{stdio.shown(name)}: invalid UTF-8 at byte {error.start + bom}",
            hint=_ATTACH if b"\0" in data else "--input-errors replace sends U+FFFD instead",
        ) from None
    if "\0" in text:
        at = data.index(b"\0")
        raise InputFault(f"{stdio.shown(name)}: a NUL at byte {at}: this is not text", hint=_ATTACH)
    return text


def read_text(option: str, name: str) -> str:
    """The text of a file that an option names."""
    try:
        return decode(name, stdio.read(name))
    except InputFault as fault:
        raise fault.at(option) from None
