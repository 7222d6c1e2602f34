"""Every fault of the endpoint that is one of HTTP, seen from the wire."""

from __future__ import annotations

import gzip
import http.client
import json
import time
from collections.abc import Callable, Iterator
from email.utils import parsedate_to_datetime
from itertools import takewhile
from typing import Any

import pytest
from endpoint_client import (
    COUNT,
    HEADERS,
    MESSAGES,
    ask,
    body,
    connect,
    faulty_endpoints,
    post,
    raw,
    read,
    request_bytes,
    until_closed,
)
from pages import source
from support import run

from msgcli.endpoint import faults

Serve = Callable[..., str]
PROMPT = "A prompt of several words"


@pytest.fixture(scope="module")
def faulty() -> Iterator[Callable[[str], str]]:
    with faulty_endpoints() as url:
        yield url


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


@pytest.mark.parametrize("stream", [False, True])
def test_no_answer(faulty: Any, stream: bool) -> None:
    with pytest.raises(http.client.RemoteDisconnected):
        read(faulty("drop"), PROMPT, stream=stream)
    with pytest.raises(TimeoutError):
        read(faulty("stall-headers"), PROMPT, stream=stream, timeout=0.5)


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


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize(
    ("kind", "framing"),
    [("until-close", (None, None)), ("with-length", (True, None)), ("slow-body", None)],
)
def test_other_framings(faulty: Any, kind: str, framing: Any, stream: bool) -> None:
    response, failed = read(faulty(kind), PROMPT, stream=stream)
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
    assert line.startswith(
        f"msgcli: --fault: {kind.split(':')[0]}: no such fault; there are 400 to 599"
    )
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
