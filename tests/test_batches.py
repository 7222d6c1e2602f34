"""Batches against endpoints that lose, repeat, misplace and spoil what they are asked for."""

from __future__ import annotations

import json
import os
import resource
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from badserver import BadServer, Behaviour, Call, Wire
from misbehaviour import LONG, SOON, close, message, reset, status, until_close, whole
from support import run, start

ID = "msgbatch_1"
COUNTS = ("processing", "succeeded", "errored", "canceled", "expired")
MIB = 1 << 20


@pytest.fixture(scope="module")
def server() -> Iterator[BadServer]:
    with BadServer() as running:
        yield running


def record(custom_id: str, **params: Any) -> bytes:
    params = {"model": "m", "messages": [{"role": "user", "content": "é"}], **params}
    return json.dumps({"custom_id": custom_id, "params": params}).encode() + b"\n"


RECORDS = b"".join(map(record, "abc"))


def batch(state: str = "ended", *counts: int, **more: Any) -> dict[str, Any]:
    counted = {"request_counts": dict(zip(COUNTS, counts, strict=True))} if counts else {}
    return {"id": ID, "type": "message_batch", "processing_status": state, **counted, **more}


def answer(value: Any) -> Behaviour:
    return whole("200 OK", json.dumps(value).encode())


def succeeded(custom_id: str, text: str = "Yes", reason: str = "end_turn") -> bytes:
    result = {"type": "succeeded", "message": message(text, reason)}
    return json.dumps({"custom_id": custom_id, "result": result}).encode() + b"\n"


def failed(custom_id: str, kind: str = "expired") -> bytes:
    return json.dumps({"custom_id": custom_id, "result": {"type": kind}}).encode() + b"\n"


def lines(*parts: bytes) -> Behaviour:
    return whole("200 OK", b"".join(parts))


def half(*parts: bytes) -> Behaviour:
    """An answer that ends before it is as long as it says."""
    return until_close(b"".join(parts), **LONG)


def batches(call: Call, *args: str, input: bytes = b"", **kwargs: Any) -> tuple[int, bytes, str]:
    env = {"ANTHROPIC_API_KEY": "sk-secret", "ANTHROPIC_BASE_URL": call.url}
    done = run("batches", *args, input=input, env=env, **kwargs)
    return done.returncode, done.stdout, done.stderr.decode()


@pytest.mark.parametrize(
    ("lost", "number"),
    [
        (close, 7),
        (reset, 7),
        (Wire.stall, 15),
        (half(b'{"id":'), 8),
        (whole("200 OK", b"<html>"), 8),
        (answer({}), 8),
    ],
)
def test_a_creation_that_is_lost_is_not_repeated(
    server: BadServer, lost: Behaviour, number: int
) -> None:
    call = server.call(lost)
    ended, out, err = batches(call, "create", "--idle-timeout", "300ms", input=RECORDS)
    assert (ended, out) == (number, b"")
    assert err.endswith("; the batch may exist, and cost money: msgcli batches list shows it\n")
    assert err.count("\n") == call.posts == 1


def test_a_creation_may_have_cost_when_its_time_is_over(server: BadServer) -> None:
    call = server.call(Wire.stall)
    ended, _, err = batches(call, "create", "--timeout", "2s", input=RECORDS)
    assert ended == 15
    assert err.endswith("are over; the request may have been processed and billed\n")


def test_a_creation_that_is_refused_for_now_is_repeated_whole(server: BadServer) -> None:
    call = server.call(status(529, **SOON), answer(batch()))
    ended, out, err = batches(call, "create", input=RECORDS)
    assert (ended, out) == (0, b"msgbatch_1\n")
    assert "retrying" in err
    first, second = call.requests
    assert first.complete
    assert first.body == second.body
    assert first.line.split()[0] == "POST"
    assert first.path.endswith("/v1/messages/batches")


def test_a_creation_is_repeated_for_those_who_say_so(server: BadServer) -> None:
    call = server.call(half(b"{"), answer(batch()))
    assert batches(call, "create", "--retry-all-errors", input=RECORDS)[0] == 0
    assert call.posts == 2


def test_a_batch_has_the_records_but_no_streams(server: BadServer, tmp_path: Path) -> None:
    call = server.call(answer(batch()))
    file = tmp_path / "records"
    file.write_bytes(b"\xef\xbb\xbf" + record("a", stream=True) + b"\r\n" + record("b").strip())
    assert batches(call, "create", "-f", "json", str(file))[:2] == (
        0,
        json.dumps(batch()).encode() + b"\n",
    )
    wanted = [json.loads(record(name)) for name in "ab"]
    assert json.loads(call.requests[0].body) == {"requests": wanted}
    assert "é".encode() in call.requests[0].body


