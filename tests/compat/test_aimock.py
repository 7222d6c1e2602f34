"""aimock answers by what it is asked: stop reasons, thinking, tools, faults; it keeps requests."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from foreign import Server

TOOL = b'{"name":"get_weather","input_schema":{"type":"object"}}'


def journal(server: Server, since: int = 0) -> list[dict[str, Any]]:
    entries: list[dict[str, Any]] = server.ask("/__aimock/journal")
    return entries[since:]


@pytest.mark.parametrize(
    ("prompt", "status", "text"),
    [
        ("long", 10, "one two\n"),
        ("stop", 0, "one\n"),
        ("refuse", 11, "I would rather\n"),
        ("foreign", 12, "four\n"),
        ("silent", 0, ""),
        ("think", 0, "four\n"),
        ("veiled", 0, "four\n"),
        ("smile", 0, "a😀b\n"),
        ("forbidden", 4, ""),
        ("large", 5, ""),
        ("cut", 8, "one tw"),
        ("drop", 7, ""),
        ("slow", 15, ""),
    ],
)
def test_each_answer_has_its_status(aimock: Server, prompt: str, status: int, text: str) -> None:
    before = len(journal(aimock))
    done = aimock.run("create", "--stop", "END", "--timeout", "2s", input=prompt.encode())
    assert (done.returncode, done.stdout.decode()) == (status, text), done.stderr
    assert len(done.stderr.splitlines()) == (status != 0)
    (request,) = journal(aimock, before)
    assert request["body"]["messages"] == [{"role": "user", "content": prompt}]


def test_thinking_goes_where_it_is_asked_for(aimock: Server, tmp_path: Path) -> None:
    thoughts = tmp_path / "thoughts"
    done = aimock.run("create", "--thinking-output", str(thoughts), input=b"think")
    assert (done.returncode, done.stdout) == (0, b"four\n")
    assert thoughts.read_text().strip() == "two and two are four"
    blocks = json.loads(aimock.run("create", "-f", "json", "--stream", input=b"think").stdout)
    assert [block["type"] for block in blocks["content"]] == ["thinking", "text"]
    assert blocks["content"][0]["signature"]


def test_tools(aimock: Server, tmp_path: Path) -> None:
    file = tmp_path / "tool.json"
    file.write_bytes(TOOL)
    before = len(journal(aimock))
    alone = aimock.run("create", "--tool", str(file), "-f", "json", "--stream", input=b"weather")
    assert alone.returncode == 12
    assert json.loads(alone.stdout)["content"][1] == {
        **{"type": "tool_use", "id": "call_1", "name": "get_weather"},
        **{"input": {"city": "Zürich"}},
    }
    command = "get_weather=cat; echo : sunny"
    done = aimock.run("create", "--tool", str(file), "--tool-command", command, input=b"weather")
    assert (done.returncode, done.stdout.decode()) == (0, "It is sunny in Zürich.\n"), done.stderr
    first, second, third = journal(aimock, before)
    assert first["body"] == second["body"]
    assert third["body"]["messages"][-1] == {
        **{"role": "tool", "tool_call_id": "call_1"},
        **{"content": '{"city":"Zürich"}\n: sunny\n'},
    }


def test_a_connection_that_it_closed_while_a_tool_ran(aimock: Server, tmp_path: Path) -> None:
    file = tmp_path / "tool.json"
    file.write_bytes(TOOL)
    command = "get_weather=sleep 5.2; echo sunny"
    options = ("--tool", str(file), "--tool-command", command)
    done = aimock.run("create", "--no-stream", *options, input=b"weather")
    assert (done.returncode, done.stdout.decode()) == (0, "It is sunny in Zürich.\n"), done.stderr


def test_what_is_busy_is_asked_again(aimock: Server) -> None:
    before = len(journal(aimock))
    done = aimock.run("create", "-v", input=b"busy")
    assert (done.returncode, done.stdout) == (0, b"at last\n"), done.stderr
    asked = journal(aimock, before)
    assert [entry["response"]["status"] for entry in asked] == [429, 529, 200]
    assert asked[1]["timestamp"] - asked[0]["timestamp"] >= 1000


def test_a_wait_that_is_too_long_is_not_begun(aimock: Server) -> None:
    before = len(journal(aimock))
    done = aimock.run("create", input=b"later")
    assert (done.returncode, len(journal(aimock, before))) == (6, 1)
    assert b"rate_limit_error: in an hour" in done.stderr


@pytest.mark.parametrize(
    ("chaos", "status", "requests"),
    [("drop", 6, 2), ("malformed", 8, 1), ("disconnect", 7, 1), ("ratelimit", 6, 2)],
)
def test_chaos(aimock: Server, chaos: str, status: int, requests: int) -> None:
    before = len(journal(aimock))
    options = ["-H", f"x-aimock-chaos-{chaos}: 1", "--retries", "1"]
    done = aimock.run("create", "-f", "sse", *options, input=b"hello")
    assert (done.returncode, done.stdout) == (status, b""), done.stderr
    assert len(done.stderr.splitlines()) == requests
    assert len(journal(aimock, before)) == requests


@pytest.mark.parametrize(
    ("name", "key", "status"),
    [
        ("ANTHROPIC_API_KEY", "first", 0),
        ("ANTHROPIC_AUTH_TOKEN", "second", 0),
        ("ANTHROPIC_API_KEY", "third", 4),
        ("ANTHROPIC_AUTH_TOKEN", "third", 4),
        ("ANTHROPIC_API_KEY", "", 4),
    ],
)
def test_both_ways_of_giving_a_key(
    aimock_with_keys: Server, name: str, key: str, status: int
) -> None:
    done = aimock_with_keys.run("create", "-vv", input=b"hello", env={name: key})
    assert done.returncode == status, done.stderr
    assert not key or key.encode() not in done.stderr


def test_doctor_tells_which_keys_are_taken(aimock_with_keys: Server) -> None:
    done = aimock_with_keys.run("doctor", env={"ANTHROPIC_API_KEY": "first"})
    rows = [line.split()[:2] for line in done.stdout.decode().splitlines() if line]
    assert ["x-api-key", "yes"] in rows
    assert ["bearer", "yes"] in rows
    wrong = aimock_with_keys.run("doctor", env={"ANTHROPIC_API_KEY": "third"})
    assert wrong.returncode == 4


def test_a_conversation(aimock: Server, tmp_path: Path) -> None:
    talk = tmp_path / "talk.jsonl"
    before = len(journal(aimock))
    for prompt in (b"hello", b"conversation"):
        done = aimock.run("create", "--conversation", str(talk), input=prompt)
        assert done.returncode == 0, done.stderr
    assert done.stdout == b"We talked.\n"
    roles = [json.loads(line)["role"] for line in talk.read_text().splitlines()]
    assert roles == ["user", "assistant"] * 2
    assert len(journal(aimock, before)[-1]["body"]["messages"]) == 3


def test_a_model_that_nobody_has_heard_of_is_sent_as_it_is(aimock: Server) -> None:
    before = len(journal(aimock))
    model = "Haus/Größe 7b:latest"
    done = aimock.run("create", "-m", model, "-f", "json", input=b"hello")
    assert json.loads(done.stdout)["model"] == model
    assert journal(aimock, before)[0]["body"]["model"] == model
