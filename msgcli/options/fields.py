"""From what an option says to what a field of the request holds."""

from __future__ import annotations

from typing import Any

from msgcli import stdio
from msgcli.errors import InputFault, UsageFault
from msgcli.schema import Schema, load
from msgcli.text import read_text
from msgcli.wire import strict


def _json(option: str, name: str) -> Any:
    """The JSON value in a file that an option names."""
    try:
        return strict.parse(read_text(option, name))
    except strict.NotJson as error:
        raise InputFault(f"{option}: {stdio.shown(name)}: {error}") from None


def thinking(value: str) -> dict[str, Any]:
    if value in ("adaptive", "disabled"):
        return {"type": value}
    if value.isdecimal() and value.isascii() and 0 < len(value) < 10 and int(value):
        return {"type": "enabled", "budget_tokens": int(value)}
    raise UsageFault(f"--thinking: {value!r} is not adaptive, disabled or a number of tokens")


def system(parts: list[tuple[str, str]]) -> str | list[dict[str, str]] | None:
    texts = [
        value if kind == "system" else read_text("--system-file", value) for kind, value in parts
    ]
    if len(texts) > 1:
        return [{"type": "text", "text": text} for text in texts]
    return texts[0] if texts else None


def base(name: str) -> dict[str, Any]:
    body = _json("--body", name)
    if not isinstance(body, dict):
        raise InputFault(f"--body: {stdio.shown(name)}: not a JSON object")
    if not isinstance(body.get("messages", []), list):
        raise InputFault(f"--body: {stdio.shown(name)}: its messages are not an array")
    return body


def assignment(text: str) -> tuple[str, Any]:
    path, equals, value = text.partition("=")
    if not equals or not path or "" in path.split("."):
        raise UsageFault(f"--set: {text!r} is not of the form PATH=JSON")
    try:
        return path, strict.parse(value)
    except strict.NotJson as error:
        reason = str(error).removeprefix("line 1: ")
        raise UsageFault(
            f"--set: {path}: {reason}", hint=f"""a text needs its quotes: --set {path}='"..."'"""
        ) from None


def tools(names: tuple[str, ...]) -> list[dict[str, Any]] | None:
    """The tools of all files, each an object or an array of objects."""
    found: list[dict[str, Any]] = []
    for name in names:
        value = _json("--tool", name)
        several = value if isinstance(value, list) else [value]
        if not several or not all(isinstance(tool, dict) for tool in several):
            raise InputFault(f"--tool: {stdio.shown(name)}: not a tool, or an array of tools")
        found += several
    return found or None


def tool_choice(value: str | None) -> dict[str, Any] | None:
    if value is None:
        return None
    return {"type": value} if value in ("auto", "any", "none") else {"type": "tool", "name": value}


def schema(name: str | None, mode: str | None, *, has_tools: bool) -> Schema | None:
    if name is None:
        if mode is not None:
            raise UsageFault("--schema-mode: there is no --schema that it is for")
        return None
    if mode == "tool" and has_tools:
        raise UsageFault(
            "--schema-mode tool: it is a tool's call already, so no --tool goes with it"
        )
    return Schema(load(name), mode or "native")
