"""`map -o` as the system sees it: each result is one write, and on the disk before more is sent."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Iterator
from typing import NamedTuple

import pytest
from counting import Server
from support import ENV, MSGCLI

COUNT = 24
JOBS = 3
TRACED = "trace=openat,write,pwrite64,writev,fsync,fdatasync,sendto,sendmsg"

pytestmark = pytest.mark.skipif(shutil.which("strace") is None, reason="strace is not here")


class Call(NamedTuple):
    """A system call: when it began and ended, as places in the trace."""

    thread: str
    name: str
    arguments: str
    began: int
    ended: int


def calls(trace: str) -> Iterator[Call]:
    """Each call that has ended, in the order of their ends; those of two threads can overlap."""
    begun: dict[str, tuple[int, str]] = {}
    for at, line in enumerate(trace.splitlines()):
        thread, rest = line.split(None, 1)
        if found := re.match(r"<\.\.\. (\w+) resumed>", rest):
            began, arguments = begun.pop(thread)
            yield Call(thread, found[1], arguments, began, at)
        elif found := re.match(r"(\w+)\((.*)", rest):
            if rest.endswith("<unfinished ...>"):
                begun[thread] = at, found[2]
            else:
                yield Call(thread, found[1], found[2], at, at)


@pytest.fixture(scope="module")
def trace(tmp_path_factory: pytest.TempPathFactory) -> list[Call]:
    """What a run did, from the moment on at which its journal was there."""
    folder, server = tmp_path_factory.mktemp("durable"), Server()
    lines = "".join(f"{number}\n" for number in range(COUNT)).encode()
    log = folder / "trace"
    strace = ["strace", "-f", "-qq", "-s", "64", "-o", str(log), "-e", TRACED]
    done = subprocess.run(
        [*strace, *MSGCLI, "map", "--each", "line", "-j", str(JOBS), "-o", str(folder / "out")],
        input=lines,
        env={**ENV, "ANTHROPIC_BASE_URL": server.url},
        capture_output=True,
        timeout=60,
        check=False,
    )
    server.close()
    assert done.returncode == 0, done.stderr
    assert server.paid.total() == COUNT
    made = list(calls(log.read_text()))
    opened = next(call for call in made if call.name == "openat" and '/out"' in call.arguments)
    return [call for call in made if call.began > opened.began]


def results(trace: list[Call]) -> list[Call]:
    """What was written to the journal. Its first line is a result; the sorted copy comes later."""
    written = [call for call in trace if "write" in call.name]
    fd = next(call.arguments for call in written if is_result(call)).partition(",")[0]
    return [call for call in written if call.arguments.startswith(f"{fd}, ")]


def is_result(call: Call) -> bool:
    return '"{\\"custom_id\\":' in call.arguments


def test_each_result_is_one_write(trace: list[Call]) -> None:
    written = results(trace)
    assert len(written) == COUNT
    assert all(is_result(call) and call.name == "write" for call in written)


def test_it_is_on_the_disk_before_its_worker_sends_again(trace: list[Call]) -> None:
    fd = results(trace)[0].arguments.partition(",")[0]
    synced = [c for c in trace if c.name == "fdatasync" and re.match(rf"{fd}\b", c.arguments)]
    sent = [call for call in trace if "POST /v1/messages" in call.arguments]
    assert len(sent) == COUNT
    for result in results(trace):
        later = (call.began for call in sent if call.thread == result.thread)
        following = min((began for began in later if began > result.ended), default=None)
        # Another worker may have synced what this one had written.
        done = [call.ended for call in synced if call.began > result.ended]
        assert done
        assert following is None or min(done) < following
