"""Signals, pipes and terminals: real process groups, real terminals, readers that go away."""

from __future__ import annotations

import array
import fcntl
import os
import re
import select
import shutil
import signal
import socket
import subprocess
import termios
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from badserver import BadServer, Call
from misbehaviour import BEHAVIOURS, HALF, after, chunked, delta, drip
from support import ENV, MSGCLI, run, start
from terminals import Terminal

SIGNALS = [signal.SIGINT, signal.SIGTERM, signal.SIGHUP]
SOON = 0.5


@pytest.fixture(scope="module")
def bad() -> Iterator[BadServer]:
    with BadServer() as server:
        yield server


def create(call: Call, *args: str, **kwargs: Any) -> Any:
    kwargs.setdefault("stdin", subprocess.DEVNULL)
    return start("create", "--base-url", call.url, "-p", "hi", *args, **kwargs)


def shell(script: str, *args: str, name: str = "sh", **kwargs: Any) -> Any:
    """Run a shell script in which `msgcli` is the program and "$@" are `args`."""
    return subprocess.run(
        [name, "-c", script, name, *args],
        env={**ENV, **kwargs.pop("env", {})},
        capture_output=True,
        timeout=60,
        check=False,
        **{"stdin": subprocess.DEVNULL, **kwargs},
    )


def wait_until(condition: Callable[[], bool]) -> None:
    until = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < until
        time.sleep(0.01)


# Signals.


def test_an_interrupt_at_any_time_is_death_without_a_traceback(bad: BadServer) -> None:
    """Before a line of msgcli runs, Python itself can print one, and can even go on."""
    call = bad.call(BEHAVIOURS["stall_in_stream"])
    for number in range(32):
        process = create(call, "--timeout", "5s")
        time.sleep(number / 32 * 0.2)
        process.send_signal(signal.SIGINT)
        _, stderr = process.communicate(timeout=10)
        assert b"/msgcli/" not in stderr
        assert process.returncode == -signal.SIGINT or b"KeyboardInterrupt" in stderr


class Waiting(NamedTuple):
    """A process that waits for something; `call` is its server's side."""

    process: Any
    call: Call


def for_the_head(bad: BadServer) -> Waiting:
    call = bad.call(BEHAVIOURS["stall_before_head"])
    process = create(call)
    assert call.begun.wait(10)
    return Waiting(process, call)


def for_the_rest_of_the_reply(bad: BadServer) -> Waiting:
    call = bad.call(BEHAVIOURS["stall_in_stream"])
    process = create(call)
    assert process.stdout.read(5) == b"Hello"
    return Waiting(process, call)


def for_another_attempt(bad: BadServer) -> Waiting:
    call = bad.call(after("30"))
    process = create(call)
    assert b"retrying in 3" in process.stderr.readline()
    call.gone.set()
    return Waiting(process, call)


def for_its_input(bad: BadServer) -> Waiting:
    call = bad.call(BEHAVIOURS["good"])
    process = create(call, stdin=subprocess.PIPE)
    process.stdin.write(b"the beginning")
    process.stdin.flush()
    unread = array.array("i", [1])
    while unread[0]:
        fcntl.ioctl(process.stdin, termios.FIONREAD, unread)
    call.gone.set()
    return Waiting(process, call)


PLACES = [for_the_head, for_the_rest_of_the_reply, for_another_attempt, for_its_input]


@pytest.mark.parametrize("signum", SIGNALS, ids=lambda signum: signum.name)
@pytest.mark.parametrize("wait", PLACES, ids=lambda wait: wait.__name__)
def test_a_signal_ends_the_process_at_once_and_the_request_with_it(
    bad: BadServer, wait: Callable[[BadServer], Waiting], signum: signal.Signals
) -> None:
    process, call = wait(bad)
    posts, sent_at = call.posts, time.monotonic()
    process.send_signal(signum)
    assert process.wait(10) == -signum
    assert time.monotonic() - sent_at < SOON
    assert call.gone.wait(SOON)
    assert process.stderr.read() == b""
    assert call.posts == posts


@pytest.mark.parametrize("signum", SIGNALS, ids=lambda signum: signum.name)
def test_a_signal_that_is_ignored_stays_ignored(bad: BadServer, signum: signal.Signals) -> None:
    call = bad.call(BEHAVIOURS["good_slow"])
    command = [*MSGCLI, "create", "--base-url", call.url, "-p", "hi"]
    process = subprocess.Popen(
        ["sh", "-c", f'trap "" {signum.name[3:]}; exec "$@"', "sh", *command],
        env=ENV,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
    )
    assert call.begun.wait(10)
    process.send_signal(signum)
    assert process.communicate(timeout=10)[0] == b"Hello, world\n"
    assert process.returncode == 0


