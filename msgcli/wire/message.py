"""Events to a Message, losing no field, and a Message to the events that would have made it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any, ClassVar

from msgcli.errors import MsgcliError, ProtocolFault
from msgcli.wire.event import Event, finite
from msgcli.wire.order import TextOrder, whole_characters
from msgcli.wire.stop import TRUNCATED, stop_fault

# The block that a delta of this type belongs to, and the field that it is appended to.
_APPENDED = {
    "text_delta": ("text", "text"),
    "thinking_delta": ("thinking", "thinking"),
    "input_json_delta": ("tool_use", "partial_json"),
}
_INPUT_BLOCKS = frozenset(("tool_use", "server_tool_use", "mcp_tool_use"))


def _cleaned(value: Any) -> Any:
    """A JSON value whose texts all can be written as UTF-8."""
    if isinstance(value, str):
        return whole_characters(value)
    if isinstance(value, list):
        return [_cleaned(item) for item in value]
    if isinstance(value, dict):
        return {whole_characters(key): _cleaned(item) for key, item in value.items()}
    return value


class Fold:
    """The Message that a stream's events make up so far.

    Without `keeps_text` its texts are not there, and a stream of any length needs no memory: they
    are given out by `text` and `thinking` alone, if these were asked for before the first event.
    """

    def __init__(self, *, keeps_text: bool = True) -> None:
        self._keeps_text = keeps_text
        self._message: dict[str, Any] = {}
        self._started = False
        self._blocks: dict[int, dict[str, Any]] = {}
        self._parts: dict[int, list[str]] = {}
        self._orders: dict[str, TextOrder] = {}

    @property
    def text(self) -> TextOrder:
        return self._orders.setdefault("text", TextOrder())

    @property
    def thinking(self) -> TextOrder:
        return self._orders.setdefault("thinking", TextOrder())

    @property
    def fields(self) -> dict[str, Any]:
        """The Message's fields so far, without its content."""
        return self._message

    def apply(self, event: Event) -> None:
        """Take in one event. Unknown ones are nothing to it."""
        apply = self._APPLY.get(event.type)
        if apply is not None:
            apply(self, event.data)

    def _message_start(self, data: dict[str, Any]) -> None:
        message = data.get("message")
        if self._started or not isinstance(message, dict):
            return
        self._started = True
        self._message = {**message, **self._message}
        content = message.get("content")
        for index, block in enumerate(content if isinstance(content, list) else ()):
            self._content_block_start({"index": index, "content_block": block})
            self._content_block_stop({"index": index})

    def _content_block_start(self, data: dict[str, Any]) -> None:
        index, block = _index(data), data.get("content_block")
        if index in self._blocks or not isinstance(block, dict):
            return
        self._blocks[index] = block = dict(block)
        self._parts[index] = []
        kind = _kind(block)
        if kind in ("text", "thinking"):
            if order := self._orders.get(kind):
                order.start(index)
            text, block[kind] = block.get(kind), ""
            self._add(index, kind, text)
        elif kind in _INPUT_BLOCKS:
            block.setdefault("input", {})

    def _add(self, index: int, owner: str, text: Any) -> None:
        if not isinstance(text, str) or not text:
            return
        if self._keeps_text or owner == "tool_use":
            self._parts[index].append(text)
        if order := self._orders.get(owner):
            order.add(index, text)

    def _content_block_delta(self, data: dict[str, Any]) -> None:
        index, delta = _index(data), data.get("delta")
        if not isinstance(delta, dict):
            return
        kind = _kind(delta)
        if kind in _APPENDED:
            self._append(index, delta, *_APPENDED[kind])
            return
        block = self._blocks.get(index)
        if block is None:
            return
        if kind == "signature_delta" and _kind(block) == "thinking":
            block["signature"] = delta.get("signature")
        elif kind == "citations_delta" and block.get("type") == "text":
            old = block.get("citations")
            block["citations"] = [*(old if isinstance(old, list) else ()), delta.get("citation")]
        elif kind == "compaction_delta" and block.get("type") == "compaction":
            block.update((key, value) for key, value in delta.items() if key != "type")

    def _append(self, index: int, delta: dict[str, Any], owner: str, field: str) -> None:
        if index not in self._blocks:
            self._content_block_start({"index": index, "content_block": {"type": owner}})
        kind = _kind(self._blocks[index])
        if kind in _INPUT_BLOCKS if owner == "tool_use" else kind == owner:
            self._add(index, owner, delta.get(field))

    def _content_block_stop(self, data: dict[str, Any]) -> None:
        for order in self._orders.values():
            order.stop(_index(data))

    def _message_delta(self, data: dict[str, Any]) -> None:
        delta, usage = data.get("delta"), data.get("usage")
        if isinstance(delta, dict):
            self._message.update(delta)
        if isinstance(usage, dict):
            old = self._message.get("usage")
            old = old if isinstance(old, dict) else {}
            new = {k: v for k, v in usage.items() if v is not None or k not in old}
            self._message["usage"] = {**old, **new}
        for key, value in data.items():
            if key not in ("type", "delta", "usage"):
                self._message[key] = value

    # Of the class, since a table of an object's own methods is a circle of references.
    _APPLY: ClassVar[dict[str, Callable[[Fold, dict[str, Any]], None]]] = {
        "message_start": _message_start,
        "content_block_start": _content_block_start,
        "content_block_delta": _content_block_delta,
        "content_block_stop": _content_block_stop,
        "message_delta": _message_delta,
    }

    def message(self) -> dict[str, Any]:
        """The Message as far as it has come. Tool input that is not JSON is kept as a text."""
        message = dict(self._message)
        for key, value in (("type", "message"), ("role", "assistant")):
            message[key] = message.get(key) or value
        message["content"] = [self._block(index) for index in sorted(self._blocks)]
        message.setdefault("stop_reason", None)
        message.setdefault("stop_sequence", None)
        cleaned: dict[str, Any] = _cleaned(message)
        return cleaned

    def _block(self, index: int) -> dict[str, Any]:
        block, text = dict(self._blocks[index]), "".join(self._parts[index])
        kind = _kind(block)
        if kind in ("text", "thinking"):
            block[kind] = text
        elif kind in _INPUT_BLOCKS and text:
            try:
                block["input"] = parse_input(text)
            except ValueError:
                block["input"] = {"INVALID_JSON": text}
        return block

    def _has_input(self, index: int) -> bool:
        if _kind(self._blocks[index]) in _INPUT_BLOCKS and self._parts[index]:
            try:
                parse_input("".join(self._parts[index]))
            except ValueError:
                return False
        return True

    def verdict(self, accepted: frozenset[str] | None) -> MsgcliError | None:
        """What the complete Message is: None is a complete answer. Of `accepted` stop reasons any
        is one; None accepts them all."""
        reason = self._message.get("stop_reason")
        if not isinstance(reason, str):
            return ProtocolFault("the reply has no stop reason")
        if reason not in TRUNCATED and not all(map(self._has_input, self._blocks)):
            return ProtocolFault("the reply calls a tool with input that is not JSON")
        if accepted is None or reason in accepted:
            return None
        return stop_fault(reason, self._message)


def _not_json(name: str) -> None:
    raise ValueError(name)


def parse_input(text: str) -> Any:
    """The input of a tool call; ValueError if the joined deltas are not JSON."""
    try:
        return json.loads(text, parse_constant=_not_json, parse_float=finite)
    except RecursionError:
        raise ValueError("nested too deeply") from None


def _kind(value: dict[str, Any]) -> str:
    """The type of a block or delta; "" for what is none."""
    kind = value.get("type")
    return kind if isinstance(kind, str) else ""


def _index(data: dict[str, Any]) -> int:
    index = data.get("index")
    return index if isinstance(index, int) else 0


def unfold(message: dict[str, Any]) -> Iterator[Event]:
    """The events of a Message that came whole: the same fold makes the same Message of them."""
    yield Event("message_start", {"message": {**message, "content": []}})
    for index, block in enumerate(message["content"]):
        yield Event("content_block_start", {"index": index, "content_block": block})
        yield Event("content_block_stop", {"index": index})
    yield Event("message_stop", {})
