"""Lists in pages: `limit`, and a cursor that says after or before which id the page begins."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from msgcli.endpoint.problem import invalid

LIMIT_DEFAULT = 20
LIMIT_MOST = 1000


def page(query: Mapping[str, list[str]], listed: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """The page of a list that a query string asks for."""
    limit = _limit(query.get("limit", [str(LIMIT_DEFAULT)])[-1])
    after, before = query.get("after_id"), query.get("before_id")
    if after and before:
        raise invalid("", "after_id and before_id exclude each other")
    if before:
        rest = listed[: _place("before_id", before[-1], listed)]
        data = rest[-limit:]
    else:
        rest = listed[_place("after_id", after[-1], listed) + 1 :] if after else listed
        data = rest[:limit]
    return {
        "data": data,
        "has_more": len(rest) > limit,
        "first_id": data[0]["id"] if data else None,
        "last_id": data[-1]["id"] if data else None,
    }


def _limit(text: str) -> int:
    if not text.isascii() or not text.isdigit():
        raise invalid("limit", "Input should be a valid integer")
    limit = int(text[:10])
    if not 1 <= limit <= LIMIT_MOST:
        raise invalid("limit", f"Input should be between 1 and {LIMIT_MOST}")
    return limit


def _place(name: str, cursor: str, listed: Sequence[dict[str, Any]]) -> int:
    for index, item in enumerate(listed):
        if item["id"] == cursor:
            return index
    raise invalid(name, f"no such id: {cursor}")
