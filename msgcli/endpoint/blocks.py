"""Content blocks: their long form, their shapes and those of their sources."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from typing import Any

from msgcli.endpoint.problem import invalid
from msgcli.endpoint.shapes import (
    CACHE_CONTROL,
    Check,
    anything,
    array,
    boolean,
    fields,
    join,
    mapping,
    nonempty,
    nullable,
    one_of,
    string_or,
    tagged,
    text,
    variant,
)

IMAGE_TYPES = ("image/jpeg", "image/png", "image/gif", "image/webp")
IMAGE_BASE64_LIMIT = 10 * 1024 * 1024
CITATIONS = nullable(fields({}, {"enabled": boolean}))
CACHED = {"cache_control": CACHE_CONTROL}
# Blocks that a client received and sends back as they came.
ECHOED = (
    "web_search_tool_result",
    "web_fetch_tool_result",
    "code_execution_tool_result",
    "bash_code_execution_tool_result",
    "text_editor_code_execution_tool_result",
    "tool_search_tool_result",
)
BETA = (
    "mcp_tool_use",
    "mcp_tool_result",
    "mcp_tool_listing",
    "advisor_tool_result",
    "compaction",
    "fallback",
    "tool_addition",
    "tool_removal",
)


def as_blocks(content: str | list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Content in its long form: a string is one text block, an empty one none."""
    if isinstance(content, str):
        return [{"type": "text", "text": content}] if content else []
    return content


def real_type(data: bytes) -> str | None:
    """The media type that the first bytes of a file tell."""
    if data.startswith(b"\x89PNG\r\n\x1a\n"):
        return "image/png"
    if data.startswith(b"\xff\xd8\xff"):
        return "image/jpeg"
    if data.startswith((b"GIF87a", b"GIF89a")):
        return "image/gif"
    if data.startswith(b"RIFF") and data[8:12] == b"WEBP":
        return "image/webp"
    if data.startswith(b"%PDF-"):
        return "application/pdf"
    return None


def _base64(*media_types: str) -> Check:
    shape = variant({"media_type": one_of(*media_types), "data": nonempty})

    def check(path: str, value: Any) -> None:
        shape(path, value)
        where = join(path, "data")
        declared = value["media_type"]
        if declared in IMAGE_TYPES and len(value["data"]) > IMAGE_BASE64_LIMIT:
            raise invalid(where, "image exceeds 10 MB maximum")
        try:
            data = base64.b64decode(value["data"], validate=True)
        except (binascii.Error, ValueError):
            raise invalid(where, "invalid base64 data") from None
        found = real_type(data)
        if found != declared:
            raise invalid(where, f"the data is {found or 'not a known format'}, not {declared}")

    return check


def _url(path: str, value: Any) -> None:
    text(path, value)
    if not value.startswith(("https://", "http://")):
        raise invalid(path, "only http and https URLs are supported")


def _visible(path: str, value: Any) -> None:
    text(path, value)
    if not value:
        raise invalid(path, "text content blocks must be non-empty")
    if value.isspace():
        raise invalid(path, "text content blocks must contain non-whitespace text")


TEXT = variant({"text": _visible}, {**CACHED, "citations": nullable(array(mapping))})
URL_SOURCE = variant({"url": _url})
FILE_SOURCE = variant({"file_id": nonempty})
IMAGE_SOURCE = tagged({"base64": _base64(*IMAGE_TYPES), "url": URL_SOURCE, "file": FILE_SOURCE})
IMAGE = variant(
    {"source": IMAGE_SOURCE},
    {
        **CACHED,
        "transformations": nullable(
            fields({}, {"oversized_image": nullable(one_of("downsize", "error"))})
        ),
    },
)
DOCUMENT_SOURCE = tagged(
    {
        "base64": _base64("application/pdf"),
        "url": URL_SOURCE,
        "file": FILE_SOURCE,
        "text": variant({"media_type": one_of("text/plain"), "data": text}),
        "content": variant({"content": string_or(array(tagged({"text": TEXT, "image": IMAGE})))}),
    }
)
DOCUMENT = variant(
    {"source": DOCUMENT_SOURCE},
    {**CACHED, "title": nullable(text), "context": nullable(text), "citations": CITATIONS},
)
SEARCH_RESULT = variant(
    {"source": nonempty, "title": text, "content": array(tagged({"text": TEXT}), least=1)},
    {**CACHED, "citations": CITATIONS},
)
TOOL_USE = variant(
    {"id": nonempty, "name": nonempty, "input": mapping},
    {**CACHED, "caller": nullable(mapping), "toolset_name": nullable(text)},
)
TOOL_RESULT = variant(
    {"tool_use_id": nonempty},
    {
        **CACHED,
        "content": string_or(
            array(
                tagged(
                    {
                        "text": TEXT,
                        "image": IMAGE,
                        "search_result": SEARCH_RESULT,
                        "document": DOCUMENT,
                        "tool_reference": variant({"tool_name": nonempty}, CACHED),
                        "browser_state": mapping,
                    }
                )
            )
        ),
        "is_error": boolean,
        "toolset_name": nullable(text),
    },
)
RECEIVED = variant(
    {"tool_use_id": nonempty, "content": anything}, {**CACHED, "caller": nullable(mapping)}
)

USER: Mapping[str, Check] = {
    "text": TEXT,
    "image": IMAGE,
    "document": DOCUMENT,
    "search_result": SEARCH_RESULT,
    "tool_result": TOOL_RESULT,
    "container_upload": variant({"file_id": nonempty}, CACHED),
}
ASSISTANT: Mapping[str, Check] = {
    "text": TEXT,
    "document": DOCUMENT,
    "tool_use": TOOL_USE,
    "server_tool_use": TOOL_USE,
    "thinking": variant({"thinking": text, "signature": text}),
    "redacted_thinking": variant({"data": text}),
    "container_upload": variant({"file_id": nonempty}, CACHED),
    **dict.fromkeys(ECHOED, RECEIVED),
}
SYSTEM: Mapping[str, Check] = {"text": TEXT}


def content(role: str, *, beta: bool) -> Check:
    """The content of a message of this role: a string or an array of blocks."""
    shapes = {"user": USER, "assistant": ASSISTANT, "system": SYSTEM}[role]
    extra = dict.fromkeys(BETA, mapping) if beta else {}
    return string_or(array(tagged({**shapes, **extra})))
