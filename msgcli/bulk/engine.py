"""The engine of `map`: many records, several at a time, each worker one after another."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from typing import Any

from msgcli import terminal
from msgcli.bulk.asking import Answer
from msgcli.bulk.core import Core
from msgcli.bulk.rate import Pace, Stopped
from msgcli.bulk.records import Item
from msgcli.bulk.results import Results
from msgcli.bulk.tally import Tally, count
from msgcli.errors import InputFault, MsgcliError, RefusedFault
from msgcli.wire.record import Record

# More are not shown: each has its line among the results.
_SHOWN_FAILURES = 10
# Seconds between two looks of the main thread at how it goes.
_TICK = 0.1
_TICKS_ON_A_CORE = 10

Ask = Callable[[Record], Answer]


class Bulk:
    """One run of `jobs` workers over the items. Each makes itself a way to ask with `connect`.

    A worker writes what it got before it takes another item, so that a kill at any moment loses at
    most one reply for each of them.
    """

    def __init__(
        self,
        items: Iterator[Item],
        make: Callable[[Item], Record],
        connect: Callable[[], Ask],
        results: Results,
        *,
        pace: Pace,
        tally: Tally,
        jobs: int,
    ) -> None:
        self._items, self._make, self._connect = items, make, connect
        self._results, self._tally, self._jobs = results, tally, jobs
        self._pace = pace
        self._taking = threading.Lock()
        self._turn = 0
        self._changed = threading.Condition()
        self._working = jobs
        self._in_flight = 0
        self._stopping = False
        self._fault: Exception | None = None
        self.interrupted = False

    def run(self, show: Callable[[], None]) -> MsgcliError | None:
        """Work until all records are done, or the run is stopped and nothing is in flight: why it
        was, or None. `show` is called now and then."""
        if signal.getsignal(signal.SIGINT) is signal.SIG_DFL:
            signal.signal(signal.SIGINT, self._interrupt)
        threads = [threading.Thread(target=self._work, daemon=True) for _ in range(self._jobs)]
        for thread in threads:
            thread.start()
        core, ticks = Core(threads), 0
        announced = False
        with self._changed:
            while self._working and (self._in_flight or not self._stopping):
                if self._jobs > 1 and ticks % _TICKS_ON_A_CORE == 0:
                    core.follow()
                ticks += 1
                self._changed.wait(_TICK)
                if self.interrupted and not announced:
                    announced = True
                    self._pace.stop()
                    terminal.notice(
                        f"stopping; {count(self._in_flight, 'request')} to finish, unless ^C again"
                    )
                show()
        complete = not self._stopping
        self._results.close(complete=complete)
        if self._fault is not None and not isinstance(self._fault, MsgcliError):
            raise self._fault
        return self._fault

    def _interrupt(self, signum: int, frame: object) -> None:
        """The first ^C: nothing begins any more. The second one ends the process."""
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        self.interrupted = self._stopping = True
        self._pace.forbid()

    def _stop(self, fault: Exception) -> None:
        """Take nothing more; the first fault is that of the run."""
        self._pace.forbid()
        with self._changed:
            self._fault = self._fault or fault
            self._stopping = True
        self._pace.stop()

    def _work(self) -> None:
        try:
            self._work_through(self._connect())
        except Stopped:
            pass
        except Exception as fault:
            self._stop(fault)
        with self._changed:
            self._working -= 1
            self._changed.notify_all()

    def _work_through(self, ask: Ask) -> None:
        while (taken := self._take()) is not None:
            try:
                self._answer(*taken, ask)
            finally:
                with self._changed:
                    self._in_flight -= 1

    def _take(self) -> tuple[int, Item] | None:
        """The next item and its turn. One worker waits for it, the others for that one."""
        with self._taking:
            self._results.wait_for_room(self._turn)
            item = None if self._stopping else next(self._items, None)
            if item is None or self._stopping:
                return None
            with self._changed:
                self._in_flight += 1
            self._turn += 1
            return self._turn - 1, item

    def _answer(self, turn: int, item: Item, ask: Ask) -> None:
        record = self._make(item)
        try:
            is_wanted = self._results.claim(record.custom_id, item.number)
        except InputFault as fault:
            self._fail(record, fault.at(item.place))
            return
        if not is_wanted:
            return
        answer = ask(record)
        succeeded = answer.fault is None
        self._results.put(turn, record.custom_id, answer.written, succeeded=succeeded)
        if answer.fault is not None:
            self._fail(record, answer.fault, answer.message)
        elif answer.message is not None:
            self._tally.add_success(answer.message, record.params, is_paid=answer.is_paid)

    def _fail(
        self, record: Record, fault: MsgcliError, message: dict[str, Any] | None = None
    ) -> None:
        tally = self._tally
        number = tally.add_failure(fault, message, record.params)
        if number <= _SHOWN_FAILURES:
            terminal.notice(f"{record.custom_id}: {fault}")
            if number == _SHOWN_FAILURES:
                terminal.notice("more failures are not shown")
        has_success = tally.succeeded or tally.found
        if not has_success and tally.refused >= 3 * self._jobs:
            what = f"the first {tally.refused} records were all refused, so the rest was not sent"
            raise RefusedFault(f"{what}: {fault}")
