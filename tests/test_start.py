"""How long the program takes to start, beside the library that it cannot do without."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from support import ENV


def processor_time(env: dict[str, str], *args: str) -> float:
    """The seconds of processor time, which hardly depend on what else the machine does."""
    process = subprocess.Popen([sys.executable, *args], env=env, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = status
    assert status == 0
    return usage.ru_utime + usage.ru_stime


def test_help_takes_less_than_twice_the_time_of_click(tmp_path: Path) -> None:
    """The least of several runs of each, by turns; what is compiled is compiled before."""
    env = {**ENV, "PYTHONPYCACHEPREFIX": str(tmp_path)}
    del env["PYTHONDONTWRITEBYTECODE"]
    commands = [("-c", "import click"), ("-m", "msgcli", "--help")]
    least = [min(times) for times in zip(*_rounds(env, commands), strict=True)]
    assert least[1] < 2 * least[0]


def _rounds(env: dict[str, str], commands: list[tuple[str, ...]]) -> list[list[float]]:
    rounds = [[processor_time(env, *command) for command in commands] for _ in range(8)]
    return rounds[1:]
