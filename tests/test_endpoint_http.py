"""The endpoint as an HTTP server: framing, connections, sizes, clients that go away, its log."""

from __future__ import annotations

import json
import socket
import stat
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from endpoint_client import (
    HEADERS,
    MESSAGES,
    ask,
    body,
    call,
    connect,
    post,
    raw,
    request_bytes,
    until_closed,
)

Serve = Callable[..., str]
LIMIT = 32 * 1024 * 1024


def test_a_connection_takes_many_requests(endpoint: str) -> None:
    connection = connect(endpoint)
    for stream in (False, True, True, False):
        connection.request("POST", MESSAGES, json.dumps(body(stream=stream)), HEADERS)
        response = connection.getresponse()
        assert response.read()
        assert response.headers.get("connection") is None
        sock = connection.sock
        connection.request("GET", "/v1/models", headers=HEADERS)
        assert connection.getresponse().read()
        assert connection.sock is sock
    connection.close()


@pytest.mark.parametrize("stream", [False, True])
def test_a_client_may_ask_for_the_end(endpoint: str, stream: bool) -> None:
    response = post(endpoint, headers={"connection": "close"}, stream=stream)
    assert (response.text, response.headers["connection"]) == ("Hello", "close")


def test_a_client_of_http_1_0_may_stay(endpoint: str) -> None:
    connection = raw(endpoint)
    request = request_bytes().replace(b"1.1\r\n", b"1.0\r\nconnection: keep-alive\r\n", 1)
    connection.sendall(request)
    first = b""
    while not first.endswith(b"}}"):
        first += connection.recv(65536)
    assert b"\r\nconnection: keep-alive\r\n" in first
    connection.sendall(request.replace(b"keep-alive", b"close"))
    assert until_closed(connection).startswith(b"HTTP/1.1 200 OK")
    connection.close()


@pytest.mark.parametrize("stream", [False, True])
def test_a_client_of_http_1_0_gets_no_chunks(endpoint: str, stream: bool) -> None:
    connection = raw(endpoint)
    connection.sendall(request_bytes(stream=stream).replace(b"HTTP/1.1", b"HTTP/1.0"))
    head, _, data = until_closed(connection).partition(b"\r\n\r\n")
    connection.close()
    assert b"transfer-encoding" not in head.lower()
    last = b'data: {"type":"message_stop"}\n\n' if stream else b"}"
    assert data.endswith(last)


def test_each_event_is_a_chunk_of_its_own(endpoint: str) -> None:
    connection = raw(endpoint)
    request = request_bytes(stream=True).replace(b"\r\n\r\n", b"\r\nconnection: close\r\n\r\n", 1)
    connection.sendall(request)
    rest = until_closed(connection).partition(b"\r\n\r\n")[2]
    connection.close()
    chunks = []
    while rest:
        size, _, rest = rest.partition(b"\r\n")
        chunk, rest = rest[: int(size, 16)], rest[int(size, 16) + 2 :]
        chunks.append(chunk)
    assert chunks.pop() == b""
    assert len(chunks) >= 7
    assert all(
        c.startswith(b"event: ") and c.count(b"\n\n") == 1 and c[-2:] == b"\n\n" for c in chunks
    )


def test_the_body_may_come_in_chunks(endpoint: str) -> None:
    data = json.dumps(body()).encode()
    pieces = iter([data[:7], data[7:50], data[50:]])
    connection = connect(endpoint)
    connection.request("POST", MESSAGES, pieces, HEADERS, encode_chunked=True)
    response = connection.getresponse()
    assert json.load(response)["content"][0]["text"] == "Hello"
    connection.close()


def test_a_client_that_expects_100_is_told_to_continue(endpoint: str) -> None:
    connection = raw(endpoint)
    head, _, data = request_bytes().partition(b"\r\n\r\n")
    connection.sendall(head + b"\r\nexpect: 100-continue\r\nconnection: close\r\n\r\n")
    assert connection.recv(100) == b"HTTP/1.1 100 Continue\r\n\r\n"
    connection.sendall(data)
    assert until_closed(connection).startswith(b"HTTP/1.1 200 OK\r\n")
    connection.close()


def test_a_body_at_the_limit_is_read(endpoint: str) -> None:
    data = json.dumps(body()).encode()
    response = call(endpoint, "POST", MESSAGES, data.ljust(LIMIT))
    assert response.text == "Hello"


@pytest.mark.parametrize("chunked", [False, True])
def test_a_body_over_the_limit_is_413(endpoint: str, chunked: bool) -> None:
    data = bytes(LIMIT + 1)
    pieces = (data[at : at + 1_000_000] for at in range(0, len(data), 1_000_000))
    error = call(endpoint, "POST", MESSAGES, pieces if chunked else data).error
    assert error[:2] == (413, "request_too_large")


def test_a_body_over_the_limit_is_not_asked_for(endpoint: str) -> None:
    connection = raw(endpoint)
    head = f"POST {MESSAGES} HTTP/1.1\r\nhost: x\r\ncontent-length: {LIMIT + 1}\r\n"
    connection.sendall(head.encode() + b"expect: 100-continue\r\n\r\n")
    assert connection.recv(12) == b"HTTP/1.1 413"
    connection.close()


