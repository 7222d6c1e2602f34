"""How much later than curl a reader of msgcli has each piece of a live stream."""

from __future__ import annotations

import fcntl
import os
import re
import statistics
import subprocess
import time
from typing import NamedTuple

import clients
from measure import Arguments, Bench
from table import Row, Table

_RATES = (200, 1000)
_SECONDS = 1.5
_STAMP = re.compile(rb"\d{20}")
# Of a reader that is slower than the stream: its rest after each write, and the size of its pipe,
# which holds a write for each 4 KiB.
_REST = 0.02
_ROOM = 16384


class Delay(NamedTuple):
    """Milliseconds from the sending of an event to its arrival at the reader of the client."""

    median: float
    late: float  # the 95th percentile


def tables(bench: Bench) -> list[Table]:
    """Without curl, beside which the delay is told, only how writes are joined."""
    return [*_delay_tables(bench), _joined(bench)]


def _url(bench: Bench, rate: int) -> str:
    return f"{bench.live}/paced/{rate}/{_count(rate)}"


def _count(rate: int) -> int:
    return int(rate * _SECONDS)


def _delay_tables(bench: Bench) -> list[Table]:
    rows = []
    for rate in _RATES:
        url = _url(bench, rate)
        curl = clients.curl(url)
        if curl is None:
            return []
        every = {"curl -N": curl, "create": clients.create(bench, url)}
        rows += _rows(rate, _delays(every, bench, rate))
    return [Table("Delay of an event", "median / 95th percentile, ms", rows)]


def _rows(rate: int, delays: dict[str, Delay]) -> list[Row]:
    title = f"{rate:,} events a second"
    rows = [
        Row(f"{title}: {name}", f"{delay.median:.2f} / {delay.late:.2f}")
        for name, delay in delays.items()
    ]
    curl, create = delays["curl -N"], delays["create"]
    added = create.late - curl.late
    name = f"{title}: added, 95th percentile"
    rows.append(Row(name, f"{added:.2f}", "1 ms", max(added, 0), 1))
    return rows


def _delays(every: dict[str, Arguments], bench: Bench, rate: int) -> dict[str, Delay]:
    found: dict[str, list[Delay]] = {name: [] for name in every}
    turns = bench.fewer().turns
    for turn in range(turns):
        bench.say(f"delay at {rate} events a second: {turn + 1} of {turns}")
        for name, arguments in every.items():
            found[name].append(_delay(arguments, bench, _count(rate)))
    return {
        name: Delay(*(statistics.median(values) for values in zip(*delays, strict=True)))
        for name, delays in found.items()
    }


def _delay(arguments: Arguments, bench: Bench, count: int) -> Delay:
    """Run a client whose output holds the time at which each event was sent."""
    data, arrivals = b"", []
    with subprocess.Popen(
        arguments, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, env=bench.environment
    ) as process:
        assert process.stdout is not None
        while piece := os.read(process.stdout.fileno(), 65536):
            data += piece
            arrivals.append((len(data), time.monotonic_ns()))
    delays, arrival = [], iter(arrivals)
    end, now = next(arrival, (0, 0))
    for stamp in _STAMP.finditer(data):
        while end < stamp.end():
            end, now = next(arrival)
        delays.append((now - int(stamp.group())) / 1e6)
    if process.returncode != 0 or len(delays) != count:
        raise SystemExit(f"bench: {arguments[0]}: {len(delays)} of {count} events came")
    return Delay(statistics.median(delays), statistics.quantiles(delays, n=20)[-1])


def _joined(bench: Bench) -> Table:
    rate = _RATES[-1]
    bench.say("joined writes")
    ready, slow = (_events_a_write(bench, rate, rest) for rest in (0, _REST))
    rows = [
        Row("a reader that waits for them", f"{ready:.1f}"),
        Row("a reader of 50 writes a second", f"{slow:.1f}", "10 events", slow / 10, 1, least=True),
    ]
    return Table(f"Writes at {rate:,} events a second", "events a write", rows)


def _events_a_write(bench: Bench, rate: int, rest: float) -> float:
    """Read through a pipe that keeps each write apart, and `rest` after each."""
    ours, theirs = os.pipe2(os.O_DIRECT | os.O_CLOEXEC)
    fcntl.fcntl(theirs, fcntl.F_SETPIPE_SZ, _ROOM)
    arguments = clients.create(bench, _url(bench, rate))
    with subprocess.Popen(
        arguments, stdin=subprocess.DEVNULL, stdout=theirs, env=bench.environment
    ) as process:
        os.close(theirs)
        pieces = []
        while piece := os.read(ours, 65536):
            pieces.append(piece)
            time.sleep(rest)
    os.close(ours)
    count = len(_STAMP.findall(b"".join(pieces)))
    if process.returncode != 0 or count != _count(rate):
        raise SystemExit(f"bench: a slow reader got {count} of {_count(rate)} events")
    return count / len(pieces)
