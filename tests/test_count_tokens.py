"""What count-tokens asks, and what becomes of answers that are no number."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator

import pytest
from badserver import BadServer, Call, Wire
from misbehaviour import close, whole
from support import run

OK = b'{"input_tokens": 12, "context_management": {"original_input_tokens": 20}}'


@pytest.fixture(scope="module")
def server() -> Iterator[BadServer]:
    with BadServer() as running:
        yield running


def count(call: Call, *args: str, input: bytes = b"hello") -> tuple[int, bytes, str]:
    done = run("count-tokens", "--base-url", call.url, "--retries", "1", *args, input=input)
    return done.returncode, done.stdout, done.stderr.decode()


def test_only_what_counts_is_sent(server: BadServer) -> None:
    call = server.call(whole("200 OK", OK))
    everything = "-n 5 --stop x --temperature 0 --user-id u --service-tier auto --no-stream"
    kept = ["-s", "Be brief.", "--thinking", "adaptive", "--effort", "low", "--prefill", "{"]
    sets = ["--set", 'speed="fast"', "--set", "top_k=3", "--set", "unheard_of=1"]
    status, out, err = count(call, "-m", "some-model", *everything.split(), *kept, *sets)
    assert (status, out, err) == (0, b"12\n", "")
    (request,) = call.requests
    assert request.line.split()[:2] == ["POST", request.path]
    assert request.path.endswith("/v1/messages/count_tokens")
    assert json.loads(request.body) == {
        "model": "some-model",
        "system": "Be brief.",
        "thinking": {"type": "adaptive"},
        "output_config": {"effort": "low"},
        "messages": [{"role": "user", "content": "hello"}, {"role": "assistant", "content": "{"}],
        "speed": "fast",
    }


def test_json_is_the_answer_as_it_came(server: BadServer) -> None:
    call = server.call(whole("200 OK", OK))
    assert count(call, "-f", "json")[:2] == (0, OK + b"\n")


@pytest.mark.parametrize(
    "body",
    [
        *(b"", b"null", b"[12]", b"<html>", b"{}"),
        *(b'{"input_tokens": %s}' % value for value in (b"null", b'"12"', b"true", b"-1")),
    ],
)
def test_an_answer_without_a_number_is_none(server: BadServer, body: bytes) -> None:
    status, out, err = count(server.call(whole("200 OK", body)))
    assert (status, out) == (8, b"")
    assert err.startswith("msgcli: 127.0.0.1:")
    assert "the answer " in err


@pytest.mark.parametrize("head", ["404 Not Found", "405 Method Not Allowed"])
def test_an_endpoint_that_does_not_count(server: BadServer, head: str) -> None:
    call = server.call(whole(head, b"404 page not found", content_type="text/plain"))
    status, out, err = count(call)
    assert (status, out, call.posts) == (5, b"", 1)
    assert err.endswith("; the endpoint may have no count_tokens\n")


def test_a_count_that_was_lost_is_asked_for_again(server: BadServer) -> None:
    call = server.call(close, whole("200 OK", OK))
    status, out, err = count(call)
    assert (status, out, call.posts) == (0, b"12\n", 2)
    assert "retrying" in err


def test_an_error_behind_status_200_is_an_error(server: BadServer) -> None:
    body = b'{"type":"error","error":{"type":"authentication_error","message":"No"}}'
    status, out, _ = count(server.call(whole("200 OK", body)))
    assert (status, out) == (4, b"")


def test_nothing_is_asked_if_the_number_cannot_be_written(server: BadServer) -> None:
    call = server.call(whole("200 OK", OK))
    done = run("count-tokens", "--base-url", call.url, stdout=None, preexec_fn=lambda: os.close(1))
    assert (done.returncode, call.posts) == (14, 0)
    with open("/dev/full", "wb") as full:
        assert run("count-tokens", "-p", "x", "--base-url", call.url, stdout=full).returncode == 14


def test_the_clock_runs(server: BadServer) -> None:
    call = server.call(Wire.stall)
    status, out, _ = count(call, "--timeout", "300ms")
    assert (status, out) == (15, b"")
