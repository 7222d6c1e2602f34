"""From what --attach names to the blocks that stand before the text of a prompt."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urlsplit

from msgcli import stdio
from msgcli.errors import InputFault, UsageFault
from msgcli.prompt import Attachment, wait_for_stdin
from msgcli.text import decode
from msgcli.wire import content


def read(attachments: list[Attachment], *, replace_errors: bool) -> list[dict[str, Any]]:
    """A block for each. InputFault for a file that cannot be read, or is nothing to attach;
    UsageFault for a URL that does not tell what is there."""
    blocks = []
    for media_type, name in attachments:
        if re.match("https?://", name, re.IGNORECASE):
            blocks.append(_url(media_type, name))
            continue
        try:
            blocks.append(_file(media_type, name, replace_errors=replace_errors))
        except InputFault as fault:
            raise fault.at(_option(media_type)) from None
    return blocks


def _option(media_type: str | None) -> str:
    return "--attach" if media_type is None else "--attach-as"


def _file(media_type: str | None, name: str, *, replace_errors: bool) -> dict[str, Any]:
    if name == "-":
        wait_for_stdin("waiting for the attachment on standard input")
    chunks = stdio.read_chunks(name)
    if not chunks:
        raise InputFault(f"{stdio.shown(name)}: it is empty")
    # No chunk is empty, so these are bytes enough, and not all of them.
    kind = media_type or content.type_of_bytes(b"".join(chunks[: content.HEAD]))
    if kind is not None and kind != content.TEXT:
        return content.block(kind, content.Base64(chunks))
    try:
        text = decode(name, b"".join(chunks), replace=replace_errors and media_type is not None)
    except InputFault:
        if media_type is not None:
            raise
        raise InputFault(
            f"{stdio.shown(name)}: not PNG, JPEG, GIF, WebP, PDF or UTF-8 text",
            hint="--attach-as TYPE sends it as what it is",
        ) from None
    return content.block(content.TEXT, text)


def _url(media_type: str | None, url: str) -> dict[str, Any]:
    option = _option(media_type)
    try:
        parts = urlsplit(url)
        is_url = bool(parts.hostname) and url.isprintable() and " " not in url
    except ValueError:
        is_url = False
    if not is_url:
        raise UsageFault(f"{option}: {url!r} is not a URL")
    kind = media_type or content.type_of_path(parts.path)
    if kind is None:
        raise UsageFault(
            f"{option}: {url}: its end does not say what it is of",
            hint="--attach-as TYPE URL does, such as image/png or application/pdf",
        )
    if kind == content.TEXT:
        raise UsageFault(f"{option}: {url}: a URL is of an image or a PDF, not of {kind}")
    return content.url_block(kind, url)
