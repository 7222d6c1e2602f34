"""JSON that a user gives: what two readers could take in two ways is refused."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|[-+.\w]+', re.DOTALL)
_NESTING = re.compile(r'"(?:[^"\\]|\\.)*"|[][{}]', re.DOTALL)
_SURROGATE = re.compile("[\ud800-\udfff]")
_MAX_DIGITS = 4000


class NotJson(ValueError):
    """Why a text is not JSON that can be sent on, and the number of the line, from 1."""

    def __init__(self, reason: str, line: int) -> None:
        super().__init__(f"line {line}: {reason}")


class _Refused(Exception):
    def __init__(self, reason: str, is_it: Callable[[str], bool]) -> None:
        self.reason, self.is_it = reason, is_it


def _constant(name: str) -> None:
    raise _Refused(f"{name} is not JSON", lambda token: token == name)


def _integer(digits: str) -> int:
    if len(digits) > _MAX_DIGITS:
        raise _Refused("a number of too many digits", lambda token: token == digits)
    return int(digits)


def _float(digits: str) -> float:
    number = float(digits)
    if number in (float("inf"), float("-inf")):
        raise _Refused("a number that is too large", lambda token: token == digits)
    return number


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    fields = dict(pairs)
    if len(fields) < len(pairs):
        seen: set[str] = set()
        twice = next(key for key, _ in pairs if key in seen or seen.add(key))  # type: ignore[func-returns-value]
        raise _Refused(f"the key {json.dumps(twice)} stands twice", _nth_key(twice))
    return fields


def _nth_key(key: str) -> Callable[[str], bool]:
    seen = 0

    def is_second(token: str) -> bool:
        nonlocal seen
        seen += token[0] == '"' and json.loads(token, strict=False) == key
        return seen == 2

    return is_second


def _line(text: str, is_it: Callable[[str], bool]) -> int:
    for match in _TOKEN.finditer(text):
        if is_it(match.group()):
            return text.count("\n", 0, match.start()) + 1
    return 1


def _line_of_depth(text: str) -> int:
    """The line of the deepest place."""
    depth = deepest = place = 0
    for match in _NESTING.finditer(text):
        depth += {"[": 1, "{": 1, "]": -1, "}": -1}.get(match.group(), 0)
        if depth > deepest:
            deepest, place = depth, match.start()
    return text.count("\n", 0, place) + 1


def _has_lone_surrogate(token: str) -> bool:
    return token[0] == '"' and bool(_SURROGATE.search(json.loads(token, strict=False)))


def parse(text: str) -> Any:
    """The value of a JSON text. NotJson for anything else, and for NaN and Infinity, a key that
    stands twice, half a surrogate pair, a number that Python cannot hold, and depth without end."""
    try:
        value = _DECODER.decode(text)
        if "\\u" in text and re.search(r"\\u[dD][89a-fA-F]", text):
            json.dumps(value, ensure_ascii=False).encode()
    except json.JSONDecodeError as error:
        reason = error.msg[:1].lower() + error.msg[1:]
        raise NotJson(f"{reason} (column {error.colno})", error.lineno) from None
    except _Refused as refused:
        raise NotJson(refused.reason, _line(text, refused.is_it)) from None
    except RecursionError:
        raise NotJson("nested too deeply", _line_of_depth(text)) from None
    except UnicodeEncodeError:
        raise NotJson("half a surrogate pair", _line(text, _has_lone_surrogate)) from None
    return value


_DECODER = json.JSONDecoder(
    object_pairs_hook=_object,
    parse_constant=_constant,
    parse_int=_integer,
    parse_float=_float,
)
