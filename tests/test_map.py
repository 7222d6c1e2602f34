"""`map`: every record is answered once, in order, and each of what can go wrong says so."""

from __future__ import annotations

import json
import os
import resource
import select
import signal
import stat
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import counting
import pytest
from counting import Server, message
from support import run, start

Serve = Callable[..., Server]


@pytest.fixture
def server() -> Iterator[Serve]:
    running: list[Server] = []

    def begin(answer: Callable[[str], counting.Answer] = message) -> Server:
        running.append(Server(answer))
        return running[-1]

    yield begin
    for one in running:
        one.close()


def env(server: Server) -> dict[str, str]:
    return {"ANTHROPIC_BASE_URL": server.url}


def lines(*prompts: object) -> bytes:
    return "".join(f"{prompt}\n" for prompt in prompts).encode()


def mapped(server: Server, *args: str, input: bytes = b"", **kwargs: Any) -> Any:
    return run("map", "--each", "line", *args, input=input, env=env(server), **kwargs)


def results(data: bytes) -> list[dict[str, Any]]:
    return [json.loads(line) for line in data.splitlines()]


def texts(data: bytes) -> list[str]:
    found = (result["result"].get("message") for result in results(data))
    return [m["content"][0]["text"] if m else "" for m in found]


def ids(data: bytes) -> list[str]:
    return [result["custom_id"] for result in results(data)]


def late(prompt: str) -> counting.Answer:
    """The first of every ten takes longer than those after it."""
    time.sleep(0.05 if int(prompt) % 10 == 1 else 0.001)
    return message(prompt)


def test_results_are_in_the_order_of_the_input(server: Serve) -> None:
    there = server(late)
    done = mapped(there, "-j", "8", input=lines(*range(1, 101)))
    assert (done.returncode, ids(done.stdout)) == (0, [str(n) for n in range(1, 101)])
    assert texts(done.stdout) == [str(n) for n in range(1, 101)]
    assert there.paid == Counter(str(n) for n in range(1, 101))
    assert there.most_running == 8
    assert there.connections <= 8
    assert done.stderr.startswith(b"msgcli: 100 records, 0 failed, 300 tokens in, 700 out, ")
    assert done.stderr.count(b"\n") == 1


def test_unordered_results_do_not_wait(server: Serve) -> None:
    done = mapped(server(late), "-j", "8", "--unordered", input=lines(*range(1, 101)))
    assert sorted(map(int, ids(done.stdout))) == list(range(1, 101))
    assert ids(done.stdout)[0] != "1"


def test_the_first_result_comes_before_the_second_item(server: Serve) -> None:
    process = start("map", "--each", "line", env=env(server()))
    process.stdin.write(b"one\n")
    process.stdin.flush()
    assert select.select([process.stdout], [], [], 20)[0]
    assert texts(process.stdout.readline()) == ["one"]
    out, _ = process.communicate(b"two\n", timeout=20)
    assert (process.returncode, texts(out)) == (0, ["two"])


def test_empty_input_is_no_failure(server: Serve) -> None:
    done = mapped(server(), input=b"")
    assert (done.returncode, done.stdout) == (0, b"")


def test_a_bad_record_is_told_by_line_and_the_others_go_on(server: Serve) -> None:
    records = [json.dumps({"custom_id": f"r{n}", "params": body(n)}) for n in range(4)]
    records[1:1] = ["{", '{"custom_id":"x"}', '{"params":{}}']
    done = run("map", input=lines(*records), env=env(server()))
    assert done.returncode == 9
    assert ids(done.stdout) == ["r0", "2", "3", "4", "r1", "r2", "r3"]
    error = results(done.stdout)[1]["result"]
    assert error["type"] == "errored"
    assert error["error"]["type"] == "error"
    assert error["error"]["error"] == {
        "type": "input",
        "message": "standard input: line 2: expecting property name enclosed in double quotes "
        "(column 2)",
    }
    assert b"line 2: expecting" in done.stderr
    assert b"line 3: no params" in done.stderr
    assert b"line 4: no custom_id" in done.stderr
    assert done.stderr.endswith(b"msgcli: 3 of 7 records failed\n")


