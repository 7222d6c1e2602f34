"""The transcripts: shell sessions in transcripts/*.t, typed into a real shell and compared.

A line that begins with two spaces and `$ ` is a command (`> ` continues it), the indented lines
below are what it must write, on stdout and stderr together, and `[N]` is its exit status if that
is not 0. A line that ends with ` (re)` is a regular expression. The rest is prose.
"""

from __future__ import annotations

import difflib
import re
import subprocess
from pathlib import Path

import pytest
from support import ENV
from test_pages import CONTEXTS, options_of

ROOT = Path(__file__).parent / "transcripts"
MARK = "--- status of the transcript ---"


def commands(text: str) -> list[tuple[str, list[str]]]:
    """Each command of a transcript with the lines that it must write."""
    found: list[tuple[str, list[str]]] = []
    for line in text.splitlines():
        if line.startswith("  $ "):
            found.append((line[4:], []))
        elif line.startswith("  > ") and found and not found[-1][1]:
            found[-1] = (found[-1][0] + "\n" + line[4:], [])
        elif line.startswith("  ") and found:
            found[-1][1].append(line[2:])
    return found


def play(text: str, folder: Path, env: dict[str, str]) -> list[tuple[str, list[str], list[str]]]:
    """Each command with the lines that it must write and those that it wrote."""
    session = commands(text)
    script = "".join(f"{command}\nprintf '\\n%s %s\\n' '{MARK}' $?\n" for command, _ in session)
    done = subprocess.run(
        ["bash", "-c", script],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        cwd=folder,
        env={**ENV, **env},
        timeout=120,
        check=False,
    )
    parts = re.split(rf"\n{MARK} (\d+)\n", done.stdout.decode("utf-8", "replace"))
    played = []
    for (command, wanted), output, status in zip(session, parts[::2], parts[1::2], strict=False):
        lines = output.removesuffix("\n").split("\n") if output else []
        played.append((command, wanted, [*lines, *([] if status == "0" else [f"[{status}]"])]))
    assert len(played) == len(session), f"the session ended early: {parts[-1]}"
    return played


def matches(wanted: list[str], got: list[str]) -> bool:
    if len(wanted) != len(got):
        return False
    return all(
        re.fullmatch(line[:-5], real) if line.endswith(" (re)") else line == real
        for line, real in zip(wanted, got, strict=True)
    )


@pytest.mark.parametrize("name", sorted(path.stem for path in ROOT.glob("*.t")))
def test_transcript(name: str, endpoint: str, tmp_path: Path) -> None:
    text = (ROOT / f"{name}.t").read_text()
    env = {"ANTHROPIC_BASE_URL": endpoint}
    for command, wanted, got in play(text, tmp_path, env):
        difference = "\n".join(difflib.unified_diff(wanted, got, "wanted", "got", lineterm=""))
        assert matches(wanted, got), f"$ {command}\n{difference}"


def test_every_option_is_shown_at_work() -> None:
    """Each in some session, of whatever command has it; a long name stands for its short one."""
    texts = (path.read_text() for path in ROOT.glob("*.t"))
    typed = {
        word.partition("=")[0]
        for text in texts
        for command, _ in commands(text)
        for word in re.findall(r"(?<![\w-])--?\w[\w=-]*", command)
    }
    options = [option for context in CONTEXTS.values() for option in options_of(context)]
    names = {(*option.opts, *option.secondary_opts) for option in options}
    assert not [found for found in names if typed.isdisjoint(found)]


def test_a_difference_is_seen(tmp_path: Path) -> None:
    text = "Prose.\n\n  $ echo a; (exit 3)\n  a\n  [3]\n\n  $ printf b\n  c\n"
    played = play(text, tmp_path, {})
    assert [matches(wanted, got) for _, wanted, got in played] == [True, False]
