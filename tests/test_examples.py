"""The examples of the pages are run, and do what the pages show.

In a display of EXAMPLES, `$ ` is before a command and `> ` before its further lines; what is under
it is its output, `...` being anything. A command ends with status 0, unless `echo $?` follows. A
display without a command is the file that is named before it; of a crontab the command is run.
"""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import pytest
from pages import FORMATS, PAGES, displays
from support import ENV, ROOT


class Step(NamedTuple):
    """A command of an example, and the lines that the page shows under it."""

    command: str
    output: list[str]


def steps(lines: list[str]) -> list[Step]:
    """A session: `$ ` is before a command, `> ` before its further lines, the rest is output."""
    found: list[Step] = []
    for line in lines:
        if line.startswith("$ "):
            found.append(Step(line[2:], []))
        elif line.startswith("> ") and not found[-1].output:
            found[-1] = Step(f"{found[-1].command}\n{line[2:]}", [])
        else:
            found[-1].output.append(line)
    return found


def run_session(session: list[Step], cwd: Path, env: dict[str, str]) -> None:
    mark = "-- end of step --"
    script = "".join(
        f"{step.command}\nstatus=$?; printf '\\n{mark} %s\\n' $status; (exit $status)\n"
        for step in session
    )
    (cwd / ".session").write_text(script)
    done = subprocess.run(
        ["bash", ".session"],
        cwd=cwd,
        env=env,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        timeout=60,
        text=True,
    )
    results = re.findall(rf"(.*?)\n?\n{mark} (\d+)\n", done.stdout, re.DOTALL)
    assert len(results) == len(session), done.stdout
    for at, (step, (output, status)) in enumerate(zip(session, results, strict=True)):
        if step.output:
            shown = ".*".join(map(re.escape, "\n".join(step.output).split("...")))
            assert re.fullmatch(shown, output, re.DOTALL), f"{step.command}: {output}"
        if [following.command for following in session[at + 1 : at + 2]] != ["echo $?"]:
            assert status == "0", f"{step.command}: {output}"


@pytest.fixture
def desk(tmp_path: Path) -> Path:
    """A folder with the files that the examples speak of, under version control."""
    program = tmp_path / ".bin" / "msgcli"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -m msgcli "$@"\n')
    program.chmod(0o755)
    (tmp_path / "notes.txt").write_text("First, water the plants. Then, feed the cat.\n")
    (tmp_path / "photo.jpg").write_bytes(b"\xff\xd8\xff\xe0\0\x10JFIF\0\xff\xd9")
    (tmp_path / "report.txt").write_text("All is well.\n")
    (tmp_path / ".key").write_text("sk-ant-example\n")
    reply = Path(ROOT) / "tests/exchanges/e11-streaming-tool-use/response.sse"
    shutil.copy(reply, tmp_path / "reply.sse")
    return tmp_path


def environment(desk: Path, endpoint: str) -> dict[str, str]:
    who = {"NAME": "A", "EMAIL": "a@example.org"}
    return {
        **ENV,
        "PATH": f"{desk}/.bin:{ENV['PATH']}",
        "HOME": str(desk),
        "ANTHROPIC_BASE_URL": endpoint,
        "ANTHROPIC_API_KEY": "sk-ant-example",
        "GIT_EDITOR": "true",
        **{f"GIT_{role}_{k}": v for role in ("AUTHOR", "COMMITTER") for k, v in who.items()},
    }


def missing(text: str) -> str | None:
    named = (tool for tool in ("curl", "git", "jq", "make") if re.search(rf"\b{tool} ", text))
    return next((tool for tool in named if shutil.which(tool) is None), None)


EXAMPLES = [
    pytest.param(page, at, id=f"{page}-{at}")
    for page in PAGES + FORMATS
    for at, (name, lines) in enumerate(displays(page))
    if name == "crontab" or lines[0].startswith("$ ")
]


@pytest.mark.parametrize(("page", "at"), EXAMPLES)
def test_examples_run(page: str, at: int, desk: Path, endpoint: str) -> None:
    env = environment(desk, endpoint)
    for name, lines in list(displays(page))[:at]:
        if name is not None and not lines[0].startswith("$ "):
            file = desk / name.removeprefix("~/")
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text("\n".join(lines) + "\n")
    name, lines = list(displays(page))[at]
    if tool := missing("\n".join(lines)):
        pytest.skip(f"{tool} is not here")
    if name == "crontab":
        lines = ["$ " + line.split(None, 5)[5] for line in lines]
    if any("git " in line for line in lines):
        first = "git init -q . && git add notes.txt && git commit -qm notes && git add report.txt"
        subprocess.run(first, shell=True, cwd=desk, env=env, check=True)
    run_session(steps(lines), desk, env)


def test_there_are_examples_of_the_main_job() -> None:
    shown = "\n".join(line for _, lines in displays("msgcli") for line in lines)
    for used in (
        "msgcli build",
        "msgcli post",
        "msgcli decode",
        "git commit",
        "1-5 msgcli",
        "$@ $<",
    ):
        assert used in shown
