"""Answers of an endpoint that are no Messages: a count of tokens, models, lists. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any
from urllib.parse import quote, urlencode

from msgcli.errors import ProtocolFault
from msgcli.wire import fault
from msgcli.wire.event import BOM

# The fields of a request that count for its input; an endpoint that counts takes no others.
_COUNTED = (
    "model",
    "system",
    "messages",
    "tools",
    "tool_choice",
    "thinking",
    "output_config",
    "cache_control",
    "speed",
)


def countable(body: dict[str, Any]) -> dict[str, Any]:
    """The part of a request's body of which the tokens can be counted."""
    return {field: body[field] for field in _COUNTED if field in body}


def path_of(*parts: str) -> str:
    """A path of these parts, whatever characters they have."""
    return "/".join(quote(part, safe="") for part in parts)


def page_path(path: str, *, limit: int, after: str | None = None) -> str:
    """The path of one page of a list: of at most `limit` items, behind the one called `after`."""
    cursor = {} if after is None else {"after_id": after}
    return f"{path}?{urlencode({'limit': limit, **cursor})}"


def read(raw: bytes) -> dict[str, Any]:
    """The object that an answer is. ProtocolFault if it is none; the error, if it is an error."""
    try:
        value = json.loads(raw.removeprefix(BOM).decode("utf-8", "replace"))
    except (ValueError, RecursionError):
        raise ProtocolFault("the answer is not JSON") from None
    if not isinstance(value, dict):
        raise ProtocolFault("the answer is not a JSON object")
    if value.get("type") == "error" or isinstance(value.get("error"), dict):
        raise fault.of_error_event(value)
    return value


def input_tokens(answer: dict[str, Any]) -> int:
    count = answer.get("input_tokens")
    if not isinstance(count, int) or isinstance(count, bool) or count < 0:
        raise ProtocolFault("the answer has no number of input_tokens")
    return count


def id_of(item: Any) -> str:
    """The id of an item, of which nothing else is sure to be there."""
    name = item.get("id") if isinstance(item, dict) else None
    if not isinstance(name, str) or not name or not name.isprintable():
        raise ProtocolFault("the answer has something whose id is not a line of text")
    return name


def ids(page: dict[str, Any]) -> list[str]:
    """The ids of the items of a list."""
    data = page.get("data")
    if not isinstance(data, list):
        raise ProtocolFault("the answer has no list of data")
    return [id_of(item) for item in data]


def cursor(page: dict[str, Any]) -> str | None:
    """What the next page begins behind; None if there is none, or nothing to find it by."""
    last = page.get("last_id")
    return last if page.get("has_more") is True and isinstance(last, str) and last else None


def joined(pages: Iterable[dict[str, Any]]) -> bytes:
    """The pages as one, in a line of JSON: all their data, and what the last one says else."""
    *_, last = every = list(pages)
    whole = {**last, "data": [item for page in every for item in page["data"]]}
    if "first_id" in every[0]:
        whole["first_id"] = every[0]["first_id"]
    return json.dumps(whole, separators=(",", ":")).encode() + b"\n"
