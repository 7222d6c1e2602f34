"""Output files: whole or untouched, after every failure and every signal, whatever stands there."""

from __future__ import annotations

import json
import os
import signal
import stat
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from badserver import BadServer, Call, Wire
from disks import mounted
from misbehaviour import BEHAVIOURS, START, chunked, delta, message, stop
from support import ENV, MSGCLI, start
from support import run as run_msgcli

NEW = b"Hello, world\n"


@pytest.fixture(scope="module")
def bad() -> Iterator[BadServer]:
    with BadServer() as server:
        yield server


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """With a file `out`, which has a mode of its own."""
    (tmp_path / "out").write_bytes(b"old\n")
    (tmp_path / "out").chmod(0o640)
    return tmp_path


def create(call: Call, *args: str, **kwargs: Any) -> Any:
    return run_msgcli("create", "--base-url", call.url, "--no-stdin", "-p", "hi", *args, **kwargs)


def listing(folder: Path) -> list[str]:
    return sorted(os.listdir(folder))


def wait_for_partial(folder: Path, process: Any) -> None:
    partial, until = folder / "out.partial", time.monotonic() + 10
    while not partial.exists() or not partial.stat().st_size:
        assert process.poll() is None
        assert time.monotonic() < until
        time.sleep(0.01)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.lstat().st_mode)


