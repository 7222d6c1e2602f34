"""Small checks that are put together into the shape of a request."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from typing import Any

from msgcli.endpoint.problem import invalid

Check = Callable[[str, Any], None]
Fields = Mapping[str, Check]


def join(path: str, key: str | int) -> str:
    """The path of a member: `messages`, 0 gives `messages.0`."""
    return f"{path}.{key}" if path else str(key)


def anything(path: str, value: Any) -> None:
    """Accepts every value."""


def text(path: str, value: Any) -> None:
    """A string."""
    if not isinstance(value, str):
        raise invalid(path, "Input should be a valid string")


def nonempty(path: str, value: Any) -> None:
    """A string of at least one character."""
    text(path, value)
    if not value:
        raise invalid(path, "String should have at least 1 character")


def boolean(path: str, value: Any) -> None:
    """true or false."""
    if not isinstance(value, bool):
        raise invalid(path, "Input should be a valid boolean")


def mapping(path: str, value: Any) -> None:
    """An object of any fields."""
    if not isinstance(value, dict):
        raise invalid(path, "Input should be an object")


def integer(low: int) -> Check:
    """A whole number of at least `low`; a JSON boolean is none."""

    def check(path: str, value: Any) -> None:
        if not isinstance(value, int) or isinstance(value, bool):
            raise invalid(path, "Input should be a valid integer")
        if value < low:
            raise invalid(path, f"Input should be greater than or equal to {low}")

    return check


def number(low: float, high: float) -> Check:
    """A number from `low` to `high`, both included."""

    def check(path: str, value: Any) -> None:
        if not isinstance(value, int | float) or isinstance(value, bool) or math.isnan(value):
            raise invalid(path, "Input should be a valid number")
        if not low <= value <= high:
            raise invalid(path, f"Input should be between {low:g} and {high:g}")

    return check


def one_of(*choices: str) -> Check:
    """One of a few strings."""

    def check(path: str, value: Any) -> None:
        if not isinstance(value, str) or value not in choices:
            raise invalid(path, f"Input should be {' or '.join(map(repr, choices))}")

    return check


def pattern(expression: str) -> Check:
    """A string that matches a regular expression as a whole."""
    compiled = re.compile(expression)

    def check(path: str, value: Any) -> None:
        text(path, value)
        if not compiled.fullmatch(value):
            raise invalid(path, f"String should match pattern '^{expression}$'")

    return check


def nullable(inner: Check) -> Check:
    """The inner shape, or null."""

    def check(path: str, value: Any) -> None:
        if value is not None:
            inner(path, value)

    return check


def array(inner: Check, *, least: int = 0, most: int | None = None) -> Check:
    """An array whose items have the inner shape."""

    def check(path: str, value: Any) -> None:
        if not isinstance(value, list):
            raise invalid(path, "Input should be a valid array")
        if len(value) < least:
            raise invalid(path, f"Array should have at least {least} item")
        if most is not None and len(value) > most:
            raise invalid(path, f"Array should have at most {most} items")
        for index, item in enumerate(value):
            inner(join(path, index), item)

    return check


def fields(required: Fields, optional: Fields | None = None) -> Check:
    """An object of these fields and no others."""
    known = {**required, **(optional or {})}

    def check(path: str, value: Any) -> None:
        mapping(path, value)
        for name in required:
            if name not in value:
                raise invalid(join(path, name), "Field required")
        for name, item in value.items():
            if name not in known:
                raise invalid(join(path, name), "Extra inputs are not permitted")
            known[name](join(path, name), item)

    return check


def variant(required: Fields, optional: Fields | None = None) -> Check:
    """`fields` with the `type` that `tagged` has looked at."""
    return fields({"type": anything, **required}, optional)


def tagged(shapes: Mapping[str, Check]) -> Check:
    """An object whose `type` says which shape it has."""

    def check(path: str, value: Any) -> None:
        mapping(path, value)
        if "type" not in value:
            raise invalid(join(path, "type"), "Field required")
        kind = value["type"]
        if not isinstance(kind, str) or kind not in shapes:
            expected = ", ".join(shapes)
            raise invalid(join(path, "type"), f"Input should be one of: {expected}")
        shapes[kind](path, value)

    return check


def string_or(inner: Check) -> Check:
    """A string, or else the inner shape."""

    def check(path: str, value: Any) -> None:
        if not isinstance(value, str):
            inner(path, value)

    return check


CACHE_CONTROL = nullable(
    fields({"type": one_of("ephemeral")}, {"ttl": nullable(one_of("5m", "1h"))})
)
