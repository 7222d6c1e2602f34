"""How the tests read the pages: mdoc, as far as the pages use it."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from support import ROOT

MAN = Path(ROOT) / "man"
PAGES = sorted(path.stem for path in MAN.glob("*.1"))
FORMATS = sorted(path.stem for path in MAN.glob("*.5"))

_MACROS = re.compile(r"^\.[A-Z][a-z]+ ", re.MULTILINE)
_ESCAPES = {"\\e": "\\", "\\&": ""}


class Option(NamedTuple):
    """An `.It Fl` entry of a page."""

    names: frozenset[str]
    argument: str | None
    text: str


def path(page: str) -> Path:
    (found,) = MAN.glob(f"{page}.[15]")
    return found


def source(page: str) -> str:
    return path(page).read_text()


def section(page: str, name: str) -> list[str]:
    _, found, rest = source(page).partition(f"\n.Sh {name}\n")
    assert found, f"{page} has no section {name}"
    return rest.partition("\n.Sh ")[0].splitlines()


def items(lines: list[str], macro: str) -> Iterator[tuple[str, str]]:
    """The head and the text of each `.It MACRO` entry."""
    for at, line in enumerate(lines):
        if not line.startswith(f".It {macro}"):
            continue
        text: list[str] = []
        depth = 0
        for inner in lines[at + 1 :]:
            depth += inner.startswith(".Bl") - inner.startswith(".El")
            if depth < 0 or (depth == 0 and inner.startswith(".It ")):
                break
            text.append(inner)
        yield line.removeprefix(".It "), "\n".join(text)


def page_options(page: str) -> list[Option]:
    found = []
    for head, text in items(source(page).splitlines(), "Fl"):
        words = shlex.split(head)
        names, argument = [], None
        while words:
            macro = words.pop(0)
            if macro == "Fl":
                names.append("-" + words.pop(0))
            elif macro == "Ar":
                argument = words.pop(0)
            else:
                assert macro == ",", f"{page}: {head}"
        found.append(Option(frozenset(names), argument, text))
    return found


def prose(text: str) -> str:
    return _MACROS.sub("", text).replace("\n", " ")


def displays(page: str) -> Iterator[tuple[str | None, list[str]]]:
    """Each display of EXAMPLES, and the file that was named last before it."""
    name, display = None, None
    for line in section(page, "EXAMPLES") if "\n.Sh EXAMPLES\n" in source(page) else ():
        if line.startswith(".Bd -literal"):
            display = []
        elif line == ".Ed":
            assert display is not None
            yield name, display
            name, display = None, None
        elif display is not None:
            display.append(re.sub(r"\\[e&]", lambda match: _ESCAPES[match.group()], line))
        elif line.startswith(".Pa "):
            name = line.split()[1]
