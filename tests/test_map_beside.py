"""What `map` writes and reads beside its results: none of it costs a reply, or is paid twice."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import counting
import pytest
from counting import Server, message
from support import run, start


@pytest.fixture
def server() -> Iterator[Server]:
    server = Server()
    yield server
    server.close()


def lines(*prompts: object) -> bytes:
    return "".join(f"{prompt}\n" for prompt in prompts).encode()


def mapped(server: Server, *args: object, input: bytes) -> Any:
    env = {"ANTHROPIC_BASE_URL": server.url}
    return run("map", "--each", "line", *map(str, args), input=input, env=env)


def texts(path: Path) -> list[str]:
    results = [json.loads(line)["result"] for line in path.read_bytes().splitlines()]
    return [result["message"]["content"][0]["text"] for result in results]


def test_what_is_stored_outlives_the_journal(server: Server, tmp_path: Path) -> None:
    options = ["--reuse", tmp_path / "store", "-o", tmp_path / "out"]
    process = start(
        *("map", "--each", "line", "-j", "3", *map(str, options)),
        env={"ANTHROPIC_BASE_URL": server.url},
    )
    process.stdin.write(lines(*range(20)))
    process.stdin.flush()
    server.wait(lambda: server.paid.total() == 20)
    stored = len(list((tmp_path / "store").iterdir()))
    process.kill()
    process.communicate()
    assert stored >= 20 - 3
    (tmp_path / "out").unlink()
    done = mapped(server, *options, input=lines(*range(40)))
    assert (done.returncode, texts(tmp_path / "out")) == (0, [str(n) for n in range(40)])
    assert server.paid.total() <= 40 + 3
    assert set(server.paid) == {str(n) for n in range(40)}


def test_what_is_stored_counts_for_no_limit(server: Server, tmp_path: Path) -> None:
    options = ["--reuse", tmp_path / "store", "-j", "1"]
    mapped(server, *options, input=lines(*range(5)))
    one = counting.OUTPUT_TOKENS
    done = mapped(server, *options, "--max-output-tokens", one, input=lines(9, *range(5), 10))
    assert (done.returncode, server.requests) == (16, 6)
    assert len(done.stdout.splitlines()) == 6
    assert b"6 records, 0 failed, 5 reused, 3 tokens in, 7 out" in done.stderr
    done = mapped(server, *options, "--rpm", "1", input=lines(*range(5)))
    assert (done.returncode, server.requests) == (0, 6)


def test_what_is_not_complete_is_not_stored(server: Server, tmp_path: Path) -> None:
    server.answer = lambda prompt: message(prompt, "max_tokens")
    options = ["--reuse", tmp_path / "store"]
    for count in (1, 2):
        done = mapped(server, *options, input=lines("x"))
        assert (done.returncode, server.requests) == (10, count)
    for _ in range(2):
        done = mapped(server, *options, "--accept", "max_tokens", input=lines("x"))
        assert (done.returncode, server.requests) == (0, 3)
    assert mapped(server, *options, input=lines("x")).returncode == 10
    assert server.requests == 4


def test_an_order_is_kept_where_some_are_stored(server: Server, tmp_path: Path) -> None:
    options = ["--reuse", tmp_path / "store", "-j", "8", "-f", "text"]
    mapped(server, *options, input=lines(*range(0, 100, 3)))
    done = mapped(server, *options, input=lines(*range(100)))
    assert (done.returncode, done.stdout) == (0, lines(*range(100)))
    assert server.paid == Counter(map(str, range(100)))


def test_a_log_that_fails_costs_no_reply(server: Server, tmp_path: Path) -> None:
    journal, meta = tmp_path / "out", tmp_path / "meta"
    options = ["-o", journal, "--resume", "--meta", meta, "-j", "2"]
    done = mapped(server, *options, "--usage-log", "/dev/full", input=lines(*range(9)))
    assert done.returncode == 14
    assert 1 <= server.requests <= 2
    assert len(texts(journal)) == server.requests
    found = json.loads(meta.read_text())
    assert (found["status"], found["error"]["type"]) == (14, "output")
    assert (found["attempts"], found["records"]["succeeded"]) == (server.requests,) * 2
    assert mapped(server, *options, input=lines(*range(9))).returncode == 0
    assert server.paid == Counter(map(str, range(9)))


def test_the_object_of_a_run_is_the_sum_of_its_calls(server: Server, tmp_path: Path) -> None:
    refused: list[str] = []

    def answer(prompt: str) -> counting.Answer:
        if prompt not in refused:
            refused.append(prompt)
            return counting.error(529, "overloaded_error", "retry-after-ms: 1\r\n")
        return message(prompt)

    server.answer = answer
    meta, log = tmp_path / "meta", tmp_path / "log"
    options = ["--meta", meta, "--usage-log", log, "-j", "4"]
    assert mapped(server, *options, input=lines(*range(10))).returncode == 0
    found = json.loads(meta.read_text())
    assert found["usage"] == {"input_tokens": 30, "output_tokens": 10 * counting.OUTPUT_TOKENS}
    assert (found["attempts"], found["status"], found["error"]) == (20, 0, None)
    assert (found["id"], found["model"], found["request_id"]) == ("msg_1", "m", None)
    assert found["records"] == {"succeeded": 10, "errored": 0, "reused": 0, "done_before": 0}
    calls = [json.loads(line) for line in log.read_text().splitlines()]
    assert len(calls) == 10
    assert {key for key in calls[0] if key != "time"} == {key for key in found if key != "records"}


@pytest.mark.parametrize("how", [[], ["--unordered"]])
def test_thinking_goes_with_its_result(server: Server, tmp_path: Path, how: list[str]) -> None:
    def answer(prompt: str) -> counting.Answer:
        made = message(f"text {prompt}")
        block = {"type": "thinking", "thinking": f"of {prompt}", "signature": ""}
        made.body["content"].insert(0, block)
        return made

    server.answer = answer
    options = ["-f", "text", "-j", "8", "--thinking-output", tmp_path / "thinking", *how]
    done = mapped(server, *options, input=lines(*range(50)))
    assert done.returncode == 0
    thoughts = (tmp_path / "thinking").read_bytes()
    assert thoughts.replace(b"of ", b"text ") == done.stdout
