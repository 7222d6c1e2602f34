"""When another attempt is made, and how long it waits."""

from __future__ import annotations

import subprocess
from email.utils import formatdate
from time import time

import pytest
from badserver import BadServer
from misbehaviour import after
from support import start

from msgcli.retry import may_be_sent_again, wait

NO_INPUT = {"stdin": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "stdout": subprocess.DEVNULL}


@pytest.mark.parametrize(
    ("status", "word", "again"),
    [
        *((status, None, True) for status in (408, 409, 429, 500, 501, 502, 503, 504, 529, 599)),
        *((status, None, False) for status in (200, 204, 302, 400, 401, 403, 404, 413, 422, 499)),
        (429, "false", False),
        (529, "FALSE ", False),
        (400, "true", True),
        (429, "perhaps", True),
    ],
)
def test_which_answers_are_tried_again(status: int, word: str | None, again: bool) -> None:
    headers = {} if word is None else {"x-should-retry": word}
    assert may_be_sent_again(status, headers) is again


@pytest.mark.parametrize("code", ["enforced_spend_limit_reached", "contract_spend_limit_reached"])
def test_a_spending_limit_is_not_waited_for(code: str) -> None:
    assert not may_be_sent_again(429, {}, code)
    assert may_be_sent_again(429, {}, "ramp_limit_exceeded")


def test_without_a_word_the_wait_doubles_up_to_eight_seconds() -> None:
    longest = [wait(attempt, {}, lambda: 0.0) for attempt in range(1, 8)]
    assert longest == [0.5, 1, 2, 4, 8, 8, 8]
    assert [wait(attempt, {}, lambda: 1.0) for attempt in (1, 2, 5)] == [0.375, 0.75, 6]
    assert wait(10**9, {}, lambda: 0.0) == 8


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"retry-after": "3"}, 3),
        ({"retry-after": "0.5"}, 0.5),
        ({"retry-after-ms": "20", "retry-after": "3"}, 0.02),
        ({"retry-after": "315360000"}, 315360000),
        *(({"retry-after": word}, 0.5) for word in ("0", "-1", "nan", "inf", "soon", "", "1e999")),
        ({"retry-after-ms": "soon", "retry-after": "2"}, 2),
        ({"retry-after": "Thu, 01 Jan 1970 00:00:00 GMT"}, 0.5),
        ({"retry-after": "Thu, 99 Foo 99999 99:99:99 GMT"}, 0.5),
    ],
)
def test_the_word_of_the_server(headers: dict[str, str], seconds: float) -> None:
    assert wait(1, headers, lambda: 0.0) == seconds


def test_a_date_is_a_time_to_come() -> None:
    date = formatdate(time() + 100, usegmt=True)
    assert 98 < wait(1, {"retry-after": date}, lambda: 0.0) <= 100
    assert wait(1, {"retry-after": "Fri, 31 Dec 9999 23:59:59 GMT"}, lambda: 0.0) > 10**9


def test_many_clients_that_were_told_the_same_come_back_apart() -> None:
    waits = sorted(wait(1, {"retry-after": "1"}, lambda n=n: n / 20) for n in range(20))
    assert waits[0] >= 1
    assert waits[-1] - waits[0] > 0.2


@pytest.mark.slow
def test_twenty_processes_that_were_told_the_same_come_back_apart() -> None:
    """Each is told to come back in a second. Of 20 waits with up to a quarter of a second at
    random, 16 lie within 50 ms of one another once in millions of runs; a busy machine spreads
    them more."""
    with BadServer() as server:
        calls = [server.call(after("1")) for _ in range(20)]
        processes = [
            start("create", "--retries", "1", "--base-url", call.url, "-p", "hi", **NO_INPUT)
            for call in calls
        ]
        assert [process.wait(60) for process in processes] == [6] * 20
        arrived = [[request.at for request in call.requests] for call in calls]
    waits = sorted(second - first for first, second in arrived)
    assert waits[0] >= 1
    assert min(last - first for first, last in zip(waits, waits[15:], strict=False)) > 0.05
