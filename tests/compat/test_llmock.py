"""llmock breaks replies on demand, counts the requests, and judges the client."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from foreign import Server

WEATHER = {
    "name": "get_weather",
    "input_schema": {
        "type": "object",
        "properties": {"city": {"type": "string"}},
        "required": ["city"],
    },
}


@pytest.fixture
def tool(tmp_path: Path) -> str:
    file = tmp_path / "weather.json"
    file.write_text(json.dumps(WEATHER))
    return str(file)


def fail(status: int, **more: object) -> dict[str, object]:
    return {"type": "fail", "status": status, **more}


def broken(kind: str, **more: object) -> dict[str, object]:
    return {"type": "stream_fault", "kind": kind, "after_chunks": 5, **more}


def reply(reason: str) -> dict[str, object]:
    return {"type": "reply", "text": "Hello! Well", "finish_reason": reason}


def script(server: Server, *behaviors: dict[str, object]) -> None:
    server.ask("/_llmock/scenario", {"behaviors": behaviors})


def statuses(server: Server) -> list[int]:
    requests: list[dict[str, Any]] = server.ask("/_llmock/requests")["requests"]
    return [request["status"] for request in requests]


def findings(server: Server) -> set[str]:
    """What llmock has against the client, by the name of the fault."""
    return {finding["code"] for finding in server.ask("/_llmock/verdict")["findings"]}


HELLO = "Hello! You said: hello there\n"

# What it cannot see is the exit status: a stream that is not asked for again it takes for accepted.
BLAME = {
    6: {"gave_up"},
    8: {"gave_up", "truncated_stream_accepted", "malformed_chunk_ignored"},
}


@pytest.mark.parametrize(
    ("behavior", "status", "text", "answers"),
    [
        (fail(400), 5, "", [400]),
        (fail(401), 4, "", [401]),
        (fail(403), 4, "", [403]),
        (fail(404), 5, "", [404]),
        (fail(413), 5, "", [413]),
        (fail(422), 5, "", [422]),
        (fail(408), 0, HELLO, [408, 200]),
        (fail(409), 0, HELLO, [409, 200]),
        (fail(429, times=2, retry_after=0.4), 0, HELLO, [429, 429, 200]),
        (fail(500), 0, HELLO, [500, 200]),
        (fail(503), 0, HELLO, [503, 200]),
        (fail(529), 0, HELLO, [529, 200]),
        (fail(529, times=None), 6, "", [529, 529]),
        (broken("disconnect"), 8, "Hello! You ", [200]),
        (broken("truncate"), 8, "Hello! You ", [200]),
        (broken("malformed"), 8, "Hello! You ", [200]),
        (broken("stall", stall_seconds=30), 15, "Hello! You ", [200]),
        (broken("truncate", after_chunks=0), 8, "", [200]),
        ({"type": "slow_first_token", "seconds": 0.6}, 0, HELLO, [200]),
        ({"type": "slow_first_token", "seconds": 30}, 15, "", [200]),
        ({"type": "delay", "seconds": 0.6}, 0, HELLO, [200]),
        ({"type": "delay", "seconds": 30}, 15, "", []),
        (reply("stop"), 0, "Hello! Well\n", [200]),
        (reply("length"), 10, "Hello! Well\n", [200]),
        (reply("content_filter"), 11, "Hello! Well\n", [200]),
        (reply("eos"), 12, "Hello! Well\n", [200]),
    ],
    ids=lambda value: "-".join(map(str, value.values())) if isinstance(value, dict) else "",
)
def test_each_fault_has_its_status(
    llmock: Server, behavior: dict[str, object], status: int, text: str, answers: list[int]
) -> None:
    script(llmock, behavior)
    retries = str(max(1, len(answers) - 1))
    done = llmock.run("create", "--retries", retries, "--idle-timeout", "1", input=b"hello there")
    assert (done.returncode, done.stdout) == (status, text.encode()), done.stderr
    assert len(done.stderr.splitlines()) == max(1, len(answers)) - (status == 0)
    assert statuses(llmock) == answers
    assert findings(llmock) <= BLAME.get(status, set())


def test_what_it_says_of_the_wait_is_kept(llmock: Server) -> None:
    script(llmock, fail(429, retry_after=3600))
    done = llmock.run("create", "--retry-max-time", "1m", input=b"hello")
    assert (done.returncode, statuses(llmock)) == (6, [429])
    assert b"rate_limit_error" in done.stderr
    assert b"1h" in done.stderr


def test_json_has_the_same_statuses(llmock: Server) -> None:
    for behavior, status in ((reply("length"), 10), (reply("content_filter"), 11)):
        script(llmock, behavior)
        done = llmock.run("create", "-f", "json", "--no-stream", input=b"hello")
        assert done.returncode == status
        assert json.loads(done.stdout)["content"][0]["text"] == "Hello! Well"


def test_a_call_of_a_tool_ends_the_turn_or_is_run(llmock: Server, tool: str) -> None:
    call = llmock.run("create", "--tool", tool, "-f", "json", input=b"weather?")
    assert call.returncode == 12
    assert json.loads(call.stdout)["content"][-1]["input"] == {"city": "mock-city"}
    run = ["--tool-command", 'get_weather=test "$(cat)" = \'{"city":"mock-city"}\' && echo sunny']
    done = llmock.run("create", "--tool", tool, *run, input=b"weather?")
    assert (done.returncode, done.stdout) == (0, b"Hello! You said: weather? sunny\n")
    assert statuses(llmock) == [200, 200, 200]


def schema(folder: Path) -> str:
    file = folder / "schema.json"
    properties = {"name": {"type": "string"}, "age": {"type": "integer"}}
    shape = {"type": "object", "properties": properties, "required": ["name", "age"]}
    file.write_text(json.dumps({**shape, "additionalProperties": False}))
    return str(file)


def test_a_schema_by_way_of_a_tool_where_the_server_knows_no_other(
    llmock: Server, tmp_path: Path
) -> None:
    native = llmock.run("create", "--schema", schema(tmp_path), input=b"hello")
    assert (native.returncode, native.stdout) == (13, b"")
    options = ("--schema", schema(tmp_path), "--schema-mode", "tool")
    done = llmock.run("create", *options, input=b"hello")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout).keys() == {"name", "age"}


def test_a_broken_call_is_not_run(llmock: Server, tool: str, tmp_path: Path) -> None:
    ran = tmp_path / "ran"
    for kind, status in (("malformed_arguments", 8), ("unknown_tool", 12)):
        script(llmock, {"type": "tool_fault", "kind": kind})
        run = ["--tool-command", f"get_weather=touch {ran}"]
        assert llmock.run("create", "--tool", tool, *run, input=b"weather?").returncode == status
        assert not ran.exists()


def test_an_image_is_taken(llmock: Server, tmp_path: Path) -> None:
    image = tmp_path / "dot.gif"
    image.write_bytes(
        b"GIF89a\x01\x00\x01\x00\x00\x00\x00,\x00\x00\x00\x00\x01\x00\x01\x00\x00\x02\x00;"
    )
    done = llmock.run("create", "-a", str(image), "-p", "What is this?", "--no-stdin")
    assert (done.returncode, done.stdout) == (0, b"Hello! You said: What is this?\n")
    sent = llmock.ask("/_llmock/requests")["requests"][-1]["body"]
    assert sent["messages"][0]["content"][0]["source"]["media_type"] == "image/gif"


def test_map_outlives_a_busy_server(llmock: Server) -> None:
    script(llmock, fail(429, times=3, retry_after=0.2), fail(529))
    lines = b"".join(b"line %d\n" % number for number in range(20))
    done = llmock.run("map", "--each", "line", "-f", "text", input=lines)
    assert done.returncode == 0, done.stderr
    assert done.stdout == b"".join(b"Hello! You said: line %d\n" % number for number in range(20))
    assert sorted(statuses(llmock)) == [200] * 20 + [429] * 3 + [529]


def test_a_batch(llmock: Server) -> None:
    records = llmock.run("build", "--each", "line", input=b"one\ntwo\n").stdout
    made = llmock.run("batches", "create", input=records)
    assert made.returncode == 0, made.stderr
    batch = made.stdout.decode().strip()
    assert llmock.run("batches", "wait", batch, "--poll", "200ms").returncode == 0
    results = llmock.run("batches", "results", batch)
    ids = [json.loads(line)["custom_id"] for line in results.stdout.splitlines()]
    assert (results.returncode, ids) == (0, ["1", "2"])
    assert batch in llmock.run("batches", "list").stdout.decode()
