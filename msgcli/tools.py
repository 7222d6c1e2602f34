"""Tool calls, run as shell commands: the input on stdin, the result on stdout."""

from __future__ import annotations

import os
import signal
from typing import Any, NamedTuple

from msgcli import ending, stdio
from msgcli.durations import duration
from msgcli.errors import MsgcliError, UsageFault
from msgcli.redaction import redact_bytes
from msgcli.wire.request import encode

_MAX_RESULT = 16 * 1024 * 1024
_KEYS = frozenset((b"ANTHROPIC_API_KEY", b"ANTHROPIC_AUTH_TOKEN", b"ANTHROPIC_CUSTOM_HEADERS"))
_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

Block = dict[str, Any]


class ToolCommands(NamedTuple):
    """A shell command for each tool, and the seconds that one may take."""

    commands: dict[str, str]
    timeout: float

    def check(self, tools: object) -> None:
        """UsageFault for a command whose tool is not among those of the request."""
        tools = tools if isinstance(tools, list) else []
        names = {tool.get("name") for tool in tools if isinstance(tool, dict)}
        for name in self.commands.keys() - names:
            raise UsageFault(f"--tool-command: {name}: the request has no such tool")

    def can_run(self, content: list[Block]) -> bool:
        """Whether there are calls in the content of a reply, and a command for each of them."""
        return bool(_calls(content)) and all(
            call.get("name") in self.commands for call in _calls(content)
        )

    def results(self, content: list[Block]) -> list[Block]:
        """The result of every call in the content of a reply, in order."""
        return [self._result(call) for call in _calls(content)]

    def _result(self, call: Block) -> Block:
        text, failed = run(self.commands[call["name"]], encode(call.get("input")), self.timeout)
        result: Block = {"type": "tool_result", "tool_use_id": call.get("id"), "content": text}
        if failed:
            result["is_error"] = True
        if "toolset_name" in call:
            result["toolset_name"] = call["toolset_name"]
        return result


def _calls(content: list[Block]) -> list[Block]:
    return [block for block in content if block.get("type") == "tool_use"]


def run(command: str, data: bytes, timeout: float) -> tuple[str, bool]:
    """What `sh -c command` writes when it is given `data`, and whether it failed.

    Its environment holds no key. It is a process group of its own, so that nothing that it starts
    outlives its time or this process.
    """
    import subprocess

    child = subprocess.Popen(
        ["sh", "-c", stdio.path(command)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=_environment(),
        start_new_session=True,
        preexec_fn=ending.restore_signals,
    )
    with _Group(child.pid) as group:
        try:
            output, _ = child.communicate(data, timeout)
        except subprocess.TimeoutExpired:
            group.kill(signal.SIGKILL)
            child.wait()
            return f"the command did not end within {duration(timeout)}", True
    if len(output) > _MAX_RESULT:
        return f"the command wrote more than {_MAX_RESULT >> 20} MiB", True
    text = output.decode("utf-8", "replace")
    if child.returncode and not text.strip():
        text = f"the command ended with status {child.returncode}"
    return text, child.returncode != 0


class _Group:
    """The process group of a command, killed with this process, whatever ends it."""

    def __init__(self, group: int) -> None:
        self._group = group
        self._running = True
        self._old: dict[int, Any] = {}

    def __enter__(self) -> _Group:
        ending.at_end(self._at_end)
        for signum in _SIGNALS:
            if signal.getsignal(signum) is signal.SIG_DFL:
                self._old[signum] = signal.signal(signum, self._on_signal)
        return self

    def __exit__(self, *exception: object) -> None:
        self._running = False
        for signum, old in self._old.items():
            signal.signal(signum, old)

    def _on_signal(self, signum: int, frame: object) -> None:
        self.kill(signum)
        ending.end_by_signal(signum)

    def _at_end(self, status: int, error: MsgcliError | None) -> None:
        if self._running:
            self.kill(signal.SIGTERM)

    def kill(self, signum: int) -> None:
        try:
            os.killpg(self._group, signum)
        except ProcessLookupError:
            pass


def _environment() -> dict[bytes, bytes]:
    return {
        name: value
        for name, value in os.environb.items()
        if name not in _KEYS and redact_bytes(value) == value
    }
