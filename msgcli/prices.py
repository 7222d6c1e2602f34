"""The prices of models, which a file says: none is known here, and none is guessed."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, NamedTuple

from msgcli import stdio
from msgcli.errors import InputFault
from msgcli.text import read_text
from msgcli.wire import strict
from msgcli.wire.usage import Tokens

_KINDS = ("input", "output", "cache_write", "cache_write_1h", "cache_read")
_PER = Decimal(1_000_000)


class Prices(NamedTuple):
    """What a million tokens of a kind cost, by model."""

    name: str
    currency: str
    models: dict[str, dict[str, Decimal]]

    def cost(self, model: str | None, tokens: Tokens) -> Decimal:
        """InputFault unless there is a price for each kind that there are tokens of."""
        kept_briefly = tokens.cache_write - tokens.cache_write_1h
        counted = {**tokens._asdict(), "cache_write": kept_briefly}
        counts = {kind: counted[kind] for kind in _KINDS if counted[kind]}
        prices = {} if model is None else self.models.get(model, {})
        if missing := [kind for kind in counts if kind not in prices]:
            raise InputFault(
                f"{self.name}: no price of {missing[0]} for {model or 'a model without a name'}"
            )
        return sum((count * prices[kind] for kind, count in counts.items()), Decimal()) / _PER


def load(name: str) -> Prices:
    """The prices in a file, which an option --prices names."""
    shown = f"--prices: {stdio.shown(name)}"
    try:
        value = strict.parse(read_text("--prices", name))
    except strict.NotJson as error:
        raise InputFault(f"{shown}: {error}") from None
    if not isinstance(value, dict) or not isinstance(value.get("models"), dict):
        raise InputFault(f"{shown}: not an object with models")
    currency = value.get("currency")
    if not isinstance(currency, str) or not currency or not currency.isprintable():
        raise InputFault(f"{shown}: no currency is named")
    models = {model: _prices(shown, model, kinds) for model, kinds in value["models"].items()}
    return Prices(shown, currency, models)


def _prices(shown: str, model: str, kinds: Any) -> dict[str, Decimal]:
    if not isinstance(kinds, dict):
        raise InputFault(f"{shown}: {model}: not an object")
    found: dict[str, Decimal] = {}
    for kind, price in kinds.items():
        if kind not in _KINDS:
            raise InputFault(f"{shown}: {model}: {kind} is not one of {', '.join(_KINDS)}")
        if not isinstance(price, (int, float)) or isinstance(price, bool) or price < 0:
            raise InputFault(f"{shown}: {model}: {kind} is not a price")
        # The shortest text of a float is what stands in the file.
        found[kind] = Decimal(str(price))
    return found