def test_every_line_that_is_no_record_is_told_before_anything_is_sent(server: BadServer) -> None:
    call = server.call(answer(batch()))
    wrong = [
        record("a b"),
        record("a" * 65),
        b"{}\n",
        b'{"custom_id":"x","params":[]}\n',
        b"\xff\n",
    ]
    ended, out, err = batches(call, "create", input=b"".join((RECORDS, *wrong, record("a"))))
    assert (ended, out, call.posts) == (3, b"", 0)
    places = [line.split(": ")[1:3] for line in err.splitlines()]
    assert places[:-1] == [["standard input", f"line {number}"] for number in range(4, 10)]
    assert err.endswith("\nmsgcli: 6 lines are not records that a batch takes; nothing was sent\n")


def test_of_many_wrong_lines_some_are_told(server: BadServer) -> None:
    ended, _, err = batches(server.call(), "create", input=b"{}\n" * 1000)
    assert ended == 3
    assert len(err.splitlines()) == 11
    assert "1000 lines are not records" in err


def test_an_empty_batch_is_not_sent(server: BadServer) -> None:
    call = server.call(answer(batch()))
    assert batches(call, "create", input=b"\n")[0] == 3
    assert call.posts == 0


def test_more_records_than_a_batch_takes_are_not_sent(server: BadServer) -> None:
    call = server.call(answer(batch()))
    many = b"".join(b'{"custom_id":"%d","params":{}}\n' % number for number in range(100_001))
    ended, _, err = batches(call, "create", input=many)
    assert (ended, call.posts) == (3, 0)
    assert "more than 100000 records" in err
    assert "split" in err


def test_the_id_of_a_batch_that_exists_is_told_somewhere(server: BadServer, tmp_path: Path) -> None:
    file = tmp_path / "ids"
    file.write_bytes(b"x" * 1000)
    with file.open("ab") as full:
        ended, _, err = batches(
            server.call(answer(batch())),
            "create",
            input=RECORDS,
            stdout=full,
            preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000)),
        )
    assert ended == 14
    assert err == "msgcli: standard output: file too large; the batch is msgbatch_1\n"


@pytest.mark.parametrize("number", [404, 405])
@pytest.mark.parametrize("command", ["create", "list"])
def test_an_endpoint_without_batches(server: BadServer, command: str, number: int) -> None:
    ended, out, err = batches(server.call(status(number)), command, input=RECORDS)
    assert (ended, out) == (5, b"")
    assert err.endswith("; this endpoint has no batches\n")


@pytest.mark.parametrize("command", ["delete", "cancel"])
def test_an_endpoint_that_does_not_do_all_with_batches(server: BadServer, command: str) -> None:
    ended, out, err = batches(server.call(status(405)), command, ID)
    assert (ended, out) == (5, b"")
    assert err.endswith("; this endpoint does not do that with batches\n")


def test_a_batch_is_shown_as_far_as_it_is_known(server: BadServer) -> None:
    call = server.call(answer(batch("paused", request_counts={"errored": 2, "expired": "x"})))
    assert batches(call, "retrieve", ID) == (0, b"msgbatch_1\tpaused\t-\t-\t2\t-\t-\n", "")


@pytest.mark.parametrize("wrong", [{"id": "a\nb"}, {"processing_status": "a\tb"}, {"id": None}])
def test_what_is_no_batch(server: BadServer, wrong: dict[str, Any]) -> None:
    ended, out, err = batches(server.call(answer({**batch(), **wrong})), "retrieve", ID)
    assert (ended, out) == (8, b"")
    assert err.startswith("msgcli: 127.0.0.1:")


@pytest.mark.parametrize(
    ("command", "name"),
    [
        *((command, "..") for command in ("wait", "results", "cancel", "delete")),
        *(("retrieve", name) for name in ("a/b", "a?b", "", "é")),
    ],
)
def test_what_is_no_id_makes_no_path(server: BadServer, command: str, name: str) -> None:
    call = server.call(answer(batch()))
    assert batches(call, command, name)[:2] == (2, b"")
    assert call.posts == 0


def page(*names: str, more: bool) -> dict[str, Any]:
    data = [{**batch("ended", 0, 1, 0, 0, 0), "id": name} for name in names]
    return {"data": data, "has_more": more, "first_id": names[0], "last_id": names[-1]}


@pytest.mark.parametrize(("limit", "asked"), [(1, 1), (2, 1), (3, 2), (9, 2)])
def test_no_more_pages_are_asked_for_than_are_listed(
    server: BadServer, limit: int, asked: int
) -> None:
    call = server.call(answer(page("a", "b", more=True)), answer(page("c", more=False)))
    wanted = "abc"[:limit]
    ended, out, _ = batches(call, "list", "--limit", str(limit))
    assert (ended, call.posts) == (0, asked)
    assert out.decode() == "".join(f"{name}\tended\t0\t1\t0\t0\t0\n" for name in wanted)
    call.requests.clear()
    listed = json.loads(batches(call, "list", "-f", "json", "--limit", str(limit))[1])
    assert [item["id"] for item in listed["data"]] == list(wanted)
    assert (listed["has_more"], listed["last_id"]) == (limit < 3, wanted[-1])