def body(prompt: object) -> dict[str, Any]:
    return {"model": "m", "max_tokens": 5, "messages": [{"role": "user", "content": str(prompt)}]}


def test_options_fill_in_and_override_whole_records(server: Serve) -> None:
    there = server()
    record = json.dumps({"custom_id": "a", "params": {"messages": body(1)["messages"]}})
    done = run("map", "-m", "given", "-n", "30000", input=lines(record), env=env(there))
    assert there.bodies == [{**body(1), "model": "given", "max_tokens": 30000, "stream": True}], (
        done.stderr
    )


@pytest.mark.parametrize("options", [["-p", "x"], ["-a", "f"], ["--prefill", "x"]])
def test_whole_records_take_no_prompt(server: Serve, options: list[str]) -> None:
    there = server()
    done = run("map", *options, input=b"{}\n", env=env(there))
    assert (done.returncode, there.requests) == (2, 0)


def test_texts_alone(server: Serve) -> None:
    there = server(
        lambda p: counting.error(400, "invalid_request_error") if p == "2" else message(p)
    )
    done = mapped(there, "-f", "text", input=lines(1, 2, 3))
    assert (done.returncode, done.stdout) == (9, b"1\n3\n")
    done = mapped(there, "-f", "text", "-0", input=lines(1, 3))
    assert (done.returncode, done.stdout) == (0, b"1\x003\x00")


def test_incomplete_replies_are_results_and_a_status(server: Serve) -> None:
    there = server(lambda p: message(p, "max_tokens" if p == "2" else "end_turn"))
    done = mapped(there, input=lines(1, 2, 3))
    assert (done.returncode, texts(done.stdout)) == (10, ["1", "2", "3"])
    assert done.stderr.endswith(b"msgcli: 1 reply: the reply is truncated: max_tokens\n")
    assert mapped(there, "--accept", "max_tokens", input=lines(2)).returncode == 0


def test_shards_are_the_whole(server: Serve) -> None:
    there = server()
    found = [
        ids(mapped(there, "--shard", f"{shard}/3", input=lines(*range(10))).stdout)
        for shard in (1, 2, 3)
    ]
    assert found == [["1", "4", "7", "10"], ["2", "5", "8"], ["3", "6", "9"]]
    assert there.paid == Counter(map(str, range(10)))


