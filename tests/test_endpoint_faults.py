"""Every fault of the endpoint, seen from the wire."""

from __future__ import annotations

import gzip
import http.client
import json
import time
from collections.abc import Callable
from email.utils import parsedate_to_datetime
from itertools import takewhile
from typing import Any

import pytest
from endpoint_client import (
    COUNT,
    HEADERS,
    MESSAGES,
    Response,
    ask,
    body,
    connect,
    events,
    fold,
    post,
    raw,
    request_bytes,
    until_closed,
)
from pages import source
from support import run

from msgcli.endpoint import faults

Serve = Callable[..., str]
PROMPT = "A prompt of several words"
CUT = http.client.IncompleteRead


@pytest.fixture(scope="module")
def faulty() -> Any:
    """The URL of an endpoint with this fault, started when it is first asked for."""
    from conftest import _serve, _stop

    running: list[Any] = []
    urls: dict[str, str] = {}

    def url(kind: str) -> str:
        if kind not in urls:
            urls[kind] = _serve(running, "--fault", kind)
        return urls[kind]

    yield url
    _stop(running)


def read(url: str, *, stream: bool, timeout: float = 20) -> tuple[Response, Exception | None]:
    """What came of a reply, and how it failed."""
    connection = connect(url, timeout)
    data, error = b"", None
    request = body(messages=[{"role": "user", "content": PROMPT}], stream=stream)
    connection.request("POST", MESSAGES, json.dumps(request), HEADERS)
    response = connection.getresponse()
    try:
        while piece := response.read1():
            data += piece
        if response.length:
            error = CUT(b"")
    except (http.client.HTTPException, OSError) as failed:
        error = failed
    connection.close()
    return Response(response.status, response.headers, data), error


def names(data: bytes) -> list[str]:
    return [event["type"] for event in events(data)]


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize(
    ("kind", "status", "error_type"),
    [
        ("400", 400, "invalid_request_error"),
        ("401", 401, "authentication_error"),
        ("402", 402, "billing_error"),
        ("403", 403, "permission_error"),
        ("404", 404, "not_found_error"),
        ("408", 408, "invalid_request_error"),
        ("409", 409, "conflict_error"),
        ("413", 413, "request_too_large"),
        ("422", 422, "invalid_request_error"),
        ("429", 429, "rate_limit_error"),
        ("429-bare", 429, "rate_limit_error"),
        ("500", 500, "api_error"),
        ("503", 503, "api_error"),
        ("504", 504, "timeout_error"),
        ("529", 529, "overloaded_error"),
        ("599", 599, "api_error"),
    ],
)
def test_a_status(faulty: Any, kind: str, status: int, error_type: str, stream: bool) -> None:
    response = post(faulty(kind), stream=stream)
    assert response.error[:2] == (status, error_type)
    assert response.headers["content-type"] == "application/json"


@pytest.mark.parametrize(
    ("kind", "headers"),
    [
        ("429", {"retry-after": "1", "anthropic-ratelimit-requests-remaining": "0"}),
        ("429-bare", {"retry-after": None, "x-should-retry": None}),
        ("429-ms", {"retry-after-ms": "50", "retry-after": None}),
        ("429-long", {"retry-after": "315360000"}),
        ("429-bad", {"retry-after": "soon"}),
        ("429-ramp", {"retry-after": "1"}),
        ("429-spend", {"retry-after": None}),
        ("529", {"retry-after": None, "x-should-retry": None}),
        ("retry", {"x-should-retry": "true"}),
        ("no-retry", {"x-should-retry": "false"}),
        ("redirect", {"location": "https://elsewhere.invalid/v1/messages"}),
    ],
)
def test_headers_of_a_status(faulty: Any, kind: str, headers: dict[str, str | None]) -> None:
    response = post(faulty(kind))
    assert {name: response.headers[name] for name in headers} == headers
    assert response.status == {"retry": 400, "no-retry": 529, "redirect": 302}.get(
        kind, int(kind[:3]) if kind[0].isdigit() else None
    )


def test_retry_after_as_a_date(faulty: Any) -> None:
    date = post(faulty("429-date")).headers["retry-after"]
    assert -1 <= parsedate_to_datetime(date).timestamp() - time.time() <= 2


@pytest.mark.parametrize(
    ("kind", "code"),
    [("429-ramp", "ramp_limit_exceeded"), ("429-spend", "enforced_spend_limit_reached")],
)
def test_machine_readable_codes(faulty: Any, kind: str, code: str) -> None:
    assert post(faulty(kind)).json["error"]["details"] == {"error_code": code}


@pytest.mark.parametrize(("kind", "status"), [("502", 502), ("not-json", 200)])
@pytest.mark.parametrize("stream", [False, True])
def test_a_page_of_html(faulty: Any, kind: str, status: int, stream: bool) -> None:
    response = post(faulty(kind), stream=stream)
    assert response.status == status
    assert response.headers["content-type"].startswith("text/html")
    assert response.data.startswith(b"<html>")


@pytest.mark.parametrize("stream", [False, True])
def test_nothing_at_all(faulty: Any, stream: bool) -> None:
    response = post(faulty("empty"), stream=stream)
    kind = "text/event-stream; charset=utf-8" if stream else "application/json"
    assert (response.status, response.data) == (200, b"")
    assert response.headers["content-type"] == kind


@pytest.mark.parametrize("stream", [False, True])
def test_an_error_object_for_a_message(faulty: Any, stream: bool) -> None:
    assert post(faulty("error-object"), stream=stream).error[:2] == (200, "overloaded_error")


