"""Processes run one after another in turns, and what each of them cost."""

from __future__ import annotations

import hashlib
import os
import statistics
import subprocess
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

Arguments = Sequence[str | Path]


class Cost(NamedTuple):
    """What one run of a process and its children cost: seconds by the clock, of the processor, and
    bytes of memory.

    `peak` is that of the largest of them, and no less than what this process itself has, which
    Linux counts in for a child of it.
    """

    wall: float
    cpu: float
    peak: int


class Client(NamedTuple):
    """A command line to measure.

    `output` is the digest of what it must write (None: whatever it is), `file` one that it makes
    and must not find, and `every` says in which turns it runs: those that take seconds need not run
    in each.
    """

    name: str
    arguments: Arguments
    output: str | None = None
    file: Path | None = None
    every: int = 1


class Bench(NamedTuple):
    """Where everything is that a measurement needs, and how many turns it takes."""

    bin: Path
    peers: Mapping[str, Path]
    work: Path
    url: str  # replies of known length
    live: str  # replies in chunks, and paced ones
    environment: Mapping[str, str]
    turns: int
    many: int  # the records of a large input
    say: Callable[[str], None]

    def fewer(self) -> Bench:
        """A third of the turns: for what takes long, and for figures that hardly change."""
        return self._replace(turns=max(self.turns // 3, 1))


def digest(pieces: Iterable[bytes]) -> str:
    """What stands for an output. Outputs are not kept: `Cost.peak` says why."""
    found = hashlib.sha256()
    for piece in pieces:
        found.update(piece)
    return found.hexdigest()


def run(client: Client, bench: Bench) -> Cost:
    """Run it once; SystemExit if it does not end with status 0."""
    _prepare(client)
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
    _check_status(client, process.returncode)
    return Cost(wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024)


def check(client: Client, bench: Bench) -> None:
    """Run it once for what it writes, which warms it too: what is wrong need not be fast."""
    _prepare(client)
    with subprocess.Popen(
        client.arguments,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        env=bench.environment,
        cwd=bench.work,
    ) as process:
        output = process.stdout
        assert output is not None
        found = digest(iter(lambda: output.read(65536), b""))
    _check_status(client, process.returncode)
    if client.output is not None and found != client.output:
        raise SystemExit(f"bench: {client.name}: wrote something else than it should")


def medians(clients: Sequence[Client], bench: Bench) -> dict[str, Cost]:
    """The median cost of each, by name. Each turn runs all of them, so that what slows the machine
    down for a while slows down all."""
    for client in clients:
        bench.say(f"first {client.name}")
        check(client, bench)
    costs: dict[str, list[Cost]] = {client.name: [] for client in clients}
    for turn in range(bench.turns):
        bench.say(f"{clients[0].name} and {len(clients) - 1} others: {turn + 1} of {bench.turns}")
        for client in clients:
            if turn % client.every == 0:
                costs[client.name].append(run(client, bench))
    return {
        name: Cost(*(statistics.median(values) for values in zip(*runs, strict=True)))
        for name, runs in costs.items()
    }


def _prepare(client: Client) -> None:
    if client.file is not None:
        client.file.unlink(missing_ok=True)


def _check_status(client: Client, status: int) -> None:
    if status != 0:
        raise SystemExit(f"bench: {client.name}: ended with status {status}")
