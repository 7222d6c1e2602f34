"""How the tests of the endpoint talk to it: plain HTTP, with nothing of msgcli in between."""

from __future__ import annotations

import http.client
import json
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from support import start

HEADERS = {
    "x-api-key": "sk-ant-test",
    "anthropic-version": "2023-06-01",
    "content-type": "application/json",
}
MESSAGES = "/v1/messages"
COUNT = "/v1/messages/count_tokens"
OMIT: Any = object()
CUT = http.client.IncompleteRead


class Response(NamedTuple):
    """An HTTP response, read to its end."""

    status: int
    headers: http.client.HTTPMessage
    data: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.data)

    @property
    def error(self) -> tuple[int, str, str]:
        """Status, type and message, if the body is an error envelope and nothing else."""
        assert set(self.json) == {"type", "error", "request_id"}
        assert self.json["type"] == "error"
        assert self.json["request_id"] == self.headers["request-id"]
        return self.status, self.json["error"]["type"], self.json["error"]["message"]

    @property
    def events(self) -> list[dict[str, Any]]:
        return list(events(self.data))

    @property
    def text(self) -> str:
        """The text of the reply, in either form."""
        if self.headers["content-type"] == "application/json":
            return "".join(block.get("text", "") for block in self.json["content"])
        deltas = (event.get("delta", {}) for event in self.events)
        return "".join(delta.get("text", "") for delta in deltas)


def events(data: bytes) -> Iterator[dict[str, Any]]:
    """The events of a stream, each of which must be two lines that agree on its type."""
    assert data.endswith(b"\n\n")
    for frame in data[:-2].split(b"\n\n"):
        name, line = frame.split(b"\n", 1)
        assert name.startswith(b"event: ")
        assert line.startswith(b"data: ")
        event = json.loads(line[6:])
        assert event["type"].encode() == name[7:]
        yield event


def fold(shown: list[dict[str, Any]]) -> dict[str, Any]:
    """The Message that the events of a stream add up to; every rule of their order is checked."""
    assert [shown[0]["type"], shown[-2]["type"], shown[-1]["type"]] == [
        "message_start",
        "message_delta",
        "message_stop",
    ]
    message: dict[str, Any] = shown[0]["message"]
    assert (message["content"], message["stop_reason"]) == ([], None)
    inputs: dict[int, str] = {}
    for event in shown[1:-2]:
        if event["type"] == "content_block_start":
            assert event["index"] == len(message["content"])
            message["content"].append(event["content_block"])
        elif event["type"] == "content_block_delta":
            assert event["index"] == len(message["content"]) - 1
            _apply(message["content"][-1], event["delta"], inputs, event["index"])
        else:
            assert event["type"] in ("ping", "content_block_stop")
    for index, text in inputs.items():
        message["content"][index]["input"] = json.loads(text or "{}")
    message.update(shown[-2]["delta"])
    message["usage"].update(shown[-2]["usage"])
    return message


def _apply(block: dict[str, Any], delta: dict[str, Any], inputs: dict[int, str], at: int) -> None:
    kind = delta["type"]
    if kind == "text_delta":
        block["text"] += delta["text"]
    elif kind == "thinking_delta":
        block["thinking"] += delta["thinking"]
    elif kind == "signature_delta":
        block["signature"] = delta["signature"]
    elif kind == "citations_delta":
        block["citations"].append(delta["citation"])
    elif kind == "compaction_delta":
        block.update({name: value for name, value in delta.items() if name != "type"})
    else:
        assert kind == "input_json_delta"
        assert at in inputs or delta["partial_json"] == ""
        inputs[at] = inputs.get(at, "") + delta["partial_json"]


def connect(url: str, timeout: float = 20) -> http.client.HTTPConnection:
    """A connection of its own."""
    parts = urlsplit(url)
    assert parts.hostname is not None
    return http.client.HTTPConnection(parts.hostname, parts.port, timeout=timeout)


def raw(url: str, timeout: float = 20) -> socket.socket:
    """A connected socket."""
    parts = urlsplit(url)
    assert parts.port is not None
    return socket.create_connection((parts.hostname, parts.port), timeout)


def call(
    url: str,
    method: str,
    path: str,
    data: bytes | Iterator[bytes] | None = None,
    *,
    headers: dict[str, Any] | None = None,
) -> Response:
    """One request on a connection of its own; a header that is OMIT is left out."""
    connection = connect(url)
    sent = {name: v for name, v in {**HEADERS, **(headers or {})}.items() if v is not OMIT}
    try:
        chunked = isinstance(data, Iterator)
        connection.request(method, path, data, sent, encode_chunked=chunked)
        response = connection.getresponse()
        return Response(response.status, response.headers, response.read())
    finally:
        connection.close()


def body(**changes: Any) -> dict[str, Any]:
    """A body that is good, but for the changes; OMIT takes a field away."""
    good = {
        "model": "claude-sonnet-4-6",
        "max_tokens": 1000,
        "messages": [{"role": "user", "content": "Hello"}],
    }
    return {name: value for name, value in {**good, **changes}.items() if value is not OMIT}


def post(url: str, path: str = MESSAGES, *, headers: Any = None, **changes: Any) -> Response:
    """Send `body(**changes)`."""
    data = json.dumps(body(**changes)).encode()
    return call(url, "POST", path, data, headers=headers)


def ask(url: str, prompt: str, **changes: Any) -> Response:
    """Send a prompt."""
    return post(url, messages=[{"role": "user", "content": prompt}], **changes)


def request_bytes(**changes: Any) -> bytes:
    """A whole HTTP request as it is on the wire."""
    data = json.dumps(body(**changes)).encode()
    head = "".join(f"{name}: {value}\r\n" for name, value in HEADERS.items())
    head = f"POST {MESSAGES} HTTP/1.1\r\nhost: x\r\n{head}content-length: {len(data)}\r\n\r\n"
    return head.encode() + data


def until_silent(connection: socket.socket) -> tuple[bytes, bool]:
    """All that comes until the other side closes or falls silent, and whether it is silent."""
    data = b""
    try:
        while piece := connection.recv(65536):
            data += piece
    except TimeoutError:
        return data, True
    return data, False


def until_closed(connection: socket.socket) -> bytes:
    """All that comes until the other side closes."""
    data = b""
    while piece := connection.recv(65536):
        data += piece
    return data


def read(
    url: str, prompt: str, *, stream: bool, timeout: float = 20
) -> tuple[Response, Exception | None]:
    """What came of a reply, and how it failed."""
    connection = connect(url, timeout)
    data = b""
    error: Exception | None = None
    request = body(messages=[{"role": "user", "content": prompt}], stream=stream)
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


@contextmanager
def faulty_endpoints() -> Iterator[Callable[[str], str]]:
    """A function that gives the URL of an endpoint with a fault, started when first asked for."""
    running: dict[str, Any] = {}
    urls: dict[str, str] = {}

    def url(kind: str) -> str:
        if kind not in running:
            running[kind] = start("serve", "--fault", kind, stderr=None)
            urls[kind] = running[kind].stdout.readline().decode().strip()
        return urls[kind]

    yield url
    for server in running.values():
        server.terminate()
        server.communicate()
