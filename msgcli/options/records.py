"""The options that make many records of an input."""

from __future__ import annotations

import re
from typing import Any, NamedTuple

import click

from msgcli.errors import UsageFault
from msgcli.options.types import TEXT, Bundle

EACH = ("line", "null", "jsonl", "csv", "file")
_WITH_FIELDS = ("jsonl", "csv", "file")
_SHARD = re.compile(r"([1-9]\d{0,8})/([1-9]\d{0,8})\Z", re.ASCII)


class RecordOptions(NamedTuple):
    """What an item is (None: a record), which field names it, and which shard of all is wanted."""

    each: str | None
    id_field: str | None
    shard: tuple[int, int]


class Shard(click.ParamType):  # type: ignore[type-arg]
    """The I-th of N, from `I/N`."""

    name = "shard"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[int, int]:
        if isinstance(value, tuple):
            return value
        match = _SHARD.match(value)
        if match is None or int(match[1]) > int(match[2]):
            self.fail(f"{value!r} is not of the form I/N, with I from 1 to N", param, ctx)
        return int(match[1]), int(match[2])


def _make(each: str | None, id_field: str | None, shard: tuple[int, int]) -> RecordOptions:
    if id_field is not None and each not in _WITH_FIELDS:
        raise UsageFault("--id-field: it is for --each jsonl, csv or file, whose items have fields")
    return RecordOptions(each, id_field, shard)


record_options = Bundle(
    "records",
    _make,
    click.option(
        "--each",
        metavar="KIND",
        type=click.Choice(EACH),
        help="One record for each line, null, jsonl, csv or file.",
    ),
    click.option(
        "--id-field",
        metavar="NAME",
        type=TEXT,
        help="The field of an item that is its custom_id.",
    ),
    click.option(
        "--shard",
        metavar="I/N",
        type=Shard(),
        default=(1, 1),
        help="Take every N-th record, from the I-th on.",
    ),
)
