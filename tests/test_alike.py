"""Deltas that come together and are alike are read as one: that changes nothing but the time."""

from __future__ import annotations

import json
from typing import Any

import pytest

from msgcli.errors import MsgcliError
from msgcli.wire import event, reply
from msgcli.wire.message import Fold

START = (
    'event: message_start\ndata: {"type":"message_start","message":{"id":"m","content":[]}}\n\n'
    'event: content_block_start\ndata: {"type":"content_block_start","index":0,'
    '"content_block":{"type":"text","text":""}}\n\n'
)
END = (
    'event: message_delta\ndata: {"type":"message_delta","delta":{"stop_reason":"end_turn"}}\n\n'
    'event: message_stop\ndata: {"type":"message_stop"}\n\n'
)


@pytest.fixture(autouse=True)
def short_ones_too(monkeypatch: pytest.MonkeyPatch) -> None:
    """Join what is here, which is less than what is worth it."""
    monkeypatch.setattr(event, "_WORTH_JOINING", 0)


def delta(text: str, *, index: int = 0, kind: str = "text", field: str = "text") -> str:
    """`text` stands there as it is, between the quotes."""
    return (
        f'{{"type":"content_block_delta","index":{index},'
        f'"delta":{{"type":"{kind}_delta","{field}":"{text}"}}}}'
    )


def named(*data: str) -> str:
    return "".join(f"event: content_block_delta\ndata: {one}\n\n" for one in data)


def bare(*data: str) -> str:
    return "".join(f"data: {one}\n\n" for one in data)


def read(chunks: list[bytes]) -> tuple[Any, Any, str]:
    """The Message, how the stream ended, and the text as it was given out."""
    fold, fault, text = Fold(), None, ""
    order = fold.text
    try:
        for piece in reply.pieces(chunks):
            for one in piece.events:
                fold.apply(one)
            text += order.take()
        text += order.take(everything=True)
    except MsgcliError as error:
        fault = (type(error), str(error))
    return fold.message(), fault, text


MIDDLES = {
    "alike": named(*map(delta, "abcdef")),
    "without names": bare(*map(delta, "abcdef")),
    "with escapes": named(*map(delta, [r"a\n", r"\"}}", r"\\", r"A", r"\/"])),
    "halves of a character": named(
        delta(r"a\ud83d"), delta(r"\ude00b"), delta(r"\ud83d"), delta("c")
    ),
    "an escape that is none": named(delta("a"), delta(r"\x"), delta("b")),
    "a quote that ends it": named(delta("a"), delta('b","c":"d'), delta("e")),
    "escapes that would join": named(delta("a\\"), delta("b"), delta('c","d')),
    "a control character": named(delta("a"), delta("\x01"), delta("b")),
    "another block between": named(delta("a"), delta("x", index=1), delta("b"), delta("c")),
    "another kind between": named(
        delta("a"), delta("t", index=1, kind="thinking", field="thinking"), delta("b"), delta("c")
    ),
    "in a comment": ": " + bare(delta("no")) + bare(*map(delta, "abc")),
    "in an unnamed line": "x" + bare(delta("no")) + bare(*map(delta, "abc")),
    "an error by its name": named(delta("a")) + "event: error\n" + bare(*map(delta, "bc")),
    "a name between": named(delta("a")) + "event: ping\n" + bare(*map(delta, "bc")),
    "a name behind": named(delta("a"))
    + f"data: {delta('b')}\nevent: error\n\n"
    + named(delta("c")),
    "a line behind": named(delta("a")) + f"data: {delta('b')}\ndata:  \n\n" + named(delta("c")),
    "garbage behind": named(delta("a"), delta("b"), delta("c") + " x", delta("d")),
    "a comment between": named(delta("a"), delta("b"))
    + ": ping\n\n"
    + named(delta("c"), delta("d")),
    "an id between": named(delta("a")) + "id: 1\n" + named(delta("b"), delta("c")),
    "a name that is not known, and garbage behind": (
        f"event: foo\ndata: {delta('a')}\n\n" + named(delta("b"), delta("c") + " x", delta("d"))
    ),
    "an index that is no number": named(
        *(delta(text).replace(":0,", ":01,") for text in "ab"), delta("c")
    ),
    "the word error": named(*map(delta, ["an", " error", " here"])),
    "the end in a text": named(*map(delta, ["a", "message_stop", "b"])),
}


@pytest.mark.parametrize("middle", MIDDLES.values(), ids=MIDDLES.keys())
@pytest.mark.parametrize("behind", ["", ": more\n\n", "data: [DONE]\n\n"])
def test_it_changes_nothing(middle: str, behind: str) -> None:
    stream = (START + middle + END + behind).encode()
    together = read([stream])
    one_by_one = read([stream[at : at + 1] for at in range(len(stream))])
    assert together == one_by_one
    assert together[2] == "".join(block.get("text", "") for block in together[0]["content"])


@pytest.mark.parametrize("behind", ["", ": more\n\n", "data: [DONE]\n\n", named(delta("x"))])
def test_the_bytes_end_with_the_end_of_the_message(behind: str) -> None:
    whole = START + named(*map(delta, "abc")) + END
    pieces = list(reply.pieces([(whole + behind).encode()]))
    assert b"".join(piece.raw for piece in pieces) == whole.encode()


def test_few_deltas_are_left_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    assert len(event.parse(named(*map(delta, "abc")).encode()).events) == 3


def test_a_thousand_deltas_are_one_event() -> None:
    texts = [f"{number}, " for number in range(1000)]
    for kind, field in (("text", "text"), ("thinking", "thinking"), ("input_json", "partial_json")):
        data = named(*(delta(text, kind=kind, field=field) for text in texts))
        spaced = named(
            *(json.dumps(json.loads(delta(text, kind=kind, field=field))) for text in texts)
        )
        for run in (data, spaced):
            events = event.parse(run.encode()).events
            assert len(events) == 1
            assert "".join(one.data["delta"][field] for one in events) == "".join(texts)
