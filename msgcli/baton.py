"""One thread computes at a time, and hands on when it has to wait."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple


class _Aside(NamedTuple):
    lock: threading.Lock

    def __enter__(self) -> None:
        self.lock.release()

    def __exit__(self, *_: object) -> None:
        self.lock.acquire()


class Baton:
    """Held by the thread that computes, which waits for nothing but `aside`.

    No two threads of Python compute at the same time anyhow, but they offer each other the turn at
    each of a dozen system calls a request. To be asked at the real waits alone halves what a
    request costs.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()

    def __enter__(self) -> None:
        self._lock.acquire()

    def __exit__(self, *_: object) -> None:
        self._lock.release()

    def aside(self) -> _Aside:
        """Have others compute while this thread, which has the baton, waits for something."""
        return _Aside(self._lock)

    @contextmanager
    def hold(self, lock: threading.Lock) -> Iterator[None]:
        """Have a lock that another thread may have while it waits for something."""
        if not lock.acquire(blocking=False):
            with self.aside():
                lock.acquire()
        try:
            yield
        finally:
            lock.release()
