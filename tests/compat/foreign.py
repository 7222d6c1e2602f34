"""A server of somebody else: started on a free port, stopped with all that it started."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any
from urllib.request import Request, urlopen

import pytest
from support import ENV, ROOT, run

PLACES = Path(ROOT, "build/compat")
VERSIONS = {
    name: package
    for line in (Path(__file__).parent / "versions").read_text().splitlines()
    if not line.startswith("#")
    for name, _, package in [line.split()]
}

# The pipe is closed when this process is gone, however it went, and the server goes with it.
_GUARD = '{ "$@" </dev/null; kill -KILL 0; } & read -r _; kill -KILL 0'


def place(name: str) -> Path:
    """Where a server is installed; without it the test is skipped, with the reason."""
    installed, missing = PLACES / name / "installed", PLACES / f"{name}.missing"
    if installed.exists():
        if installed.read_text().strip() == VERSIONS[name]:
            return installed.parent
        pytest.skip(f"{VERSIONS[name]} is not the version that is here; make compat installs it")
    if missing.exists():
        pytest.skip(f"{VERSIONS[name]} cannot be had: {missing.read_text().strip()}")
    pytest.skip(f"{VERSIONS[name]} is not here; make compat installs it")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@dataclass
class Server:
    """A server that runs, and how msgcli is told of it."""

    name: str
    root: str
    log: Path
    process: subprocess.Popen[bytes]
    path: str = ""
    model: str = "claude-sonnet-4-6"
    key: str = ""
    shown: int = 0

    def run(self, *args: str, **kwargs: Any) -> Any:
        """Run `msgcli ARGS` against the server; what `env` says comes first."""
        known = {
            "ANTHROPIC_BASE_URL": self.root + self.path,
            "ANTHROPIC_API_KEY": self.key,
            "MSGCLI_MODEL": self.model,
        }
        return run(*args, env={**known, **kwargs.pop("env", {})}, **kwargs)

    def ask(self, path: str, body: object = None) -> Any:
        """What the server says at a path of its own, outside the format."""
        data = None if body is None else json.dumps(body).encode()
        request = Request(self.root + path, data, {"content-type": "application/json"})
        with urlopen(request, timeout=10) as answer:
            return json.load(answer)

    def news(self) -> str:
        """What is new in the log since the last call."""
        text = self.log.read_text(errors="replace")
        news, self.shown = text[self.shown :], len(text)
        return news


@contextmanager
def running(
    name: str,
    program: str,
    *args: str,
    folder: Path,
    patience: float = 60,
    env: Mapping[str, str] = MappingProxyType({}),
    **told: str,
) -> Iterator[Server]:
    """A server from its start, when it listens, to its end; PORT in its arguments is its port."""
    port, log = _free_port(), folder / "log"
    command = [str(place(name) / program), *(str(port) if arg == "PORT" else arg for arg in args)]
    with log.open("wb") as output:
        process = subprocess.Popen(
            ["sh", "-c", _GUARD, "sh", *command],
            stdin=subprocess.PIPE,
            stdout=output,
            stderr=subprocess.STDOUT,
            cwd=folder,
            env={**ENV, "PATH": os.environ["PATH"], **env},
            start_new_session=True,
        )
    server = Server(name, f"http://127.0.0.1:{port}", log, process, **told)
    try:
        _wait(process, port, patience) or pytest.fail(f"{name} does not listen:\n{server.news()}")
        yield server
    finally:
        _stop(process)


def _wait(process: subprocess.Popen[bytes], port: int, patience: float) -> bool:
    until = time.monotonic() + patience
    while process.poll() is None and time.monotonic() < until:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return True
        except OSError:
            time.sleep(0.05)
    return False


def _stop(process: subprocess.Popen[bytes]) -> None:
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait(10)
    assert process.stdin is not None
    process.stdin.close()