def test_waiting_outlasts_what_passes(server: BadServer) -> None:
    behaviours = [answer(batch("in_progress")), status(500), reset, answer(batch("ended"))]
    args = ("wait", ID, "--poll", "10ms", "--retries", "0")
    ended, out, err = batches(server.call(*behaviours), *args)
    assert (ended, out) == (0, b"msgbatch_1\tended\t-\t-\t-\t-\t-\n")
    assert err.count("looking again in 10ms\n") == 2
    assert batches(server.call(*behaviours[1:]), *args)[0] == 6
    assert batches(server.call(behaviours[0], status(404)), *args)[0] == 5


@pytest.mark.parametrize(
    ("then", "number", "why"),
    [
        ([answer(batch("canceling"))], 17, "batch msgbatch_1: canceling when --timeout was over"),
        ([answer(batch("canceling")), Wire.stall], 17, "batch msgbatch_1: canceling"),
        ([Wire.stall], 15, "--timeout: it is over before batch msgbatch_1 was seen"),
    ],
)
def test_waiting_ends_when_its_time_is_over(
    server: BadServer, then: list[Behaviour], number: int, why: str
) -> None:
    call = server.call(*then)
    ended, out, err = batches(call, "wait", ID, "--poll", "50ms", "--timeout", "2s")
    assert (ended, out) == (number, b"")
    assert err.startswith(f"msgcli: {why}")


def test_results_that_are_not_there(server: BadServer) -> None:
    ended, out, err = batches(server.call(answer(batch("in_progress"))), "results", ID)
    assert (ended, out, "msgcli batches wait" in err) == (17, b"", True)
    gone = answer(batch("ended", archived_at="2026-01-01T00:00:00Z"))
    assert batches(server.call(gone), "results", ID)[0] == 5


@pytest.mark.parametrize(
    "url",
    [
        "//127.0.0.1:1/",
        "http://localhost:{}/",
        "https://127.0.0.1:{}/",
        "//x@127.0.0.1:{}/",
        "http://127.0.0.1:{}@[::1]/",
        "http://[",
    ],
)
def test_results_elsewhere_are_not_shown_the_key(server: BadServer, url: str) -> None:
    url = url.format(server.port)
    call = server.call(answer(batch(results_url=url)), lines(succeeded("a")))
    ended, out, err = batches(call, "results", ID)
    assert (ended, out, call.posts) == (8, b"", 1)
    assert url in err
    assert not server.strays


@pytest.mark.parametrize("url", ["/{}/x?y=%2F", "HTTP://127.0.0.1:{}/{}/x?y=%2F", None])
def test_results_are_where_the_endpoint_says(server: BadServer, url: str | None) -> None:
    call = server.call(answer(batch()), lines(succeeded("a")))
    number = call.url.rpartition("/")[2]
    if url is not None:
        filled = url.format(*([server.port, number] if "HTTP" in url else [number]))
        call.behaviours = (answer(batch(results_url=filled)), call.behaviours[1])
    assert batches(call, "results", ID) == (0, succeeded("a"), "")
    usual = f"/{number}/v1/messages/batches/{ID}/results"
    assert call.requests[1].path == (usual if url is None else f"/{number}/x?y=%2F")
    assert call.requests[1].headers["x-api-key"] == "sk-secret"


def results(server: BadServer, *behaviours: Behaviour, size: int | None = None) -> Call:
    counts = (0, size, 0, 0, 0) if size else ()
    return server.call(answer(batch("ended", *counts)), *behaviours)


def test_a_download_that_is_lost_goes_on_where_it_was(server: BadServer) -> None:
    a, b, c = map(succeeded, "abc")
    call = results(server, half(a, b[:9]), lines(c, a, b), size=3)
    ended, out, err = batches(call, "results", ID)
    assert (ended, out) == (0, a + c + b)
    assert err.count("retrying") == 1


def test_a_download_that_is_lost_for_good_leaves_no_file(server: BadServer, tmp_path: Path) -> None:
    file = tmp_path / "out"
    call = results(server, half(succeeded("a"), b"{"))
    ended, _, err = batches(call, "results", ID, "-o", str(file), "--retries", "0")
    assert ended == 8
    assert "billed" not in err
    assert os.listdir(tmp_path) == ["out.partial"]
    assert (tmp_path / "out.partial").read_bytes() == succeeded("a")


