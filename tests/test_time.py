"""One clock over the whole run, against everything that takes for ever."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import certificates
import pytest
from badserver import BadServer, Wire
from misbehaviour import BEHAVIOURS, ENDLESS, GOOD, HALF, after, bytes_only, chunked, drip
from support import ENV, MSGCLI, run, start

BILLED = b"may have been processed and billed"

MESSAGE = b'{"content":[{"type":"text","text":"ok"}],"stop_reason":"end_turn"}'

# What a process may take beyond its limit: it has to start, on a busy machine.
LATE = 3


@pytest.fixture(scope="module")
def bad() -> Iterator[BadServer]:
    with BadServer() as server:
        yield server


@pytest.fixture
def silent() -> Iterator[socket.socket]:
    """A server that takes connections and never reads or writes."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        yield server


def url(server: socket.socket, scheme: str = "http") -> str:
    return f"{scheme}://127.0.0.1:{server.getsockname()[1]}"


def timed(*args: str, **kwargs: Any) -> tuple[Any, float]:
    """A finished `create`, and the seconds that it took."""
    started = time.monotonic()
    done = run("create", *args, **kwargs)
    return done, time.monotonic() - started


def check(done: Any, seconds: float, *, limit: float, billed: bool) -> None:
    """Status 15, at the limit, and a word on money only where a request was sent."""
    assert done.returncode == 15, done.stderr
    assert limit <= seconds < limit + LATE
    assert done.stderr.count(b"\n") == 1
    assert (BILLED in done.stderr) is billed


SILENT = [
    "stall_before_head",
    "stall_in_head",
    "stall_in_stream",
    "json_then_stall",
    "error_stalls",
]


@pytest.mark.parametrize("name", [*ENDLESS, *SILENT])
def test_the_clock_ends_what_an_endpoint_does_for_ever(bad: BadServer, name: str) -> None:
    call = bad.call(BEHAVIOURS[name])
    done, seconds = timed("--timeout", "1s", "--base-url", call.url, "-p", "hi")
    check(done, seconds, limit=1, billed=True)
    assert call.posts == 1
    assert call.gone.wait(1)


def test_the_clock_ends_a_handshake(silent: socket.socket) -> None:
    args = ("--timeout", "1s", "--base-url", url(silent, "https"), "-p", "hi")
    done, seconds = timed(*args)
    check(done, seconds, limit=1, billed=False)


def test_the_clock_ends_an_upload(silent: socket.socket) -> None:
    args = ("--timeout", "2s", "--base-url", url(silent))
    done, seconds = timed(*args, input=b"x" * 8_000_000)
    check(done, seconds, limit=2, billed=True)


@pytest.mark.parametrize("data", [b"", b"the beginning"])
def test_the_clock_ends_the_wait_for_input(bad: BadServer, data: bytes) -> None:
    reading, writing = os.pipe()
    os.write(writing, data)
    call = bad.call(BEHAVIOURS["good"])
    done, seconds = timed("--timeout", "1s", "--base-url", call.url, stdin=reading)
    os.close(writing)
    os.close(reading)
    check(done, seconds, limit=1, billed=False)
    assert call.posts == 0


def test_the_clock_ends_a_command_for_a_key(bad: BadServer) -> None:
    """The command too: while it runs it holds stderr, and who reads that waits for it."""
    call = bad.call(BEHAVIOURS["good"])
    args = ("--timeout", "1s", "--api-key-command", "sleep 4", "--base-url", call.url, "-p", "hi")
    done, seconds = timed(*args)
    check(done, seconds, limit=1, billed=False)
    assert call.posts == 0


