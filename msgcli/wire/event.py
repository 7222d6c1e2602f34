"""Bytes of an event stream to events: whole ones only, whatever line ends and chunks are."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from msgcli.errors import MsgcliError, ProtocolFault
from msgcli.wire import fault

BOM = b"\xef\xbb\xbf"

# The end of an event is a blank line: two line ends, each CRLF, LF or CR. A CR at the end of what
# has come may be half a CRLF and waits, except after another CR: in a stream of bare CRs nothing
# more might ever come.
_BLANK_LINE = re.compile(rb"(?:\r\n|(?<!\r)\n)(?:\r\n|\n|\r(?=[^\n]))|\r(?!\n)(?:\r\n|\n|\r)")
_LINE_END = re.compile(rb"\r\n?")

_PLAIN = re.compile("(?:event: ?([^\n]*)\n)?data: ?([^\n]*)\n\n")

# Deltas of one block behind each other, written alike, as a server that works fast sends them. The
# inside of each string is checked to be JSON, so that what joins two of them cannot be within one.
_STRING = r'[^"\\\x00-\x1f]*(?:\\(?:["\\/bfnrt]|u[0-9A-Fa-f]{4})[^"\\\x00-\x1f]*)*'
_ALIKE = (
    r'\ndata: ?(?P<head>\{"type": ?"content_block_delta", ?"index": ?(?:0|[1-9][0-9]{0,8}), ?'
    r'"delta": ?\{"type": ?"(?:text|thinking|input_json)_delta", ?'
    r'"(?:text|thinking|partial_json)": ?")'
    rf'{_STRING}(?P<tail>"\}} ?\}})(?P<gap>\n\n(?:event: ?content_block_delta\n)?data: ?)'
    rf"(?P=head){_STRING}(?P=tail)(?:(?P=gap)(?P=head){_STRING}(?P=tail))*(?=\n\n)"
)
_WORTH_JOINING = 2048

# Bytes of a run that are read at once.
_LONGEST_TOGETHER = 1 << 20

# A frame of more lines is slimmed before sseclient reads it, which joins lines one by one.
_MANY_LINES = 64

# The events that carry the Message. Data that cannot be read is fatal in these, and without a name.
MESSAGE_EVENTS = frozenset(
    [
        "message_start",
        "content_block_start",
        "content_block_delta",
        "content_block_stop",
        "message_delta",
        "message_stop",
    ]
)


# Levels of arrays and objects. JSON that a model writes has ten.
_DEEPEST = 200
_SPACE = " \t\r\n"


def _refuse(name: str) -> None:
    raise ValueError(f"{name} is not JSON")


def finite(digits: str) -> float:
    """The number; ValueError for one that is too large, which no JSON could be written of."""
    number = float(digits)
    if number in (float("inf"), float("-inf")):
        raise ValueError(f"{digits} is too large")
    return number


_decode = json.JSONDecoder(parse_constant=_refuse, parse_float=finite).raw_decode


class Event(NamedTuple):
    """One event of the stream: its type, and its data as sent."""

    type: str
    data: dict[str, Any]


class Run(NamedTuple):
    """Whole events: their bytes, what they say, and what ends the stream with the last of them."""

    raw: bytes
    events: list[Event]
    end: MsgcliError | bool


class Frames:
    """Cuts an event stream after blank lines, in time linear in the size of an event."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._tail: list[bytes] = []
        self._size = 0

    def feed(self, chunk: bytes) -> bytes:
        """The whole events that `chunk` completes; ProtocolFault for one over the limit (bytes)."""
        # A blank line that is not in the chunk alone lies across the seam.
        seam = b"".join(self._tail[-4:])[-4:]
        end = _last_end(seam + chunk) - len(seam)
        if end < 0:
            self._keep(chunk)
            return b""
        whole = b"".join((*self._tail, chunk[:end]))
        self._tail, self._size = [], 0
        self._keep(chunk[end:])
        return whole

    def _keep(self, data: bytes) -> None:
        if data:
            self._tail.append(data)
            self._size += len(data)
        if self._size > self._limit:
            raise ProtocolFault(f"the reply has an event of more than {self._limit} bytes")

    def rest(self) -> bytes:
        """What has come of an event that is not whole."""
        return b"".join(self._tail)


def _last_end(data: bytes) -> int:
    """Where the last whole event in `data` ends, or -1."""
    if b"\r" not in data:
        at = data.rfind(b"\n\n")
        return at + 2 if at >= 0 else -1
    end = -1
    for match in _BLANK_LINE.finditer(data):
        end = match.end()
    return end