class TestJournal:
    def test_it_ends_in_order_with_one_line_a_record(self, server: Serve, tmp_path: Path) -> None:
        there, journal = server(late), tmp_path / "out"
        done = mapped(there, "-j", "8", "-o", str(journal), input=lines(*range(1, 101)))
        assert (done.returncode, done.stdout) == (0, b"")
        assert texts(journal.read_bytes()) == [str(n) for n in range(1, 101)]
        assert stat.S_IMODE(journal.stat().st_mode) == 0o600
        assert os.listdir(tmp_path) == ["out"]

    @pytest.mark.parametrize("precious", ["precious", "precious\n", '{"a":1}\n'])
    def test_it_is_not_written_over(self, server: Serve, tmp_path: Path, precious: str) -> None:
        there, journal = server(), tmp_path / "out"
        journal.write_text(precious)
        done = mapped(there, "-o", str(journal), input=lines(1))
        assert (done.returncode, there.requests) == (14, 0)
        assert done.stderr == b"msgcli: %b: it is not empty; --resume goes on with it\n" % bytes(
            journal
        )
        done = mapped(there, "-o", str(journal), "--resume", input=lines(1))
        assert (done.returncode, there.requests) == (3, 0)
        assert journal.read_text() == precious

    def test_what_succeeded_is_not_sent_again(self, server: Serve, tmp_path: Path) -> None:
        there, journal = server(), str(tmp_path / "out")
        mapped(there, "-o", journal, input=lines(1, 2, 3))
        before = os.stat(journal)
        done = mapped(there, "-o", journal, "--resume", input=lines(1, 2, 3))
        assert (done.returncode, there.requests) == (0, 3)
        assert os.stat(journal).st_ino == before.st_ino
        assert b"0 records, 0 failed, 3 done before" in done.stderr

    def test_what_failed_is_tried_anew(self, server: Serve, tmp_path: Path) -> None:
        there, journal = server(lambda p: counting.error(500, "api_error")), tmp_path / "out"
        options = ["-o", str(journal), "--resume", "--retries", "0"]
        done = mapped(there, *options, input=lines(1, 2, 3))
        assert done.returncode == 9
        assert done.stderr.endswith(b"3 of 3 records failed; --resume tries them again\n")
        assert texts(journal.read_bytes()) == ["", "", ""]
        error = results(journal.read_bytes())[0]["result"]["error"]
        assert (error["error"]["type"], error["request_id"]) == ("api_error", "req_1")
        there.answer = message
        done = mapped(there, *options, input=lines(1, 2, 3))
        assert (done.returncode, texts(journal.read_bytes())) == (0, ["1", "2", "3"])
        assert there.paid == Counter("123")

    @pytest.mark.parametrize("keep", [1, 100, -1])
    def test_a_torn_end_is_mended(self, server: Serve, tmp_path: Path, keep: int) -> None:
        there, journal = server(), tmp_path / "out"
        mapped(there, "-j", "1", "-o", str(journal), input=lines(1, 2, 3))
        whole = journal.read_bytes()
        end = whole.rindex(b"\n", 0, -1) + 1
        journal.write_bytes(whole[:end] + whole[end:][:keep])
        done = mapped(there, "-o", str(journal), "--resume", input=lines(1, 2, 3))
        assert (done.returncode, journal.read_bytes()) == (0, whole)
        assert there.paid["3"] == (1 if keep == -1 else 2)

    def test_what_is_paid_is_kept(self, server: Serve, tmp_path: Path) -> None:
        there, journal = server(), tmp_path / "out"
        options = ["--each", "jsonl", "-t", "$t", "--id-field", "i", "-o", str(journal), "--resume"]
        items = [json.dumps({"i": n, "t": str(n)}) for n in range(4)]
        run("map", *options, input=lines(*items[:2]), env=env(there))
        done = run("map", *options, input=lines(*items[3:0:-1]), env=env(there))
        assert (done.returncode, ids(journal.read_bytes())) == (0, ["3", "2", "1", "0"])
        assert there.paid == Counter("0123")

    def test_two_of_a_name_are_not_both_sent(self, server: Serve, tmp_path: Path) -> None:
        there, journal = server(), tmp_path / "out"
        options = ["--each", "csv", "-t", "$t", "--id-field", "i", "-o", str(journal)]
        done = run("map", *options, input=b"i,t\na,1\na,2\nb,3\n", env=env(there))
        assert done.returncode == 9
        assert b"line 3: the custom_id a stands twice" in done.stderr
        assert texts(journal.read_bytes()) == ["1", "3"]

    def test_a_second_map_sends_nothing(self, server: Serve, tmp_path: Path) -> None:
        release = threading.Event()
        there = server(lambda p: message(p) if release.wait(20) else counting.error(500, "x"))
        options = ["map", "--each", "line", "-o", str(tmp_path / "out"), "--resume"]
        first = start(*options, env=env(there))
        first.stdin.write(b"1\n")
        first.stdin.close()
        there.wait(lambda: there.requests == 1)
        second = run(*options, input=lines(1), env=env(there))
        assert (second.returncode, there.requests) == (14, 1)
        assert b"another map is writing it" in second.stderr
        release.set()
        assert first.wait(20) == 0
        first.stdout.close()
        first.stderr.close()

    def test_what_is_no_file_is_no_journal(self, server: Serve) -> None:
        there = server()
        done = mapped(there, "-o", "/dev/full", input=lines(1, 2))
        assert (done.returncode, there.requests) == (14, 0)
        assert b"/dev/full: not a regular file" in done.stderr

    def test_a_full_disk_ends_the_run(self, server: Serve, tmp_path: Path) -> None:
        def limit() -> None:
            resource.setrlimit(resource.RLIMIT_FSIZE, (1500, 1500))

        there, journal = server(), tmp_path / "out"
        options = ["-j", "1", "-o", str(journal), "--resume"]
        done = mapped(there, *options, input=lines(*range(50)), preexec_fn=limit)
        whole = len(results(journal.read_bytes()))
        assert (done.returncode, there.requests) == (14, whole + 1)
        assert done.stderr.endswith(b": file too large\n")
        done = mapped(there, *options, input=lines(*range(50)))
        assert (done.returncode, texts(journal.read_bytes())) == (0, [str(n) for n in range(50)])
        assert there.requests == 51


