"""The policy of trying again: what may be sent again, and how long to wait before. Pure."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping
from typing import NamedTuple

# Spending limits: a 429 that no waiting mends before somebody raises them.
_FINAL_CODES = frozenset(("enforced_spend_limit_reached", "contract_spend_limit_reached"))

_FIRST_WAIT = 0.5
_LONGEST_WAIT = 8.0
_JITTER = 0.25
_MOST_JITTER = 5.0


class Policy(NamedTuple):
    """`retries` after the first attempt, begun within `max_time` seconds; `all_errors` also sends
    again what was sent and then lost."""

    retries: int = 4
    max_time: float = 300.0
    all_errors: bool = False


def may_be_sent_again(
    http_status: int, headers: Mapping[str, str], error_code: str | None = None
) -> bool:
    """Whether a complete error answer is worth another attempt; the server's own word wins."""
    word = headers.get("x-should-retry", "").strip().lower()
    if word in ("true", "false"):
        return word == "true"
    if error_code in _FINAL_CODES:
        return False
    return http_status in (408, 409, 429) or 500 <= http_status <= 599


def wait(attempt: int, headers: Mapping[str, str], random: Callable[[], float]) -> float:
    """Seconds before the next attempt, `attempt` being the number of those made.

    The server's word, and up to a quarter more at random, so that many clients that were told the
    same do not come back at once; without a usable word half a second, doubled each time up to 8,
    less up to a quarter.
    """
    word = told(headers)
    if word is not None:
        return word + random() * min(word * _JITTER, _MOST_JITTER)
    step = _FIRST_WAIT * 2.0 ** min(attempt - 1, 10)
    return min(step, _LONGEST_WAIT) * (1 - _JITTER * random())


def told(headers: Mapping[str, str]) -> float | None:
    """The seconds that retry-after-ms or retry-after says, if that is a time to come."""
    milliseconds = _number(headers.get("retry-after-ms", ""))
    if milliseconds is not None:
        return milliseconds / 1000
    word = headers.get("retry-after", "").strip()
    seconds = _number(word)
    return _until(word) if seconds is None else seconds


def _number(word: str) -> float | None:
    try:
        number = float(word)
    except ValueError:
        return None
    return number if math.isfinite(number) and number > 0 else None


def _until(date: str) -> float | None:
    from email.utils import parsedate_to_datetime

    try:
        seconds = parsedate_to_datetime(date).timestamp() - time.time()
    except (ValueError, TypeError, IndexError, OverflowError, OSError):
        return None
    return seconds if seconds > 0 else None
