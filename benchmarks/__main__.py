"""Measure msgcli beside what it is made of and other clients, and print the tables."""

from __future__ import annotations

import argparse
import datetime
import os
import platform
import sys
from collections.abc import Callable

import delay
import installed
import memory
import records
import startup
import streams
from measure import Bench
from setting import bench, say
from table import Table, lines

_GROUPS: dict[str, Callable[[Bench], list[Table]]] = {
    "startup": startup.tables,
    "streams": streams.tables,
    "delay": delay.tables,
    "map": records.tables,
    "memory": memory.tables,
}
_MANY, _MILLION = 100_000, 1_000_000


def main() -> int:
    parser = argparse.ArgumentParser("benchmarks", description=__doc__)
    parser.add_argument("--check", action="store_true", help="exit with 1 if something is missed")
    parser.add_argument("--turns", type=int, default=9, help="runs of each client (9)")
    parser.add_argument(
        "--million", action="store_true", help="map over a million records, not 100,000"
    )
    groups = "|".join(_GROUPS)
    parser.add_argument("group", nargs="*", metavar=groups, help="only these")
    options = parser.parse_args()
    if unknown := set(options.group) - set(_GROUPS):
        parser.error(f"there is no group {', '.join(sorted(unknown))}")
    missed = False
    with bench(options.turns, _MILLION if options.million else _MANY) as place:
        print(_head(place))
        for name in options.group or _GROUPS:
            for table in _GROUPS[name](place):
                say("")
                print("\n".join(lines(table)), flush=True)
                missed = missed or any(row.misses for row in table.rows)
    return int(missed and options.check)


def _head(place: Bench) -> str:
    """The day, the machine and the versions."""
    machine = f"{os.cpu_count()} processors, {platform.system()}"
    versions = installed.versions(place.bin, place.peers)
    return f"On {datetime.date.today()}, {machine}:\n{versions}.\n"


if __name__ == "__main__":
    sys.exit(main())
