"""What `map` writes and reads beside its results: none of it costs a reply, or is paid twice."""

from __future__ import annotations

import itertools
import json
import resource
import signal
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import counting
import pytest
from counting import Server, error, message
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


# What a call may take, and what it has cost.


def test_the_wait_for_a_turn_is_not_that_for_an_attempt(server: Server) -> None:
    calls = itertools.count(1)
    server.answer = lambda p: (
        error(529, "overloaded_error", "retry-after-ms: 10\r\n") if next(calls) == 2 else message(p)
    )
    limits = ["-j", "3", "--rpm", "40", "--retry-max-time", "1s"]
    done = mapped(server, *limits, "-f", "text", input=lines("a", "b"))
    assert (done.returncode, done.stdout) == (0, b"a\nb\n")


def test_who_waits_for_a_turn_sees_the_limit_that_was_reached(server: Server) -> None:
    limits = ["-j", "6", "--rpm", "300", "--max-output-tokens", "1"]
    done = mapped(server, *limits, input=lines(*range(6)))
    assert (done.returncode, server.requests) == (16, 1)


def test_a_reply_that_does_not_do_is_paid_for(server: Server, tmp_path: Path) -> None:
    (tmp_path / "prices").write_text('{"currency":"USD","models":{"m":{"input":1e6,"output":1e6}}}')
    (tmp_path / "schema").write_text('{"type":"object"}')
    limits = ["-j", "1", "--max-cost", "15", "--prices", tmp_path / "prices"]
    options = ["-m", "m", "--schema", tmp_path / "schema"]
    done = mapped(server, *limits, *options, input=lines(*range(9)))
    assert (done.returncode, server.requests) == (16, 2)
    assert b"20.0000 USD are spent" in done.stderr


def test_a_count_that_is_none_costs_no_reply(server: Server, tmp_path: Path) -> None:
    def odd(prompt: str) -> counting.Answer:
        answer = message(prompt)
        answer.body["usage"] = {"input_tokens": 3, "output_tokens": "7" if prompt == "1" else 7}
        return answer

    server.answer = odd
    done = mapped(
        server, "-j", "1", "--meta", tmp_path / "meta", "-f", "text", input=lines(0, 1, 2)
    )
    assert (done.returncode, done.stdout) == (0, b"0\n1\n2\n")
    assert json.loads((tmp_path / "meta").read_bytes())["usage"]["input_tokens"] == 9


def test_a_store_that_is_full_costs_no_reply(server: Server, tmp_path: Path) -> None:
    call = start(
        *("map", "--each", "line", "-j", "2", "--reuse", str(tmp_path / "store"), "-f", "text"),
        env={"ANTHROPIC_BASE_URL": server.url},
        preexec_fn=lambda: (
            resource.setrlimit(resource.RLIMIT_FSIZE, (200, 200)),
            resource.setrlimit(resource.RLIMIT_NOFILE, (40, 40)),
        ),
    )
    out, err = call.communicate(lines(*range(60)))
    assert (call.returncode, len(out.splitlines())) == (0, 60), err
    assert b"file too large" in err
    assert b"too many open files" not in err


def test_a_command_that_gives_no_key_is_asked_once(server: Server, tmp_path: Path) -> None:
    command = f"echo x >>{tmp_path}/asked; sleep 0.2; exit 1"
    options = ["--reuse", tmp_path / "store", "-j", "4", "--api-key-command", command]
    done = mapped(server, *options, input=lines(*range(4)))
    assert (done.returncode, server.requests) == (4, 0)
    assert (tmp_path / "asked").read_text() == "x\n"


def test_a_run_that_is_refused_leaves_the_thinking_as_it_was(
    server: Server, tmp_path: Path
) -> None:
    options = ["-o", tmp_path / "out", "--thinking-output", tmp_path / "thinking"]
    assert mapped(server, *options, input=lines(1)).returncode == 0
    (tmp_path / "thinking").write_text("kept")
    assert mapped(server, *options, input=lines(1)).returncode == 14
    assert (tmp_path / "thinking").read_text() == "kept"


def test_what_was_to_be_tried_again_is_logged_as_it_was(server: Server, tmp_path: Path) -> None:
    server.answer = lambda prompt: error(529, "overloaded_error", "retry-after: 20\r\n")
    call = start(
        *("map", "--each", "line", "-j", "2", "--usage-log", str(tmp_path / "log")),
        env={"ANTHROPIC_BASE_URL": server.url},
    )
    call.stdin.write(lines(*range(4)))
    call.stdin.close()
    assert b"; all wait 2" in call.stderr.readline()
    call.send_signal(signal.SIGINT)
    call.wait(10)
    call.stdout.close()
    call.stderr.close()
    calls = [json.loads(line) for line in (tmp_path / "log").read_bytes().splitlines()]
    assert calls
    assert {(one["status"], one["error"]["type"]) for one in calls} == {(6, "overloaded_error")}
