"""What the calls of a usage log sum up to."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Any, NamedTuple

from msgcli.prices import Prices
from msgcli.usage import Call
from msgcli.wire.usage import Tokens

KEYS = ("day", "model", "label")

_Key = tuple[str | None, ...]


class Row(NamedTuple):
    """What the calls of a day, a model, a label, or of several of these sum up to."""

    day: str | None
    model: str | None
    label: str | None
    requests: int
    tokens: Tokens
    cost: Decimal | None = None

    def plus(self, other: Row) -> Row:
        cost = None if self.cost is None or other.cost is None else self.cost + other.cost
        requests = self.requests + other.requests
        return self._replace(requests=requests, tokens=self.tokens.plus(other.tokens), cost=cost)

    def as_object(self, by: Sequence[str]) -> dict[str, Any]:
        """The label has a place only where it is asked for."""
        return {
            "day": self.day,
            "model": self.model,
            **({"label": self.label} if "label" in by else {}),
            "requests": self.requests,
            "input_tokens": self.tokens.input,
            "cache_creation_input_tokens": self.tokens.cache_write,
            "cache_read_input_tokens": self.tokens.cache_read,
            "output_tokens": self.tokens.output,
            "cost": None if self.cost is None else float(self.cost),
        }


def rows(calls: Iterable[Call], by: Sequence[str], prices: Prices | None) -> list[Row]:
    """The sums by some of `KEYS`, in the order of these; a key that is not among `by` is None.
    InputFault for a price that is not there."""
    singles: dict[_Key, Row] = {}
    for call in calls:
        row = Row(call.day, call.model, call.label, 1, call.tokens or Tokens())
        _add(singles, (call.day, call.model, call.label), row)
    found: dict[_Key, Row] = {}
    for row in singles.values():
        if prices is not None:
            row = row._replace(cost=prices.cost(row.model, row.tokens))
        row = row._replace(
            day=row.day if "day" in by else None,
            model=row.model if "model" in by else None,
            label=row.label if "label" in by else None,
        )
        _add(found, tuple(getattr(row, key) for key in by), row)
    return [found[key] for key in sorted(found, key=lambda key: [part or "" for part in key])]


def _add(found: dict[_Key, Row], key: _Key, row: Row) -> None:
    found[key] = found[key].plus(row) if key in found else row
