"""Batches as an endpoint speaks of them: their states, and the lines of their results. Pure."""

from __future__ import annotations

import re
from typing import Any, NamedTuple

from msgcli.errors import InputFault, ProtocolFault, UsageFault
from msgcli.wire import record, resource
from msgcli.wire.record import Record, Result

PATH = "messages/batches"

# What an endpoint takes in one batch.
MAX_RECORDS = 100_000
MAX_SIZE = 256_000_000

_ID = re.compile(r"[A-Za-z0-9_-]+\Z")
_CUSTOM_ID = re.compile(r"[A-Za-z0-9_-]{1,64}\Z")
_COUNTS = ("processing", "succeeded", "errored", "canceled", "expired")


class Batch(NamedTuple):
    """What the object of a batch says. A count that it lacks is None."""

    id: str
    state: str
    counts: tuple[int | None, ...]
    results_url: str | None
    archived_at: str | None

    @property
    def has_ended(self) -> bool:
        return self.state == "ended"

    @property
    def size(self) -> int | None:
        """How many records it has, if that is known."""
        known = [count for count in self.counts if count is not None]
        return sum(known) if len(known) == len(_COUNTS) else None

    def line(self) -> str:
        """Its id, its state and its counts, with tabs between them."""
        counts = ("-" if count is None else str(count) for count in self.counts)
        return "\t".join((self.id, self.state, *counts))


def path(name: str, *parts: str) -> str:
    """The path of a batch, or of something of it. UsageFault for what is no id."""
    if not _ID.match(name):
        raise UsageFault(f"{name!r} is not the id of a batch")
    return "/".join((PATH, name, *parts))


def read(value: dict[str, Any]) -> Batch:
    """The batch that an object is. ProtocolFault if it is none."""
    state, counts = value.get("processing_status"), value.get("request_counts")
    if not isinstance(state, str) or not state or not state.isprintable():
        raise ProtocolFault("the answer has no processing_status")
    given = counts if isinstance(counts, dict) else {}
    return Batch(
        resource.id_of(value),
        state,
        tuple(_count(given.get(name)) for name in _COUNTS),
        _text(value.get("results_url")),
        _text(value.get("archived_at")),
    )


def _count(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and value else None


def shortened(page: dict[str, Any], size: int) -> dict[str, Any]:
    """A page of a list with its first batches alone, `size` of them."""
    data = page["data"][:size]
    return {**page, "data": data, "has_more": True, "last_id": data[-1]["id"]}


def request(custom_id: str, params: dict[str, Any]) -> bytes:
    """A record as a batch takes it: without `stream`, which means nothing there.

    InputFault for a custom_id that no batch takes.
    """
    if not _CUSTOM_ID.match(custom_id):
        raise InputFault(f"the custom_id {custom_id!r} is not 1 to 64 of A-Z, a-z, 0-9, _ and -")
    params = {field: value for field, value in params.items() if field != "stream"}
    return record.line(Record(custom_id, params)).rstrip(b"\n")


def read_result(line: bytes) -> Result | None:
    """What a line of results says; None if it is no result, or its Message is none."""
    result = record.read_result(line)
    if result is None or result.message is None:
        return result
    content = result.message.get("content")
    is_message = isinstance(content, list) and isinstance(result.message.get("stop_reason"), str)
    return result if is_message else None
