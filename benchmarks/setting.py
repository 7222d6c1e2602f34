"""Where everything is measured: the programs, the servers, an empty home and environment."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import installed
from measure import Bench

_HERE = Path(__file__).resolve().parent
_SCRIPTS = ("naive.py", "sdk.py", "sessions.py")


def say(text: str) -> None:
    """Show how far it is, on a terminal only."""
    if sys.stderr.isatty():
        print(f"\r\033[K{text}", end="", file=sys.stderr, flush=True)


@contextmanager
def bench(turns: int, many: int, *, with_peers: bool = True) -> Iterator[Bench]:
    """All of it. The home is beside the programs, since elsewhere may be memory and no disk."""
    programs = installed.install()
    peers = installed.peers() if with_peers else {}
    with (
        tempfile.TemporaryDirectory(dir=installed.PLACE, prefix="home-") as home,
        _servers(home) as (url, live),
    ):
        for script in _SCRIPTS:
            shutil.copy(_HERE / script, home)
        yield Bench(
            bin=programs,
            peers=peers,
            work=Path(home),
            url=url,
            live=live,
            environment={"HOME": home, "PATH": os.defpath, "LC_ALL": "C.UTF-8"},
            turns=turns,
            many=many,
            say=say,
        )


@contextmanager
def _servers(folder: str) -> Iterator[tuple[str, str]]:
    """The URLs of the canned replies, from other processes: their work is not the client's."""
    with subprocess.Popen(
        [sys.executable, _HERE / "server.py", folder],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as process:
        assert process.stdout is not None
        ports = process.stdout.readline().split()
        if len(ports) != 2:
            raise SystemExit("bench: the server does not start")
        url, live = (f"http://127.0.0.1:{int(port)}" for port in ports)
        yield url, live
