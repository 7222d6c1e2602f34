"""Canned replies: a JSON file of rules, of which the first that matches the prompt answers."""

from __future__ import annotations

import re
import threading
from collections.abc import Mapping
from typing import Any

from msgcli.endpoint import faults, reply
from msgcli.endpoint.problem import Problem
from msgcli.endpoint.shapes import (
    Check,
    anything,
    array,
    fields,
    integer,
    mapping,
    nonempty,
    nullable,
    number,
    text,
)
from msgcli.endpoint.strictjson import parse

DAY = 86400


class BadReplies(Exception):
    """The file of replies cannot be used."""


def _headers(path: str, value: Any) -> None:
    mapping(path, value)
    for name, header in value.items():
        text(f"{path}.{name}", header)
        if not re.fullmatch(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+", name) or not header.isprintable():
            raise Problem(400, f"{path}.{name}: not a header")


def _block(path: str, value: Any) -> None:
    mapping(path, value)
    nonempty(f"{path}.type", value.get("type"))
    for name, check in REQUIRED.get(value["type"], {}).items():
        check(f"{path}.{name}", value.get(name))
    for name, check in OPTIONAL.get(value["type"], {}).items():
        if name in value:
            check(f"{path}.{name}", value[name])


def _status(path: str, value: Any) -> None:
    integer(400)(path, value)
    if value > 599:
        raise Problem(400, f"{path}: Input should be less than or equal to 599")


def _pattern(path: str, value: Any) -> None:
    text(path, value)
    try:
        re.compile(value)
    except re.error as error:
        raise Problem(400, f"{path}: {error}") from None


def _fault(path: str, value: Any) -> None:
    text(path, value)
    try:
        faults.by_name(value)
    except faults.UnknownFault as error:
        raise Problem(400, f"{path}: {error}") from None


# Only what the stream takes apart needs a shape; every other field and block goes as it is.
REQUIRED: Mapping[str, Mapping[str, Check]] = {
    "text": {"text": text},
    "thinking": {"thinking": text},
    "tool_use": {"name": nonempty},
    "server_tool_use": {"name": nonempty},
    "mcp_tool_use": {"input": mapping},
}
OPTIONAL: Mapping[str, Mapping[str, Check]] = {
    "text": {"citations": nullable(array(anything))},
    "thinking": {"signature": text},
    "tool_use": {"input": mapping},
    "server_tool_use": {"input": mapping},
}
ERROR = fields({"status": _status}, {"type": text, "message": text, "details": mapping})
RULE = fields(
    {},
    {
        "match": _pattern,
        "text": text,
        "content": array(_block),
        "error": ERROR,
        "fault": _fault,
        "model": text,
        "stop_reason": nonempty,
        "stop_sequence": nullable(text),
        "stop_details": nullable(mapping),
        "usage": mapping,
        "headers": _headers,
        "delay": number(0, DAY),
        "times": integer(1),
    },
)


class Rule:
    """One canned reply, and how often it may still be given."""

    def __init__(self, given: Mapping[str, Any]) -> None:
        self.given = given
        self.headers: Mapping[str, str] = given.get("headers", {})
        self.delay: float = given.get("delay", 0)
        self.fault: str | None = given.get("fault")
        self.left: float = given.get("times", float("inf"))

    def answers(self, prompt: str) -> bool:
        """Whether this rule is for the prompt and has not been used up."""
        return self.left >= 1 and bool(re.search(self.given.get("match", ""), prompt))

    def message(self, body: Mapping[str, Any], ids: reply.Ids) -> reply.Message:
        """The Message that the rule gives. Raises Problem for an error answer."""
        given = self.given
        if "error" in given:
            error = given["error"]
            raise Problem(
                error["status"],
                error.get("message", "canned error"),
                kind=error.get("type"),
                details=error.get("details"),
                headers=self.headers,
            )
        content = self._content(body, ids)
        changed = {name: given[name] for name in content._fields if name in given}
        built = reply.message(
            body,
            content._replace(**changed),
            ids,
            stop_details=given.get("stop_details"),
            usage=given.get("usage"),
        )
        return {**built, "model": given.get("model", built["model"])}

    def _content(self, body: Mapping[str, Any], ids: reply.Ids) -> reply.Content:
        if "content" in self.given:
            blocks = [_filled(block, ids) for block in self.given["content"]]
            called = any(block["type"] == "tool_use" for block in blocks)
            return reply.Content(blocks, "tool_use" if called else "end_turn")
        if "text" in self.given:
            text = self.given["text"].replace("$prompt", reply.prompt_of(body))
            return reply.answer_text(body, text)
        return reply.default_content(body, ids)


def _filled(block: Mapping[str, Any], ids: reply.Ids) -> reply.Block:
    if block["type"] == "tool_use":
        return {"type": "tool_use", "id": ids.new("toolu"), "input": {}, **block}
    if block["type"] == "server_tool_use":
        return {"type": "server_tool_use", "id": ids.new("srvtoolu"), "input": {}, **block}
    if block["type"] == "thinking":
        return {**block, "signature": block.get("signature", reply.SIGNATURE)}
    return dict(block)


class Replies:
    """The rules of one file, in order."""

    def __init__(self, data: bytes = b"[]") -> None:
        try:
            rules = parse(data)
            array(RULE)("", rules)
        except ValueError as error:
            raise BadReplies(f"invalid JSON: {error}") from None
        except Problem as error:
            raise BadReplies(error.message) from None
        self._rules = [Rule(rule) for rule in rules]
        self._lock = threading.Lock()

    def take(self, prompt: str, *, spoiled: bool) -> Rule:
        """The first rule for this prompt, or one that says nothing.

        A reply that is spoiled does not count as one of the rule's times: it is asked for again.
        """
        with self._lock:
            for rule in self._rules:
                if rule.answers(prompt):
                    rule.left -= 0 if spoiled else 1
                    return rule
        return Rule({})
