"""Every fault of a reply that has begun, seen from the wire."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from endpoint_client import (
    CUT,
    HEADERS,
    MESSAGES,
    ask,
    body,
    connect,
    events,
    faulty_endpoints,
    fold,
    post,
    raw,
    read,
    request_bytes,
    until_closed,
    until_silent,
)

Serve = Callable[..., str]
PROMPT = "A prompt of several words"


@pytest.fixture(scope="module")
def faulty() -> Iterator[Callable[[str], str]]:
    with faulty_endpoints() as url:
        yield url


def names(data: bytes) -> list[str]:
    return [event["type"] for event in events(data)]


@pytest.mark.parametrize(
    ("kind", "error"),
    [
        ("cut", CUT),
        ("reset", ConnectionResetError),
        ("stall", TimeoutError),
        ("clean-cut", None),
        ("cut-close", None),
    ],
)
def test_a_stream_that_ends_early(faulty: Any, kind: str, error: Any) -> None:
    response, failed = read(faulty(kind), PROMPT, stream=True, timeout=1)
    assert type(failed) is (error or type(None))
    shown = names(response.data)
    assert shown[:3] == ["message_start", "ping", "content_block_start"]
    assert set(shown[3:]) == {"content_block_delta"}
    assert PROMPT.startswith(response.text)
    assert 0 < len(response.text) < len(PROMPT)


@pytest.mark.parametrize(
    ("kind", "error"),
    [
        ("cut", CUT),
        ("reset", ConnectionResetError),
        ("stall", TimeoutError),
        ("clean-cut", None),
        ("cut-close", None),
    ],
)
def test_json_that_ends_early(faulty: Any, kind: str, error: Any) -> None:
    response, failed = read(faulty(kind), PROMPT, stream=False, timeout=1)
    assert type(failed) is (error or type(None))
    assert response.data.startswith(b'{"id":"msg_')
    with pytest.raises(ValueError, match=r"line 1"):
        json.loads(response.data)


@pytest.mark.parametrize("kind", ["cut", "clean-cut"])
def test_an_empty_stream_ends_early_too(faulty: Any, kind: str) -> None:
    connection = raw(faulty(kind))
    connection.sendall(
        request_bytes(stream=True, stop_sequences=["Hello"]).replace(b"1.1", b"1.0", 1)
    )
    data = until_closed(connection).partition(b"\r\n\r\n")[2]
    connection.close()
    assert names(data) == ["message_start"]


@pytest.mark.parametrize("kind", ["error-event", "error-stall"])
def test_an_error_event_after_some_text(faulty: Any, kind: str) -> None:
    response, failed = read(faulty(kind), PROMPT, stream=True, timeout=1)
    assert type(failed) is (TimeoutError if kind == "error-stall" else type(None))
    *before, last = response.events
    assert last["error"] == {"type": "overloaded_error", "message": "Overloaded"}
    assert last["request_id"] == response.headers["request-id"]
    assert [event["type"] for event in before][-1] == "content_block_delta"


def test_an_error_event_before_all(faulty: Any) -> None:
    (event,) = post(faulty("early-error"), stream=True).events
    assert event["error"]["type"] == "overloaded_error"


@pytest.mark.parametrize("kind", ["error-event", "early-error"])
def test_an_error_event_in_json_is_its_status(faulty: Any, kind: str) -> None:
    assert post(faulty(kind), stream=False).error[:2] == (529, "overloaded_error")


def test_pings_for_ever(faulty: Any) -> None:
    connection = connect(faulty("pings"))
    connection.request("POST", MESSAGES, json.dumps(body(stream=True)), HEADERS)
    response = connection.getresponse()
    lines = (line for line in iter(response.readline, b"") if line.startswith(b"event: "))
    assert [next(lines) for _ in range(6)] == [b"event: message_start\n"] + 5 * [b"event: ping\n"]
    connection.close()


@pytest.mark.parametrize("stream", [False, True])
def test_a_connection_that_stays_open_after_the_end(faulty: Any, stream: bool) -> None:
    connection = raw(faulty("linger"), timeout=0.5)
    connection.sendall(request_bytes(stream=stream))
    data, silent = until_silent(connection)
    connection.close()
    assert silent
    assert data.rstrip().endswith(b'{"type":"message_stop"}' if stream else b"}}")


@pytest.mark.parametrize(
    ("kind", "restored"),
    [
        ("crlf", lambda data: data.replace(b"\r\n", b"\n")),
        ("done", lambda data: data.removesuffix(b"data: [DONE]\n\n")),
        ("bom", lambda data: data.removeprefix(b"\xef\xbb\xbf")),
        ("comments", lambda data: data.replace(b": keep-alive\n\n", b"")),
        (
            "no-names",
            lambda data: b"".join(
                b"event: %b\n%b\n\n" % (json.loads(frame[6:])["type"].encode(), frame)
                for frame in data[:-2].split(b"\n\n")
            ),
        ),
    ],
)
def test_odd_streams(faulty: Any, kind: str, restored: Callable[[bytes], bytes]) -> None:
    data = ask(faulty(kind), PROMPT, stream=True).data
    assert restored(data) != data
    message = fold(list(events(restored(data))))
    assert message["content"] == [{"type": "text", "text": PROMPT}]
    assert ask(faulty(kind), PROMPT, stream=False).text == PROMPT


def test_a_reset_is_a_reset(faulty: Any) -> None:
    connection = raw(faulty("reset"))
    connection.sendall(request_bytes(stream=True))
    with pytest.raises(ConnectionResetError):
        until_closed(connection)
    connection.close()