def test_the_clock_ends_a_file_that_never_ends(bad: BadServer, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo")
    call = bad.call(BEHAVIOURS["good"])
    args = ("--timeout", "1s", "--base-url", call.url, f"{tmp_path}/fifo")
    done, seconds = timed(*args)
    check(done, seconds, limit=1, billed=False)


def test_a_wait_that_does_not_fit_is_not_begun(bad: BadServer) -> None:
    call = bad.call(after("5"))
    done, seconds = timed("--timeout", "3s", "--base-url", call.url, "-p", "hi")
    assert (done.returncode, call.posts) == (6, 1)
    assert seconds < LATE
    assert b"come back in 5" in done.stderr


def test_the_clock_runs_on_over_attempts(bad: BadServer) -> None:
    call = bad.call(after("0.1"), after("0.1"), BEHAVIOURS["stall_in_stream"])
    args = ("--timeout", "1500ms", "--retries", "9", "--base-url", call.url, "-p", "hi")
    done, seconds = timed("-q", *args)
    check(done, seconds, limit=1.5, billed=True)
    assert call.posts == 3


# A name server that never answers, in the middle of a C library that no handler interrupts.


@pytest.fixture
def nowhere(tmp_path: Path) -> Iterator[list[str]]:
    """The beginning of a command line for a process whose name server never answers."""
    if shutil.which("unshare") is None or os.geteuid() != 0:
        pytest.skip("another name server needs root, and unshare")
    address = "127.0.0.153"
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        try:
            server.bind((address, 53))
        except OSError as error:
            pytest.skip(f"no name server can be made here: {error}")
        (tmp_path / "resolv.conf").write_text(f"nameserver {address}\n")
        (tmp_path / "nsswitch.conf").write_text("hosts: files dns\n")
        mounts = [
            f'test ! -e /etc/{name} || mount --bind "$0/{name}" /etc/{name}'
            for name in ("resolv.conf", "nsswitch.conf")
        ]
        script = " && ".join([*mounts, 'exec "$@"'])
        namespace = ["unshare", "-m", "sh", "-c", script, str(tmp_path)]
        if subprocess.run([*namespace, "true"], check=False).returncode:
            pytest.skip("nothing can be mounted here")
        yield namespace


CALL = [*MSGCLI, "create", "--base-url", "https://name.example", "--auth", "none", "--no-stdin"]


def test_the_clock_ends_the_look_up_of_a_name(nowhere: list[str]) -> None:
    command = [*nowhere, *CALL, "-p", "hi", "--timeout", "1s"]
    started = time.monotonic()
    done = subprocess.run(command, env=ENV, capture_output=True, timeout=60, check=False)
    check(done, time.monotonic() - started, limit=1, billed=False)


@pytest.mark.parametrize("signum", [signal.SIGINT, signal.SIGTERM], ids=lambda signum: signum.name)
def test_a_signal_ends_the_look_up_of_a_name(nowhere: list[str], signum: int) -> None:
    command = [*nowhere, *CALL, "-p", "hi", "-vv"]
    process = subprocess.Popen(command, env=ENV, stderr=subprocess.PIPE)
    assert process.stderr is not None
    lines = iter(process.stderr.readline, b"")
    assert any(b"content-type" in line for line in lines)  # the last before the connection
    time.sleep(0.1)
    started = time.monotonic()
    process.send_signal(signum)
    assert process.wait(10) == -signum
    assert time.monotonic() - started < 0.5
    assert process.stderr.read() == b""
    process.stderr.close()


# The other clocks: of a connection that does not come about, and of one on which nothing comes.


def test_a_connection_that_is_not_taken_was_not_sent(bad: BadServer) -> None:
    with socket.create_server(("127.0.0.1", 0), backlog=0) as full:
        waiting = []
        for _ in range(4):
            sock = socket.socket()
            sock.setblocking(False)
            sock.connect_ex(full.getsockname())
            waiting.append(sock)
        args = ("--connect-timeout", "500ms", "--retries", "1", "--base-url", url(full), "-p", "hi")
        done, seconds = timed(*args)
        for sock in waiting:
            sock.close()
    assert done.returncode == 7
    assert seconds > 1
    again, last = done.stderr.splitlines()
    assert b"retrying in" in again
    assert b"no connection in time" in last
    assert BILLED not in last


@pytest.mark.parametrize("name", ["stall_before_head", "stall_in_head", "stall_in_stream"])
def test_silence_ends_a_request_that_may_have_cost(bad: BadServer, name: str) -> None:
    call = bad.call(BEHAVIOURS[name])
    done, seconds = timed("--idle-timeout", "700ms", "--base-url", call.url, "-p", "hi")
    check(done, seconds, limit=0.7, billed=True)
    assert call.posts == 1


def test_silence_ends_an_upload(silent: socket.socket) -> None:
    args = ("--idle-timeout", "500ms", "--connect-timeout", "10s", "--base-url", url(silent))
    done, seconds = timed(*args, input=b"x" * 8_000_000)
    assert done.returncode == 15
    assert BILLED in done.stderr
    assert seconds < 3


def test_pings_are_no_silence(bad: BadServer) -> None:
    """The idle time counts from the last byte, and not from the last event of worth."""

    def pings_first(wire: Wire) -> None:
        def rest(wire: Wire) -> None:
            for _ in range(12):
                time.sleep(0.1)
                wire.chunk(b"event: ping\ndata: {}\n\n")
            wire.chunk(*GOOD[len(HALF) :])
            wire.end()

        chunked(*HALF, then=rest)(wire)

    call = bad.call(pings_first)
    done, seconds = timed("--idle-timeout", "800ms", "--base-url", call.url, "-p", "hi")
    assert (done.returncode, done.stdout) == (0, b"Hello, world\n")
    assert seconds > 1


# After message_stop there is nothing to wait for.


@pytest.mark.parametrize("form", ["text", "json", "sse"])
@pytest.mark.parametrize(
    "then",
    [Wire.stall, drip(b"3\r\n:\n\n\r\n"), bytes_only(b"0\r\n", then=drip(b"a: b\r\n"))],
    ids=["silence", "comments", "trailers"],
)
def test_an_open_connection_is_left_after_message_stop(
    bad: BadServer, form: str, then: Any
) -> None:
    call = bad.call(chunked(*GOOD, then=then))
    process = start(
        "create", "-f", form, "--stream", "--base-url", call.url, "--no-stdin", "-p", "x"
    )
    assert call.begun.wait(10)
    complete_at = time.monotonic()
    assert process.wait(10) == 0
    assert time.monotonic() - complete_at < 1
    assert call.gone.wait(1)


def test_an_error_event_is_the_end_too(bad: BadServer) -> None:
    call = bad.call(BEHAVIOURS["error_later"])
    done, seconds = timed("--base-url", call.url, "-p", "hi")
    assert (done.returncode, done.stdout) == (6, b"Hello")
    assert seconds < 1 + LATE
    assert b"Overloaded" in done.stderr
    assert call.gone.wait(1)


def test_a_limit_is_named_as_it_was_given(silent: socket.socket, tmp_path: Path) -> None:
    config = tmp_path / "config"
    config.write_text("[default]\ntimeout = 300ms\n")
    at = ("--base-url", url(silent), "-p", "hi")
    for name, args, env in (
        ("--timeout", ("--timeout", "300ms"), {}),
        ("MSGCLI_TIMEOUT", (), {"MSGCLI_TIMEOUT": "300ms"}),
        (f"{config}:2: timeout", ("--config", str(config)), {}),
    ):
        done = run("create", *at, *args, env=env)
        assert done.stderr.decode().startswith(f"msgcli: {name}: 300ms are over"), done.stderr


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_an_upload_may_take_longer_than_to_connect(tmp_path: Path, scheme: str) -> None:
    """The other side takes some of it now and then, so that nothing is silent."""
    size = 8 << 20
    (tmp_path / "long").write_bytes(b"x" * size)

    def take(server: socket.socket) -> None:
        connection, _ = server.accept()
        if scheme == "https":
            connection = certificates.server("server").wrap_socket(connection, server_side=True)
        with connection:
            taken = 0
            while taken < size:
                taken += len(connection.recv(1 << 16))
                time.sleep(0.005)
            connection.sendall(
                b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(MESSAGE), MESSAGE)
            )

    with socket.create_server(("127.0.0.1", 0)) as server:
        server.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 14)
        threading.Thread(target=take, args=(server,), daemon=True).start()
        limits = ("--connect-timeout", "300ms", "--idle-timeout", "20s")
        trust = ("--cacert", certificates.AUTHORITY)
        done = run("create", "--base-url", url(server, scheme), *limits, *trust, tmp_path / "long")
    assert (done.returncode, done.stdout, done.stderr) == (0, b"ok\n", b"")
