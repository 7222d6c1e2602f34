"""From a body to the pieces of its reply: sent once, or again where that cannot be paid twice."""

from __future__ import annotations

import itertools
import random
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, NamedTuple, NoReturn, TypeVar

from msgcli import answer, retry, terminal, watch
from msgcli.connection import Endpoint
from msgcli.durations import duration
from msgcli.errors import MsgcliError, ProtocolFault, TimeFault, TransportFault, UnavailableFault
from msgcli.report import Report
from msgcli.trace import Trace
from msgcli.wire import reply
from msgcli.wire.event import MESSAGE_EVENTS
from msgcli.wire.reply import Piece
from msgcli.wire.request import Body

if TYPE_CHECKING:
    from urllib3.response import HTTPResponse

    from msgcli.transport import Exchange, Line, Lost

# Of an error answer's body no more is read: what it says is at its start.
_MAX_ERROR_BODY = 1 << 20

# What is paid for once it is sent. All else is sent again if it is lost.
_PAID = frozenset((("POST", "messages"), ("POST", "messages/batches")))

_MAY_BE_BILLED = "the request may have been processed and billed"


T = TypeVar("T")


class _Failed(Exception):
    """An attempt that failed, and whether another may be made."""

    def __init__(
        self, fault: MsgcliError, *, again: bool, headers: Mapping[str, str] | None = None
    ) -> None:
        self.fault, self.again, self.headers = fault, again, headers or {}


def _rest(seconds: float, fault: MsgcliError, count: str) -> None:
    terminal.notice(f"{fault}; retrying in {duration(seconds)} ({count})")
    time.sleep(seconds)


