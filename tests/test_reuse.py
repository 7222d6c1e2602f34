"""--reuse: a complete reply is paid for once, and only that very reply is written again."""

from __future__ import annotations

import json
import os
import re
import resource
import stat
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from support import ENV, run, start

Serve = Callable[..., str]


class Desk:
    """A folder with a store, and an endpoint that notes what it is asked."""

    def __init__(self, folder: Path, serve: Serve, *options: str) -> None:
        self.folder, self.store, self._log = folder, folder / "store", folder / "log"
        self.env = {"ANTHROPIC_BASE_URL": serve("--log", str(self._log), *options)}

    @property
    def requests(self) -> int:
        return len(self._log.read_text().splitlines()) if self._log.exists() else 0

    @property
    def entries(self) -> list[Path]:
        return sorted(self.store.iterdir())

    def create(self, *args: str, input: bytes = b"hello", **kwargs: Any) -> Any:
        env = {**self.env, **kwargs.pop("env", {})}
        return run(
            "create", "--reuse", "store", *args, input=input, cwd=self.folder, env=env, **kwargs
        )


@pytest.fixture
def desk(serve: Serve, tmp_path: Path) -> Desk:
    return Desk(tmp_path, serve)


@pytest.mark.parametrize(
    "args",
    [
        (),
        ("-f", "json"),
        ("-f", "sse"),
        ("-f", "json", "--stream"),
        ("--thinking", "2048", "--thinking-output", "thoughts", "-n", "5000"),
    ],
)
def test_the_same_bytes_come_again_without_a_request(desk: Desk, args: tuple[str, ...]) -> None:
    thoughts = desk.folder / "thoughts"
    first = desk.create(*args)
    seen = thoughts.read_bytes() if thoughts.exists() else b""
    second = desk.create(*args)
    assert (first.returncode, second.returncode) == (0, 0)
    assert first.stdout
    assert second.stdout == first.stdout
    assert (thoughts.read_bytes() if thoughts.exists() else b"") == seen
    assert desk.requests == 1


def test_what_is_known_of_a_reply_is_known_again_but_no_request_was_made(desk: Desk) -> None:
    met = []
    for _ in range(2):
        desk.create("--meta", "meta", "--usage-log", "usage")
        met.append(json.loads((desk.folder / "meta").read_text()))
    new, old = met
    for field in ("id", "model", "stop_reason", "usage", "status"):
        assert old[field] == new[field] is not None
    assert (new["attempts"], new["http_status"]) == (1, 200)
    assert (old["attempts"], old["http_status"], old["request_id"]) == (0, None, None)
    assert len((desk.folder / "usage").read_text().splitlines()) == 1


def test_a_word_with_v(desk: Desk) -> None:
    desk.create()
    said = desk.create("-v").stderr.decode()
    url = f"{desk.env['ANTHROPIC_BASE_URL']}/v1/messages"
    assert re.fullmatch(
        r"\d+ms \d+ in, \d+ out\n", said.removeprefix(f"msgcli: POST {url} reused ")
    )


def test_nothing_is_needed_that_a_connection_needs(desk: Desk) -> None:
    broken = ("--api-key-file", "missing", "--cacert", "missing")
    assert desk.create(*broken).returncode == 4
    desk.create()
    assert desk.create(*broken).stdout == b"hello\n"
    assert desk.requests == 1


def test_post_and_create_share_what_is_stored(desk: Desk) -> None:
    reply = desk.create("-f", "sse").stdout
    body = run("build", input=b"hello").stdout
    done = run("post", "--reuse", "store", input=body, cwd=desk.folder, env=desk.env)
    assert done.stdout == reply
    assert desk.requests == 1


def test_an_entry_is_the_reply_behind_a_line(desk: Desk) -> None:
    desk.create()
    (entry,) = desk.entries
    _, _, reply = entry.read_bytes().partition(b"\n")
    assert run("decode", input=reply).stdout == b"hello\n"


OTHERS = [
    ("-n", "77"),
    ("-m", "other"),
    ("-f", "json"),
    ("-p", "more"),
    ("--api-version", "2024-01-01"),
    ("--beta", "b"),
    ("-H", "x-route: there"),
]


