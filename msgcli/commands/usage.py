"""Sum up what the usage logs say."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator
from decimal import Decimal
from itertools import chain

import click

from msgcli import prices, sums, table, terminal, usage
from msgcli.command import Command
from msgcli.errors import UsageFault
from msgcli.options.format import Format, format_options
from msgcli.sums import Row
from msgcli.usage import Call
from msgcli.wire.usage import Tokens

_HEADS = ("requests", "input", "cache-write", "cache-read", "output")


@click.command("usage", cls=Command)
@click.argument("logs", metavar="[LOG]...", nargs=-1)
@click.option(
    "--by",
    metavar="KEYS",
    default="day,model",
    help="Rows by day, model or label, or several; default day,model.",
)
@click.option("--prices", "price_list", metavar="FILE", help="Show the cost, by these prices.")
@format_options
def command(logs: tuple[str, ...], by: str, price_list: str | None, form: Format) -> None:
    """Sum up what the usage logs say."""
    keys = by.split(",")
    if len(set(keys)) < len(keys) or not set(keys) <= set(sums.KEYS):
        raise UsageFault(f"--by: {by!r} is not day, model, label, or some with commas between")
    form.check()
    priced = None if price_list is None else prices.load(price_list)
    calls = chain.from_iterable(map(usage.read, logs or _default()))
    rows = sums.rows(_with_notice(calls), keys, priced)
    if form.is_json:
        objects = [row.as_object(keys) for row in rows]
        form.write(json.dumps(objects, separators=(",", ":")).encode() + b"\n")
    else:
        lines = _table(rows, keys, None if priced is None else priced.currency)
        form.write("".join(f"{line}\n" for line in lines).encode())


def _default() -> tuple[str, ...]:
    name = os.environ.get("MSGCLI_USAGE_LOG")
    if not name:
        raise UsageFault("no LOG is named", hint="MSGCLI_USAGE_LOG would name one; - is stdin")
    return (name,)


def _with_notice(calls: Iterable[Call]) -> Iterator[Call]:
    silent = 0
    for call in calls:
        silent += call.tokens is None and call.model is not None
        yield call
    if silent:
        terminal.notice(f"replies without a word of their tokens: {silent}; they count as none")


def _table(rows: list[Row], keys: list[str], currency: str | None) -> list[str]:
    """Head, rows, and their sum if there are several; bars of the cost, else of the tokens."""
    total = Row(None, None, None, 0, Tokens(), Decimal())
    cells = [[*keys, *_HEADS, *([currency] if currency else [])]]
    cells += [[*(getattr(row, key) or "" for key in keys), *_numbers(row)] for row in rows]
    if len(rows) > 1:
        for row in rows:
            total = total.plus(row)
        cells.append(["total", *[""] * (len(keys) - 1), *_numbers(total)])
    right = frozenset(range(len(keys), len(cells[0])))
    lines = table.columns(cells, right=right)
    values = [float(row.tokens.total if row.cost is None else row.cost) for row in rows]
    last = len(rows) + 1
    return [*table.with_bars(lines[:last], [0.0, *values]), *lines[last:]]


def _numbers(row: Row) -> list[str]:
    t = row.tokens
    numbers = [str(n) for n in (row.requests, t.input, t.cache_write, t.cache_read, t.output)]
    return numbers if row.cost is None else [*numbers, f"{row.cost:.6f}"]
