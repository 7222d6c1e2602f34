"""The completion scripts in their shells: a line, a tab, and what stands there then."""

from __future__ import annotations

import os
import pty
import re
import select
import shutil
import subprocess
import sys
from pathlib import Path

import click
import pytest
from support import ENV, run

from msgcli.cli import tree

LINES = {
    "msgcli cr": "create",
    "msgcli completion f": "completion fish",
    "msgcli create --mo": "create --model",
    "msgcli create -f s": "create -f sse",
    "msgcli create --auth x": "create --auth x-api-key",
    "msgcli create --auth=b": "create --auth=bearer",
    "msgcli create not": "create notes.txt",
    "msgcli create -q --body not": "create -q --body notes.txt",
    "msgcli serve --re": "serve --re",
}

# What is typed runs this; the scripts run the program, by `env msgcli`.
ECHO = """msgcli() { printf 'words:%s.\\n' "$*"; }"""
PROMPT = b"ready> "
BASH = f"""PS1='{PROMPT.decode()}'; bind 'set bell-style none'; source ./script; {ECHO}\n"""
ZSH = f"""PS1='{PROMPT.decode()}'; unsetopt beep; fpath=($PWD $fpath)
autoload -Uz compinit; compinit -D -u; {ECHO}\n"""


def script(shell: str) -> bytes:
    done = run("completion", shell)
    assert (done.returncode, done.stderr) == (0, b"")
    return done.stdout


@pytest.fixture
def desk(tmp_path: Path) -> Path:
    """A folder with one text file, and with the program as msgcli in .bin."""
    (tmp_path / "notes.txt").touch()
    program = tmp_path / ".bin" / "msgcli"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m msgcli "$@"\n')
    program.chmod(0o755)
    return tmp_path


def environment(desk: Path) -> dict[str, str]:
    return {**ENV, "PATH": f"{desk}/.bin:{ENV['PATH']}", "HOME": str(desk), "TERM": "dumb"}


class Shell:
    """An interactive shell on a terminal of its own."""

    def __init__(self, words: list[str], desk: Path) -> None:
        self._fd, terminal = pty.openpty()
        self._process = subprocess.Popen(
            words,
            cwd=desk,
            env={**environment(desk), "ZDOTDIR": str(desk)},
            stdin=terminal,
            stdout=terminal,
            stderr=terminal,
            start_new_session=True,
        )
        os.close(terminal)
        self._until(PROMPT)

    def _until(self, end: bytes) -> bytes:
        """What the terminal shows up to `end`."""
        seen = b""
        while not seen.endswith(end):
            assert select.select([self._fd], [], [], 20)[0], seen
            seen += os.read(self._fd, 1)
        return seen

    def given(self, line: str) -> str:
        """The words that msgcli is given when `line` is typed, then a tab, then return."""
        os.write(self._fd, f"{line}\t\n".encode())
        seen = self._until(b".\r\n")
        self._until(PROMPT)
        return re.findall(rb"words:(.*)\.", seen)[0].decode().strip()

    def close(self) -> None:
        self._process.kill()
        self._process.wait()
        os.close(self._fd)


def completed(words: list[str], desk: Path) -> dict[str, str]:
    shell = Shell(words, desk)
    try:
        return {line: shell.given(line) for line in LINES}
    finally:
        shell.close()


def needs(shell: str) -> None:
    if shutil.which(shell) is None:
        pytest.skip(f"{shell} is not here")


def test_bash(desk: Path) -> None:
    needs("bash")
    (desk / "script").write_bytes(script("bash"))
    (desk / "rc").write_text(BASH)
    assert completed(["bash", "--rcfile", "rc", "-i"], desk) == LINES


def test_zsh_finds_it_in_fpath(desk: Path) -> None:
    needs("zsh")
    (desk / "_msgcli").write_bytes(script("zsh"))
    (desk / ".zshrc").write_text(ZSH)
    assert completed(["zsh", "-d", "-i"], desk) == LINES


def test_fish(desk: Path) -> None:
    needs("fish")
    (desk / "script").write_bytes(script("fish"))
    for line, whole in LINES.items():
        done = subprocess.run(
            ["fish", "--no-config", "-c", "source script; complete -C $argv[1]", line],
            cwd=desk,
            env=environment(desk),
            capture_output=True,
            text=True,
            timeout=60,
        )
        offered = [word.partition("\t")[0] for word in done.stdout.splitlines()]
        several = "--record --replay --replies --require-key"
        wanted = several if line.endswith("--re") else whole.split()[-1]
        assert (offered, done.stderr) == (wanted.split(), "")


def test_zsh_can_evaluate_it(desk: Path) -> None:
    needs("zsh")
    (desk / "script").write_bytes(script("zsh"))
    source = "autoload -Uz compinit; compinit -D -u; source ./script; print $_comps[msgcli]"
    done = subprocess.run(
        ["zsh", "-f", "-c", source], cwd=desk, env=environment(desk), capture_output=True
    )
    assert (done.stdout, done.stderr) == (b"_msgcli\n", b"")


def ask(line: str, **variables: str) -> list[str]:
    words = line.split(" ")
    env = {"COMP_WORDS": "\n".join(words), "COMP_CWORD": str(len(words) - 1), **variables}
    done = run(env={**env, "_MSGCLI_COMPLETE": "bash_complete"})
    assert (done.returncode, done.stderr) == (0, b"")
    return [line.removeprefix("plain,") for line in done.stdout.decode().splitlines()]


def test_every_command_is_offered() -> None:
    assert ask("msgcli ") == tree.list_commands(click.Context(tree))


def test_a_broken_environment_is_no_hindrance() -> None:
    assert ask("msgcli create --mo", MSGCLI_MAX_TOKENS="many", MSGCLI_AUTH="no") == ["--model"]


def test_nothing_is_read_or_written_while_a_line_is_completed(tmp_path: Path) -> None:
    file = tmp_path / "out"
    assert ask(f"msgcli create -q -h --version -o {file} --meta {file} --trace {file} --hol") == [
        "--hold"
    ]
    assert not file.exists()


def test_completion_loads_no_http_client() -> None:
    code = (
        "import sys\nfrom msgcli.__main__ import main\n"
        "try: main()\nexcept SystemExit: print({'requests', 'http.client'} & set(sys.modules))"
    )
    variables = {"COMP_WORDS": "msgcli create --mo", "COMP_CWORD": "2"}
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**ENV, **variables, "_MSGCLI_COMPLETE": "bash_complete"},
        capture_output=True,
        text=True,
    )
    assert done.stdout == "plain,--model\nset()\n"


def test_an_unknown_shell_is_a_usage_error() -> None:
    done = run("completion", "ksh")
    assert (done.returncode, done.stdout) == (2, b"")
    assert b"'ksh' is not one of 'bash', 'zsh', 'fish'" in done.stderr
    assert run("completion").returncode == 2


def test_a_full_disk_is_an_output_error() -> None:
    with open("/dev/full", "wb") as full:
        assert run("completion", "bash", stdout=full).returncode == 14
