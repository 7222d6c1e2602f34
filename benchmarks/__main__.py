"""Measure msgcli beside what it is made of, curl and a naive client, and print the tables."""

from __future__ import annotations

import argparse
import datetime
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import delay
import image
import installed
import startup
import streams
from measure import Bench
from table import Table, lines

_HERE = Path(__file__).resolve().parent


def _say(text: str) -> None:
    """Show how far it is, on a terminal only."""
    if sys.stderr.isatty():
        print(f"\r\033[K{text}", end="", file=sys.stderr, flush=True)


@contextmanager
def _server() -> Iterator[str]:
    """The URL of the canned replies, from another process: its work is not the client's."""
    with subprocess.Popen(
        [sys.executable, _HERE / "server.py"], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        yield f"http://127.0.0.1:{int(process.stdout.readline())}"


@contextmanager
def _bench(turns: int) -> Iterator[Bench]:
    """An empty home, an environment that says nothing, and the server."""
    programs = installed.install()
    with tempfile.TemporaryDirectory() as home, _server() as url:
        shutil.copy(_HERE / "naive.py", home)
        environment = {"HOME": home, "PATH": os.defpath, "LC_ALL": "C.UTF-8"}
        yield Bench(programs, Path(home), url, environment, turns, _say)


_GROUPS: dict[str, Callable[[Bench], list[Table]]] = {
    "startup": startup.tables,
    "streams": streams.tables,
    "delay": delay.tables,
    "image": image.tables,
}


def main() -> int:
    parser = argparse.ArgumentParser("benchmarks", description=__doc__)
    parser.add_argument("--check", action="store_true", help="exit with 1 if something is missed")
    parser.add_argument("--turns", type=int, default=9, help="runs of each client (9)")
    groups = "|".join(_GROUPS)
    parser.add_argument("group", nargs="*", metavar=groups, help="only these")
    options = parser.parse_args()
    if unknown := set(options.group) - set(_GROUPS):
        parser.error(f"there is no group {', '.join(sorted(unknown))}")
    missed = False
    with _bench(options.turns) as bench:
        print(f"{datetime.date.today()}: {installed.versions(bench.bin)}\n")
        for name in options.group or _GROUPS:
            for table in _GROUPS[name](bench):
                _say("")
                print("\n".join(lines(table)), flush=True)
                missed = missed or any(row.misses for row in table.rows)
    return int(missed and options.check)


if __name__ == "__main__":
    sys.exit(main())
