"""Properties of the wire that hold for any bytes, looked for by hypothesis.

MSGCLI_FUZZ=N tries N examples of each; without it the same few are tried in every run.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import pytest
from badserver import BadServer
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from misbehaviour import BEHAVIOURS, GOOD, MESSAGE, STREAM, TOOL, delta, error, event, stop
from support import run

from msgcli.errors import MsgcliError
from msgcli.output import AsItCame, Json, Sse, Tap, Text, drain
from msgcli.report import Report
from msgcli.wire import reply
from msgcli.wire.message import Fold

COUNT = int(os.environ.get("MSGCLI_FUZZ", "0"))
STATUSES = frozenset((0, *range(2, 18)))
fuzz = settings(
    max_examples=COUNT or 60,
    derandomize=not COUNT,
    database=None,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)


class Memory:
    """A sink that keeps what it was given."""

    keeps_partial = False

    def __init__(self) -> None:
        self.data = b""

    def write(self, data: bytes) -> None:
        self.data += data

    def commit(self) -> None: ...
    def abandon(self) -> None: ...


class Outcome(NamedTuple):
    status: int
    text: bytes
    json: bytes
    sse: bytes
    raw: bytes


def decode(chunks: Sequence[bytes]) -> Outcome:
    """What every tap makes of a reply that comes in these chunks."""

    def one(make: Any) -> tuple[int, bytes]:
        fold, sink = Fold(), Memory()
        tap: Tap = make(sink, fold)
        try:
            fault = drain(reply.pieces(chunks), fold, [tap], accepted=frozenset(), report=Report())
        except MsgcliError as raised:
            fault = raised
        return fault.status if fault else 0, sink.data

    status, text = one(lambda sink, fold: Text(sink, fold.text, newline=True))
    _, whole = one(Json)
    _, sse = one(lambda sink, fold: Sse(sink))
    _, raw = one(lambda sink, fold: AsItCame(sink))
    return Outcome(status, text, whole, sse, raw)


def split(data: bytes, cuts: Sequence[int]) -> list[bytes]:
    """`data` in chunks that end at these places; a chunk has at least one byte."""
    places = sorted({cut % len(data) for cut in cuts} - {0}) if data else []
    return [data[a:b] for a, b in zip([0, *places], [*places, len(data)], strict=True) if a < b]


# Events: right ones, wrong ones, and what a proxy makes of them.

values = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 3) | st.floats() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=2), inner),
    max_leaves=4,
)
KINDS = [
    *("message_start", "content_block_start", "content_block_delta", "content_block_stop"),
    *("message_delta", "message_stop", "ping", "error", "strange", "text", "init__"),
]
FIELDS = [
    *("type", "index", "message", "content", "content_block", "delta", "text", "thinking", "error"),
    *("partial_json", "usage", "stop_reason", "citations", "citation", "signature", "input", "id"),
]
TYPES = [
    *("text", "thinking", "tool_use", "text_delta", "thinking_delta", "input_json_delta"),
    *("citations_delta", "signature_delta", "compaction_delta", "compaction", "error", "message"),
]
objects = st.recursive(
    values | st.sampled_from(TYPES),
    lambda inner: (
        st.dictionaries(st.sampled_from(FIELDS), inner, max_size=4) | st.lists(inner, max_size=2)
    ),
    max_leaves=8,
)
odd_events = st.builds(
    lambda kind, fields: event(kind, **{k: v for k, v in fields.items() if k != "kind"}),
    st.sampled_from(KINDS),
    st.dictionaries(st.sampled_from(FIELDS), objects, max_size=4),
)
right_events = st.sampled_from([*GOOD, *TOOL, *stop("refusal")]) | st.builds(
    delta, st.text(st.characters(exclude_categories=()), max_size=4)
)
noise = st.sampled_from(
    [
        *(b": comment\n\n", b"\n", b"\r\n\r\n", b"data: [DONE]\n\n", b"event: x\n\n", b"data\n\n"),
        *(b"id: 1\nretry: no\n\n", b"data: {\n\n", b"\xef\xbb\xbf", b"data: \xff\n\n", b"\r"),
        *(b"data: null\n\n", b'data: {"type":\ndata: "ping"}\n\n', error("api_error", "x")),
    ]
)
LINE_ENDS = [b"\n", b"\r\n", b"\r"]
streams = st.builds(
    lambda parts, end, bom: bom + b"".join(parts).replace(b"\n", end),
    st.lists(right_events | odd_events | noise, max_size=12),
    st.sampled_from(LINE_ENDS),
    st.sampled_from([b"", b"", b"\xef\xbb\xbf"]),
)
replies = streams | st.builds(lambda value: json.dumps(value).encode(), objects)
cuts = st.lists(st.integers(0, 5000), max_size=30)


@fuzz
@given(replies | st.just(STREAM), cuts)
def test_chunks_change_nothing(data: bytes, places: list[int]) -> None:
    whole = decode([data])
    assert decode(split(data, places)) == whole
    assert decode([data[at : at + 1] for at in range(len(data))]) == whole
    assert whole.status in STATUSES


@fuzz
@given(st.lists(right_events, max_size=8), st.sampled_from(LINE_ENDS), cuts)
def test_a_complete_stream_is_written_as_it_came(
    parts: list[bytes], end: bytes, places: list[int]
) -> None:
    middle = b"".join(part for part in parts if b"message_stop" not in part)
    data = (b"".join(GOOD[:3]) + middle + b"".join(stop())).replace(b"\n", end)
    outcome = decode(split(data + b"data: more" + end + end, places))
    assert outcome.sse == outcome.raw == data
    assert outcome.status in (0, 8)


ODD_JSON = [
    *(b"{", b"NaN", b"-Infinity", b"1e999", b"9" * 5000, b"[" * 100_000, b'"\xff"', b'"\\ud800"'),
    *(b"null", b"[]", b"{}", b'{"type":[]}', b'{"type":"message_stop"}', b'{"error":[]}', b'"x"'),
]


def odd_examples(test: Any) -> Any:
    """Have each odd JSON text tried as a reply, and as an event of each kind."""
    for text in ODD_JSON:
        for kind in (b"", b"event: message_delta\n", b"event: error\n", b"event: x\n"):
            test = example(kind + b"data: " + text + b"\n\n")(test)
        test = example(text)(test)
    return test


@fuzz
@odd_examples
@given(st.binary(max_size=300) | replies | st.binary(max_size=40).map(lambda x: STREAM[:300] + x))
def test_decode_of_anything_ends_with_a_documented_status(data: bytes) -> None:
    assert decode([data]).status in STATUSES


@fuzz
@given(st.data())
def test_a_changed_stream_is_no_worse_than_the_changes(data: st.DataObject) -> None:
    """Bytes of a right reply replaced: any status but 1."""
    changed = bytearray(data.draw(st.sampled_from([STREAM, MESSAGE, b"".join(TOOL)])))
    for _ in range(data.draw(st.integers(1, 5))):
        place = data.draw(st.integers(0, len(changed) - 1))
        width = data.draw(st.integers(0, 3))
        changed[place : place + width] = data.draw(st.binary(max_size=3))
    assert decode([bytes(changed)]).status in STATUSES


def without_an_event(number: int) -> bytes:
    return b"".join(GOOD[:number] + GOOD[number + 1 :])


@pytest.mark.parametrize("cut", range(0, len(STREAM), 3))
def test_a_cut_stream_is_incomplete(cut: int) -> None:
    assert decode([STREAM[:cut]]).status == 8


def test_without_its_end_or_its_reason_a_stream_is_incomplete() -> None:
    """Other events can be done without; these two say that the Message is complete, and why."""
    delta_at, stop_at = len(GOOD) - 2, len(GOOD) - 1
    assert decode([without_an_event(stop_at)]).status == 8
    assert decode([without_an_event(delta_at)]).status == 8


@pytest.fixture(scope="module")
def bad() -> Iterator[BadServer]:
    with BadServer() as server:
        yield server


TEXTS = [
    *("plain", "no newline", "newline\n", "\r\n\r\nx", "a\rb", " spaces  ", "\ttab\t\n\n\n"),
    *(
        "é ü ß",
        "x\u2028\u2029\x85",
        "\U0001f600 \u200d",
        "\ufeffx",
        "\x01\x1b[31m\x7f",
        "$x ${y} @f",
    ),
    *('{"a": 1}', "data: x\n\nevent: y", "</document>", "\ufffd", "\u202e", "-", "\\ud800 \\n"),
]


@pytest.mark.parametrize("text", TEXTS)
def test_any_text_goes_there_and_back(bad: BadServer, text: str) -> None:
    call = bad.call(BEHAVIOURS["repeat"])
    data = text.encode()
    done = run("create", "--no-newline", "--base-url", call.url, input=data)
    wanted = data.removeprefix(b"\xef\xbb\xbf")
    assert (done.returncode, done.stdout, done.stderr) == (0, wanted, b"")
    assert call.requests[0].text.encode() == wanted


@settings(fuzz, max_examples=COUNT // 20 or 4)
@given(texts=st.lists(st.text(min_size=1).filter(lambda x: x.strip()), min_size=1, max_size=20))
def test_any_text_makes_a_body_that_holds_it(texts: list[str]) -> None:
    """Twenty texts a process, each as a -p."""
    args = [arg for text in texts for arg in ("-p", text.replace("\0", ""))]
    done = run("build", "--no-stdin", *args)
    assert done.returncode == 0, done.stderr
    content = json.loads(done.stdout)["messages"][0]["content"]
    assert content == "\n\n".join(text.replace("\0", "") for text in texts)


def with_block(**block: object) -> bytes:
    """A right stream but for what is in its content block."""
    return b"".join([GOOD[0], event("content_block_start", index=0, content_block=block), *stop()])


def nested(depth: int) -> object:
    value: object = 1
    for _ in range(depth):
        value = [value]
    return value


@pytest.mark.parametrize(
    "data",
    [
        with_block(type=[]),
        with_block(type={}),
        with_block(type="tool_use", input=nested(480)),
        with_block(type="tool_use", input=nested(900)),
        STREAM.replace(b'"text_delta"', b"[]"),
        STREAM.replace(b'"text_delta"', b'{"a": 1}'),
        with_block(type="text", citations=5).removesuffix(b"".join(stop()))
        + event("content_block_delta", index=0, delta={"type": "citations_delta", "citation": {}})
        + b"".join(stop()),
        json.dumps({"content": [{"type": {}}], "stop_reason": "end_turn"}).encode(),
        json.dumps({"error": {"details": nested(900)}}).encode(),
    ],
    ids=range(9),
)
def test_fields_of_the_wrong_kind_end_with_a_documented_status(data: bytes) -> None:
    assert decode([data]).status in STATUSES


@pytest.mark.parametrize("before", [b"\n" * 3, b"\n" * 5, b"\n" * 9, b"\xef\xbb\xbf\r\n", b" \r\n"])
def test_blank_lines_before_a_stream_mean_nothing_however_they_are_cut(before: bytes) -> None:
    assert decode([before[at : at + 1] for at in range(len(before))] + [STREAM]).status == 0
    assert decode([bytes((byte,)) for byte in before + STREAM]).status == 0


def test_a_reply_never_has_a_number_that_is_no_json() -> None:
    written = decode([with_block(type="x", value=float("nan"))]).json
    assert b"NaN" not in written
    for data in (
        with_block(type="x", value=float("inf")).replace(b"Infinity", b"1e999"),
        with_block(type="tool_use", input={"x": float("inf")}).replace(b"Infinity", b"-1e999"),
        b'{"content":[{"type":"x","value":1e999}],"stop_reason":"end_turn"}',
    ):
        assert b"1e999" in data
        assert b"Infinity" not in decode([data]).json
