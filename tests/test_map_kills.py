"""`map -o` is killed at any moment, again and again: nothing is lost, and little paid twice."""

from __future__ import annotations

import json
import os
import random
import subprocess
import time
from collections import Counter
from pathlib import Path

import pytest
from counting import Answer, Server, message
from support import ENV, MSGCLI, ROOT

HEAVY = "MSGCLI_HEAVY" in os.environ
JOBS = 8
MAP = ["map", "--each", "line", "-q", "-j", str(JOBS), "--resume"]


# Python runs a sitecustomize.py before the program.
SLOW_DISK = """
import os, time
really = os.fdatasync
def slowly(fd):
    time.sleep(0.1)
    really(fd)
os.fdatasync = slowly
"""


def slowly(prompt: str) -> Answer:
    time.sleep(0.004)
    return message(prompt)


def kill_until_done(server: Server, count: int, journal: Path, env: dict[str, str]) -> int:
    """Run `map` until it ends by itself, and kill it before each time: how often that was."""
    chance = random.Random(count)
    prompts = "".join(f"{number}\n" for number in range(count)).encode()
    items = journal.with_suffix(".in")
    items.write_bytes(prompts)
    kills = 0
    while True:
        with items.open("rb") as stdin:
            process = subprocess.Popen(
                [*MSGCLI, *MAP, "-o", journal],
                stdin=stdin,
                env={**ENV, **env, "ANTHROPIC_BASE_URL": server.url},
                start_new_session=True,
            )
        before = server.requests
        try:
            while process.poll() is None and server.requests == before:
                time.sleep(0.002)
            assert process.wait(chance.uniform(0, 0.25)) == 0
            return kills
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, 9)
            process.wait()
            kills += 1
            assert kills < 100, "it does not get on"


def check(server: Server, count: int, journal: Path, kills: int) -> None:
    results = [json.loads(line) for line in journal.read_bytes().splitlines()]
    assert [result["custom_id"] for result in results] == [str(n + 1) for n in range(count)]
    found = [result["result"]["message"]["content"][0]["text"] for result in results]
    assert found == [str(n) for n in range(count)]
    assert set(server.paid) == set(found)
    assert kills >= 3
    assert server.paid.total() <= count + JOBS * kills
    assert max(Counter(server.paid).values()) <= kills + 1


def test_kills_cost_at_most_what_is_in_flight(tmp_path: Path) -> None:
    server = Server(slowly)
    count = 20000 if HEAVY else 1200
    kills = kill_until_done(server, count, tmp_path / "out", {})
    check(server, count, tmp_path / "out", kills)
    server.close()


@pytest.mark.slow
def test_kills_on_a_slow_disk(tmp_path: Path) -> None:
    (tmp_path / "sitecustomize.py").write_text(SLOW_DISK)
    server = Server(slowly)
    env = {"PYTHONPATH": f"{tmp_path}:{ROOT}"}
    kills = kill_until_done(server, 80, tmp_path / "out", env)
    check(server, 80, tmp_path / "out", kills)
    server.close()
