"""When a request may begin: what all workers together know of the limits of an endpoint."""

from __future__ import annotations

import threading
import time

from msgcli.errors import MsgcliError


class Stopped(Exception):
    """No request begins any more. `fault` is that of the attempt that was to be made again."""

    fault: MsgcliError | None = None


class Pace:
    """At most `jobs` requests at a time, `per_minute` of them begun in a minute.

    A limit that one of them meets holds all of them up, and halves how many may run at a time; each
    success widens that a little again.
    """

    def __init__(self, jobs: int, per_minute: int | None = None) -> None:
        self._jobs = jobs
        self._step = 60 / per_minute if per_minute else 0.0
        self._changed = threading.Condition()
        self._width = float(jobs)
        self._running = 0
        self._shut_until = self._next = 0.0
        self._stopped = False

    @property
    def sent(self) -> bool:
        """Whether a request is on its way that may be processed and billed."""
        return self._running > 0

    def enter(self) -> None:
        """Wait until one more request may begin. Stopped if none may any more."""
        with self._changed:
            while (seconds := self._wait()) != 0:
                self._changed.wait(seconds)
            self._begin()

    def _wait(self) -> float | None:
        """Seconds until a request may begin; None if another one has to end before."""
        if self._stopped:
            raise Stopped
        seconds = max(self._shut_until, self._next) - time.monotonic()
        if seconds > 0:
            return seconds
        return 0 if self._running < int(self._width) else None

    def _begin(self) -> None:
        self._running += 1
        self._next = time.monotonic() + self._step

    def leave(self, *, succeeded: bool) -> None:
        """A request is over."""
        with self._changed:
            self._running -= 1
            if succeeded:
                self._width = min(self._jobs, self._width + 1 / self._width)
            self._changed.notify_all()

    def shut(self, seconds: float) -> bool:
        """A limit was met: nobody enters for so long. Whether that is news."""
        with self._changed:
            now = time.monotonic()
            is_news = now >= self._shut_until
            if is_news:
                self._width = max(1.0, self._width / 2)
            self._shut_until = max(self._shut_until, now + seconds)
            return is_news

    def rest(self, seconds: float) -> None:
        """Between two attempts: make room for others, wait, and enter again.

        Stopped as there; `leave` is to be called all the same.
        """
        until = time.monotonic() + seconds
        self.leave(succeeded=False)
        with self._changed:
            while not self._stopped and (left := until - time.monotonic()) > 0:
                self._changed.wait(left)
        try:
            self.enter()
        except Stopped:
            self._running += 1
            raise

    def forbid(self) -> None:
        """From here on nobody enters. It is safe in the handler of a signal, and wakes nobody."""
        self._stopped = True

    def stop(self) -> None:
        """From here on nobody enters, and nobody waits."""
        self.forbid()
        with self._changed:
            self._changed.notify_all()