@pytest.mark.parametrize("stream", [False, True])
def test_the_other_form(faulty: Any, stream: bool) -> None:
    as_json = ask(faulty("json"), PROMPT, stream=stream)
    assert as_json.headers["content-type"] == "application/json"
    as_stream = ask(faulty("stream"), PROMPT, stream=stream)
    assert as_stream.headers["content-type"].startswith("text/event-stream")
    assert as_json.text == as_stream.text == PROMPT


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
    response, failed = read(faulty(kind), stream=True, timeout=1)
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
    response, failed = read(faulty(kind), stream=False, timeout=1)
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


@pytest.mark.parametrize("stream", [False, True])
def test_no_answer(faulty: Any, stream: bool) -> None:
    with pytest.raises(http.client.RemoteDisconnected):
        read(faulty("drop"), stream=stream)
    with pytest.raises(TimeoutError):
        read(faulty("stall-headers"), stream=stream, timeout=0.5)


def test_half_of_the_headers(faulty: Any) -> None:
    connection = raw(faulty("half-headers"), timeout=0.5)
    connection.sendall(request_bytes())
    assert connection.recv(1000).startswith(b"HTTP/1.1 200 OK\r\n")
    with pytest.raises(TimeoutError):
        connection.recv(1000)
    connection.close()


def test_early_hints(faulty: Any) -> None:
    connection = raw(faulty("early-hints"))
    connection.sendall(request_bytes(stream=True).replace(b"1.1", b"1.0", 1))
    first, second, *_ = until_closed(connection).split(b"\r\n\r\n")
    connection.close()
    assert first == b"HTTP/1.1 103 Early Hints"
    assert second.startswith(b"HTTP/1.1 200 OK\r\n")


@pytest.mark.parametrize("kind", ["error-event", "error-stall"])
def test_an_error_event_after_some_text(faulty: Any, kind: str) -> None:
    response, failed = read(faulty(kind), stream=True, timeout=1)
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
    data = b""
    with pytest.raises(TimeoutError):
        while piece := connection.recv(65536):
            data += piece
    connection.close()
    assert data.rstrip().endswith(b'{"type":"message_stop"}' if stream else b"}}")
    assert not data.endswith(b"0\r\n\r\n")


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize(
    ("kind", "framing"),
    [("until-close", (None, None)), ("with-length", (True, None)), ("slow-body", None)],
)
def test_other_framings(faulty: Any, kind: str, framing: Any, stream: bool) -> None:
    response, failed = read(faulty(kind), stream=stream)
    assert failed is None
    assert response.text == PROMPT
    found = (response.headers["content-length"], response.headers["transfer-encoding"])
    if framing is not None:
        assert (found[0] and True, found[1]) == framing


def test_a_slow_body_comes_byte_by_byte(faulty: Any) -> None:
    connection = connect(faulty("slow-body"))
    connection.request("POST", MESSAGES, json.dumps(body(stream=True)), HEADERS)
    response = connection.getresponse()
    began = time.monotonic()
    assert [len(response.read1()) for _ in range(50)] == [1] * 50
    assert time.monotonic() - began > 0.08
    connection.close()


@pytest.mark.parametrize("stream", [False, True])
def test_a_body_that_is_compressed(faulty: Any, stream: bool) -> None:
    response = ask(faulty("gzip"), PROMPT, stream=stream)
    assert response.headers["content-encoding"] == "gzip"
    assert response._replace(data=gzip.decompress(response.data)).text == PROMPT


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


def test_faults_come_one_after_the_other(serve: Serve) -> None:
    url = serve("--fault", "529:2", "--fault", "500:1")
    assert [post(url).status for _ in range(5)] == [529, 529, 500, 200, 200]


def test_without_a_number_a_fault_stays(serve: Serve) -> None:
    url = serve("--fault", "500:1", "--fault", "503", "--fault", "529")
    assert [post(url).status for _ in range(4)] == [500, 503, 503, 503]


def test_a_fault_is_for_good_messages_requests(serve: Serve) -> None:
    url = serve("--fault", "500:1")
    assert post(url, model=5).status == 400
    assert post(url, COUNT, max_tokens=1).status == 400
    assert [post(url).status for _ in range(2)] == [500, 200]


@pytest.mark.parametrize("kind", ["nope", "200", "399", "600", "4 0", "٤٠٠", "", ":1"])
def test_an_unknown_fault_is_named_beside_the_known_ones(kind: str) -> None:
    done = run("serve", "--fault", kind)
    assert (done.returncode, done.stdout) == (2, b"")
    (line,) = done.stderr.decode().splitlines()
    assert line.startswith(f"msgcli: --fault: {kind.split(':')[0]}: no such fault; there are 400 to 599")
    assert all(f" {name}" in line for name in faults.FAULTS if not name.isdigit())


@pytest.mark.parametrize("number", ["0", "-1", "x", "", "1.5"])
def test_a_fault_is_for_one_request_or_more(number: str) -> None:
    done = run("serve", "--fault", f"429:{number}")
    assert done.returncode == 2
    assert b"the number of requests must be 1 or more" in done.stderr


def test_the_page_lists_every_fault() -> None:
    lines = source("msgcli-serve").partition("\n.Sh FAULTS\n")[2].splitlines()
    section = takewhile(lambda line: not line.startswith(".Sh "), lines)
    listed = [line.removeprefix(".It Cm ") for line in section if line.startswith(".It Cm ")]
    assert listed == ["400 No to Cm 599", *faults.FAULTS]


def test_a_reset_is_a_reset(faulty: Any) -> None:
    connection = raw(faulty("reset"))
    connection.sendall(request_bytes(stream=True))
    with pytest.raises(ConnectionResetError):
        until_closed(connection)
    connection.close()