def test_nohup_outlives_its_terminal(bad: BadServer, tmp_path: Path) -> None:
    call = bad.call(BEHAVIOURS["good_slow"])
    command = ["nohup", "msgcli", "create", "--base-url", call.url, "-p", "hi"]
    with Terminal(*command, redirect=f"</dev/null >{tmp_path}/out") as terminal:
        assert call.begun.wait(10)
        os.killpg(terminal.process.pid, signal.SIGHUP)
        assert terminal.process.wait(10) == 0
    assert (tmp_path / "out").read_bytes() == b"Hello, world\n"


# Loops of a shell and of make, on a terminal where somebody types ^C.


@pytest.mark.parametrize("name", ["sh", "bash", "zsh"])
def test_one_interrupt_ends_a_loop(bad: BadServer, name: str) -> None:
    if shutil.which(name) is None:
        pytest.skip(f"{name} is not here")
    call = bad.call(BEHAVIOURS["stall_in_stream"])
    loop = f"for n in 1 2 3; do msgcli create --base-url {call.url} -p $n; done; echo went on"
    with Terminal(name, "-c", loop) as terminal:
        assert terminal.read_until(b"Hello")
        terminal.type(b"\x03")
        assert terminal.finish() == b""
        assert terminal.process.returncode == -signal.SIGINT
    assert call.posts == 1


def test_one_interrupt_ends_make_and_leaves_its_targets_as_they_were(
    bad: BadServer, tmp_path: Path
) -> None:
    if shutil.which("make") is None:
        pytest.skip("make is not here")
    call = bad.call(BEHAVIOURS["stall_in_stream"])
    (tmp_path / "old").write_text("old")
    (tmp_path / "Makefile").write_text(
        f"all: old new\nold new: FORCE\n\tmsgcli create --base-url {call.url} -p hi -o $@\nFORCE:\n"
    )
    with Terminal("make", "-k", "-C", str(tmp_path)) as terminal:
        wait_until((tmp_path / "old.partial").exists)
        terminal.type(b"\x03")
        assert not re.search(rb"^(?:Traceback|msgcli:)", terminal.finish(), re.MULTILINE)
        assert terminal.process.returncode != 0
    assert call.posts == 1
    assert (tmp_path / "old").read_text() == "old"
    assert not (tmp_path / "new").exists()


# Readers that go away.


@pytest.mark.parametrize("wait", PLACES[:3], ids=lambda wait: wait.__name__)
def test_a_reader_that_leaves_is_noticed_in_silence(
    bad: BadServer, wait: Callable[[BadServer], Waiting]
) -> None:
    process, call = wait(bad)
    posts, left_at = call.posts, time.monotonic()
    process.stdout.close()
    assert process.wait(10) == -signal.SIGPIPE
    assert time.monotonic() - left_at < SOON
    assert call.gone.wait(SOON)
    assert process.stderr.read() == b""
    assert call.posts == posts


def test_a_reader_that_leaves_is_noticed_where_text_flows(bad: BadServer) -> None:
    more = delta("more")
    call = bad.call(chunked(*HALF, then=drip(b"%x\r\n%s\r\n" % (len(more), more))))
    script = f"msgcli create --base-url {call.url} -p hi | head -c 5; echo ${{PIPESTATUS[*]}}"
    done = shell(script, name=shutil.which("bash") or "sh")
    assert (done.stdout, done.stderr) == (b"Hello141 0\n", b"")


def test_a_reader_that_has_it_all_may_leave(bad: BadServer) -> None:
    """`decode` ends with message_stop, before `post` has seen that there is no more."""
    call = bad.call(*[BEHAVIOURS["good"], BEHAVIOURS["good_then_open"]] * 15)
    body = run("build", "-p", "hi", "--stream").stdout
    done = shell(
        "set -o pipefail; n=0; while [ $n -lt 30 ]; do n=$((n + 1));"
        ' printf %s "$2" | msgcli post --base-url "$1" | msgcli decode || exit; done',
        *(call.url, body.decode()),
        name="bash",
    )
    assert (done.returncode, done.stderr) == (0, b"")
    assert done.stdout == b"Hello, world\n" * 30


