"""The secrets of this run, and texts without them. What stands here is never shown."""

from __future__ import annotations

import json

_secrets: list[str] = []


def keep_secret(text: str) -> None:
    """Have `text`, also as it stands in JSON, written as `***` wherever a request is spoken of."""
    for form in (text, json.dumps(text)[1:-1]):
        if len(text) > 3 and form not in _secrets:
            _secrets.append(form)
    _secrets.sort(key=len, reverse=True)


def redact(text: str) -> str:
    """`text` without any secret."""
    for secret in _secrets:
        text = text.replace(secret, "***")
    return text


def redact_bytes(data: bytes) -> bytes:
    for secret in _secrets:
        data = data.replace(secret.encode(), b"***")
    return data


def longest_secret() -> int:
    """Of how many bytes the longest secret is."""
    return max((len(secret.encode()) for secret in _secrets), default=0)
