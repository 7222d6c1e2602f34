"""The pure parts: strict JSON, bodies, the order of text, durations, the errors of endpoints."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest

from msgcli import answer, durations, terminal
from msgcli.errors import MsgcliError, UsageFault
from msgcli.wire import fault, request, strict
from msgcli.wire.event import Frames
from msgcli.wire.order import TextOrder, whole_characters


@pytest.mark.parametrize(
    ("text", "line", "reason"),
    [
        ('{"a":1,\n "b":2,\n "a":3}', 3, "stands twice"),
        ('{"a":{"x":1},\n"b":{"x":1,\n"y":2,\n"y":3}}', 4, "stands twice"),
        ("[1,\nNaN]", 2, "NaN"),
        ('["NaN",\n-Infinity]', 2, "-Infinity"),
        ("[\n\n1e999]", 3, "too large"),
        ("[\n" + "9" * 5000 + "]", 2, "digits"),
        ('["ok",\n"\\ud800"]', 2, "surrogate"),
        ('{"a":\n}', 2, "expecting value"),
        ("[" * 100_000, 1, "deep"),
        ('{"a":\n' + "[" * 100_000, 2, "deep"),
        ("", 1, "expecting value"),
    ],
)
def test_json_that_is_refused_with_its_line(text: str, line: int, reason: str) -> None:
    with pytest.raises(strict.NotJson) as caught:
        strict.parse(text)
    assert str(caught.value).startswith(f"line {line}: ")
    assert reason in str(caught.value)


def test_json_that_is_accepted() -> None:
    text = '{"a":[1,2.5,true,null,"\\ud83d\\ude00","\\u0000","é"],"b":{"a":1}}'
    assert strict.parse(text) == json.loads(text)


def test_fields_of_a_base_stay_where_nothing_names_them() -> None:
    base = {"x": 1, "metadata": {"a": 1}, "model": "base"}
    body = request.merge(
        base, {"metadata": {"user_id": "u"}}, {"model": "default", "max_tokens": 5}
    )
    assert body == {
        "x": 1,
        "metadata": {"a": 1, "user_id": "u"},
        "model": "base",
        "max_tokens": 5,
    }
    assert base["metadata"] == {"a": 1}


@pytest.mark.parametrize(
    ("path", "value", "expected"),
    [
        ("top_k", 5, {"m": [{"c": 1}], "top_k": 5}),
        ("a.b.c", [1], {"m": [{"c": 1}], "a": {"b": {"c": [1]}}}),
        ("m.0.c", 2, {"m": [{"c": 2}]}),
        ("m.1", {"c": 3}, {"m": [{"c": 1}, {"c": 3}]}),
        ("m", None, {"m": None}),
    ],
)
def test_assign(path: str, value: Any, expected: Any) -> None:
    body = {"m": [{"c": 1}]}
    request.assign(body, path, value)
    assert body == expected


@pytest.mark.parametrize("path", ["m.2", "m.x", "m.7.c", "m.-1", "m.1.x"])
def test_assign_to_no_place(path: str) -> None:
    with pytest.raises(UsageFault):
        request.assign({"m": [{"c": 1}]}, path, 0)


def test_the_text_of_a_later_block_waits_for_the_earlier_one() -> None:
    order = TextOrder()
    order.start(0)
    order.start(2)
    order.add(2, "later")
    order.add(0, "first ")
    assert order.take() == "first "
    order.stop(0)
    assert order.take() == "later"
    order.add(2, "!")
    assert order.take() == "!"
    assert order.take(everything=True) == ""


def test_halves_of_a_character_are_joined_or_replaced() -> None:
    order = TextOrder()
    order.start(0)
    order.add(0, "a\ud83d")
    assert order.take() == "a"
    order.add(0, "\ude00b")
    assert order.take() == "\U0001f600b"
    order.add(0, "\ud83d")
    assert order.take() == ""
    assert order.take(everything=True) == "\ufffd"
    assert whole_characters("\udc00a\ud83dA\ud83d\ude00") == "\ufffda\ufffdA\U0001f600"


def test_an_event_is_found_in_linear_time_and_bounded() -> None:
    frames = Frames(limit=1000)
    assert frames.feed(b"data: 1\n\ndata: 2") == b"data: 1\n\n"
    assert frames.feed(b"\n") == b""
    assert frames.feed(b"\n") == b"data: 2\n\n"
    assert frames.feed(b"x" * 1000) == b""
    with pytest.raises(MsgcliError):
        frames.feed(b"x")
    begun = time.process_time()
    frames = Frames(limit=10_000_000)
    for _ in range(3000):
        frames.feed(b"x" * 1000)
    assert time.process_time() - begun < 1  # many, if it grew with the square


@pytest.mark.parametrize("end", [b"\n\n", b"\r\r", b"\r\n\r\n", b"\n\r\n", b"\r\n\n"])
def test_every_blank_line_ends_an_event(end: bytes) -> None:
    data = b"data: 1" + end + b"data: 2" + end
    for size in (1, 2, 3, 100):
        frames = Frames(limit=1000)
        got = b"".join(frames.feed(data[at : at + size]) for at in range(0, len(data), size))
        assert got == data, size


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("500ms", 0.5), ("30", 30), ("30s", 30), ("1.5m", 90), ("1h", 3600), (".5", 0.5)],
)
def test_durations(text: str, seconds: float) -> None:
    assert durations.seconds(text) == seconds


@pytest.mark.parametrize("text", ["", "s", "-1", "1d", "1 s", "nan", "inf", "1e3", "١"])
def test_what_is_no_duration(text: str) -> None:
    with pytest.raises(ValueError, match=r".*"):
        durations.seconds(text)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.5, "500ms"),
        (1, "1s"),
        (1.25, "1.2s"),
        (60, "1m"),
        (90, "90s"),
        (7200, "2h"),
        (1e9, "277778h"),
    ],
)
def test_durations_as_they_are_shown(seconds: float, text: str) -> None:
    assert durations.duration(seconds) == text


@pytest.mark.parametrize(
    ("body", "kind", "message"),
    [
        (b'{"type":"error","error":{"type":"t","message":"m"}}', "t", "m"),
        (
            b'{"error":{"code":503,"message":"m","type":"unavailable_error"}}',
            "unavailable_error",
            "m",
        ),
        (b'{"detail":"d"}', None, "d"),
        (b'{"detail":[{"msg":"a"},{"msg":"b"}]}', None, "a; b"),
        (b'{"error":"text"}', None, "text"),
        (b'{"title":"Bad Gateway","status":502}', None, "Bad Gateway"),
        (b'{"type":"error","message":{"type":"t","message":"m"}}', "t", "m"),
        (b"<html><head><title>502  Bad\nGateway</title>", None, "502 Bad Gateway"),
        (b"plain words\n", None, "plain words"),
        (b"", None, ""),
        (b"\xff\xfe", None, "\ufffd\ufffd"),
    ],
)
def test_what_an_error_answer_says(body: bytes, kind: str | None, message: str) -> None:
    error = answer.read(body)
    assert (error.type, error.message) == (kind, message)


@pytest.mark.parametrize(
    ("http_status", "status"),
    [
        (401, 4),
        (403, 4),
        (400, 5),
        (404, 5),
        (422, 5),
        (407, 5),
        (408, 6),
        (409, 6),
        (429, 6),
        (500, 6),
        (529, 6),
        (599, 6),
        (201, 8),
        (204, 8),
        (101, 8),
        (302, 8),
        (600, 8),
    ],
)
def test_http_statuses(http_status: int, status: int) -> None:
    assert fault.fault_class(http_status).status == status


def test_a_terminal_is_shown_no_control_characters() -> None:
    text = "a\x1b[31mb\x07\x7f\u009b\u202e\u2066c\td"
    assert terminal.visible(text) == "a^[[31mb^G^?<U+009B><U+202E><U+2066>c\td"
    assert terminal.line("a\r\nb\u2028c") == "a b c"
