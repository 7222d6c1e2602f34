"""The options of what `map` writes, or reads, beside the results."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import click

from msgcli import depfile, ending, files, output, stdio
from msgcli.bulk.account import Account
from msgcli.bulk.tally import Tally
from msgcli.client import Client
from msgcli.errors import MsgcliError
from msgcli.options.connection import ConnectionOptions
from msgcli.options.types import TEXT, Bundle
from msgcli.output import Sink
from msgcli.report import Report
from msgcli.reuse import Reuse, Store
from msgcli.usage import UsageLog

Shelf = Callable[[Callable[[], Client], Report], Reuse]


class Rule(NamedTuple):
    """The rule of make for a file of results, written once each record has one."""

    depfile: Sink
    target: str

    def write(self) -> None:
        self.depfile.write(depfile.rule(self.target, stdio.sources()))
        self.depfile.commit()


class BesideOptions(NamedTuple):
    """The values of the options as they were given."""

    hold: bool
    thinking_output: str | None
    meta: str | None
    usage_log: str | None
    label: str | None
    depfile: str | None
    reuse: str | None

    def thinking(self) -> Sink | None:
        """OutputFault if it cannot be written."""
        name = self.thinking_output
        return None if name is None else files.Direct(name, files.open_private(name))

    def account(self, tally: Tally) -> Account:
        """What takes note of the calls. OutputFault if it cannot be written."""
        log = None if self.usage_log is None else UsageLog(self.usage_log, self.label)
        account = Account(tally, log, is_summed=self.meta is not None)
        if self.meta is not None:
            meta = files.Direct(self.meta, files.open_private(self.meta))

            def write(status: int, error: MsgcliError | None) -> None:
                meta.write(output.dump(account.as_object(status, error)))

            ending.at_end(write)
        return account

    def shelf(self, connection: ConnectionOptions, tally: Tally) -> Shelf | None:
        """What looks for the reply to one record, and connects only if it is not stored."""
        if self.reuse is None:
            return None
        store = Store(self.reuse)
        url, headers = connection.identity()

        def look(connect: Callable[[], Client], report: Report) -> Reuse:
            return Reuse(
                store,
                url,
                headers,
                connect=connect,
                is_complete=lambda fold: tally.verdict_of(fold) is None,
                report=report,
            )

        return look

    def rule(self, target: str, names: tuple[str, ...]) -> Rule | None:
        """UsageFault if a file that is read so far, or is one of these, has a name that cannot be
        in a rule; OutputFault if it cannot be written."""
        if self.depfile is None:
            return None
        depfile.rule(target, [*stdio.sources(), *names])
        return Rule(files.output(self.depfile), target)


def _make(**values: Any) -> BesideOptions:
    return BesideOptions(**values)


_o = click.option

beside_options = Bundle(
    "beside",
    _make,
    _o("--hold", is_flag=True, help="Write texts whole only, as is done anyhow."),
    _o("--thinking-output", metavar="FILE", help="Write the thinking to FILE."),
    _o("--meta", metavar="FILE", help="Write what is known of the run as a JSON object."),
    _o(
        "--usage-log",
        metavar="FILE",
        envvar="MSGCLI_USAGE_LOG",
        help="Append what is known of each call to FILE as a line.",
    ),
    _o(
        "--label",
        metavar="TEXT",
        type=TEXT,
        envvar="MSGCLI_LABEL",
        help="What the lines in the usage log are of.",
    ),
    _o("--depfile", metavar="FILE", help="Write a rule for make: what the output is made of."),
    _o("--reuse", metavar="DIR", help="Take replies from DIR if they are there, else store them."),
)
