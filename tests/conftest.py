"""Servers for the tests: each a real `msgcli serve` on a port of its own."""

from __future__ import annotations

import signal
import subprocess
from collections.abc import Callable, Iterator

import pytest
from support import start

# A shell without job control has what runs in its background ignore it, and all that this starts.
signal.signal(signal.SIGINT, signal.default_int_handler)


def _serve(running: list[subprocess.Popen[bytes]], *args: str) -> str:
    server = start("serve", *args, stdin=subprocess.DEVNULL, stderr=None)
    running.append(server)
    assert server.stdout is not None
    url = server.stdout.readline().decode().strip()
    assert url.startswith("http://"), url
    return url


def _stop(running: list[subprocess.Popen[bytes]]) -> None:
    for server in running:
        server.terminate()
        server.wait(10)
        assert server.stdout is not None
        server.stdout.close()


@pytest.fixture(scope="session")
def endpoint() -> Iterator[str]:
    """The base URL of an endpoint that repeats the prompt."""
    running: list[subprocess.Popen[bytes]] = []
    yield _serve(running)
    _stop(running)


@pytest.fixture
def serve() -> Iterator[Callable[..., str]]:
    """Starts `msgcli serve ARGS`, and gives its base URL."""
    running: list[subprocess.Popen[bytes]] = []
    yield lambda *args: _serve(running, *args)
    _stop(running)
