"""A conversation in a file: JSON Lines, one turn a line, appended to by one writer at a time."""

from __future__ import annotations

import fcntl
import os
import stat
from typing import Any

from msgcli import files, stdio, terminal, text
from msgcli.errors import InputFault, OutputFault
from msgcli.wire import strict
from msgcli.wire.request import encode

Block = dict[str, Any]
Turn = dict[str, Any]


class Conversation:
    """The turns of a file, which nobody else has until the process ends.

    The lock is on the file itself, which is only ever appended to. What a kill in the middle of an
    append has left, half a line or a user's turn without its answer, is cut off by the next append.
    """

    def __init__(self, name: str) -> None:
        self._name = name
        flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOCTTY
        try:
            self._fd = os.open(stdio.path(name), flags, files.PRIVATE)
            fcntl.flock(self._fd, fcntl.LOCK_EX)
        except (OSError, ValueError) as error:
            raise self._fault(error) from None
        if not stat.S_ISREG(os.fstat(self._fd).st_mode):
            raise InputFault(f"{name}: not a regular file")
        data = stdio.read_all(self._fd, name)
        self.turns, self._size = _whole_turns(name, data)
        self._needs_newline = self._size == len(data) and data[-1:] not in (b"", b"\n")
        if self._size < len(data):
            terminal.notice(f"{name}: its end is torn; it counts up to turn {len(self.turns)}")

    def _fault(self, error: Exception) -> OutputFault:
        reason = stdio.why(error) if isinstance(error, OSError) else "not a file name"
        return OutputFault(f"{self._name}: {reason}")

    def append(self, turns: list[Turn]) -> None:
        """Write the turns behind the others, all of them or, with OutputFault, none."""
        data = b"".join(encode(turn) for turn in turns)
        try:
            os.ftruncate(self._fd, self._size)
            os.lseek(self._fd, self._size, os.SEEK_SET)
            stdio.write_all(self._fd, b"\n" + data if self._needs_newline else data)
            os.fsync(self._fd)
        except OSError as error:
            os.ftruncate(self._fd, self._size)
            raise self._fault(error) from None


def read(name: str | None) -> list[Turn]:
    """The turns of a conversation that is only read; no file and a missing one have none."""
    if name is None or not os.path.exists(stdio.path(name)):
        return []
    return _whole_turns(name, stdio.read(name))[0]


def new_turns(messages: list[Turn], between: list[Turn], content: list[Block]) -> list[Turn]:
    """What a call adds: the prompt that ends `messages`, the turns between, and the answer.

    The beginning of the answer that the user gave (a prefill) is part of the answer. A cache mark
    is of a request, not of a turn.
    """
    *_, turn = messages
    if turn["role"] == "assistant":
        *_, prompt, prefill = messages
        first, *rest = content or [{"type": "text", "text": ""}]
        if first.get("type") == "text":
            content = [{**first, "text": prefill["content"] + first["text"]}, *rest]
        else:
            content = [{"type": "text", "text": prefill["content"]}, first, *rest]
        turn = prompt
    return [_unmarked(turn), *between, {"role": "assistant", "content": content}]


def _unmarked(turn: Turn) -> Turn:
    if isinstance(turn["content"], str):
        return turn
    blocks = [{k: v for k, v in b.items() if k != "cache_control"} for b in turn["content"]]
    return {**turn, "content": blocks}


def _whole_turns(name: str, data: bytes) -> tuple[list[Turn], int]:
    """The turns up to the last answer, and how many bytes they are. InputFault for a bad line."""
    *lines, tail = data.split(b"\n")
    torn = bool(tail)
    turns = [_turn(name, number, line) for number, line in enumerate(lines, 1)]
    if tail:
        try:
            turns.append(_turn(name, len(lines) + 1, tail))
            lines.append(tail)
        except InputFault:
            pass
    while turns and not _is_end(turns[-1], torn=torn):
        turns.pop()
        torn = True
    size = sum(len(line) + 1 for line in lines[: len(turns)])
    return turns, min(size, len(data))


def _is_end(turn: Turn, *, torn: bool) -> bool:
    """Whether a turn can be the last. Behind a call there was more, if something was torn."""
    if turn["role"] != "assistant":
        return False
    content = turn["content"]
    calls = isinstance(content, list) and any(block.get("type") == "tool_use" for block in content)
    return not (torn and calls)


def _turn(name: str, number: int, line: bytes) -> Turn:
    try:
        turn: Turn = strict.parse(text.decode(name, line))
    except strict.NotJson as error:
        reason = str(error).removeprefix("line 1: ")
        raise InputFault(f"{name}: line {number}: {reason}") from None
    except InputFault as fault:
        raise InputFault(f"{fault.message} of line {number}") from None
    if not _is_turn(turn):
        raise InputFault(f"{name}: line {number}: not a turn: an object with role and content")
    return turn


def _is_turn(value: Any) -> bool:
    if not isinstance(value, dict) or not isinstance(value.get("role"), str):
        return False
    content = value.get("content")
    blocks = content if isinstance(content, list) else []
    return isinstance(content, (str, list)) and all(isinstance(block, dict) for block in blocks)
