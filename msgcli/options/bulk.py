"""The options that say how many records are sent, and where their results go."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal, InvalidOperation
from typing import Any, NamedTuple

import click

from msgcli import files, output, prices, stdio
from msgcli.bulk.journal import Journal
from msgcli.bulk.results import AsTheyCome, InJournal, InOrder, Results
from msgcli.bulk.tally import Limits, Tally
from msgcli.errors import UsageFault
from msgcli.options.format import result_options, text_end
from msgcli.options.types import COUNT, SIZE, Bundle
from msgcli.output import Sink
from msgcli.wire import reply

# Results that may wait for an earlier one, for each job.
_WINDOW = 16


class BulkOptions(NamedTuple):
    """The values of the options as they were given."""

    values: dict[str, Any]

    @property
    def to_stdout(self) -> bool:
        return self.values["output"] in (None, "-")

    @property
    def text_end(self) -> bytes | None:
        """What ends each text; None if results are written."""
        v = self.values
        return text_end(v["format"], null=v["null"], no_newline=v["no_newline"])

    def tally(self) -> Tally:
        v = self.values
        known = None if v["prices"] is None else prices.load(v["prices"])
        limits = Limits(v["max_output_tokens"], v["max_cost"], known)
        return Tally(limits, frozenset(v["accept"]))

    def results(self, tally: Tally, open_thinking: Callable[[], Sink | None]) -> Results:
        """Where results and thinking go. OutputFault if they cannot be written there."""
        v = self.values
        if not self.to_stdout:
            journal = Journal(v["output"], resume=v["resume"], found=tally.add_found)
            return InJournal(journal, open_thinking())
        thinking = open_thinking()
        sink: Sink = files.output(None)
        if stdio.is_terminal(stdio.STDOUT) and not v["raw_control_chars"]:
            sink = output.Shown(sink)
        if v["unordered"]:
            return AsTheyCome(sink, thinking)
        return InOrder(sink, thinking, _WINDOW * v["jobs"])


class Amount(click.ParamType):  # type: ignore[type-arg]
    """A sum of money from 0."""

    name = "amount"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> Decimal:
        try:
            amount = Decimal(value)
        except InvalidOperation:
            amount = Decimal("NaN")
        if not amount.is_finite() or amount < 0:
            self.fail(f"{value!r} is not an amount such as 5 or 0.25", param, ctx)
        return amount


def _make(**values: Any) -> BulkOptions:
    to_stdout = values["output"] in (None, "-")
    if values["resume"] and to_stdout:
        raise UsageFault("--resume: there is no -o FILE to go on with")
    if values["format"] == "text" and not to_stdout:
        raise UsageFault("--format text: with -o FILE there are results, which can be resumed")
    if (values["max_cost"] is None) is not (values["prices"] is None):
        raise UsageFault("--max-cost, --prices: the one needs the other")
    options = BulkOptions(values)
    _ = options.text_end
    return options


_o = click.option
_SOME = click.IntRange(min=1)

bulk_options = Bundle(
    "bulk",
    _make,
    _o(
        "-j",
        "--jobs",
        metavar="N",
        type=click.IntRange(1, 1000),
        default=4,
        help="Ask for N replies at a time; default 4.",
    ),
    _o("--rpm", metavar="N", type=_SOME, help="Begin at most N requests a minute."),
    _o("--unordered", is_flag=True, help="Write each result as soon as it is there."),
    _o("-o", "--output", metavar="FILE", help="The journal: append each result to FILE."),
    _o("--resume", is_flag=True, help="Go on with the journal; ask for what it has not."),
    *result_options,
    _o(
        "--max-output-tokens",
        metavar="N",
        type=COUNT,
        help="Send no more once N tokens were generated.",
    ),
    _o(
        "--max-cost",
        metavar="SUM",
        type=Amount(),
        help="Send no more once SUM was spent, by --prices.",
    ),
    _o("--prices", metavar="FILE", help="The prices of the models."),
    _o(
        "--max-reply-size",
        metavar="SIZE",
        type=SIZE,
        default=reply.MAX_SIZE,
        help="The largest event or JSON body taken; default 64M.",
    ),
    _o(
        "-r",
        "--raw-control-chars",
        is_flag=True,
        help="Show control characters to a terminal as they are.",
    ),
)
