"""The workers of `map` compute on one core; the process itself is free to move."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from support import start

Serve = Callable[..., str]


def cores(task: Path) -> str:
    lines = (task / "status").read_text().splitlines()
    return next(line.split()[1] for line in lines if line.startswith("Cpus_allowed_list:"))


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="there is no /proc to look in")
@pytest.mark.skipif(len(os.sched_getaffinity(0)) < 2, reason="there is one core alone")
def test_all_workers_stay_on_one_core(serve: Serve) -> None:
    url = serve("--delay", "2s")
    call = start("map", "--each", "line", "-j", "4", "--base-url", url)
    call.stdin.write(b"1\n2\n3\n4\n")
    call.stdin.flush()
    tasks = Path(f"/proc/{call.pid}/task")
    deadline = time.monotonic() + 10
    kept: list[str] = []
    while len(kept) < 4 and time.monotonic() < deadline:
        found = {task.name: cores(task) for task in tasks.iterdir()}
        kept = [allowed for allowed in found.values() if allowed.isdecimal()]
        time.sleep(0.05)
    assert len(kept) == 4
    assert len(set(kept)) == 1
    assert not found[str(call.pid)].isdecimal()
    call.kill()
    call.communicate()
