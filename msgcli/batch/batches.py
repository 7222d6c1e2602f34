"""The batches of an endpoint: made once, looked at, listed, waited for, cancelled, deleted."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple, NoReturn

from msgcli import ending, lists, stdio, terminal
from msgcli.batch.upload import Upload
from msgcli.client import Client
from msgcli.durations import duration
from msgcli.errors import MsgcliError, NotYet, TimeFault, TransportFault, UnavailableFault
from msgcli.wire import batch, resource
from msgcli.wire.batch import Batch

_MAY_EXIST = "the batch may exist, and cost money: msgcli batches list shows it"
_NO_BATCHES = "this endpoint has no batches"
_NOT_SO = "this endpoint does not do that with batches"
_NO_SUCH = "msgcli batches list shows those that there are"

# Seconds between two looks at a batch: most of them take minutes, some a day.
_FIRST_STEP, _LONGEST_STEP, _GROWTH = 5.0, 60.0, 1.5

# What an endpoint that has shown the batch before gets over.
_PASSING = (UnavailableFault, TransportFault, TimeFault)


class Answer(NamedTuple):
    """An answer as it came, and the object that it is."""

    raw: bytes
    value: dict[str, Any]


@contextmanager
def _explained(client: Client, *, missing: str, unserved: str = _NO_BATCHES) -> Iterator[None]:
    """Have a refusal say what is `missing` if nothing is found, or what is not served at all."""
    try:
        yield
    except MsgcliError as fault:
        if client.report.http_status in (404, 405):
            fault.hint = missing if client.report.http_status == 404 else unserved
        raise


@contextmanager
def _located(client: Client) -> Iterator[None]:
    """Have a fault that is found in an answer say whose it is."""
    try:
        yield
    except MsgcliError as fault:
        raise fault.at(client.endpoint.host) from None


def fetch(client: Client, method: str, path: str) -> Answer:
    """The object that a request about one batch is answered with."""
    unserved = _NO_BATCHES if method == "GET" else _NOT_SO
    with _explained(client, missing=_NO_SUCH, unserved=unserved):
        raw = client.fetch(method, path)
    with _located(client):
        return Answer(raw, resource.read(raw))


def retrieve(client: Client, name: str) -> tuple[bytes, Batch]:
    """A batch as it came, and as it is understood."""
    raw, value = fetch(client, "GET", batch.path(name))
    with _located(client):
        return raw, batch.read(value)


def pages(client: Client, limit: int | None) -> Iterator[tuple[Answer, list[Batch]]]:
    """The pages of the list of batches, and what is in them; `limit` batches at most."""
    left = limit
    with _explained(client, missing=_NO_BATCHES):
        for raw, page in lists.pages(client, batch.PATH):
            size = len(page["data"])
            if left is not None and left < size:
                raw, page = b"", batch.shortened(page, left)
            with _located(client):
                found = [batch.read(item) for item in page["data"]]
            yield Answer(raw, page), found
            if left is not None and left <= size:
                return
            left = None if left is None else left - size


def create(client: Client, body: Upload) -> Answer:
    """Make a batch. What is sent and then lost is not sent again, unless all errors are."""
    try:
        with _explained(client, missing=_NO_BATCHES):
            raw = client.fetch("POST", batch.PATH, body)
        with _located(client):
            value = resource.read(raw)
            resource.id_of(value)
    except MsgcliError as fault:
        if client.report.sent:
            fault.hint = _MAY_EXIST
        raise
    return Answer(raw, value)


class Wait:
    """Looks at a batch until it has ended. `look` makes a request of its own each time."""

    def __init__(
        self, name: str, look: Callable[[], tuple[bytes, Batch]], step: float | None
    ) -> None:
        self._name, self._look, self._step = name, look, step
        self._state: str | None = None

    def expire(self) -> NoReturn:
        """End the process, since its time is over."""
        fault: MsgcliError = TimeFault(f"--timeout: it is over before batch {self._name} was seen")
        if self._state is not None:
            what = f"batch {self._name}: {self._state} when --timeout was over"
            fault = NotYet(what, hint="msgcli batches wait goes on with it")
        ending.end(fault.status, fault)

    def run(self) -> tuple[bytes, Batch]:
        """The batch once it has ended. Faults that pass are told, if it was seen before them."""
        started, step = time.monotonic(), self._step or _FIRST_STEP
        while True:
            try:
                raw, found = self._look()
                self._state = found.state
                if found.has_ended:
                    self._show("")
                    return raw, found
                waited = duration(time.monotonic() - started)
                self._show(f"batch {found.id}: {found.state}, {waited}")
            except _PASSING as fault:
                if self._state is None:
                    raise
                terminal.notice(f"{fault}; looking again in {duration(step)}")
            time.sleep(step)
            step = self._step or min(step * _GROWTH, _LONGEST_STEP)

    def _show(self, text: str) -> None:
        if stdio.is_terminal(stdio.STDERR):
            terminal.status(text)
