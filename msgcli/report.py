"""What is known of a call so far: for --meta, for -v, and for the words of a message about it."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from msgcli import terminal
from msgcli.durations import duration
from msgcli.errors import MsgcliError
from msgcli.redaction import redact
from msgcli.wire.reply import Piece

if TYPE_CHECKING:
    from msgcli.transport import Exchange


class Report:
    """One call of a command. Times are seconds of the monotonic clock."""

    def __init__(self, *, verbose: bool = False) -> None:
        self._verbose = verbose
        self.started = time.monotonic()
        self._request: tuple[str, str, float] | None = None
        self.host: str | None = None
        self.attempts = 0
        self.http_status: int | None = None
        self.request_id: str | None = None
        self.exchange: Exchange | None = None
        self._first_token: float | None = None
        self._fields: dict[str, Any] = {}
        self._spent: dict[str, int] = {}

    @property
    def sent(self) -> bool:
        """Whether a request is on its way that may be processed and billed."""
        return self.exchange is not None and self.exchange.sent

    def start_request(self, method: str, url: str) -> None:
        """One more request is about to be made."""
        self.attempts += 1
        self._count_reply()
        self._request = (f"{method} {url}", "no answer", time.monotonic())

    def start_reuse(self, method: str, url: str) -> None:
        """One request more is not made, since the reply to it is stored."""
        self._count_reply()
        self._request = (f"{method} {url}", "reused", time.monotonic())

    def _count_reply(self) -> None:
        """The reply so far is not the last: what it cost is part of what the call costs."""
        self._spent = self._total()
        self._fields = {}
        self.http_status = self.request_id = self.exchange = None

    def _total(self) -> dict[str, Any]:
        """The counts of all replies, and what else the last one says of its usage."""
        usage = dict(self.usage or {})
        return added(usage, self._spent)

    def end_request(self) -> None:
        """The request that was started is over: with -v say what became of it, once."""
        if self._request is None:
            return
        (what, otherwise, started), self._request = self._request, None
        if self._verbose:
            parts = [what, str(self.http_status or otherwise)]
            if self.request_id:
                parts.append(self.request_id)
            parts.append(duration(time.monotonic() - started))
            if self.usage is not None:
                tokens = [self.usage.get(key) for key in ("input_tokens", "output_tokens")]
                parts.append("{} in, {} out".format(*(n if n is not None else "?" for n in tokens)))
            terminal.notice(redact(" ".join(parts)))

    def located(self, fault: MsgcliError) -> MsgcliError:
        """A fault that was found in a whole reply, with whose reply it is if that is known."""
        if self.host is not None:
            fault.at(self.host).hint = "the request was processed, and may have been billed"
        return fault

    def piece(self, piece: Piece, fields: dict[str, Any]) -> None:
        """A piece of the reply has come, and these are the Message's fields now."""
        self._fields = fields
        if self._first_token is None and any(
            event.type == "content_block_delta" for event in piece.events
        ):
            self._first_token = time.monotonic()

    @property
    def usage(self) -> dict[str, Any] | None:
        usage = self._fields.get("usage")
        return usage if isinstance(usage, dict) else None

    def as_object(self, status: int, error: MsgcliError | None) -> dict[str, Any]:
        """The object of --meta; what is not known is null. Durations are milliseconds."""
        first = self._first_token
        known = {
            "id": self._fields.get("id"),
            "model": self._fields.get("model"),
            "stop_reason": self._fields.get("stop_reason"),
            "usage": self._total() or self.usage,
            "request_id": self.request_id,
            "attempts": self.attempts,
            "status": status,
            "http_status": self.http_status,
            "error": error and {"type": error.type, "message": terminal.line(str(error))},
            "time_to_first_token_ms": first and round((first - self.started) * 1000),
            "duration_ms": round((time.monotonic() - self.started) * 1000),
        }
        shown: dict[str, Any] = _redacted(known)
        return shown


def added(usage: dict[str, Any], more: dict[str, Any]) -> dict[str, Any]:
    """The counts of both, also of the splits that a usage holds; the rest as it is in the first."""
    summed = dict(usage)
    for name, count in more.items():
        own = usage.get(name)
        if isinstance(count, dict):
            summed[name] = added(own if isinstance(own, dict) else {}, count)
        elif isinstance(count, int) and isinstance(own, int | None):
            summed[name] = count + (own or 0)
    return summed


def _redacted(value: Any) -> Any:
    """A JSON value without secrets: an endpoint can send one back in any field."""
    if isinstance(value, str):
        return redact(value)
    if isinstance(value, list):
        return [_redacted(item) for item in value]
    if isinstance(value, dict):
        return {redact(name): _redacted(item) for name, item in value.items()}
    return value