@pytest.mark.parametrize("args", OTHERS)
def test_another_request_is_sent(desk: Desk, args: tuple[str, ...]) -> None:
    desk.create()
    desk.create(*args)
    assert desk.requests == 2


def test_another_endpoint_is_asked(desk: Desk, endpoint: str) -> None:
    desk.create()
    desk.create("-v", env={"ANTHROPIC_BASE_URL": endpoint})
    assert len(desk.entries) == 2


SAME = [
    ("-H", "x-api-key: k2"),
    ("-H", "x-session-token: t"),
    ("-H", "user-agent: me"),
    ("--retries", "0", "--timeout", "9"),
    ("--hold", "-o", "out"),
]


@pytest.mark.parametrize("args", SAME)
def test_who_asks_and_what_becomes_of_it_make_no_difference(
    desk: Desk, args: tuple[str, ...]
) -> None:
    desk.create(env={"ANTHROPIC_API_KEY": "k1"})
    base = desk.env["ANTHROPIC_BASE_URL"]
    done = desk.create(*args, env={"ANTHROPIC_BASE_URL": f"{base}/v1/"})
    assert (done.returncode, desk.requests) == (0, 1)


@pytest.mark.parametrize(
    ("fault", "status"),
    [("cut", 8), ("clean-cut", 8), ("not-json", 8), ("529", 6), ("error-event", 6)],
)
def test_what_failed_is_asked_again(serve: Serve, tmp_path: Path, fault: str, status: int) -> None:
    desk = Desk(tmp_path, serve, "--fault", f"{fault}:1")
    assert desk.create("--retries", "0").returncode == status
    assert desk.entries == []
    done = desk.create()
    assert (done.returncode, done.stdout, desk.requests) == (0, b"hello\n", 2)


def test_a_truncated_reply_is_taken_again_by_who_accepts_it(desk: Desk) -> None:
    args = ("-n", "1")
    text = b"many words in a row"
    assert desk.create(*args, input=text).returncode == 10
    assert desk.entries == []
    for _ in range(2):
        assert desk.create(*args, "--accept", "max_tokens", input=text).returncode == 0
    assert desk.requests == 2
    assert desk.create(*args, input=text).returncode == 10
    assert desk.requests == 3


def spoil(entry: Path, how: str) -> None:
    data = entry.read_bytes()
    entry.write_bytes(
        {
            "empty": b"",
            "cut": data[: len(data) // 2],
            "one byte less": data[:-1],
            "a bit changed": data[:300] + bytes([data[300] ^ 1]) + data[301:],
            "zeros": bytes(len(data)),
            "something else": b"nonsense\n",
        }[how]
    )


@pytest.mark.parametrize(
    "how", ["empty", "cut", "one byte less", "a bit changed", "zeros", "something else"]
)
def test_a_spoilt_entry_is_replaced(desk: Desk, how: str) -> None:
    desk.create()
    (entry,) = desk.entries
    whole = entry.read_bytes()
    spoil(entry, how)
    done = desk.create()
    assert (done.returncode, done.stdout, done.stderr) == (0, b"hello\n", b"")
    assert desk.requests == 2
    assert desk.entries == [entry]
    assert len(entry.read_bytes()) == len(whole)
    desk.create()
    assert desk.requests == 2


def test_folders_and_entries_are_the_owners_alone(desk: Desk) -> None:
    args = ("create", "--reuse", "a/b/c")
    done = run(*args, input=b"hi", cwd=desk.folder, env=desk.env, preexec_fn=lambda: os.umask(0))
    assert done.returncode == 0
    made = [desk.folder / name for name in ("a", "a/b", "a/b/c")]
    assert [stat.S_IMODE(path.stat().st_mode) for path in made] == [0o700] * 3
    (entry,) = made[-1].iterdir()
    assert stat.S_IMODE(entry.stat().st_mode) == 0o600


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("file", "not a directory"),
        ("file/below", "not a directory"),
        ("dangling", "not a directory"),
        ("dangling/below", "no such file or directory"),
        ("/proc/none", "no such file or directory"),
        ("", "no such file or directory"),
    ],
)
def test_a_folder_that_cannot_be_is_found_before_the_request(
    tmp_path: Path, name: str, why: str
) -> None:
    (tmp_path / "file").write_text("")
    (tmp_path / "dangling").symlink_to("nowhere")
    done = run(
        "create", "--base-url", "http://127.0.0.1:9", "--reuse", name, input=b"hi", cwd=tmp_path
    )
    assert (done.returncode, done.stdout) == (14, b"")
    assert done.stderr.decode() == f"msgcli: --reuse: {name}: {why}\n"


