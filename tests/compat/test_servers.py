"""What every server shows: text, a stream, JSON, a count, models, and what doctor says of it."""

from __future__ import annotations

import json

import pytest
from foreign import Server

TEXT = {
    "aimock": "Hello! How can I help you today?",
    "fakellm": "Hello there, friend.",
    "litellm": "Hello! You said: hello",
    "llmock": "Hello! You said: hello",
    "mock-ai-api": "Hello. It's nice to meet you.",
}
MODELS = {
    "aimock": "claude-3-5-sonnet-20241022",
    "litellm": "house/responses-7b",
    "llmock": "claude-sonnet-4-6",
    "mock-ai-api": "claude-opus-4-6",
}
PARTS = ["messages", "stream", "system", "tools", "schema"]
PARTS += ["images", "count_tokens", "models", "batches"]
WORKS = {
    "aimock": "yes yes yes yes no yes no yes no",
    "fakellm": "yes yes yes yes no yes no no no",
    "litellm": "yes yes yes yes no yes no yes no",
    "llmock": "yes yes yes yes no yes no yes yes",
    "mock-ai-api": "yes yes yes yes no yes yes yes yes",
    "mockllm": "yes no yes yes no ? no no no",
}


@pytest.fixture
def server(request: pytest.FixtureRequest) -> Server:
    found: Server = request.getfixturevalue(request.param.replace("-", "_"))
    return found


def works(server: Server, part: str) -> bool:
    return WORKS[server.name].split()[PARTS.index(part)] == "yes"


def each(*names: str) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("server", names, indirect=True)


@pytest.mark.parametrize(("server", "text"), TEXT.items(), indirect=["server"])
def test_text(server: Server, text: str) -> None:
    for stream in ("--stream", "--no-stream"):
        done = server.run("create", stream, input=b"hello")
        assert (done.returncode, done.stderr, done.stdout) == (0, b"", f"{text}\n".encode())


@pytest.mark.parametrize(("server", "text"), TEXT.items(), indirect=["server"])
def test_a_stream_is_kept_as_it_came_and_decoded_from_there(server: Server, text: str) -> None:
    stream = server.run("create", "-f", "sse", input=b"hello")
    assert stream.returncode == 0
    assert stream.stdout.startswith(b"event: ")
    assert stream.stdout.endswith(b'data: {"type":"message_stop"}\n\n') or (
        stream.stdout.endswith(b'data: {"type": "message_stop"}\n\n')
    )
    assert server.run("decode", input=stream.stdout).stdout == f"{text}\n".encode()
    message = json.loads(server.run("decode", "-f", "json", input=stream.stdout).stdout)
    assert message["content"] == [{"type": "text", "text": text}]
    assert (message["role"], message["stop_reason"]) == ("assistant", "end_turn")


@pytest.mark.parametrize(("server", "text"), TEXT.items(), indirect=["server"])
def test_json(server: Server, text: str) -> None:
    for stream in ("--stream", "--no-stream"):
        message = json.loads(server.run("create", "-f", "json", stream, input=b"hello").stdout)
        assert message["content"] == [{"type": "text", "text": text}], stream
        assert (message["type"], message["stop_reason"]) == ("message", "end_turn"), stream


@each(*TEXT)
def test_a_reply_that_is_not_asked_for_as_a_stream_is_written_byte_for_byte(server: Server) -> None:
    body = server.run("build", "--no-stream", input=b"hello").stdout
    posted = server.run("post", input=body)
    assert posted.returncode == 0
    assert json.loads(posted.stdout)["type"] == "message"
    assert server.run("decode", input=posted.stdout).stdout.startswith(b"Hello")


@each(*WORKS)
def test_count_tokens(server: Server) -> None:
    done = server.run("count-tokens", input=b"hello there")
    if works(server, "count_tokens"):
        assert done.returncode == 0
        assert int(done.stdout) > 0
    else:
        assert (done.returncode, done.stdout) == (5, b"")
        assert b"HTTP 404" in done.stderr


@each(*WORKS)
def test_models(server: Server) -> None:
    done = server.run("models", "list")
    if works(server, "models"):
        assert done.returncode == 0
        assert MODELS[server.name] in done.stdout.decode().splitlines()
    else:
        assert (done.returncode, done.stdout) == (5, b"")
        assert b"HTTP 404" in done.stderr


@each(*WORKS)
def test_doctor(server: Server) -> None:
    done = server.run("doctor")
    lines = [line.split() for line in done.stdout.decode().splitlines()]
    found = {line[0]: line[1] for line in lines if line and line[0] in PARTS}
    assert found == dict(zip(PARTS, WORKS[server.name].split(), strict=True))
    assert done.returncode == (0 if works(server, "stream") else 8)