@pytest.mark.parametrize(
    "request_",
    [
        b"nonsense\r\n\r\n",
        b"GET / HTTP/9.9\r\n\r\n",
        b"GET / HTTP/1.1\r\ncontent-length: x\r\n\r\n",
        b"GET / HTTP/1.1\r\ncontent-length: -1\r\n\r\n",
        b"GET / HTTP/1.1\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\n",
        b"GET / HTTP/1.1\r\ncontent-length: 1\r\ntransfer-encoding: chunked\r\n\r\n",
        b"GET / HTTP/1.1\r\ntransfer-encoding: gzip\r\n\r\n",
        b"GET / HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n",
        b"GET / HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\n1\r\nabc\r\n",
        b"GET / HTTP/1.1\r\n" + b"x: y\r\n" * 200 + b"\r\n",
        b"GET /" + b"a" * 70_000 + b" HTTP/1.1\r\n\r\n",
    ],
    ids=lambda request: request[:60].decode().replace("\r\n", "|"),
)
def test_malformed_http_gets_an_error_body_and_the_end(endpoint: str, request_: bytes) -> None:
    connection = raw(endpoint)
    connection.sendall(request_)
    head, _, data = until_closed(connection).partition(b"\r\n\r\n")
    connection.close()
    assert head.startswith((b"HTTP/1.1 4", b"HTTP/1.1 505"))
    assert b"request-id: req_" in head
    assert json.loads(data)["type"] == "error"


def test_requests_are_answered_side_by_side(serve: Serve) -> None:
    url = serve("--delay", "300ms")
    done: list[float] = []
    began = time.monotonic()

    def one() -> None:
        assert ask(url, "x").text == "x"
        done.append(time.monotonic() - began)

    threads = [threading.Thread(target=one) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(done) == 20
    assert min(done) >= 0.3
    assert max(done) < 3


def test_a_hundred_clients_may_knock_at_once(endpoint: str) -> None:
    connections = [raw(endpoint) for _ in range(100)]
    for connection in connections:
        connection.sendall(request_bytes())
    for connection in connections:
        assert connection.recv(15) == b"HTTP/1.1 200 OK"
        connection.close()


def test_delay_is_the_time_between_two_events(serve: Serve) -> None:
    connection = connect(serve("--delay", "50ms"))
    began = time.monotonic()
    connection.request("POST", MESSAGES, json.dumps(body(stream=True)), HEADERS)
    response = connection.getresponse()
    times = []
    while line := response.readline():
        if line.startswith(b"event: "):
            times.append(time.monotonic() - began)
    connection.close()
    assert len(times) >= 7
    assert times[-1] >= 0.05 * (len(times) - 1)
    assert times[0] < times[-1] / 2


def wait_for(lines: Callable[[], list[Any]], number: int) -> list[Any]:
    deadline = time.monotonic() + 10
    while len(lines()) < number:
        assert time.monotonic() < deadline, lines()
        time.sleep(0.01)
    return lines()


@pytest.fixture
def logged(serve: Serve, tmp_path: Path) -> Any:
    """Starts an endpoint with a log, and gives its URL and a function that reads the log."""
    file = tmp_path / "requests.jsonl"

    def start(*args: str) -> tuple[str, Callable[[], list[Any]]]:
        url = serve("--log", str(file), *args)
        return url, lambda: [json.loads(line) for line in file.read_bytes().splitlines()]

    start.file = file  # type: ignore[attr-defined]
    return start


def test_every_request_is_a_line_of_the_log(logged: Any) -> None:
    url, lines = logged("--fault", "529:1")
    assert ask(url, "ä").status == 529
    assert ask(url, "ä").status == 200
    call(url, "GET", "/v1/models?limit=1", headers={"authorization": "Bearer secret"})
    call(url, "POST", MESSAGES, b"{not json")
    first, second, third, fourth = lines()
    assert [entry["status"] for entry in lines()] == [529, 200, 400, 400]
    assert (first["method"], first["path"]) == ("POST", MESSAGES)
    assert first["body"] == second["body"] == body(messages=[{"role": "user", "content": "ä"}])
    assert first["body_size"] == len(json.dumps(first["body"]))
    assert first["headers"]["x-api-key"] == third["headers"]["authorization"] == "***"
    assert first["headers"]["anthropic-version"] == "2023-06-01"
    assert (third["method"], third["path"]) == ("GET", "/v1/models?limit=1")
    assert (third["body"], fourth["body"]) == (None, "{not json")
    assert first["time"] < fourth["time"]
    assert first["request_id"] != second["request_id"]
    assert b"secret" not in logged.file.read_bytes()
    assert b"sk-ant" not in logged.file.read_bytes()
    assert stat.S_IMODE(logged.file.stat().st_mode) == 0o600


def test_a_request_is_in_the_log_before_its_answer(logged: Any) -> None:
    url, lines = logged("--fault", "stall-headers")
    connection = raw(url)
    connection.sendall(request_bytes())
    (entry,) = wait_for(lines, 1)
    assert (entry["method"], entry["status"]) == ("POST", None)
    connection.close()


@pytest.mark.parametrize("args", [["--fault", "stall"], ["--fault", "pings"], ["--delay", "1h"]])
def test_a_client_that_goes_is_noticed_while_nothing_is_sent(logged: Any, args: list[str]) -> None:
    url, lines = logged(*args)
    connection = raw(url)
    connection.sendall(request_bytes(stream=True))
    assert connection.recv(15) == b"HTTP/1.1 200 OK"
    assert len(lines()) == 1
    connection.close()
    began = time.monotonic()
    asked, gone = wait_for(lines, 2)
    assert time.monotonic() - began < 1
    assert gone == {"time": gone["time"], "request_id": asked["request_id"], "hung_up": True}


def test_a_client_that_goes_in_the_middle_of_its_request_is_no_request(logged: Any) -> None:
    url, lines = logged()
    for cut in (request_bytes()[:4], request_bytes()[:-5]):
        connection = raw(url)
        connection.sendall(cut)
        connection.shutdown(socket.SHUT_WR)
        until_closed(connection)
        connection.close()
    assert ask(url, "x").status == 200
    assert len(lines()) == 1
