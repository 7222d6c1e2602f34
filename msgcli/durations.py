"""Durations as users write and read them: `500ms`, `30`, `30s`, `5m`, `1h`."""

from __future__ import annotations

import re

_FORM = re.compile(r"(\d+(?:\.\d*)?|\.\d+)(ms|s|m|h)?\Z", re.ASCII)
# Ten years: more than any clock that is asked for can hold is not meant.
_LONGEST = 10 * 365 * 24 * 3600.0
_SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0}


def seconds(text: str) -> float:
    """The seconds that `text` says; a bare number is seconds. ValueError if it is no duration."""
    match = _FORM.match(text)
    if match is None:
        raise ValueError(text)
    value = float(match.group(1)) * _SECONDS[match.group(2) or "s"]
    if value > _LONGEST:
        raise ValueError(text)
    return value


def duration(value: float) -> str:
    """`value` seconds in the largest unit of which it is at least one."""
    if value < 0.9995:
        return f"{value * 1000:.0f}ms"
    for unit in ("h", "m"):
        if value >= _SECONDS[unit] and value / _SECONDS[unit] % 1 < 1e-9:
            return f"{value / _SECONDS[unit]:.0f}{unit}"
    return f"{value:.1f}s".replace(".0s", "s") if value < 3600 else f"{value / 3600:.0f}h"
