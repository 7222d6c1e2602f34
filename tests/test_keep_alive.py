"""Endpoints close a connection that was idle for some seconds: the next request opens another."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from badserver import BadServer, Wire
from support import run


@pytest.fixture(scope="module")
def server() -> Iterator[BadServer]:
    with BadServer() as running:
        yield running


def message(reason: str, *content: dict[str, object]) -> bytes:
    return json.dumps({"type": "message", "content": content, "stop_reason": reason}).encode()


def calls(wire: Wire) -> None:
    use = {"type": "tool_use", "id": "call_1", "name": "now", "input": {}}
    wire.answer("200 OK", message("tool_use", use), keep_alive="timeout=5")


def answers(wire: Wire) -> None:
    text = {"type": "text", "text": "It is noon."}
    wire.answer("200 OK", message("end_turn", text), keep_alive="timeout=5")


def test_between_two_turns(server: BadServer, tmp_path: Path) -> None:
    call = server.call(calls, answers)
    tool = tmp_path / "now.json"
    tool.write_text('{"name":"now","input_schema":{"type":"object"}}')
    options = ("--tool", str(tool), "--tool-command", "now=sleep 0.1; date")
    done = run("create", "--no-stream", "--base-url", call.url, *options, input=b"What time?")
    assert (done.returncode, done.stdout, done.stderr) == (0, b"It is noon.\n", b"")
    assert call.posts == 2


def test_between_two_records(server: BadServer) -> None:
    call = server.call(answers)
    options = ("--each", "line", "-j", "1", "-f", "text", "--no-stream", "--retries", "0", "-q")
    done = run("map", "--base-url", call.url, *options, input=b"one\ntwo\nthree\n")
    assert (done.returncode, done.stdout, done.stderr) == (0, b"It is noon.\n" * 3, b"")
    assert call.posts == 3
