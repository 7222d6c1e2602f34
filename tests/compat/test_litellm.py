"""LiteLLM's proxy before llmock: replies passed through, and replies made of two other formats."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from foreign import Server
from test_llmock import WEATHER, broken, fail, reply, schema, script, statuses

ROUTES = ["through", "house/responses-7b", "chat"]
route = pytest.mark.parametrize("route", ROUTES)


@route
def test_text_and_its_forms(litellm: Server, route: str) -> None:
    done = litellm.run("create", "-m", route, input=b"hello")
    assert (done.returncode, done.stdout, done.stderr) == (0, b"Hello! You said: hello\n", b"")
    for stream in ("--stream", "--no-stream"):
        whole = litellm.run("create", "-m", route, "-f", "json", stream, input=b"hello")
        message = json.loads(whole.stdout)
        assert message["content"] == [{"type": "text", "text": "Hello! You said: hello"}]
        assert (message["model"], message["stop_reason"]) == (route, "end_turn")
        assert message["id"].split("_")[0].split("-")[0] in ("msg", "resp", "chatcmpl")


@route
def test_stop_reasons(litellm: Server, llmock: Server, route: str) -> None:
    script(llmock, reply("length"))
    done = litellm.run("create", "-m", route, "-n", "3", "--stop", "END", input=b"hello")
    assert (done.returncode, done.stdout) == (10, b"Hello! Well\n"), done.stderr


@route
def test_tools(litellm: Server, llmock: Server, route: str, tmp_path: Path) -> None:
    tool = tmp_path / "tool.json"
    tool.write_text(json.dumps(WEATHER))
    options = ["-m", route, "--tool", str(tool)]
    assert litellm.run("create", *options, input=b"weather?").returncode == 12
    command = ["--tool-command", "get_weather=echo sunny"]
    done = litellm.run("create", *options, *command, input=b"weather?")
    assert (done.returncode, done.stdout) == (0, b"Hello! You said: weather? sunny\n"), done.stderr
    assert statuses(llmock) == [200, 200, 200]


def test_a_schema_where_the_model_can(litellm: Server, tmp_path: Path) -> None:
    done = litellm.run("create", "-m", "chat", "--schema", schema(tmp_path), input=b"hello")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout).keys() == {"name", "age"}


@pytest.mark.parametrize("answer", [401, 400, 429, 500, 503, 529])
@route
def test_an_error_of_the_server_behind(
    litellm: Server, llmock: Server, route: str, answer: int
) -> None:
    script(llmock, fail(answer, times=None, message="as it was told"))
    done = litellm.run("create", "-m", route, "--retries", "1", input=b"hello")
    status = {400: 5, 401: 4}.get(answer, 6)
    assert (done.returncode, done.stdout) == (status, b""), done.stderr
    assert statuses(llmock) == [answer] * (2 if status == 6 else 1)
    lines = done.stderr.decode().splitlines()
    assert len(lines) == len(statuses(llmock))
    assert "as it was told" in lines[-1]


@pytest.mark.parametrize(
    ("route", "kind", "status", "text"),
    [
        # What had come when a connection broke, it may pass on before the error or not.
        ("through", "disconnect", 6, None),
        ("through", "truncate", 8, "Hello! You "),
        ("through", "malformed", 8, "Hello! You "),
        ("house/responses-7b", "disconnect", 6, None),
        ("house/responses-7b", "truncate", 6, None),
        ("chat", "disconnect", 6, None),
    ],
)
def test_a_fault_in_the_stream_behind(
    litellm: Server, llmock: Server, route: str, kind: str, status: int, text: str | None
) -> None:
    script(llmock, broken(kind, times=None))
    done = litellm.run("create", "-m", route, "--retries", "0", input=b"hello there")
    assert done.returncode == status, done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert len(statuses(llmock)) == 1
    written = done.stdout.decode()
    assert (
        written == text if text is not None else "Hello! You said: hello there".startswith(written)
    )


def test_an_error_event_after_the_start_is_not_asked_for_again(
    litellm: Server, llmock: Server
) -> None:
    script(llmock, broken("disconnect", times=None))
    done = litellm.run("create", "-m", "chat", "--retries", "3", input=b"hello there")
    assert (done.returncode, statuses(llmock)) == (6, [200])
    assert b"api_error" in done.stderr


@pytest.mark.parametrize("variable", ["ANTHROPIC_API_KEY", "ANTHROPIC_AUTH_TOKEN"])
def test_both_ways_of_giving_a_key(litellm: Server, llmock: Server, variable: str) -> None:
    none = {"ANTHROPIC_API_KEY": "", "ANTHROPIC_AUTH_TOKEN": ""}
    done = litellm.run("create", input=b"hello", env={**none, variable: "sk-compat"})
    assert (done.returncode, done.stdout) == (0, b"Hello! You said: hello\n"), done.stderr
    wrong = litellm.run("create", "-vv", input=b"hello", env={**none, variable: "sk-unknown"})
    # Without its database it says so with HTTP 400, and not 401.
    assert (wrong.returncode, wrong.stdout) == (5, b"")
    assert b"No connected db" in wrong.stderr
    assert b"sk-unknown" not in wrong.stderr
    assert statuses(llmock) == [200]


def test_a_model_that_it_does_not_have(litellm: Server, llmock: Server) -> None:
    done = litellm.run("create", "-m", "nobody", input=b"hello")
    assert (done.returncode, done.stdout) == (5, b"")
    assert b"nobody" in done.stderr
    assert statuses(llmock) == []


def test_tokens_are_counted_where_the_model_can(litellm: Server) -> None:
    done = litellm.run("count-tokens", "-m", "chat", input=b"hello there")
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) > 0
    assert litellm.run("count-tokens", "-m", "through", input=b"hello").returncode == 5


def test_models(litellm: Server) -> None:
    assert litellm.run("models", "list").stdout.decode().splitlines() == ROUTES
    one = litellm.run("models", "retrieve", "chat")
    assert (one.returncode, one.stdout) == (0, b"chat\n"), one.stderr
    # A name with a slash it has in its list only.
    assert litellm.run("models", "retrieve", "house/responses-7b").returncode == 5


def test_a_base_url_with_a_path(litellm: Server, llmock: Server) -> None:
    url = {"ANTHROPIC_BASE_URL": litellm.root + "/anthropic/v1/"}
    done = litellm.run("create", "-m", "claude-sonnet-4-6", input=b"hello", env=url)
    assert (done.returncode, done.stdout) == (0, b"Hello! You said: hello\n"), done.stderr
    records = litellm.run("build", "--each", "line", input=b"one\ntwo\n").stdout
    batch = litellm.run("batches", "create", input=records, env=url)
    assert batch.returncode == 0, batch.stderr
    name = batch.stdout.decode().strip()
    assert litellm.run("batches", "wait", name, "--poll", "200ms", env=url).returncode == 0
    assert len(litellm.run("batches", "results", name, env=url).stdout.splitlines()) == 2


def test_an_image_is_taken(litellm: Server, llmock: Server, tmp_path: Path) -> None:
    image = tmp_path / "dot.gif"
    image.write_bytes(b"GIF89a\x01\x00\x01\x00\x00\x00\x00;")
    for route in ROUTES:
        done = litellm.run("create", "-m", route, "-a", str(image), "-p", "What?", "--no-stdin")
        assert (done.returncode, done.stdout.split()[-1]) == (0, b"What?"), done.stderr


def test_many(litellm: Server, llmock: Server) -> None:
    script(llmock, fail(429, times=2))
    lines = b"".join(b"line %d\n" % number for number in range(8))
    done = litellm.run("map", "--each", "line", "-f", "text", input=lines)
    assert done.returncode == 0, done.stderr
    assert done.stdout == b"".join(b"Hello! You said: line %d\n" % number for number in range(8))