class TestLimits:
    def test_a_limit_that_one_meets_holds_all_up(self, server: Serve) -> None:
        refused: list[float] = []

        def answer(prompt: str) -> counting.Answer:
            if len(there.begun) <= 20 or refused:
                time.sleep(0.01)
                return message(prompt)
            refused.append(time.monotonic())
            return counting.error(429, "rate_limit_error", "retry-after-ms: 500\r\n")

        there = server(answer)
        done = mapped(there, "-j", "8", input=lines(*range(100)))
        assert (done.returncode, there.paid) == (0, Counter(map(str, range(100))))
        assert not [t for t in there.begun if refused[0] + 0.05 < t < refused[0] + 0.45]
        assert done.stderr.count(b"; all wait ") == 1

    def test_a_storm_loses_nothing(self, server: Serve) -> None:
        def answer(prompt: str) -> counting.Answer:
            if there.running > 2:
                return counting.error(429, "rate_limit_error", "retry-after-ms: 20\r\n")
            time.sleep(0.01)
            return message(prompt)

        there = server(answer)
        done = mapped(there, "-j", "16", "--retries", "50", input=lines(*range(200)))
        assert (done.returncode, there.paid) == (0, Counter(map(str, range(200))))
        assert there.requests < 500

    def test_requests_a_minute(self, server: Serve) -> None:
        there = server()
        done = mapped(there, "-j", "8", "--rpm", "600", input=lines(*range(8)))
        assert done.returncode == 0
        late = [begun - there.begun[0] - 0.1 * n for n, begun in enumerate(there.begun)]
        assert min(late) > -0.05

    def test_tokens(self, server: Serve) -> None:
        there = server()
        options = ["-j", "1", "--max-output-tokens", str(2 * counting.OUTPUT_TOKENS)]
        done = mapped(there, *options, input=lines(*range(9)))
        assert (done.returncode, there.requests, ids(done.stdout)) == (16, 2, ["1", "2"])
        assert done.stderr.endswith(
            b"msgcli: --max-output-tokens: 14 are generated; the rest was not sent\n"
        )
        assert mapped(there, *options, input=lines(1, 2)).returncode == 0

    def test_cost(self, server: Serve, tmp_path: Path) -> None:
        there, prices = server(), tmp_path / "prices"
        table = {"currency": "EUR", "models": {"m": {"input": 1e6, "output": 1e6}}}
        prices.write_text(json.dumps(table))
        options = ["-j", "1", "--max-cost", "25", "--prices", str(prices)]
        done = mapped(there, *options, "-m", "m", input=lines(*range(9)))
        assert (done.returncode, there.requests) == (16, 3)
        assert b"--max-cost: 30.0000 EUR are spent; the rest was not sent" in done.stderr
        done = mapped(there, *options, "-m", "other", input=lines(*range(9)))
        assert (done.returncode, there.requests) == (3, 3)

    def test_a_wrong_key_ends_it(self, server: Serve) -> None:
        there = server(lambda p: counting.error(401, "authentication_error"))
        done = mapped(there, "-j", "3", input=lines(*range(99)))
        assert (done.returncode, done.stdout) == (4, b"")
        assert there.requests <= 3

    def test_nothing_but_refusals_ends_it(self, server: Serve) -> None:
        there = server(lambda p: counting.error(400, "invalid_request_error"))
        done = mapped(there, "-j", "2", input=lines(*range(99)))
        assert done.returncode == 5
        assert 6 <= there.requests <= 8
        assert b"the first 6 records were all refused" in done.stderr
        there.answer = lambda p: message(p) if p == "0" else counting.error(400, "x")
        assert mapped(there, "-j", "1", input=lines(*range(20))).returncode == 9
        assert there.requests >= 26