def test_an_endpoint_that_hangs_up_within_an_upload_is_no_reader_that_left() -> None:
    """A write to a socket whose other side is gone is answered by SIGPIPE too."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        process = start("create", "--base-url", f"http://127.0.0.1:{server.getsockname()[1]}")
        process.stdin.write(b"x" * 8_000_000)
        process.stdin.close()
        process.stdin = None
        connection, _ = server.accept()
        assert connection.recv(1000)
        connection.shutdown(socket.SHUT_WR)  # else the answer is a reset, which is no SIGPIPE
        connection.close()
        stdout, stderr = process.communicate(timeout=20)
        server.setblocking(False)
        with pytest.raises(BlockingIOError):
            server.accept()  # it did not come again
    assert (process.returncode, stdout) == (7, b"")
    assert re.fullmatch(rb"msgcli: .*; the request may have been processed and billed\n", stderr)


def test_a_pipe_that_does_not_block_gets_every_byte(bad: BadServer) -> None:
    text = b"0123456789abcdef" * 40_000
    call = bad.call(BEHAVIOURS["repeat"])
    reading, writing = os.pipe()
    os.set_blocking(writing, False)
    process = start("create", "--no-newline", "--base-url", call.url, stdout=writing)
    process.stdin.write(text)
    process.stdin.close()
    wait_until(lambda: not select.select([], [writing], [], 0)[1])  # it is full
    os.close(writing)
    with open(reading, "rb") as pipe:
        assert pipe.read() == text
    assert process.wait(10) == 0


# Standard descriptors that are closed, full, or open for the wrong thing.

# fmt: off
DESCRIPTORS = [
    # redirections          status  posts  stdout
    ("",                         0, 1, b"Hello, world\n"),
    ("0<&-",                     0, 1, b"Hello, world\n"),
    ("2>&-",                     0, 1, b"Hello, world\n"),
    ("0<&- 2>&-",                0, 1, b"Hello, world\n"),
    ("1>&-",                    14, 0, b""),
    ("0<&- 1>&-",               14, 0, b""),
    ("1>&- 2>&-",               14, 0, b""),
    ("0<&- 1>&- 2>&-",          14, 0, b""),
    ("1</dev/null",             14, 0, b""),
    ("1>/dev/full",             14, 0, b""),
    ("2>/dev/full",              0, 1, b"Hello, world\n"),
    ("1>/dev/full 2>/dev/full", 14, 0, b""),
]
# fmt: on


@pytest.mark.parametrize(("redirect", "status", "posts", "stdout"), DESCRIPTORS)
def test_standard_descriptors(
    bad: BadServer, redirect: str, status: int, posts: int, stdout: bytes
) -> None:
    call = bad.call(BEHAVIOURS["good"])
    done = shell(
        f'exec "$@" {redirect}', *MSGCLI, "create", "-v", "--base-url", call.url, "-p", "x"
    )
    assert (done.returncode, call.posts, done.stdout) == (status, posts, stdout)
    if "2>" in redirect:
        assert done.stderr == b""
    elif status:
        assert re.fullmatch(rb"msgcli: standard output: .*\n", done.stderr)
    else:
        assert re.fullmatch(rb"msgcli: POST .*\n", done.stderr)


def test_a_stdout_that_is_full_is_told_when_it_is(bad: BadServer, tmp_path: Path) -> None:
    """A disk has room for no byte, which nothing shows before the first one."""
    call = bad.call(BEHAVIOURS["good"])
    command = [*MSGCLI, "create", "--base-url", call.url, "-p", "hi"]
    done = shell('ulimit -f 0; exec "$@" >out', *command, cwd=tmp_path)
    assert (done.returncode, call.posts) == (14, 1)
    assert done.stderr == b"msgcli: standard output: file too large\n"


def test_what_goes_to_a_closed_stderr_goes_nowhere_else(bad: BadServer, tmp_path: Path) -> None:
    """Neither to the socket nor to the file that is opened next."""
    call = bad.call(BEHAVIOURS["good"])
    args = ["create", "-vv", "--base-url", call.url, "-p", "hi", "-o", f"{tmp_path}/out"]
    done = shell('exec "$@" 0<&- 2>&-', *MSGCLI, *args)
    assert (done.returncode, done.stdout) == (0, b"")
    assert (tmp_path / "out").read_bytes() == b"Hello, world\n"
    assert call.requests[0].complete


# Control characters of the reply, an escape sequence in two deltas among them.

PLAIN = "a\x1b[31mb\x9b\u202ec\x07\n".encode()
SHOWN = b"a^[[31mb<U+009B><U+202E>c^G\n"


@pytest.mark.parametrize(
    ("args", "redirect", "wanted"),
    [
        ([], "", SHOWN),
        (["--hold"], "", SHOWN),
        (["-r"], "", PLAIN),
        (["-o", "/dev/stdout"], "", PLAIN),
        ([], "| cat", PLAIN),
    ],
)
def test_a_terminal_is_shown_control_characters_and_does_not_obey_them(
    bad: BadServer, args: list[str], redirect: str, wanted: bytes
) -> None:
    call = bad.call(BEHAVIOURS["nasty_text"])
    command = ["msgcli", "create", "--base-url", call.url, "-p", "hi", *args]
    with Terminal("sh", "-c", f'"$@" {redirect}', "sh", *command) as terminal:
        assert terminal.finish() == wanted
        assert terminal.process.returncode == 0


@pytest.mark.parametrize("form", ["json", "sse"])
def test_no_format_sends_a_control_character_to_a_terminal(bad: BadServer, form: str) -> None:
    call = bad.call(BEHAVIOURS["nasty_text"])
    command = ["create", "--base-url", call.url, "-p", "hi", "-f", form, "--stream"]
    with Terminal("msgcli", *command) as terminal:
        shown = terminal.finish().decode()
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e]", shown)
    assert "[31mb" in shown
