"""JSON as the API reads it: UTF-8, finite numbers, no key twice, whole characters."""

from __future__ import annotations

import json
import math
import re
from typing import Any

ESCAPED_SURROGATE = re.compile(rb"\\u[dD][89a-fA-F]")


def _constant(name: str) -> Any:
    raise ValueError(f"{name} is not a JSON value")


def _finite(digits: str) -> float:
    value = float(digits)
    if not math.isfinite(value):
        raise ValueError(f"number out of range: {digits[:20]}")
    return value


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"duplicate key {json.dumps(twice)}")
    return value


def parse(data: bytes) -> Any:
    """Parse one JSON text. Raises ValueError with a reason for whatever is not strict JSON."""
    try:
        value = json.loads(
            data.decode(),
            object_pairs_hook=_object,
            parse_constant=_constant,
            parse_float=_finite,
        )
        if ESCAPED_SURROGATE.search(data):
            dump(value)
    except RecursionError:
        raise ValueError("nested too deeply") from None
    except UnicodeDecodeError as error:
        raise ValueError(f"invalid UTF-8 at byte {error.start}") from None
    except UnicodeEncodeError:
        raise ValueError("lone surrogate in a string") from None
    return value


def dump(value: Any) -> bytes:
    """Compact UTF-8 JSON, non-ASCII characters unescaped."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
