"""Three smaller servers: one has every part of the format, one messages alone, and one errs."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from foreign import Server

MODEL = "claude-sonnet-4-20250514:mock-"
HELLO = "Hello. It's nice to meet you.\n"


@pytest.mark.parametrize(
    ("scenario", "status", "text", "lines"),
    [
        ("anthropic-stream", 0, HELLO, 0),
        ("delay", 0, "Mock Anthropic stream for: hello\n", 0),
        ("tool-stream", 12, "", 1),
        ("stream-error", 6, "", 2),
        ("400", 5, "", 1),
        ("401", 4, "", 1),
        ("429", 6, "", 2),
        ("500", 6, "", 2),
        ("503", 6, "", 2),
    ],
)
def test_scenarios(mock_ai_api: Server, scenario: str, status: int, text: str, lines: int) -> None:
    mock_ai_api.news()
    done = mock_ai_api.run("create", "-m", MODEL + scenario, "--retries", "1", input=b"hello")
    assert (done.returncode, done.stdout.decode()) == (status, text), done.stderr
    assert len(done.stderr.splitlines()) == lines
    assert mock_ai_api.news().count("POST /v1/messages ") == max(1, lines)


def test_a_call_of_a_tool(mock_ai_api: Server) -> None:
    for stream in ("--stream", "--no-stream"):
        done = mock_ai_api.run("create", "-m", MODEL + "tool-use", "-f", "json", stream, input=b"x")
        assert done.returncode == 12
        call = json.loads(done.stdout)["content"][0]
        assert call["input"] == {"path": "tmp/mock-file.txt", "contents": "mock output"}


def test_a_model_by_name(mock_ai_api: Server) -> None:
    known = mock_ai_api.run("models", "retrieve", "claude-opus-4-6", "-f", "json")
    assert json.loads(known.stdout)["display_name"] == "Claude Opus 4.6"
    assert mock_ai_api.run("models", "retrieve", "nobody").returncode == 5


def test_a_batch_from_its_making_to_its_end(mock_ai_api: Server) -> None:
    records = mock_ai_api.run("build", "--each", "line", input=b"one\ntwo\n").stdout
    batch = mock_ai_api.run("batches", "create", input=records).stdout.decode().strip()
    assert batch in mock_ai_api.run("batches", "list").stdout.decode()
    # It is not over before somebody asks for the results at the address that it gives.
    assert mock_ai_api.run("batches", "results", batch).returncode == 17
    canceled = mock_ai_api.run("batches", "cancel", batch)
    assert (canceled.returncode, canceled.stdout.decode()) == (0, f"{batch}\n")
    assert b"canceling" in mock_ai_api.run("batches", "retrieve", batch).stdout


def test_turns_and_tools(fakellm: Server, tmp_path: Path) -> None:
    tool = tmp_path / "tool.json"
    tool.write_text('{"name":"get_weather","input_schema":{"type":"object"}}')
    options = ["--tool", str(tool), "--tool-command", "get_weather=cat; echo : sunny"]
    done = fakellm.run("create", *options, input=b"weather")
    assert (done.returncode, done.stdout) == (0, b"It is sunny in Paris.\n"), done.stderr


@pytest.mark.parametrize(("prompt", "code"), [(b"busy", b"429"), (b"overloaded", b"529")])
def test_an_error_of_a_foreign_type(fakellm: Server, prompt: bytes, code: bytes) -> None:
    options = ["--retries", "1", "--no-stream"]
    fakellm.news()
    done = fakellm.run("create", *options, input=prompt)
    assert (done.returncode, done.stdout) == (6, b"")
    assert fakellm.news().count("POST /v1/messages ") == 2
    assert b"mock_error" in done.stderr
    assert b"HTTP " + code in done.stderr


def test_json_of_a_server_whose_stream_is_none(mockllm: Server) -> None:
    done = mockllm.run("create", "--no-stream", input=b"hello")
    assert (done.returncode, done.stdout) == (0, b"Hello there.\n")
    mockllm.news()
    for form in ("text", "json"):
        stream = mockllm.run("create", "-f", form, "--stream", input=b"hello")
        assert (stream.returncode, stream.stdout) == (8, b"")
        assert b"billed" in stream.stderr
    assert mockllm.news().count("POST /v1/messages ") == 2


def test_a_server_that_does_not_know_images(mockllm: Server, tmp_path: Path) -> None:
    image = tmp_path / "dot.gif"
    image.write_bytes(b"GIF89a\x01\x00\x01\x00\x00\x00\x00;")
    options = ["--retries", "0", "--no-stdin", "-p", "What is this?", "-a", str(image)]
    done = mockllm.run("create", *options)
    assert (done.returncode, done.stdout) == (6, b"")
    assert b"Internal Server Error (HTTP 500)" in done.stderr
