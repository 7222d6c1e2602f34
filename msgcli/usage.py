"""Usage logs: one line a call, by any number of writers at once."""

from __future__ import annotations

import fcntl
import json
import os
import re
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime, timezone
from typing import Any, NamedTuple

from msgcli import files, stdio, terminal
from msgcli.errors import InputFault, OutputFault, ProtocolFault
from msgcli.redaction import redact
from msgcli.wire import strict
from msgcli.wire.usage import Tokens, tokens

# Far more than a call has to say.
_LONGEST = 1 << 24

_STRING = re.compile(r'"(?:[^"\\]|\\.)*(?:"|\Z)', re.DOTALL)


class UsageLog:
    """A file that lines are appended to, made readable for its owner alone."""

    def __init__(self, name: str, label: str | None = None) -> None:
        self._name = name
        self._label = label
        flags = os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC | os.O_NOCTTY
        try:
            self._fd = os.open(stdio.path(name), flags, files.PRIVATE)
        except (OSError, ValueError) as error:
            raise self._fault(error) from None

    def _fault(self, error: Exception) -> OutputFault:
        reason = stdio.why(error) if isinstance(error, OSError) else "not a file name"
        return OutputFault(f"{self._name}: {reason}")

    def append(self, call: dict[str, Any]) -> None:
        """Write a call, with the time and the label if there is one, as one line."""
        now = datetime.now(timezone.utc).isoformat(timespec="milliseconds")
        label = {"label": redact(self._label)} if self._label else {}
        entry = {"time": now.replace("+00:00", "Z"), **label, **call}
        line = json.dumps(entry, separators=(",", ":")).encode() + b"\n"
        try:
            with self._lock():
                stdio.write_all(self._fd, b"\n" + line if self._is_torn() else line)
        except OSError as error:
            raise self._fault(error) from None

    @contextmanager
    def _lock(self) -> Iterator[None]:
        """Keep others off until the line is whole; a file system without locks has to do too."""
        with suppress(OSError):
            fcntl.flock(self._fd, fcntl.LOCK_EX)
        try:
            yield
        finally:
            with suppress(OSError):
                fcntl.flock(self._fd, fcntl.LOCK_UN)

    def _is_torn(self) -> bool:
        """Whether the last writer was killed within its line, or had no room for the whole."""
        found = os.fstat(self._fd)
        size = found.st_size if stat.S_ISREG(found.st_mode) else 0
        return size > 0 and os.pread(self._fd, 1, size - 1) != b"\n"


class Call(NamedTuple):
    """A line of a log. `tokens` is None where the endpoint said nothing of them."""

    day: str
    model: str | None
    label: str | None
    tokens: Tokens | None


def read(name: str) -> Iterator[Call]:
    """The calls of a log. InputFault for a line that is none; half a line is passed over."""
    shown = stdio.shown(name)
    for number, line in enumerate(_lines(name), 1):
        text = line.decode("utf-8", "replace")
        if not text.strip():
            continue
        try:
            yield _call(strict.parse(text))
        except strict.NotJson as error:
            if not _is_torn(text):
                reason = str(error).removeprefix("line 1: ")
                raise InputFault(f"{shown}: line {number}: {reason}") from None
            terminal.notice(f"{shown}: line {number} is torn; it does not count")
        except (ProtocolFault, ValueError) as error:
            raise InputFault(f"{shown}: line {number}: {error}") from None


def _lines(name: str) -> Iterator[bytes]:
    rest = b""
    for chunk in stdio.chunks(name):
        *lines, rest = (rest + chunk).split(b"\n")
        if len(rest) > _LONGEST:
            raise InputFault(f"{stdio.shown(name)}: a line of more than {_LONGEST >> 20} MiB")
        yield from lines
    yield rest


def _is_torn(text: str) -> bool:
    """Whether a line was going to be an object, and ends before it is one."""
    bare = _STRING.sub("", text)
    return bare.startswith("{") and bare.count("{") > bare.count("}")


def _call(line: Any) -> Call:
    """ValueError or ProtocolFault for what no usage log has in it."""
    if not isinstance(line, dict) or "usage" not in line:
        raise ValueError("not a line of a usage log")
    usage, model, label = line["usage"], line.get("model"), line.get("label")
    names = (model, label)
    if not isinstance(usage, dict | None) or not all(isinstance(n, str | None) for n in names):
        raise ValueError("not a line of a usage log")
    return Call(_day(line.get("time")), model, label, None if usage is None else tokens(usage))


def _day(time: Any) -> str:
    """The day in UTC of a time as RFC 3339 has it."""
    try:
        moment = datetime.fromisoformat(re.sub(r"[Zz]\Z", "+00:00", time))
    except (TypeError, ValueError):
        raise ValueError("its time is none") from None
    if moment.tzinfo is None:
        raise ValueError("its time has no zone")
    return moment.astimezone(timezone.utc).date().isoformat()