class TestLost:
    def test_a_request_that_is_lost_is_not_sent_again(self, server: Serve) -> None:
        there = server(lambda p: counting.Answer(None, {}) if p == "2" else message(p))
        done = mapped(there, "-j", "1", input=lines(1, 2, 3))
        assert (done.returncode, there.paid) == (9, Counter("123"))
        assert texts(done.stdout) == ["1", "", "3"]
        assert "may have been processed" in json.dumps(results(done.stdout)[1])

    def test_a_connection_that_was_closed_is_not_used(self, server: Serve) -> None:
        there = server()
        there.keeps_connections = False
        process = start("map", "--each", "line", "-j", "1", env=env(there))
        for number in range(1, 4):
            process.stdin.write(b"x\n")
            process.stdin.flush()
            there.wait(lambda wanted=number: there.closed == wanted)  # type: ignore[misc]
        out, _ = process.communicate(timeout=20)
        assert (process.returncode, texts(out), there.requests) == (0, ["x"] * 3, 3)


class TestSignals:
    def begin(self, there: Server, *args: str) -> Any:
        process = start("map", "--each", "line", "-j", "3", *args, env=env(there))
        process.stdin.write(lines(*range(50)))
        process.stdin.flush()
        there.wait(lambda: there.running == 3)
        return process

    def test_the_first_interrupt_lets_them_finish(self, server: Serve, tmp_path: Path) -> None:
        release = threading.Event()
        there = server(lambda p: message(p) if release.wait(20) else counting.error(500, "x"))
        journal = tmp_path / "out"
        process = self.begin(there, "-o", str(journal))
        process.send_signal(signal.SIGINT)
        assert process.stderr.readline() == (
            b"msgcli: stopping; 3 requests to finish, unless ^C again\n"
        )
        release.set()
        _, err = process.communicate(timeout=20)
        assert (process.returncode, there.requests) == (-signal.SIGINT, 3)
        assert sorted(texts(journal.read_bytes())) == ["0", "1", "2"]
        assert err.startswith(b"msgcli: 3 records, 0 failed")

    @pytest.mark.parametrize("signals", [(2, 2), (15,), (1,)])
    def test_others_end_it_at_once(self, server: Serve, signals: tuple[int, ...]) -> None:
        never = threading.Event()
        there = server(lambda p: message(p) if never.wait(20) else counting.error(500, "x"))
        process = self.begin(there)
        if signals == (2, 2):
            process.send_signal(signals[0])
            assert b"to finish, unless ^C again" in process.stderr.readline()
            assert process.poll() is None
        process.send_signal(signals[-1])
        begun = time.monotonic()
        process.communicate(timeout=20)
        assert (process.returncode, there.requests) == (-signals[-1], 3)
        assert time.monotonic() - begun < 0.5
        never.set()

    def test_a_reader_that_goes_ends_it(self, server: Serve) -> None:
        there = server(late)
        process = start("map", "--each", "line", env=env(there))
        process.stdout.close()
        _, err = process.communicate(lines(*range(500)), timeout=20)
        assert (process.returncode, err) == (-signal.SIGPIPE, b"")
        assert there.requests < 50


def peak(server: Server, count: int, folder: Path) -> int:
    """The memory of a run, in KiB."""
    process = start(
        "map",
        "--each",
        "line",
        "-j",
        "8",
        "-o",
        str(folder / str(count)),
        stderr=None,
        env=env(server),
    )
    process.stdin.write(lines(*range(count)))
    process.stdin.close()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = status
    process.stdout.close()
    assert status == 0
    assert len((folder / str(count)).read_bytes().splitlines()) == count
    return usage.ru_maxrss


@pytest.mark.skipif("MSGCLI_HEAVY" not in os.environ, reason="takes a minute")
def test_memory_does_not_grow(server: Serve, tmp_path: Path) -> None:
    there = server()
    assert peak(there, 40000, tmp_path) < 1.1 * peak(there, 10000, tmp_path)
