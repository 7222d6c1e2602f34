"""What has become of the records so far, and of the limits that the user set."""

from __future__ import annotations

import threading
import time
from decimal import Decimal
from typing import Any, NamedTuple

from msgcli.durations import duration
from msgcli.errors import LimitFault, MsgcliError, ProtocolFault, RecordsFault
from msgcli.prices import Prices
from msgcli.wire.message import Fold
from msgcli.wire.stop import stop_fault
from msgcli.wire.usage import Tokens, tokens


class Limits(NamedTuple):
    """What a run may take at most; None is without end."""

    output_tokens: int | None = None
    cost: Decimal | None = None
    prices: Prices | None = None


class Tally:
    """Counts of records and tokens. Any thread may add to it."""

    def __init__(self, limits: Limits, accepted: frozenset[str]) -> None:
        self._limits, self._accepted = limits, accepted
        self._mutex = threading.Lock()
        self.started = time.monotonic()
        self.succeeded = self.failed = self.refused = self.found = self.reused = 0
        self.tokens = Tokens()
        self._cost = Decimal()
        self._incomplete: dict[int, tuple[int, MsgcliError]] = {}

    @property
    def done(self) -> int:
        return self.succeeded + self.failed

    def check(self, params: dict[str, Any]) -> None:
        """Before a request is sent: LimitFault if a limit is reached, InputFault if the model has
        no price."""
        limits = self._limits
        if limits.output_tokens is not None and self.tokens.output >= limits.output_tokens:
            raise LimitFault(
                f"--max-output-tokens: {self.tokens.output} are generated; the rest was not sent"
            )
        if limits.prices is None:
            return
        limits.prices.cost(params.get("model"), Tokens(input=1, output=1))
        if limits.cost is not None and self._cost >= limits.cost:
            raise LimitFault(f"--max-cost: {self._spent()} are spent; the rest was not sent")

    def _spent(self) -> str:
        assert self._limits.prices is not None
        return f"{self._cost:.4f} {self._limits.prices.currency}"

    def add_found(self, message: dict[str, Any]) -> None:
        """A record had its reply before this run."""
        with self._mutex:
            self.found += 1
            self._judge(message)

    def verdict_of(self, fold: Fold) -> MsgcliError | None:
        """What a whole reply is; None is a complete answer."""
        return fold.verdict(self._accepted)

    def add_success(
        self, message: dict[str, Any], params: dict[str, Any], *, is_paid: bool = True
    ) -> None:
        """A record has its reply, which costs nothing if it was stored. InputFault if it has no
        price."""
        with self._mutex:
            self.succeeded += 1
            self._judge(message)
            if not is_paid:
                self.reused += 1
                return
            self._spend(message, params)

    def add_failure(
        self,
        fault: MsgcliError,
        message: dict[str, Any] | None = None,
        params: dict[str, Any] | None = None,
    ) -> int:
        """A record has no reply, or one that does not do and is paid for all the same: how many
        have failed so far."""
        with self._mutex:
            self.failed += 1
            self.refused += fault.status == 5
            if message is not None:
                self._spend(message, params or {})
            return self.failed

    def _spend(self, message: dict[str, Any], params: dict[str, Any]) -> None:
        used = self._count(message)
        if (prices := self._limits.prices) is not None:
            named = message.get("model")
            model = named if named in prices.models else params.get("model")
            self._cost += prices.cost(model, used)

    def _count(self, message: dict[str, Any]) -> Tokens:
        usage = message.get("usage")
        try:
            used = tokens(usage) if isinstance(usage, dict) else Tokens()
        except ProtocolFault:
            used = Tokens()
        self.tokens = self.tokens.plus(used)
        return used

    def _judge(self, message: dict[str, Any]) -> None:
        reason = message.get("stop_reason")
        if not isinstance(reason, str) or reason in self._accepted:
            return
        verdict = stop_fault(reason, {})
        if verdict is not None:
            number, _ = self._incomplete.get(verdict.status, (0, verdict))
            self._incomplete[verdict.status] = (number + 1, verdict)

    def verdict(self, hint: str | None) -> MsgcliError | None:
        """What the run has come to: failures first, then replies that are not complete."""
        if self.failed:
            what = f"{self.failed} of {count(self.done, 'record')} failed"
            return RecordsFault(what, hint=hint)
        if not self._incomplete:
            return None
        number, fault = self._incomplete[min(self._incomplete)]
        return type(fault)(f"{count(number, 'reply')}: {fault.message}", type=fault.type)

    def summary(self) -> str:
        """The line that a run ends with."""
        parts = [count(self.done, "record"), f"{self.failed} failed"]
        if self.found:
            parts.append(f"{self.found} done before")
        if self.reused:
            parts.append(f"{self.reused} reused")
        parts.append(f"{self.tokens.total - self.tokens.output} tokens in")
        parts.append(f"{self.tokens.output} out")
        if self._limits.prices is not None:
            parts.append(self._spent())
        return ", ".join([*parts, duration(time.monotonic() - self.started)])


def count(number: int, what: str) -> str:
    """`1 record`, `2 records`, `2 replies`."""
    if number == 1:
        return f"1 {what}"
    return f"{number} {what.removesuffix('y')}ies" if what.endswith("y") else f"{number} {what}s"
