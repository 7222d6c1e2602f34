"""The tokens that a reply says it took. Pure."""

from __future__ import annotations

from typing import Any, NamedTuple

from msgcli.errors import ProtocolFault


class Tokens(NamedTuple):
    """Tokens by what they cost. `cache_write` has those that are kept for an hour among it."""

    input: int = 0
    cache_write: int = 0
    cache_write_1h: int = 0
    cache_read: int = 0
    output: int = 0

    def plus(self, other: Tokens) -> Tokens:
        return Tokens(*map(sum, zip(self, other, strict=True)))

    @property
    def total(self) -> int:
        return self.input + self.cache_write + self.cache_read + self.output


def tokens(usage: dict[str, Any]) -> Tokens:
    """The tokens of a Message's `usage`; what is absent or null is 0. ProtocolFault for a count
    that is none."""
    split = usage.get("cache_creation")
    split = split if isinstance(split, dict) else {}
    hour = _count(split, "ephemeral_1h_input_tokens")
    return Tokens(
        input=_count(usage, "input_tokens"),
        cache_write=max(
            _count(usage, "cache_creation_input_tokens"),
            _count(split, "ephemeral_5m_input_tokens") + hour,
        ),
        cache_write_1h=hour,
        cache_read=_count(usage, "cache_read_input_tokens"),
        output=_count(usage, "output_tokens"),
    )


def _count(usage: dict[str, Any], field: str) -> int:
    count = usage.get(field)
    if count is None:
        return 0
    if not isinstance(count, int) or isinstance(count, bool) or count < 0:
        raise ProtocolFault(f"{field} is not a number of tokens")
    return count