def parse(raw: bytes) -> Run:
    """Read a run of whole events, up to and with the one that ends the stream."""
    return _together(raw) or _one_by_one(raw)


def _together(raw: bytes) -> Run | None:
    """The run read at once; None if it has to be known which bytes are which event's."""
    if b"\r" in raw or len(raw) > _LONGEST_TOGETHER:
        return None
    text = raw.decode("utf-8", "replace")
    plain = _plain_fields(_joined(text))
    events: list[Event] = []
    ended = False
    try:
        for name, data in _any_fields(text.encode()) if plain is None else plain:
            event = None if ended else _event(name, data)
            if ended or (event is not None and event.type == "message_stop" and plain is None):
                return None
            if event is not None:
                events.append(event)
                ended = event.type == "message_stop"
    except MsgcliError:
        return None
    return Run(raw, events, ended)


def _one_by_one(raw: bytes) -> Run:
    events: list[Event] = []
    size = 0
    for frame in _split(raw):
        size += len(frame)
        try:
            found = [event for name, data in _fields(frame) if (event := _event(name, data))]
        except MsgcliError as error:
            return Run(raw[:size], events, error)
        events += found
        if found and found[-1].type == "message_stop":
            return Run(raw[:size], events, True)
    return Run(raw, events, False)


def _split(raw: bytes) -> Iterator[bytes]:
    start = 0
    for match in _BLANK_LINE.finditer(raw):
        yield raw[start : match.end()]
        start = match.end()
    if start < len(raw):
        yield raw[start:]


def _fields(frame: bytes) -> Iterable[tuple[str, str]]:
    """The name and the data of each event in `frame`."""
    if b"\r" in frame:
        frame = _LINE_END.sub(b"\n", frame)
    text = frame.decode("utf-8", "replace")
    plain = _plain_fields(text)
    return plain if plain is not None else _any_fields(text.encode())


def _joined(text: str) -> str:
    """The same events, but that deltas that are alike have become one, which says the same."""
    if len(text) < _WORTH_JOINING:
        return text
    alike = re.compile(_ALIKE)
    return alike.sub(lambda run: run[0].replace(run["tail"] + run["gap"] + run["head"], ""), text)


def _plain_fields(text: str) -> list[tuple[str, str]] | None:
    """The same for events of one data line each, which is how nearly all of them are written."""
    fields, end = [], 0
    for match in _PLAIN.finditer(text):
        if match.start() != end:
            return None
        end = match.end()
        fields.append((match.group(1) or "message", match.group(2)))
    return fields if end == len(text) else None


def _any_fields(frame: bytes) -> Iterator[tuple[str, str]]:
    from sseclient import SSEClient

    if frame.count(b"\n") > _MANY_LINES and frame.count(b"\n\n") == 1:
        frame = _slim(frame)
    for event in SSEClient(iter((frame,))).events():
        yield event.event, event.data


def _slim(frame: bytes) -> bytes:
    """The same event in two lines. Line ends between data lines become spaces, to JSON the same."""
    name, data = b"", []
    for line in frame.split(b"\n"):
        if line.startswith(b"data:"):
            data.append(line[5:])
        elif line.startswith(b"event:"):
            name = line + b"\n"
    return name + b"data:" + b" ".join(data) + b"\n\n"


def _event(name: str, text: str) -> Event | None:
    """The event, None for what carries nothing, or the error that it is, raised."""
    if not text.strip() or text.strip() == "[DONE]":
        return None
    data = _value(text)
    if not isinstance(data, dict):
        if name == "error":
            raise fault.of_error_event({"message": text})
        if name == "message" or name in MESSAGE_EVENTS:
            raise ProtocolFault(f"the reply has a {name} event whose data is not a JSON object")
        return None
    kind = data.get("type")
    if name == "error" or kind == "error" or (kind is None and "error" in data):
        raise fault.of_error_event(data)
    return Event(kind if isinstance(kind, str) else name, data)


def _value(text: str) -> Any:
    """The value of a JSON text, None if it is none."""
    try:
        return read_json(text)
    except (ValueError, RecursionError):
        return None


def read_json(text: str) -> Any:
    """The value of a JSON text. ValueError if it is none, or nested deeper than can be handled."""
    value, end = _decode(text, len(text) - len(text.lstrip(_SPACE)))
    if end < len(text) and text[end:].strip(_SPACE):
        raise ValueError("something after the value")
    if text.count("{") + text.count("[") > _DEEPEST and _is_deeper(value, _DEEPEST):
        raise ValueError("nested too deeply")
    return value


def _is_deeper(value: Any, levels: int) -> bool:
    items = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return levels == 0 or any(_is_deeper(item, levels - 1) for item in items)
