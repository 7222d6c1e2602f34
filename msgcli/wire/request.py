"""The body of a request, made of fields, turns and cache marks."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from msgcli.errors import UsageFault
from msgcli.wire.content import Base64, Content

# Fields that are objects of their own: an option fills one key and leaves the others.
_MERGED = frozenset(("metadata", "output_config"))


# Where base64 goes: half a surrogate pair, which no text that can be sent has in it.
_HOLE = "\ud800"


class Body:
    """A body as it is sent: one line of UTF-8, in pieces that can be gone through again."""

    def __init__(self, body: Any) -> None:
        fillings: list[Base64] = []

        def leave_hole(filling: Base64) -> str:
            fillings.append(filling)
            return _HOLE

        text = json.dumps(body, ensure_ascii=False, separators=(",", ":"), default=leave_hole)
        first, *others = f"{text}\n".split(_HOLE)
        self._parts: list[bytes | Base64] = [first.encode()]
        for filling, part in zip(fillings, others, strict=True):
            self._parts += [filling, part.encode()]

    def __len__(self) -> int:
        return sum(map(len, self._parts))

    def __iter__(self) -> Iterator[bytes]:
        for part in self._parts:
            if isinstance(part, Base64):
                yield from part
            else:
                yield part


def encode(body: Any) -> bytes:
    """The body in one piece, the same for the same fields."""
    return b"".join(Body(body))


def merge(base: dict[str, Any], given: dict[str, Any], default: dict[str, Any]) -> dict[str, Any]:
    """`base` with the fields that are `given`, and those of `default` that it has not."""
    body = {**base, **{field: value for field, value in default.items() if field not in base}}
    if not base:
        body = {}
        for field in dict.fromkeys((*_FIRST, *default, *given)):
            if field in given or field in default:
                body[field] = given.get(field, default.get(field))
        return body
    for field, value in given.items():
        old = base.get(field)
        merges = field in _MERGED and isinstance(old, dict)
        body[field] = {**old, **value} if merges else value  # type: ignore[dict-item]
    return body


_FIRST = ("model", "max_tokens")


def add_turns(
    body: dict[str, Any], history: list[Any], prompt: Content | None, prefill: str | None
) -> None:
    """Append to the messages: earlier turns, the user's, the beginning of the assistant's."""
    messages = [*body.pop("messages", ()), *history]
    if prompt is not None:
        messages.append({"role": "user", "content": prompt})
    if prefill is not None:
        messages.append({"role": "assistant", "content": prefill})
    body["messages"] = messages


def extend(body: dict[str, Any], turns: list[Any]) -> dict[str, Any]:
    """The body with more turns. A choice that forces a call is over once it was made."""
    if not turns:
        return body
    longer = {**body, "messages": [*body["messages"], *turns]}
    choice = body.get("tool_choice")
    if isinstance(choice, dict) and choice.get("type") in ("any", "tool"):
        longer["tool_choice"] = {**choice, "type": "auto"}
        longer["tool_choice"].pop("name", None)
    return longer


def mark_cache(body: dict[str, Any], place: str, mark: dict[str, Any]) -> None:
    """Put a `cache_control` at the end of `place`, or on the whole request for "auto"."""
    if place == "auto":
        body["cache_control"] = mark
    elif place == "tools":
        tools = body.get("tools")
        if not isinstance(tools, list) or not tools or not isinstance(tools[-1], dict):
            raise UsageFault("--cache-control tools: the request has no tools")
        body["tools"] = [*tools[:-1], {**tools[-1], "cache_control": mark}]
    elif place == "system":
        body["system"] = _marked(body.get("system"), "system", mark)
    else:
        _mark_prompt(body, mark)


def _mark_prompt(body: dict[str, Any], mark: dict[str, Any]) -> None:
    messages = body["messages"]
    for at in range(len(messages) - 1, -1, -1):
        turn = messages[at]
        if isinstance(turn, dict) and turn.get("role") == "user":
            content = _marked(turn.get("content"), "prompt", mark)
            body["messages"] = [*messages[:at], {**turn, "content": content}, *messages[at + 1 :]]
            return
    raise UsageFault("--cache-control prompt: the request has no prompt")


def _marked(content: Any, place: str, mark: dict[str, Any]) -> list[Any]:
    """Content as blocks, the last of them marked."""
    blocks = [{"type": "text", "text": content}] if isinstance(content, str) else content
    if not isinstance(blocks, list) or not blocks or not isinstance(blocks[-1], dict):
        raise UsageFault(f"--cache-control {place}: the request has no {place}")
    return [*blocks[:-1], {**blocks[-1], "cache_control": mark}]


def assign(body: dict[str, Any], path: str, value: Any) -> None:
    """Set the field at a dotted path, making the objects on the way; a number indexes an array."""
    *steps, last = path.split(".")
    place: Any = body
    for step in steps:
        place = _down(place, step, path)
    if isinstance(place, dict):
        place[last] = value
    elif isinstance(place, list) and last.isdecimal() and int(last) <= len(place):
        place[int(last) : int(last) + 1] = [value]
    else:
        raise UsageFault(f"--set: {path}: there is no such place in the body")


def _down(place: Any, step: str, path: str) -> Any:
    if isinstance(place, dict):
        if not isinstance(place.get(step), (dict, list)):
            place[step] = {}
        return place[step]
    if isinstance(place, list) and step.isdecimal() and int(step) < len(place):
        return place[int(step)]
    raise UsageFault(f"--set: {path}: there is no such place in the body")
