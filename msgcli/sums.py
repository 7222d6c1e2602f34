"""What the calls of a usage log sum up to."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Any, NamedTuple, TypeVar

from msgcli.prices import Prices
from msgcli.usage import Call
from msgcli.wire.usage import Tokens

_Key = TypeVar("_Key")


class Row(NamedTuple):
    """What the calls of a day, of a model, or of both sum up to."""

    day: str | None
    model: str | None
    requests: int
    tokens: Tokens
    cost: Decimal | None = None

    def plus(self, other: Row) -> Row:
        cost = None if self.cost is None or other.cost is None else self.cost + other.cost
        requests = self.requests + other.requests
        return Row(self.day, self.model, requests, self.tokens.plus(other.tokens), cost)

    def as_object(self) -> dict[str, Any]:
        return {
            "day": self.day,
            "model": self.model,
            "requests": self.requests,
            "input_tokens": self.tokens.input,
            "cache_creation_input_tokens": self.tokens.cache_write,
            "cache_read_input_tokens": self.tokens.cache_read,
            "output_tokens": self.tokens.output,
            "cost": None if self.cost is None else float(self.cost),
        }


def rows(calls: Iterable[Call], by: Sequence[str], prices: Prices | None) -> list[Row]:
    """The sums by `day`, `model` or both, in the order of these; a key that is not among `by` is
    None. InputFault for a price that is not there."""
    singles: dict[tuple[str, str | None], Row] = {}
    for call in calls:
        row = Row(call.day, call.model, 1, call.tokens or Tokens())
        _add(singles, (call.day, call.model), row)
    found: dict[tuple[str | None, ...], Row] = {}
    for row in singles.values():
        if prices is not None:
            row = row._replace(cost=prices.cost(row.model, row.tokens))
        row = row._replace(
            day=row.day if "day" in by else None, model=row.model if "model" in by else None
        )
        _add(found, tuple(getattr(row, key) for key in by), row)
    return [found[key] for key in sorted(found, key=lambda key: [part or "" for part in key])]


def _add(found: dict[_Key, Row], key: _Key, row: Row) -> None:
    found[key] = found[key].plus(row) if key in found else row
