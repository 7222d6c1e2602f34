"""How much later than curl a reader of msgcli has each piece of a live stream."""

from __future__ import annotations

import os
import re
import shutil
import statistics
import subprocess
import time
from typing import NamedTuple

from measure import Arguments, Bench
from table import Row, Table

_RATES = (200, 1000)
_SECONDS = 1.5
_STAMP = re.compile(rb"\d{20}")


class Delay(NamedTuple):
    """Milliseconds from the sending of an event to its arrival at the reader of the client."""

    median: float
    late: float  # the 95th percentile


def tables(bench: Bench) -> list[Table]:
    """One table; none without curl, beside which the delay is told."""
    curl = shutil.which("curl")
    if curl is None:
        return []
    rows = []
    for rate in _RATES:
        url = f"{bench.url}/paced/{rate}/{int(rate * _SECONDS)}"
        clients: dict[str, Arguments] = {
            "curl -N": [curl, "-sN", "-d", "{}", f"{url}/v1/messages"],
            "create": [bench.bin / "msgcli", "create", "--base-url", url, "-p", "hello"],
        }
        rows += _rows(rate, _delays(clients, bench, rate))
    return [Table("Delay of an event", "median / 95th percentile, ms", rows)]


def _rows(rate: int, delays: dict[str, Delay]) -> list[Row]:
    title = f"{rate:,} events a second"
    rows = [
        Row(f"{title}: {name}", f"{delay.median:.2f} / {delay.late:.2f}")
        for name, delay in delays.items()
    ]
    curl, create = delays["curl -N"], delays["create"]
    for name, added in (
        ("median", create.median - curl.median),
        ("95th percentile", create.late - curl.late),
    ):
        rows.append(Row(f"{title}: added, {name}", f"{added:.2f}", "2 ms", max(added, 0) / 2, 1))
    return rows


def _delays(clients: dict[str, Arguments], bench: Bench, rate: int) -> dict[str, Delay]:
    found: dict[str, list[Delay]] = {name: [] for name in clients}
    turns = max(bench.turns // 3, 1)
    for turn in range(turns):
        bench.say(f"delay at {rate} events a second: {turn + 1} of {turns}")
        for name, arguments in clients.items():
            found[name].append(_delay(arguments, bench, int(rate * _SECONDS)))
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
