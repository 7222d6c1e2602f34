"""Conversations: no turn is lost by kills, full disks and other writers, and none stands alone."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from badserver import BadServer, Wire
from disks import mounted
from misbehaviour import START, chunked, delta, stop
from support import ENV, MSGCLI, run, start

from msgcli import conversation

Serve = Callable[..., str]

KILLS = 240 if "MSGCLI_HEAVY" in os.environ else 24
CREATE = ["create", "--no-stdin", "--conversation", "talk"]


def turns(talk: bytes) -> list[dict[str, Any]]:
    """The turns of a whole conversation, which ends with a newline."""
    assert talk.endswith(b"\n")
    return [json.loads(line) for line in talk.splitlines()]


def pairs(talk: bytes) -> list[tuple[str, str]]:
    """The prompts and the texts of the answers; no turn stands alone."""
    found = turns(talk)
    assert [turn["role"] for turn in found] == ["user", "assistant"] * (len(found) // 2)
    prompts = [turn["content"] for turn in found[::2]]
    return list(zip(prompts, (turn["content"][0]["text"] for turn in found[1::2]), strict=True))


# Kills.


def test_a_kill_at_any_moment_loses_no_turn(serve: Serve, tmp_path: Path) -> None:
    """From the first moment of a call to the last, and once a conversation has grown, later too."""
    talk = tmp_path / "talk"
    base = ["--base-url", serve("--delay", "15ms")]
    begun = time.monotonic()
    assert run(*CREATE, *base, "-p", "begin", cwd=tmp_path).returncode == 0
    whole_call = time.monotonic() - begun
    killed = 0
    for number in range(KILLS):
        before = talk.read_bytes()
        call = start(*CREATE, *base, "-p", f"kill {number}", cwd=tmp_path)
        try:
            call.communicate(timeout=whole_call * 1.2 * number / (KILLS - 1))
        except subprocess.TimeoutExpired:
            call.kill()
            call.communicate()
            killed += 1
        assert talk.read_bytes().startswith(before)
        if number % 8 == 7:
            check_that_it_goes_on(talk, base)
    assert killed > KILLS // 2


def check_that_it_goes_on(talk: Path, base: list[str]) -> None:
    """The next call succeeds, and all that stands in the file is prompts with their answers."""
    done = run(*CREATE, *base, "-p", "go on", cwd=talk.parent)
    assert (done.returncode, done.stdout) == (0, b"go on\n"), done.stderr
    found = pairs(talk.read_bytes())
    assert found[0] == ("begin", "begin")
    assert found[-1] == ("go on", "go on")
    assert all(prompt == answer for prompt, answer in found)


def test_a_kill_while_turns_are_written_loses_none(serve: Serve, tmp_path: Path) -> None:
    """A prompt of 4 MB takes long enough to be caught in the middle of its writing."""
    talk = tmp_path / "talk"
    large = "many words\n" * 400_000
    (tmp_path / "large").write_text(large)
    (tmp_path / "replies").write_text('[{"text": "Seen."}]')
    base = ["--base-url", serve("--replies", str(tmp_path / "replies"))]
    for number in range(4):
        assert run(*CREATE, *base, "-p", f"small {number}", cwd=tmp_path).returncode == 0
        before = talk.read_bytes()
        call = start(*CREATE, *base, "large", cwd=tmp_path)
        while talk.stat().st_size == len(before) and call.poll() is None:
            pass
        call.kill()
        call.communicate()
        assert talk.read_bytes().startswith(before)
    assert run(*CREATE, *base, "-p", "last", cwd=tmp_path).returncode == 0
    found = pairs(talk.read_bytes())
    assert {answer for _, answer in found} == {"Seen."}
    assert [prompt for prompt, _ in found if prompt != large] == [
        *(f"small {number}" for number in range(4)),
        "last",
    ]


# What a kill leaves.

EARLIER = [
    {"role": "user", "content": "Grüße"},
    {"role": "assistant", "content": [{"type": "text", "text": "Ebenso."}]},
]
CALL = {"type": "tool_use", "id": "toolu_1", "name": "clock", "input": {}}
RESULT = {"type": "tool_result", "tool_use_id": "toolu_1", "content": "07:00"}
LATER = [
    {"role": "user", "content": "Wie spät?"},
    {"role": "assistant", "content": [CALL]},
    {"role": "user", "content": [RESULT]},
    {"role": "assistant", "content": [{"type": "text", "text": "Früh."}]},
]


def lines(*found: dict[str, Any]) -> bytes:
    return b"".join(json.dumps(turn, ensure_ascii=False).encode() + b"\n" for turn in found)


def test_what_is_left_of_an_append_does_not_count(tmp_path: Path) -> None:
    """Cut at any byte, but for one: a call that is whole may stand last, as --accept lets it."""
    earlier, later = lines(*EARLIER), lines(*LATER)
    talk = tmp_path / "talk"
    allowed = len(lines(*LATER[:2]))
    for end in range(len(later) - 1):
        talk.write_bytes(earlier + later[:end])
        counted = EARLIER + (LATER[:2] if end == allowed else [])
        assert conversation.read(str(talk)) == counted, later[:end]
    talk.write_bytes(earlier + later[:-1])
    assert conversation.read(str(talk)) == EARLIER + LATER


@pytest.mark.parametrize(
    "left",
    [
        lines(*LATER[:1]),
        lines(*LATER[:1])[:-1],
        lines(*LATER[:1]) + b"{",
        lines(*LATER[:3]),
        lines(*LATER[:2])[:-1] + b"\n\xc3",
        "Grüß".encode()[:-1],
        b"\0" * 4096,
    ],
    ids=["question", "without_newline", "half_answer", "result", "call", "half_letter", "hole"],
)
def test_the_next_call_mends_the_end(endpoint: str, tmp_path: Path, left: bytes) -> None:
    earlier = lines(*EARLIER)
    (tmp_path / "talk").write_bytes(earlier + left)
    done = run(*CREATE, "--base-url", endpoint, "-p", "and now", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (0, b"and now\n")
    assert done.stderr == b"msgcli: talk: its end is torn; it counts up to turn 2\n"
    found = (tmp_path / "talk").read_bytes()
    assert found.startswith(earlier)
    assert pairs(found)[1:] == [("and now", "and now")]


# Disks that are full.

FULL = """
"$@" -p one; echo "=$?"
old=$(cat talk)
dd if=/dev/zero of=fill bs=4k 2>/dev/null; truncate -s -8k fill
"$@" --hold "$PWD.long"; echo "=$?"
test "$old" = "$(cat talk)" && echo same
printf '{"role":"user","content":"lost"}\n{"role":"ass' >>talk
"$@" "$PWD.long"; echo "=$?"
rm fill
"$@" -p two; echo "=$?"
cat talk
"""
LONG = "a" * 20_000 + "\n"


def test_a_full_disk_costs_neither_the_answer_nor_a_turn(endpoint: str, tmp_path: Path) -> None:
    folder = tmp_path / "disk"
    folder.mkdir()
    (tmp_path / "disk.long").write_text(LONG)
    done = mounted("size=100k", FULL, folder, *MSGCLI, *CREATE, "--base-url", endpoint)
    told = f"one\n=0\n{LONG}=14\nsame\n{LONG}=14\ntwo\n=0\n"
    assert done.stdout[: len(told)].decode() == told
    assert pairs(done.stdout[len(told) :]) == [("one", "one"), ("two", "two")]
    assert done.stderr.decode().splitlines() == [
        "msgcli: talk: no space left on device",
        "msgcli: talk: its end is torn; it counts up to turn 2",
        "msgcli: talk: no space left on device",
    ]


def test_a_turn_that_cannot_be_kept_leaves_the_output_as_it_was(
    endpoint: str, tmp_path: Path
) -> None:
    folder = tmp_path / "disk"
    folder.mkdir()
    script = """
    dd if=/dev/zero of=fill bs=4k 2>/dev/null; echo old >"$PWD.out"
    "$@" -p one -o "$PWD.out"; echo "=$?"
    cat "$PWD.out" "$PWD.out.partial"; rm fill
    "$@" -p two -o "$PWD.out"; echo "=$?"
    cat "$PWD.out"
    """
    done = mounted("size=40k", script, folder, *MSGCLI, *CREATE, "--base-url", endpoint)
    assert done.stdout.decode() == "=14\nold\none\n=0\ntwo\n"
    assert done.stderr == b"msgcli: talk: no space left on device\n"


def test_a_limit_of_file_size_costs_neither(endpoint: str, tmp_path: Path) -> None:
    (tmp_path / "long").write_text(LONG)
    command = [*MSGCLI, *CREATE, "--base-url", endpoint]
    assert run(*CREATE, "--base-url", endpoint, "-p", "one", cwd=tmp_path).returncode == 0
    before = (tmp_path / "talk").read_bytes()
    done = subprocess.run(
        ["sh", "-c", 'ulimit -f 8; exec "$@"', "sh", *command, "long"],
        cwd=tmp_path,
        env=ENV,
        capture_output=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stdout.decode()) == (14, LONG)
    assert done.stderr == b"msgcli: talk: file too large\n"
    assert (tmp_path / "talk").read_bytes() == before


# Writers.

# Thirty calls, each a process of its own that need not load the program first.
WRITER = """
import os, sys
from msgcli import cli
from msgcli.commands import create
import requests
name, *args = sys.argv[1:]
for number in range(30):
    if not (pid := os.fork()):
        sys.argv = ["msgcli", *args, "-p", f"{name} {number}"]
        cli.main()
    if os.waitpid(pid, 0)[1]:
        sys.exit(f"{name} {number} failed")
"""


def test_four_writers_of_thirty_turns_lose_none(tmp_path: Path) -> None:
    """Each reply tells how many messages it is to, which is odd: no turn stands alone."""

    def count(wire: Wire) -> None:
        messages = json.loads(wire.request.body)["messages"]
        chunked(*START, delta(str(len(messages))), *stop())(wire)

    with BadServer() as server:
        args = [*CREATE, "--base-url", server.call(count).url]
        writers = [
            subprocess.Popen(
                [sys.executable, "-c", WRITER, name, *args],
                cwd=tmp_path,
                env=ENV,
                stdout=subprocess.DEVNULL,
            )
            for name in "abcd"
        ]
        assert [writer.wait(60) for writer in writers] == [0] * 4
    found = pairs((tmp_path / "talk").read_bytes())
    assert [int(answer) for _, answer in found] == list(range(1, 240, 2))
    for name in "abcd":
        own = [prompt for prompt, _ in found if prompt.startswith(name)]
        assert own == [f"{name} {number}" for number in range(30)]