class Untouched:
    """Says whether a file is still the same: content, mode, and the file itself."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._before = self._state()

    def _state(self) -> tuple[object, ...]:
        data = self._path.read_bytes()
        found = self._path.lstat()
        return data, found.st_ino, found.st_mode, found.st_mtime_ns, found.st_nlink

    def __bool__(self) -> bool:
        return self._state() == self._before


# fmt: off
ENDS = [
    # behaviour         arguments                     status  FILE.partial
    ("no_message_stop",  [],                               8, b"Hello, world"),
    ("closed_in_chunk",  [],                               8, b"Hello"),
    ("reset_in_stream",  [],                               8, b"Hello"),
    ("data_not_json",    [],                               8, b"Hello"),
    ("error_later",      [],                               6, b"Hello"),
    ("error_later",      ["--hold"],                       6, b"Hello"),
    ("stall_in_stream",  ["--idle-timeout", "500ms"],     15, b"Hello"),
    ("stall_in_stream",  ["--timeout", "700ms"],          15, b"Hello"),
    ("stall_in_stream",  ["--timeout", "1s", "--hold"],   15, None),
    ("max_tokens",       [],                              10, b"Hello\n"),
    ("refusal",          [],                              11, b"Hello\n"),
    ("odd_reason",       [],                              12, b"Hello\n"),
    ("error_first",      [],                               6, None),
    ("http_400",         [],                               5, None),
    ("http_401",         [],                               4, None),
    ("redirect",         [],                               8, None),
    ("drop",             [],                               7, None),
    ("html",             [],                               8, None),
    ("good",             ["--temperature", "7"],           2, None),
    ("good",             ["/no/such/file"],                3, None),
    ("good",             ["--api-key-file", "/no/file"],   4, None),
]
# fmt: on


@pytest.mark.parametrize(("behaviour", "args", "status", "partial"), ENDS)
def test_any_failure_leaves_the_file_as_it_was(
    bad: BadServer,
    folder: Path,
    behaviour: str,
    args: list[str],
    status: int,
    partial: bytes | None,
) -> None:
    out, call = folder / "out", bad.call(BEHAVIOURS[behaviour])
    before = Untouched(out)
    done = create(call, "-o", str(out), "--retries", "0", *args)
    assert (done.returncode, done.stdout) == (status, b""), done.stderr
    assert before
    if partial is None:
        assert not (folder / "out.partial").exists() or not (folder / "out.partial").read_bytes()
    else:
        assert (folder / "out.partial").read_bytes() == partial
        assert mode(folder / "out.partial") == 0o640
    assert set(listing(folder)) <= {"out", "out.partial"}


@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM", "SIGHUP", "SIGKILL", "SIGQUIT"])
def test_any_signal_leaves_the_file_as_it_was(bad: BadServer, folder: Path, name: str) -> None:
    out, call = folder / "out", bad.call(BEHAVIOURS["stall_in_stream"])
    before = Untouched(out)
    process = start(
        "create", "--base-url", call.url, "--no-stdin", "-p", "hi", "-o", str(out), cwd=folder
    )
    wait_for_partial(folder, process)
    process.send_signal(getattr(signal, name))
    assert process.wait(10) == -getattr(signal, name)
    assert before
    assert listing(folder) == ["out", "out.partial"]
    assert (folder / "out.partial").read_bytes() == b"Hello"


def test_a_success_replaces_the_file_and_keeps_its_mode(bad: BadServer, folder: Path) -> None:
    (folder / "out.partial").write_bytes(b"of an earlier run, and longer than what comes now")
    os.link(folder / "out", folder / "link")
    done = create(bad.call(BEHAVIOURS["good_slow"]), "-o", str(folder / "out"))
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")
    assert (folder / "out").read_bytes() == NEW
    assert mode(folder / "out") == 0o640
    assert (folder / "link").read_bytes() == b"old\n"
    assert listing(folder) == ["link", "out"]


@pytest.mark.parametrize("umask", [0o000, 0o022, 0o077])
def test_a_new_file_has_the_mode_that_the_umask_leaves(
    bad: BadServer, tmp_path: Path, umask: int
) -> None:
    assert create(bad.call(BEHAVIOURS["good"]), "-o", f"{tmp_path}/a", umask=umask).returncode == 0
    failing = bad.call(BEHAVIOURS["error_later"])
    assert create(failing, "-o", f"{tmp_path}/b", umask=umask).returncode == 6
    assert listing(tmp_path) == ["a", "b.partial"]
    assert {mode(file) for file in tmp_path.iterdir()} == {0o666 & ~umask}


@pytest.mark.parametrize("umask", [0o000, 0o077])
def test_what_may_hold_a_prompt_is_private(bad: BadServer, tmp_path: Path, umask: int) -> None:
    names = ["meta", "trace", "thinking-output", "usage-log", "conversation"]
    args = [arg for name in names for arg in (f"--{name}", str(tmp_path / name))]
    done = create(bad.call(BEHAVIOURS["good"]), *args, umask=umask)
    assert done.returncode == 0
    assert listing(tmp_path) == sorted(names)
    assert {mode(tmp_path / name) for name in names} == {0o600}


# What may stand where the file is to be.


def test_a_symbolic_link_stays_and_its_target_is_replaced(bad: BadServer, folder: Path) -> None:
    links = folder / "links"
    links.mkdir()
    (links / "link").symlink_to("../out")
    (links / "second").symlink_to("link")
    failing = bad.call(BEHAVIOURS["error_later"])
    assert create(failing, "-o", str(links / "second")).returncode == 6
    assert (folder / "out.partial").read_bytes() == b"Hello"
    assert create(bad.call(BEHAVIOURS["good"]), "-o", str(links / "second")).returncode == 0
    assert os.readlink(links / "second") == "link"
    assert os.readlink(links / "link") == "../out"
    assert ((folder / "out").read_bytes(), mode(folder / "out")) == (NEW, 0o640)
    assert listing(folder) == ["links", "out"]
    assert listing(links) == ["link", "second"]


def test_a_symbolic_link_to_nothing_gets_its_target(bad: BadServer, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to("target")
    assert create(bad.call(BEHAVIOURS["good"]), "-o", str(tmp_path / "link")).returncode == 0
    assert os.readlink(tmp_path / "link") == "target"
    assert (tmp_path / "target").read_bytes() == NEW


def test_a_fifo_is_written_and_stays_one(bad: BadServer, tmp_path: Path) -> None:
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    call = bad.call(BEHAVIOURS["good"])
    process = start("create", "--base-url", call.url, "--no-stdin", "-p", "hi", "-o", str(fifo))
    assert fifo.read_bytes() == NEW
    assert process.wait(10) == 0
    assert stat.S_ISFIFO(fifo.lstat().st_mode)
    assert listing(tmp_path) == ["fifo"]


def test_a_device_is_written_and_stays_one(bad: BadServer) -> None:
    assert create(bad.call(BEHAVIOURS["good"]), "-o", "/dev/null").returncode == 0
    assert stat.S_ISCHR(os.stat("/dev/null").st_mode)
    done = create(bad.call(BEHAVIOURS["good"]), "-o", "/dev/full")
    assert (done.returncode, done.stdout) == (14, b"")
    assert done.stderr == b"msgcli: /dev/full: no space left on device\n"
    assert stat.S_ISCHR(os.stat("/dev/full").st_mode)


@pytest.mark.parametrize("option", ["-o", "--meta", "--thinking-output", "--trace"])
def test_a_descriptor_is_written_where_it_stands(
    bad: BadServer, tmp_path: Path, option: str
) -> None:
    with open(tmp_path / "file", "w+b") as file:
        file.write(b"before\n")
        file.flush()
        call = bad.call(BEHAVIOURS["good"])
        done = create(call, option, f"/dev/fd/{file.fileno()}", pass_fds=[file.fileno()])
        assert done.returncode == 0
        file.write(b"after\n")
    lines = (tmp_path / "file").read_bytes().splitlines(keepends=True)
    assert (lines[0], lines[-1]) == (b"before\n", b"after\n")
    if option == "-o":
        assert lines[1:-1] == [NEW]


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda folder: folder / "missing" / "file", "no such file or directory"),
        (lambda folder: folder, "is a directory"),
        (lambda folder: folder / "out" / "file", "not a directory"),
        (lambda folder: folder / "", "is a directory"),
        (lambda folder: folder / ("n" * 300), "file name too long"),
        (lambda folder: folder / ("n" * 250), "file name too long"),
        (lambda folder: "/dev/fd/77", "bad file descriptor"),
        (lambda folder: "", ""),
    ],
    ids=["missing", "folder", "below_file", "slash", "long", "long_partial", "descriptor", "empty"],
)
def test_a_file_that_cannot_be_made_is_found_before_the_request(
    bad: BadServer, folder: Path, make: Any, words: str
) -> None:
    call, connections = bad.call(BEHAVIOURS["good"]), bad.connections
    done = create(call, "-o", str(make(folder)))
    assert (done.returncode, done.stdout, bad.connections) == (14, b"", connections)
    assert words.encode() in done.stderr
    assert done.stderr.count(b"\n") == 1
    assert listing(folder) == ["out"]


@pytest.mark.parametrize("kind", ["folder", "link", "fifo"])
def test_what_is_in_the_way_of_the_partial_file_is_left_alone(
    bad: BadServer, folder: Path, kind: str
) -> None:
    partial, victim = folder / "out.partial", folder / "victim"
    victim.write_bytes(b"mine")
    if kind == "folder":
        partial.mkdir()
    elif kind == "link":
        partial.symlink_to(victim)
    else:
        os.mkfifo(partial)
    before, kind_before = Untouched(folder / "out"), partial.lstat().st_mode
    call = bad.call(BEHAVIOURS["good"])
    done = create(call, "-o", str(folder / "out"))
    assert (done.returncode, call.posts) == (14, 0)
    assert b"in the way" in done.stderr
    assert before
    assert victim.read_bytes() == b"mine"
    assert partial.lstat().st_mode == kind_before


def test_of_two_writers_each_writes_a_whole_answer(bad: BadServer, folder: Path) -> None:
    """One stands half written while the other is complete; the first goes on, and replaces it."""
    go_on = threading.Event()

    def half_first(wire: Wire) -> None:
        def rest(wire: Wire) -> None:
            go_on.wait(10)
            wire.chunk(*(delta("1") * 5000,), *stop())
            wire.end()

        chunked(*START, delta("1") * 5000, then=rest)(wire)

    out = folder / "out"
    first = bad.call(half_first)
    process = start("create", "--base-url", first.url, "--no-stdin", "-p", "hi", "-o", str(out))
    assert first.begun.wait(10)
    wait_for_partial(folder, process)
    second = bad.call(chunked(*START, delta("2") * 1000, *stop()))
    assert create(second, "-o", str(out)).returncode == 0
    assert out.read_bytes() == b"2" * 1000 + b"\n"
    go_on.set()
    assert process.wait(10) == 0
    assert out.read_bytes() == b"1" * 10_000 + b"\n"
    assert listing(folder) == ["out"]


# Disks that are full, or that cannot be written.


def big(wire: Wire) -> None:
    """A million bytes of text."""
    chunked(*START, *[delta("x" * 10_000)] * 100, *stop())(wire)


def test_a_disk_that_fills_up_leaves_the_file_as_it_was(bad: BadServer, tmp_path: Path) -> None:
    call = bad.call(big)
    script = 'echo old >out; "$@" -o out; echo $?; cat out; ls; "$@" -o new; echo $?; ls'
    command = [*MSGCLI, "create", "--base-url", call.url, "--no-stdin", "-p", "hi"]
    done = mounted("size=200k", script, tmp_path, *command)
    wanted = "14\nold\nout\nout.partial\n14\nnew.partial\nout\nout.partial\n"
    assert done.stdout.decode() == wanted
    lines = done.stderr.decode().splitlines()
    assert lines == [f"msgcli: {name}: no space left on device" for name in ("out", "new")]


def test_a_folder_that_cannot_be_written_is_found_before_the_request(
    bad: BadServer, tmp_path: Path
) -> None:
    call = bad.call(BEHAVIOURS["good"])
    command = [*MSGCLI, "create", "--base-url", call.url, "--no-stdin", "-p", "hi"]
    done = mounted("size=99k,ro", '"$@" -o new; echo $?; ls', tmp_path, *command)
    assert done.stdout == b"14\n"
    assert done.stderr == b"msgcli: new: read-only file system\n"
    assert call.posts == 0


def test_a_limit_of_file_size_is_as_a_full_disk(bad: BadServer, folder: Path) -> None:
    call, before = bad.call(big), Untouched(folder / "out")
    command = [*MSGCLI, "create", "--base-url", call.url, "--no-stdin", "-p", "hi"]
    done = subprocess.run(
        ["sh", "-c", 'ulimit -f 100; exec "$@"', "sh", *command, "-o", str(folder / "out")],
        env=ENV,
        capture_output=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 14
    assert done.stderr == f"msgcli: {folder}/out: file too large\n".encode()
    assert before


@pytest.mark.parametrize("option", ["--meta", "--trace", "--thinking-output", "--usage-log"])
def test_a_second_file_that_cannot_be_written_is_told(
    bad: BadServer, folder: Path, option: str
) -> None:
    content = [{"type": "thinking", "thinking": "hm"}, {"type": "text", "text": "Hi"}]
    reply = {**message("", "end_turn"), "content": content}
    call = bad.call(lambda wire: wire.answer("200 OK", json.dumps(reply).encode()))
    done = create(call, option, "/dev/full")
    assert done.returncode == 14
    assert done.stderr.count(b"\n") == 1
    assert b"/dev/full: no space left on device" in done.stderr
    missing, posts = str(folder / "no" / "file"), call.posts
    done = create(call, option, missing)
    assert (done.returncode, call.posts) == (14, posts)
    assert missing.encode() in done.stderr


def test_a_reader_of_the_metadata_that_is_gone_costs_no_answer(bad: BadServer) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    call = bad.call(BEHAVIOURS["good"])
    done = create(call, "--meta", f"/dev/fd/{writing}", pass_fds=[writing])
    os.close(writing)
    assert (done.returncode, done.stdout) == (14, NEW)
    assert done.stderr == f"msgcli: /dev/fd/{writing}: broken pipe\n".encode()
