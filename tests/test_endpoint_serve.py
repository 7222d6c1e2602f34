"""`msgcli serve` as a process: its first line, its signals, its command, its refusals."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import stat
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from endpoint_client import OMIT, body, call, post, raw, request_bytes
from support import ENV, MSGCLI, run, start


def begun(*args: str, **kwargs: Any) -> tuple[Any, str]:
    """A running endpoint and its URL."""
    server = start("serve", *args, stdin=subprocess.DEVNULL, **kwargs)
    return server, server.stdout.readline().decode().rstrip("\n")


def ended(server: Any) -> tuple[int, bytes, bytes]:
    out, err = server.communicate(timeout=20)
    return server.returncode, out, err


def test_the_url_is_the_first_line_and_all() -> None:
    server, url = begun()
    assert re.fullmatch(r"http://127\.0\.0\.1:\d+", url)
    assert post(url).text == "Hello"
    server.terminate()
    assert ended(server) == (-signal.SIGTERM, b"", b"")


@pytest.mark.parametrize(
    ("host", "url"),
    [
        ("127.0.0.1", r"http://127\.0\.0\.1:\d+"),
        ("localhost", r"http://(127\.0\.0\.1|\[::1\]):\d+"),
        ("::1", r"http://\[::1\]:\d+"),
        ("[::1]", r"http://\[::1\]:\d+"),
    ],
)
def test_hosts_of_the_loopback_interface(host: str, url: str) -> None:
    server, shown = begun("--host", host)
    assert re.fullmatch(url, shown)
    assert post(shown).text == "Hello"
    server.terminate()
    assert ended(server)[2] == b""


@pytest.mark.parametrize(("args", "lines"), [([], 1), (["-q"], 0)])
def test_a_host_that_others_can_reach_is_worth_a_line(args: list[str], lines: int) -> None:
    server, url = begun("--host", "0.0.0.0", *args)
    assert re.fullmatch(r"http://127\.0\.0\.1:\d+", url)
    assert post(url).text == "Hello"
    server.terminate()
    error = ended(server)[2].decode()
    assert error.count("\n") == lines
    assert not lines or error.startswith("msgcli: serve: 0.0.0.0: other machines can connect")


def test_a_port_of_ones_own() -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        done = run("serve", "--port", str(port))
    why = f"msgcli: serve: 127.0.0.1:{port}: address already in use\n".encode()
    assert (done.returncode, done.stdout, done.stderr) == (1, b"", why)
    server, url = begun("--port", str(port))
    assert url == f"http://127.0.0.1:{port}"
    server.kill()
    server.communicate()


@pytest.mark.parametrize(
    ("args", "status", "why"),
    [
        (["--host", "no.such.host.invalid"], 2, "--host: no.such.host.invalid: "),
        (["--host", "192.0.2.1"], 1, "serve: 192.0.2.1:0: "),
        (["--port", "65536"], 2, "--port: "),
        (["--delay", "soon"], 2, "--delay: "),
        (["--replies", "/nonexistent/replies"], 3, "/nonexistent/replies: "),
        (["--log", "/nonexistent/log"], 14, "/nonexistent/log: "),
        (["--require-key"], 2, "--require-key: MSGCLI_SERVE_KEY is not set"),
    ],
)
def test_what_cannot_be_is_said_at_the_start(args: list[str], status: int, why: str) -> None:
    done = run("serve", *args)
    assert (done.returncode, done.stdout) == (status, b"")
    (line,) = done.stderr.decode().splitlines()
    assert line.startswith(f"msgcli: {why}")


def test_a_stdout_that_cannot_be_written() -> None:
    done = subprocess.run(
        ["sh", "-c", 'exec "$@" >&-', "sh", *MSGCLI, "serve"], env=ENV, capture_output=True
    )
    assert done.returncode == 14
    with open("/dev/full", "wb") as full:
        assert run("serve", stdout=full).returncode == 14


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
@pytest.mark.parametrize("fault", ["stall", "stall-headers", "pings"])
def test_a_signal_ends_it_at_once_with_open_streams(fault: str, number: signal.Signals) -> None:
    server, url = begun("--fault", fault)
    connection = raw(url)
    connection.sendall(request_bytes(stream=True))
    if fault != "stall-headers":
        assert connection.recv(15) == b"HTTP/1.1 200 OK"
    began = time.monotonic()
    server.send_signal(number)
    assert ended(server) == (-number, b"", b"")
    assert time.monotonic() - began < 1
    connection.close()


@pytest.mark.parametrize("name", ["INT", "TERM", "HUP"])
def test_a_signal_that_was_ignored_stays_ignored(name: str) -> None:
    server = subprocess.Popen(
        ["sh", "-c", f'trap "" {name}; exec "$@"', "sh", *MSGCLI, "serve"],
        env=ENV,
        stdout=subprocess.PIPE,
    )
    assert server.stdout is not None
    url = server.stdout.readline().decode().strip()
    server.send_signal(getattr(signal, f"SIG{name}"))
    assert post(url).text == "Hello"
    server.kill()
    server.communicate()


def test_clients_that_go_leave_no_word() -> None:
    server, url = begun("--fault", "pings:3")
    for size in (0, 15, 500):
        connection = raw(url)
        connection.sendall(request_bytes(stream=True))
        if size:
            connection.recv(size)
        connection.close()
    connection = raw(url)
    connection.sendall(request_bytes()[:30])
    connection.close()
    assert post(url).status == 200
    server.terminate()
    assert ended(server)[2] == b""


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"x-api-key": "right"}, 200),
        ({"x-api-key": OMIT, "authorization": "Bearer right"}, 200),
        ({"x-api-key": "wrong"}, 401),
        ({"x-api-key": "rïght"}, 401),
        ({"x-api-key": OMIT, "authorization": "Bearer wrong"}, 401),
        ({"x-api-key": OMIT, "authorization": "Basic right"}, 401),
        ({"x-api-key": OMIT}, 401),
        ({"authorization": "Bearer right"}, 400),
    ],
)
def test_a_key_can_be_required(headers: Any, status: int) -> None:
    server, url = begun("--require-key", env={"MSGCLI_SERVE_KEY": "right"})
    listed = call(url, "GET", "/v1/models", headers=headers)
    assert post(url, headers=headers).status == listed.status == status
    if status == 401:
        assert listed.error[1] == "authentication_error"
    server.terminate()
    assert ended(server)[2] == b""


SHOW = "env | grep -E '^(ANTHROPIC|MSGCLI)_' | sort"


def test_the_command_finds_the_endpoint_in_its_environment() -> None:
    outside = {
        "ANTHROPIC_API_KEY": "sk-real",
        "ANTHROPIC_AUTH_TOKEN": "real",
        "MSGCLI_AUTH": "bearer",
        "MSGCLI_BASE_URL": "https://api.example",
        "MSGCLI_MODEL": "kept",
    }
    done = run("serve", "--", "sh", "-c", SHOW, env=outside)
    key, url, model = done.stdout.decode().splitlines()
    assert re.fullmatch(r"ANTHROPIC_BASE_URL=http://127\.0\.0\.1:\d+", url)
    assert key == "ANTHROPIC_API_KEY=sk-ant-local-endpoint"
    assert model == "MSGCLI_MODEL=kept"
    assert (done.returncode, done.stderr) == (0, b"")


def test_a_required_key_is_given_to_the_command() -> None:
    done = run("serve", "--require-key", "--", "sh", "-c", SHOW, env={"MSGCLI_SERVE_KEY": "right"})
    assert b"ANTHROPIC_API_KEY=right\n" in done.stdout
    assert b"MSGCLI_SERVE_KEY" not in done.stdout


def test_the_command_can_ask() -> None:
    script = (
        "import os, sys, urllib.request as u; "
        "r = u.Request(os.environ['ANTHROPIC_BASE_URL'] + '/v1/messages', sys.stdin.buffer.read(), "
        "{'content-type': 'application/json', 'anthropic-version': '2023-06-01', "
        "'x-api-key': os.environ['ANTHROPIC_API_KEY']}); "
        "sys.stdout.buffer.write(u.urlopen(r).read())"
    )
    data = json.dumps(body()).encode()
    done = run("serve", "--", sys.executable, "-c", script, input=data)
    assert b'"text":"Hello"' in done.stdout
    assert (done.returncode, done.stderr) == (0, b"")


def test_standard_input_and_output_are_those_of_the_command() -> None:
    done = run("serve", "--", "sh", "-c", "cat; echo err >&2", input=b"in\0put")
    assert (done.stdout, done.stderr) == (b"in\0put", b"err\n")


def test_what_follows_the_command_belongs_to_it() -> None:
    done = run("serve", "--delay", "1ms", "echo", "--fault", "--help", "-q")
    assert done.stdout == b"--fault --help -q\n"


@pytest.mark.parametrize("locale", ["C", "C.UTF-8"])
def test_any_bytes_can_be_words_of_the_command(locale: str) -> None:
    word = "ö".encode() + b"\xff"
    done = subprocess.run(
        [*MSGCLI, "serve", "--", "printf", "%s", word],
        env={**ENV, "LC_ALL": locale},
        capture_output=True,
    )
    assert (done.returncode, done.stdout) == (0, word)


@pytest.mark.parametrize("status", [0, 1, 7, 127, 255])
def test_the_status_is_that_of_the_command(status: int) -> None:
    done = run("serve", "--", "sh", "-c", f"exit {status}")
    assert (done.returncode, done.stdout, done.stderr) == (status, b"", b"")


@pytest.mark.parametrize("name", ["TERM", "KILL", "INT", "PIPE", "ABRT"])
def test_a_command_that_is_killed_ends_it_by_that_signal(name: str, tmp_path: Path) -> None:
    done = run("serve", "--", "sh", "-c", f"kill -{name} $$", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (-getattr(signal, f"SIG{name}"), b"")


@pytest.mark.parametrize(
    ("word", "status", "why"),
    [
        ("no-such-command", 127, "command not found"),
        ("./no-such-file", 127, "no such file or directory"),
        ("./plain", 126, "permission denied"),
        ("./", 126, "permission denied"),
    ],
)
def test_a_command_that_cannot_be_run(tmp_path: Path, word: str, status: int, why: str) -> None:
    (tmp_path / "plain").write_text("echo no\n")
    done = run("serve", "--", word, cwd=tmp_path)
    assert done.returncode == status
    assert done.stderr.decode() == f"msgcli: serve: {word}: {why}\n"


@pytest.mark.parametrize("name", ["TERM", "HUP"])
def test_a_signal_is_passed_on_to_the_command(name: str) -> None:
    script = f"trap 'echo got; exit 5' {name}; echo ready; while :; do sleep 0.05; done"
    server = start("serve", "--", "sh", "-c", script)
    assert server.stdout.readline() == b"ready\n"
    server.send_signal(getattr(signal, f"SIG{name}"))
    assert ended(server) == (5, b"got\n", b"")


def test_an_interrupt_is_left_to_the_command() -> None:
    script = "trap 'echo got; exit 5' INT; echo ready; while :; do sleep 0.05; done"
    server = start("serve", "--", "sh", "-c", script, start_new_session=True)
    assert server.stdout.readline() == b"ready\n"
    os.killpg(server.pid, signal.SIGINT)
    assert ended(server) == (5, b"got\n", b"")


def test_an_interrupt_ends_both() -> None:
    server = start("serve", "--", "sh", "-c", "echo ready; exec sleep 20", start_new_session=True)
    assert server.stdout.readline() == b"ready\n"
    os.killpg(server.pid, signal.SIGINT)
    assert ended(server) == (-signal.SIGINT, b"", b"")


def test_the_log_is_appended_to(tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.write_bytes(b"earlier\n")
    log.chmod(0o644)
    server, url = begun("--log", str(log))
    post(url)
    server.terminate()
    ended(server)
    first, second = log.read_bytes().splitlines()
    assert (first, second[:8]) == (b"earlier", b'{"time":')
    assert stat.S_IMODE(log.stat().st_mode) == 0o644
