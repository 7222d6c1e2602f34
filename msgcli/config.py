"""The config file: which one it is, what stands in it, and in which line."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

from msgcli import stdio, terminal
from msgcli.errors import InputFault, UsageFault

if TYPE_CHECKING:
    import configparser

_MAX_SIZE = 1 << 20
_BOM = b"\xef\xbb\xbf"
_SECTION = r"\[(?P<header>default|profile (?!default\])\S(?:[^\]]*\S)?)\]\Z"


class Setting(NamedTuple):
    """A key with its value, whose lines are joined by newlines; `place` is FILE:LINE."""

    key: str
    value: str
    place: str


def default_file() -> str | None:
    """The config file that is read when none is named, if there is a folder for it at all."""
    base, home = os.environ.get("XDG_CONFIG_HOME", ""), os.environ.get("HOME", "")
    if not os.path.isabs(base):
        if not os.path.isabs(home):
            return None
        base = f"{home}/.config"
    return os.fsencode(f"{base}/msgcli/config").decode("utf-8", "surrogateescape")


def read(name: str | None, named_by: str) -> dict[str, list[Setting]] | None:
    """The settings by section ("default", "profile NAME") of the file that is named, or of the
    default one. None if there is no default one; UsageFault for whatever is wrong."""
    if name is not None:
        try:
            return _parse(stdio.shown(name), stdio.read(name, limit=_MAX_SIZE))
        except InputFault as fault:
            raise UsageFault(f"{named_by}: {fault}") from None
    if (name := default_file()) is None:
        return None
    try:
        data = stdio.read(name, limit=_MAX_SIZE)
    except InputFault as fault:
        if os.path.exists(stdio.path(name)):
            terminal.notice(f"{fault}; it is not used")
        return None
    return _parse(name, data)


def _parse(name: str, data: bytes) -> dict[str, list[Setting]]:
    import configparser

    parser = configparser.RawConfigParser(delimiters=("=",))
    lines = _text(name, data).split("\n")
    at, numbers = 0, []

    def counted() -> Iterator[str]:
        nonlocal at
        for line in lines:
            at += 1
            yield line

    def noted(optionstr: str) -> str:
        # Called once for each key, while its line is read: configparser itself forgets the line.
        numbers.append(at)
        return optionstr

    parser.SECTCRE = re.compile(_SECTION)
    parser.optionxform = noted  # type: ignore[method-assign]
    try:
        parser.read_file(counted(), name)
    except configparser.Error as error:
        raise _fault(name, error, lines) from None
    places = iter([f"{name}:{number}" for number in numbers])
    return {
        header: [Setting(key, value, next(places)) for key, value in parser.items(header)]
        for header in parser.sections()
    }


def _text(name: str, data: bytes) -> str:
    data = data.removeprefix(_BOM)
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise UsageFault(f"{name}:{line}: invalid UTF-8") from None


def _fault(name: str, error: configparser.Error, lines: list[str]) -> UsageFault:
    """What is wrong, by file and line. A line of no known form is not shown: it may hold a key."""
    from configparser import DuplicateOptionError, DuplicateSectionError, MissingSectionHeaderError

    if isinstance(error, DuplicateSectionError):
        return UsageFault(f"{name}:{error.lineno}: [{error.section}]: it is there twice")
    if isinstance(error, DuplicateOptionError):
        return UsageFault(f"{name}:{error.lineno}: {error.option}: it is there twice")
    has_section = not isinstance(error, MissingSectionHeaderError)
    number = error.errors[0][0] if has_section else error.lineno  # type: ignore[attr-defined]
    line = lines[number - 1].strip()
    if line.startswith("["):
        hint = "the sections are [default] and [profile NAME]"
        return UsageFault(f"{name}:{number}: no such section: {line}", hint=hint)
    if "=" in line and not has_section:
        hint = "begin with [default]"
        return UsageFault(f"{name}:{number}: there is no section before it", hint=hint)
    return UsageFault(f"{name}:{number}: not of the form KEY = VALUE")
