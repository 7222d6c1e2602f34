"""The options of commands that ask an endpoint for something small: all that they share."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, NamedTuple

from msgcli.client import Client
from msgcli.options.connection import ConnectionOptions, connection_options
from msgcli.options.format import Format, format_options
from msgcli.options.profile import profile_options
from msgcli.output import ended
from msgcli.report import Report
from msgcli.wire.reply import MAX_SIZE


class Asked(NamedTuple):
    """Whom a command asks, and the format in which it writes the answer."""

    connection: ConnectionOptions
    form: Format

    def client(self) -> Client:
        """What asks, from when on the clock runs. A fault if it cannot, or if nothing can be
        written."""
        report = Report(verbose=self.connection.verbose)
        self.connection.start_clock(report, reader=True)
        self.form.check()
        return self.connection.client(self.connection.endpoint(), report, max_reply_size=MAX_SIZE)

    def write(self, raw: bytes, line: str) -> None:
        """Write an answer as it came, or the line that it comes to."""
        self.form.write(ended(raw) if self.form.is_json else f"{line}\n".encode())


def asked_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Options of the connection, of profiles and of the format. Their value is `asked`."""

    @wraps(command)
    def with_asked(*, connection: ConnectionOptions, form: Format, **values: Any) -> Any:
        return command(asked=Asked(connection, form), **values)

    return connection_options(profile_options(format_options(with_asked)))
