"""How much of a reply is taken, how much memory that costs, and how soon it is passed on."""

from __future__ import annotations

import contextlib
import gzip
import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from badserver import BadServer, Behaviour, Wire
from misbehaviour import GOOD, SSE, START, chunked, delta, message, stop, until_close, whole
from support import ENV, MSGCLI, start

MEGABYTE = 1 << 20


@pytest.fixture(scope="module")
def bad() -> Iterator[BadServer]:
    with BadServer() as server:
        yield server


class Outcome(NamedTuple):
    """How a process ended: `peak` is its largest resident size in MB, `seconds` its CPU time."""

    status: int
    stdout: bytes
    stderr: bytes
    peak: float
    seconds: float


# A process of its own, since a child's peak is no less than what its parent has.
PEAK = """
import resource, subprocess, sys
done = subprocess.run(sys.argv[2:])
usage = resource.getrusage(resource.RUSAGE_CHILDREN)
with open(sys.argv[1], "w") as file:
    print(done.returncode, usage.ru_maxrss / 1024, usage.ru_utime + usage.ru_stime, file=file)
"""
Measure = Callable[..., Outcome]


@pytest.fixture
def measured(bad: BadServer, tmp_path: Path) -> Measure:
    """Runs `create` against a behaviour to its end."""

    def run(behaviour: Behaviour, *args: str) -> Outcome:
        url = bad.call(behaviour).url
        command = [*MSGCLI, "create", "--base-url", url, "--no-stdin", "-p", "hi", *args]
        outer = [sys.executable, "-c", PEAK, str(tmp_path / "peak"), *command]
        done = subprocess.run(outer, env=ENV, capture_output=True, timeout=60, check=True)
        status, peak, seconds = (tmp_path / "peak").read_text().split()
        return Outcome(int(status), done.stdout, done.stderr, float(peak), float(seconds))

    return run


def for_ever(wire: Wire, first: bytes, then: bytes) -> None:
    wire.raw(first)
    with contextlib.suppress(OSError):
        while True:
            wire.raw(then)


def endless_event(wire: Wire) -> None:
    wire.head("200 OK", content_type="text/event-stream")
    for_ever(wire, b"".join(START) + b"data: ", b"x" * MEGABYTE)


def endless_line_ends(wire: Wire) -> None:
    """An event of many lines that never ends."""
    wire.head("200 OK", content_type="text/event-stream")
    for_ever(wire, b"".join(START), b"data: x\n" * 10_000)


def endless_json(wire: Wire) -> None:
    wire.head("200 OK", content_type="application/json")
    for_ever(wire, b'{"content": "', b"x" * MEGABYTE)


def endless_white_space(wire: Wire) -> None:
    """Where the reply should begin."""
    wire.head("200 OK", content_type="application/json")
    for_ever(wire, b"", b"\n" * MEGABYTE)


def bomb(wire: Wire) -> None:
    """A gigabyte of text in a megabyte."""
    wire.head("200 OK", content_type="application/json", content_encoding="gzip")
    packed = gzip.compress(b"x" * (64 * MEGABYTE), 9)
    for_ever(wire, gzip.compress(b'{"content": "'), packed)


@pytest.mark.parametrize("form", ["text", "json"])
@pytest.mark.parametrize(
    "behaviour",
    [endless_event, endless_line_ends, endless_json, endless_white_space, bomb],
    ids=lambda behaviour: behaviour.__name__,
)
def test_what_never_ends_is_left_in_bounded_memory(
    measured: Measure, behaviour: Behaviour, form: str
) -> None:
    outcome = measured(behaviour, "-f", form)
    assert (outcome.status, outcome.stdout) == (8, b"")
    assert re.fullmatch(rb"msgcli: .*more than 67108864 bytes.*billed\n", outcome.stderr)
    assert outcome.peak < 200
    assert outcome.seconds < 4


def test_the_bound_is_the_users(measured: Measure) -> None:
    outcome = measured(endless_json, "--max-reply-size", "1M")
    assert outcome.status == 8
    assert outcome.peak < 60
    assert measured(chunked(*GOOD), "--max-reply-size", "1M").status == 0


def test_a_stream_of_small_events_has_no_bound(measured: Measure) -> None:
    """More text than one event may have, and no memory for it."""
    events = delta("x" * 10_000) * 30
    behaviour = chunked(*START, *[events] * 10, *stop())
    outcome = measured(behaviour, "--max-reply-size", "1M")
    assert (outcome.status, len(outcome.stdout)) == (0, 3_000_001)


@pytest.mark.parametrize("chunk", [16_384, 1000], ids=["large_chunks", "small_chunks"])
def test_a_large_event_is_taken_in_linear_time(measured: Measure, chunk: int) -> None:
    data = b"".join([*START, delta("x" * 10_000_000), *stop()])
    parts = (data[at : at + chunk] for at in range(0, len(data), chunk))
    body = b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in parts)
    outcome = measured(until_close(body + b"0\r\n\r\n", transfer_encoding="chunked", **SSE))
    assert (outcome.status, len(outcome.stdout)) == (0, 10_000_001)
    assert outcome.seconds < 2
    assert outcome.peak < 200


# How soon a delta is passed on.

PACE = 0.06
LETTERS = "abcdefgh"


class Paced:
    """Sends a delta every 60 ms, and knows when."""

    def __init__(self, kind: str) -> None:
        self._kind = kind
        self.sent_at: list[float] = []

    def __call__(self, wire: Wire) -> None:
        parts = [b"".join(START), *(delta(letter) for letter in LETTERS), b"".join(stop())]
        if self._kind == "crlf":
            parts = [part.replace(b"\n", b"\r\n") for part in parts]
        chunks = "chunk" in self._kind or self._kind == "crlf"
        if chunks:
            wire.head("200 OK", **SSE, transfer_encoding="chunked")
        elif self._kind == "length":
            wire.head("200 OK", **SSE, content_length=sum(map(len, parts)))
        else:
            wire.head("200 OK", **SSE)
        for part in parts:
            time.sleep(PACE)
            self.sent_at.append(time.monotonic())
            if self._kind == "one_byte_chunks":
                wire.chunk(*(bytes((byte,)) for byte in part))
            else:
                wire.chunk(part) if chunks else wire.body(part)
        if chunks:
            wire.end()


@pytest.mark.parametrize("kind", ["chunks", "length", "close", "crlf", "one_byte_chunks"])
def test_a_delta_is_passed_on_as_it_comes(bad: BadServer, kind: str) -> None:
    paced = Paced(kind)
    process: Any = start("create", "--base-url", bad.call(paced).url, "--no-stdin", "-p", "hi")
    came_at = []
    while letter := os.read(process.stdout.fileno(), 1):
        came_at.append(time.monotonic())
        assert letter.decode() in LETTERS + "\n"
    assert process.wait(10) == 0
    late = sorted(b - a for a, b in zip(paced.sent_at[1:-1], came_at, strict=False))
    assert len(late) == len(LETTERS)
    assert late[len(late) // 2] < 0.05


def test_a_large_message_is_taken_whole(measured: Measure) -> None:
    text = "x" * 20_000_000
    outcome = measured(whole("200 OK", json.dumps(message(text)).encode()), "-f", "json")
    assert (outcome.status, outcome.stderr) == (0, b"")
    assert json.loads(outcome.stdout)["content"][0]["text"] == text
    assert outcome.peak < 200