def test_a_reply_that_cannot_be_stored_is_good_all_the_same(desk: Desk) -> None:
    def small_files() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (100, 100))

    done = desk.create(preexec_fn=small_files)
    assert (done.returncode, done.stdout) == (0, b"hello\n")
    assert done.stderr.startswith(b"msgcli: --reuse: store/")
    assert done.stderr.endswith(b": file too large\n")
    assert desk.create().stdout == b"hello\n"
    assert desk.create().stdout == b"hello\n"
    assert desk.requests == 2
    assert len(desk.entries) == 1


def test_it_is_stored_before_the_output_is_settled(desk: Desk) -> None:
    """What was paid is there for the next run, though this one could not write it."""
    done = desk.create("-o", "/dev/full", "--hold")
    assert done.returncode == 14
    assert desk.create().stdout == b"hello\n"
    assert desk.requests == 1


def test_any_number_of_writers(desk: Desk) -> None:
    """All of them begin with nothing stored, and many ask the same."""
    words = [f"word{n % 2}" for n in range(8)]
    running = [
        start("create", "--reuse", "store", "-p", word, "--no-stdin", cwd=desk.folder, env=desk.env)
        for word in words
    ]
    for process, word in zip(running, words, strict=True):
        out, err = process.communicate(timeout=30)
        assert (process.returncode, out.decode(), err) == (0, f"{word}\n", b"")
    asked = desk.requests
    assert len(desk.entries) == 2
    for word in words[:2]:
        assert desk.create("-p", word, "--no-stdin").stdout.decode() == f"{word}\n"
    assert desk.requests == asked


def test_text_is_live_while_it_is_noted(serve: Serve, tmp_path: Path) -> None:
    desk = Desk(tmp_path, serve, "--fault", "stall")
    process = start("create", "--reuse", "store", cwd=tmp_path, env=desk.env)
    process.stdin.write(b"a rather long text")
    process.stdin.close()
    assert process.stdout.read(1) == b"a"
    assert process.poll() is None
    process.kill()
    process.wait()
    process.stdout.close()
    process.stderr.close()
    assert desk.entries == []


def test_every_request_of_a_tool_loop_is_looked_up(serve: Serve, tmp_path: Path) -> None:
    tool = {"name": "now", "input_schema": {"type": "object"}}
    (tmp_path / "tool").write_text(json.dumps(tool))
    desk = Desk(tmp_path, serve)
    args = ("--tool", "tool", "--tool-choice", "now", "--tool-command", "now=cat hour; echo >>ran")
    (tmp_path / "hour").write_text("noon")
    first = desk.create(*args)
    assert first.returncode == 0, first.stderr
    asked = desk.requests
    assert asked == 2
    second = desk.create(*args)
    assert (second.returncode, second.stdout) == (0, first.stdout)
    assert desk.requests == asked
    assert (tmp_path / "ran").read_text() == "\n\n"
    (tmp_path / "hour").write_text("midnight")
    third = desk.create(*args)
    assert third.returncode == 0
    assert desk.requests == asked + 1


def test_a_call_that_nobody_answers_is_not_stored(desk: Desk) -> None:
    tool = {"name": "now", "input_schema": {"type": "object"}}
    (desk.folder / "tool").write_text(json.dumps(tool))
    args = ("--tool", "tool", "--tool-choice", "now")
    assert desk.create(*args).returncode == 12
    assert desk.entries == []


def test_make_remakes_what_is_new_only(desk: Desk) -> None:
    """A target that is gone costs nothing to make again."""
    (desk.folder / "a.txt").write_text("alpha")
    (desk.folder / "Makefile").write_text(
        "a.out: a.txt\n\t@msgcli create --reuse store -o $@ --depfile d $<\n"
    )
    env = {**ENV, **desk.env}
    for _ in range(2):
        subprocess.run(["make", "-s"], cwd=desk.folder, env=env, check=True)
        assert (desk.folder / "a.out").read_text() == "alpha\n"
        (desk.folder / "a.out").unlink()
    assert desk.requests == 1
