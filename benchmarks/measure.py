"""Processes run one after another in turns, and what each of them cost."""

from __future__ import annotations

import os
import statistics
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

Arguments = Sequence[str | Path]


class Cost(NamedTuple):
    """What one run of a process cost: seconds by the clock, of the processor, and bytes of memory.

    `peak` is no less than what this process itself has, which Linux counts in for a child of it.
    """

    wall: float
    cpu: float
    peak: int


class Client(NamedTuple):
    """A command line to measure, and the whole of what it must write (None: whatever it is)."""

    name: str
    arguments: Arguments
    output: bytes | None = None


class Bench(NamedTuple):
    """Where everything is that a measurement needs, and how many turns it takes."""

    bin: Path
    work: Path
    url: str
    environment: Mapping[str, str]
    turns: int
    say: Callable[[str], None]


def run(client: Client, bench: Bench) -> Cost:
    """Run it once; SystemExit if it does not end with status 0."""
    start = time.perf_counter()
    process = subprocess.Popen(
        client.arguments,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        env=bench.environment,
        cwd=bench.work,
    )
    _, status, usage = os.wait4(process.pid, 0)
    wall = time.perf_counter() - start
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        raise SystemExit(f"bench: {client.name}: ended with status {process.returncode}")
    return Cost(wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024)


def check(client: Client, bench: Bench) -> None:
    """Run it once for what it writes, which warms it too: what is wrong need not be fast."""
    done = subprocess.run(
        client.arguments,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        env=bench.environment,
        cwd=bench.work,
    )
    if done.returncode != 0:
        raise SystemExit(f"bench: {client.name}: ended with status {done.returncode}")
    if client.output is not None and done.stdout != client.output:
        raise SystemExit(f"bench: {client.name}: wrote something else than it should")


def medians(clients: Sequence[Client], bench: Bench) -> dict[str, Cost]:
    """The median cost of each, by name. Each turn runs all of them, so that what slows the machine
    down for a while slows down all."""
    for client in clients:
        check(client, bench)
    costs: dict[str, list[Cost]] = {client.name: [] for client in clients}
    for turn in range(bench.turns):
        bench.say(f"{clients[0].name} and {len(clients) - 1} others: {turn + 1} of {bench.turns}")
        for client in clients:
            costs[client.name].append(run(client, bench))
    return {
        name: Cost(*(statistics.median(values) for values in zip(*runs, strict=True)))
        for name, runs in costs.items()
    }
