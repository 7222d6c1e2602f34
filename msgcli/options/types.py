"""What an option's argument may be, and how a bundle of options becomes one value."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import click

from msgcli import durations

_SIZE = re.compile(r"(\d+)([KMG]?)(?:i?B)?\Z", re.ASCII | re.IGNORECASE)
_FACTOR = {"": 1, "K": 1 << 10, "M": 1 << 20, "G": 1 << 30}


class Duration(click.ParamType):  # type: ignore[type-arg]
    """Seconds, from `500ms`, `30`, `30s`, `5m`, `1h`."""

    name = "duration"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        if isinstance(value, float):
            return value
        try:
            return durations.seconds(value)
        except ValueError:
            self.fail(f"{value!r} is not a duration such as 500ms, 30, 30s, 5m or 1h", param, ctx)


class Size(click.ParamType):  # type: ignore[type-arg]
    """Bytes, from `1000`, `64K`, `64M`, `1G`."""

    name = "size"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        if isinstance(value, int):
            return value
        match = _SIZE.match(value)
        if match is None or int(match.group(1)) == 0:
            self.fail(f"{value!r} is not a size such as 1000, 64K or 64M", param, ctx)
        return int(match.group(1)) * _FACTOR[match.group(2).upper()]


class Count(click.IntRange):
    """A whole number from 0."""

    name = "whole number"

    def __init__(self) -> None:
        super().__init__(min=0)


class Text(click.ParamType):  # type: ignore[type-arg]
    """Text that goes into a request: it must be UTF-8."""

    name = "text"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        text: str = value
        try:
            text.encode()
        except UnicodeEncodeError:
            self.fail("not valid UTF-8", param, ctx)
        return text


DURATION = Duration()
SIZE = Size()
COUNT = Count()
TEXT = Text()

Function = Callable[..., Any]


class Bundle:
    """A decorator that adds options to a command and passes it `name=make(**their values)`."""

    def __init__(
        self, name: str, make: Callable[..., Any], *options: Callable[[Function], Function]
    ) -> None:
        self._name, self._make, self._options = name, make, options

    def __call__(self, command: Function) -> Function:
        name, make, options = self._name, self._make, self._options
        own: list[str] = []

        def wrapped(**values: Any) -> Any:
            values[name] = make(**{key: values.pop(key) for key in own})
            return command(**values)

        wrapped.__doc__ = command.__doc__
        wrapped.__name__ = command.__name__
        params = list(getattr(command, "__click_params__", ()))
        for option in reversed(options):
            wrapped = option(wrapped)
        added: list[click.Parameter] = wrapped.__click_params__  # type: ignore[attr-defined]
        own.extend(param.name or "" for param in added)
        wrapped.__click_params__ = params + added  # type: ignore[attr-defined]
        return wrapped