@pytest.mark.parametrize(
    "wrong",
    [
        b"<html>\n",
        b'{"custom_id":"b"}\n',
        b'{"custom_id":"b","result":{"type":"succeeded","message":{}}}\n',
        succeeded("b")[:-9],
        b"[" * 100_000 + b"\n",
    ],
)
def test_a_line_that_is_no_result_spoils_no_other(server: BadServer, wrong: bytes) -> None:
    call = results(server, lines(succeeded("a"), wrong))
    ended, out, err = batches(call, "results", ID, "--input", "-", input=record("a"))
    assert (ended, out) == (8, succeeded("a"))
    assert err.endswith("line 2 of the results is not a result\n")


def test_results_that_are_missing_are_missed(server: BadServer) -> None:
    call = results(server, lines(succeeded("a"), succeeded("a")), size=2)
    ended, out, err = batches(call, "results", ID)
    assert (ended, out) == (8, succeeded("a"))
    assert err.endswith("1 of 2 results came\n")


def test_results_are_put_into_the_order_of_the_records(server: BadServer, tmp_path: Path) -> None:
    (tmp_path / "records").write_bytes(RECORDS + record("d"))
    came = [succeeded("x"), failed("c", "canceled"), succeeded("b"), b"\n", succeeded("a")]
    call = results(server, lines(*came))
    out = tmp_path / "out"
    args = ("--input", str(tmp_path / "records"), "-o", str(out))
    ended, _, err = batches(call, "results", ID, *args)
    assert ended == 9
    assert out.read_bytes() == b"".join((came[4], came[2], came[1], came[0]))
    assert err.splitlines() == [
        "msgcli: 1 result of no record of --input, written last",
        "msgcli: 1 record of --input without a result",
        f"msgcli: 2 of 5 records failed; msgcli map -o {out} --resume RECORDS tries them again",
    ]


def test_records_that_give_the_order_are_read_before_anything_is_asked(server: BadServer) -> None:
    call = results(server)
    for wrong in (RECORDS + b"{}\n", RECORDS + record("a")):
        ended, _, err = batches(call, "results", ID, "--input", "-", input=wrong)
        assert (ended, call.posts) == (3, 0)
        assert err.startswith("msgcli: standard input: line 4: ")


def test_texts_are_those_of_the_messages(server: BadServer) -> None:
    came = [succeeded("a", "A\n"), failed("b"), succeeded("c", "C\ud800")]
    call = results(server, lines(*came))
    assert batches(call, "results", ID, "-f", "text")[:2] == (9, "A\nC\ufffd\n".encode())
    call.requests.clear()
    assert batches(call, "results", ID, "-f", "text", "-0")[1] == "A\n\0C\ufffd\0".encode()
    assert batches(call, "results", ID, "-0")[0] == 2


def test_a_reply_that_is_cut_short_is_not_taken_for_whole(server: BadServer) -> None:
    came = lines(succeeded("a", reason="max_tokens"), succeeded("b", reason="refusal"))
    for accepted, number in (("x", 10), ("max_tokens", 11)):
        args = ("results", ID, "--accept", accepted)
        assert batches(results(server, came), *args)[0] == number


def peak(*args: str, url: str) -> tuple[int, int]:
    """The bytes that a run wrote, and its memory in bytes."""
    process = start("batches", *args, env={"ANTHROPIC_BASE_URL": url})
    process.stdin.close()
    size = 0
    while chunk := process.stdout.read(MIB):
        size += len(chunk)
    error = process.stderr.read()
    _, ended, usage = os.wait4(process.pid, 0)
    process.returncode = ended
    assert (ended, error) == (0, b"")
    process.stdout.close()
    process.stderr.close()
    return size, usage.ru_maxrss * 1024


def stream(count: int, size: int) -> Behaviour:
    """Results in the reverse order of their records, each with a text of some size."""

    def behaviour(wire: Wire) -> None:
        wire.head("200 OK")
        for number in range(count, 0, -1):
            wire.raw(succeeded(str(number), "x" * size))

    return behaviour


@pytest.mark.parametrize("ordered", [False, True])
def test_memory_does_not_grow_with_the_batch(
    server: BadServer, tmp_path: Path, ordered: bool
) -> None:
    size, count = 50_000, 5000 if "MSGCLI_HEAVY" in os.environ else 600
    file = tmp_path / "records"
    line = record("%d", padding="x" * size).decode()
    with file.open("w") as records:
        records.writelines(line.replace("%d", str(number)) for number in range(1, count + 1))
    args = ("--input", str(file)) if ordered else ()
    _, little = peak("results", ID, url=results(server, stream(1, 9)).url)
    written, much = peak("results", ID, *args, url=results(server, stream(count, size)).url)
    assert written > count * size
    assert much - little < min(count * size // 3, 24 * MIB)
    _, uploaded = peak("create", str(file), url=server.call(answer(batch())).url)
    assert uploaded - little < min(count * size // 3, 24 * MIB)