class Client(NamedTuple):
    """Sends bodies to one endpoint, on a line that is kept if there is one.

    `rest` is called with the seconds before another attempt, why it has to be, and its number.
    """

    endpoint: Endpoint
    policy: retry.Policy
    report: Report
    trace: Trace
    max_reply_size: int = reply.MAX_SIZE
    line: Line | None = None
    rest: Callable[[float, MsgcliError, str], None] = _rest

    def send(self, body: bytes | Body) -> Iterator[Piece]:
        """The pieces of the reply to `body`. Nothing of it is given out before it is a reply.

        Raises the fault of the last attempt, or one that comes while the pieces are read.
        """
        return self._try("POST", "messages", body, self._pieces)

    def fetch(self, method: str, path: str, body: bytes | Body | None = None) -> bytes:
        """The whole body of the answer to a request. One without cost is sent again if lost."""
        return self._try(method, path, body, self._whole)

    def _try(
        self, method: str, path: str, body: bytes | Body | None, read: Callable[[Exchange], T]
    ) -> T:
        while True:
            self.report.host = self.endpoint.host
            self.report.start_request(method, self.endpoint.url(path))
            try:
                return read(self._exchange(method, path, body))
            except _Failed as failed:
                self.report.end_request()
                self._wait(failed)

    def _pieces(self, exchange: Exchange) -> Iterator[Piece]:
        return self._begun(reply.pieces(self._chunks(exchange), self.max_reply_size))

    def _whole(self, exchange: Exchange) -> bytes:
        body: list[bytes] = []
        size = 0
        try:
            for chunk in self._chunks(exchange):
                body.append(chunk)
                size += len(chunk)
                if size > self.max_reply_size:
                    raise ProtocolFault(f"the answer has more than {self.max_reply_size} bytes")
        except MsgcliError as fault:
            fault.hint = None
            may_be_sent = self.policy.all_errors or not self.report.sent
            again = may_be_sent and size <= self.max_reply_size
            raise _Failed(fault.at(self.endpoint.host), again=again) from None
        self.report.end_request()
        return b"".join(body)

    def _wait(self, failed: _Failed) -> None:
        """Wait before the next attempt, or raise the fault if there is to be none."""
        made = self.report.attempts
        if not failed.again or made > self.policy.retries:
            if (told := retry.told(failed.headers)) is not None:
                failed.fault.hint = f"come back in {duration(told)}"
            raise failed.fault
        seconds = retry.wait(made, failed.headers, random.random)
        left = watch.remaining()
        elapsed = time.monotonic() - self.report.started
        if elapsed + seconds > self.policy.max_time or (left is not None and seconds > left):
            failed.fault.hint = f"come back in {duration(retry.told(failed.headers) or seconds)}"
            raise failed.fault
        self.rest(seconds, failed.fault, f"{made} of {self.policy.retries}")

    def _exchange(self, method: str, path: str, body: bytes | Body | None) -> Exchange:
        """One attempt, as far as the head of a response with HTTP status 200."""
        from msgcli.transport import Exchange, Lost, NotSent

        exchange = Exchange(self.endpoint, self.line)
        if (method, path) in _PAID:
            self.report.exchange = exchange
        url, headers = self.endpoint.url(path), self.endpoint.headers_of(method)
        self.trace.head(">", f"{method} {url} HTTP/1.1", headers)
        self.trace.request_body(body or b"")
        self.trace.end()
        try:
            response = exchange.request(method, url, body)
        except NotSent as error:
            fault = TransportFault(str(error)).at(self.endpoint.host)
            raise _Failed(fault, again=not error.final) from None
        except Lost as lost:
            fault = self._lost(lost, TransportFault).at(self.endpoint.host)
            raise _Failed(fault, again=self.policy.all_errors or not self.report.sent) from None
        self.report.http_status = response.status
        self.report.request_id = answer.request_id(response.headers)
        self.trace.head("<", f"HTTP {response.status} {response.reason}", response.headers)
        if response.status != 200:
            self._refused(exchange, response)
        return exchange

    def _chunks(self, exchange: Exchange) -> Iterator[bytes]:
        """The body of a reply; a fault if it breaks."""
        from msgcli.transport import Lost

        try:
            for chunk in exchange.chunks():
                self.trace.body(chunk)
                yield chunk
        except Lost as lost:
            raise self._lost(lost, ProtocolFault) from None
        finally:
            exchange.close()
            self.trace.end()

    def _lost(self, lost: Lost, kind: type[MsgcliError]) -> MsgcliError:
        from msgcli.transport import Silent

        fault = kind(str(lost))
        if isinstance(lost, Silent):
            fault = TimeFault(f"nothing came for {duration(self.endpoint.idle_timeout)}")
        fault.hint = _MAY_BE_BILLED if self.report.sent else None
        return fault

    def _at_host(self, fault: MsgcliError) -> MsgcliError:
        """A fault of a reply, with what a reader has to know: where, and whether it cost money."""
        if isinstance(fault, ProtocolFault) and not fault.from_endpoint:
            fault.hint = _MAY_BE_BILLED
        return fault.at(self.endpoint.host)

    def _refused(self, exchange: Exchange, response: HTTPResponse) -> NoReturn:
        """Read the body of an error answer, and raise it."""
        body, complete = b"", False
        try:
            for chunk in self._chunks(exchange):
                body += chunk
                if len(body) > _MAX_ERROR_BODY:
                    break
            else:
                complete = True
        except MsgcliError:
            pass  # what has come of it says enough
        self.report.exchange = None
        error = answer.read(body)
        fault = answer.error(response.status, response.reason or "", response.headers, error)
        again = (complete or self.policy.all_errors) and retry.may_be_sent_again(
            response.status, response.headers, error.error_code
        )
        self.report.request_id = self.report.request_id or error.request_id
        raise _Failed(fault.at(self.endpoint.host), again=again, headers=response.headers)

    def _begun(self, pieces: Iterator[Piece]) -> Iterator[Piece]:
        """The same pieces, once the first event of a Message is among them.

        An `error` event before it is an error answer: another attempt may be made.
        """
        held: list[Piece] = []
        try:
            for piece in pieces:
                held.append(piece)
                if piece.is_json or any(event.type in MESSAGE_EVENTS for event in piece.events):
                    return itertools.chain(held, self._located(pieces))
        except MsgcliError as fault:
            fault = self._at_host(fault)
            if fault.from_endpoint:
                raise _Failed(fault, again=isinstance(fault, UnavailableFault)) from None
            if self.policy.all_errors:
                raise _Failed(fault, again=True) from None
            return itertools.chain(held, _raising(fault))
        return iter(held)

    def _located(self, pieces: Iterable[Piece]) -> Iterator[Piece]:
        try:
            yield from pieces
        except MsgcliError as fault:
            raise self._at_host(fault) from None


def _raising(fault: MsgcliError) -> Iterator[Piece]:
    yield from ()
    raise fault
