"""The first law: `create -f F A...` writes and ends as `build A... | post | decode -f F` does."""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from support import run

TEXT = {"type": "text", "text": "Fair enough. 👋"}
CALL = {"type": "tool_use", "id": "toolu_1", "name": "clock", "input": {"zone": "Oslo"}}
THOUGHT = {"type": "thinking", "thinking": "Let me see.", "signature": "c2ln"}
REPLIES = [
    {"match": "^truncated", "content": [TEXT], "stop_reason": "max_tokens"},
    {"match": "^refused", "content": [TEXT], "stop_reason": "refusal"},
    {"match": "^tool", "content": [THOUGHT, TEXT, CALL], "stop_reason": "tool_use"},
    {"match": "^new", "content": [TEXT, TEXT], "stop_reason": "something_new"},
    {"match": "^nothing", "content": [], "stop_reason": "end_turn"},
    {
        "match": "^limited",
        "error": {"status": 429, "type": "rate_limit_error", "message": "Slow down"},
    },
    {
        "match": "^broken",
        "error": {"status": 400, "type": "invalid_request_error", "message": "No"},
    },
]
ARGUMENTS = [
    (["-p", "plain"], b"and some input\n"),
    (["-p", "plain", "-s", "a", "-s", "b", "--stop", "xyz", "--temperature", "0"], b""),
    (["-t", "plain $input ${name}", "--var", "name=N"], "ünïcödé\r\n\u2028".encode()),
    (["-p", "truncated"], b""),
    (["-p", "refused"], b""),
    (["-p", "tool", "--thinking", "adaptive", "--effort", "low"], b""),
    (["-p", "new", "--user-id", "u", "--set", "top_k=1"], b""),
    (["-p", "nothing"], b""),
    (["-p", "limited"], b""),
    (["-p", "broken"], b""),
    (["-p", "plain", "-n", "2"], b"much too long for two tokens"),
    (["-p", "plain", "--prefill", "{"], b""),
    (["-p", "plain", "--temperature", "7"], b""),
    (["--no-stdin"], b""),
    (["-"], b"\xff"),
]
FAULTS = ["cut", "clean-cut", "drop", "error-event", "early-error", "not-json", "empty"]
FAULTS += ["error-object", "redirect", "401", "500", "json", "stream", "no-names", "done", "crlf"]


@pytest.fixture(scope="module")
def canned(tmp_path_factory: Any) -> Iterator[str]:
    from conftest import _serve, _stop

    replies = tmp_path_factory.mktemp("replies") / "replies.json"
    replies.write_text(json.dumps(REPLIES))
    running: list[Any] = []
    yield _serve(running, "--replies", str(replies))
    _stop(running)


FORMATS = ("text", "json", "sse")
ENV = {"MSGCLI_RETRIES": "0"}


def comparable(output: bytes) -> bytes:
    """Two replies differ in their ids."""
    return re.sub(rb'"(msg|req)_\w+"', b'"ID"', output)


def check(url: str, args: list[str], data: bytes) -> None:
    built = run("build", *args, input=data, env=ENV)
    posted = run("post", "--base-url", url, input=built.stdout, env=ENV)
    for form in FORMATS:
        created = run("create", "-f", form, "--base-url", url, *args, input=data, env=ENV)
        decoded = run("decode", "-f", form, input=posted.stdout, env=ENV)
        statuses = (built.returncode, posted.returncode, decoded.returncode)
        status = next((status for status in statuses if status), 0)
        assert created.returncode == status, created.stderr
        assert comparable(created.stdout) == comparable(decoded.stdout)
        assert (created.stderr == b"") == (status == 0)


@pytest.mark.parametrize(
    ("args", "data"),
    [
        ([*args, stream], data)
        for (args, data), stream in itertools.product(ARGUMENTS, ("--stream", "--no-stream"))
    ],
)
def test_create_is_the_pipeline(canned: str, args: list[str], data: bytes) -> None:
    check(canned, args, data)


@pytest.mark.parametrize("fault", FAULTS)
def test_create_is_the_pipeline_when_it_fails(serve: Callable[..., str], fault: str) -> None:
    check(serve("--fault", fault), ["--stream"], b"a prompt of several words")


def test_a_file_of_the_reply_is_as_good_as_the_pipe(canned: str, tmp_path: Path) -> None:
    body = run("build", "-p", "tool").stdout
    for stage, args in (("post", ["--base-url", canned]), ("decode", ["-f", "json"])):
        file = tmp_path / stage
        file.write_bytes(body)
        by_file = run(stage, *args, str(file))
        by_pipe = run(stage, *args, input=body)
        assert comparable(by_file.stdout) == comparable(by_pipe.stdout) != b""
        body = by_file.stdout
