"""An exchange as files that people can read: what was asked, and what came back."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping
from email.message import Message as Headers
from typing import NamedTuple

from msgcli.endpoint.strictjson import parse

USUAL = ("POST", "/v1/messages")
# The only headers of a request that are written: a key can stand in any other.
WRITTEN = ("accept", "anthropic-beta", "anthropic-version", "content-type", "user-agent")
SECRET_PARAMETERS = ("key", "api_key", "api-key", "apikey", "token", "access_token", "sig")
SUFFIXES = {
    "text/event-stream": "sse",
    "application/json": "json",
    "application/x-jsonl": "jsonl",
    "application/jsonl": "jsonl",
    "application/x-ndjson": "jsonl",
}
TYPES = {"sse": "text/event-stream", "json": "application/json", "jsonl": "application/x-jsonl"}
INCOMPLETE = "incomplete"
_STATUS_LINE = re.compile(r"HTTP/\d\.\d ([2-5]\d\d)(?: |\Z)")

Key = tuple[str, str, str]


class BadExchange(Exception):
    """A file of an exchange is not what it must be."""


class Head(NamedTuple):
    """The status line and the headers of an answer."""

    status: int
    reason: str
    headers: Mapping[str, str]

    def written(self) -> bytes:
        """The head as it stands in its file."""
        line = f"HTTP/1.1 {self.status} {self.reason}".rstrip()
        lines = [line, *(f"{name}: {value}" for name, value in self.headers.items())]
        return "".join(f"{line}\n" for line in lines).encode()

    @property
    def suffix(self) -> str:
        """What the file of the body ends with."""
        if self.headers.get("content-encoding", "identity") != "identity":
            return "body"
        media_type = self.headers.get("content-type", "").partition(";")[0].strip().lower()
        return SUFFIXES.get(media_type, "body")


def read_head(data: bytes) -> Head:
    """A head from its file."""
    first, *lines = data.decode(errors="replace").splitlines() or [""]
    status = _STATUS_LINE.match(first)
    pairs = [line.partition(":") for line in lines]
    if status is None or not all(colon for _, colon, _ in pairs):
        raise BadExchange("not a status line and headers")
    headers = {name.strip().lower(): value.strip() for name, _, value in pairs}
    return Head(int(status.group(1)), first[status.end() :], headers)


def without_secrets(target: str) -> str:
    """The target of a request without the parameters that hold a key."""
    path, mark, query = target.partition("?")
    kept = [
        parameter
        for parameter in query.split("&")
        if parameter.partition("=")[0].lower() not in SECRET_PARAMETERS
    ]
    return path + mark + "&".join(kept) if kept else path


def key(method: str, target: str, data: bytes) -> Key:
    """What two requests must have in common to be the same: JSON counts by its value."""
    try:
        body = json.dumps(parse(data), sort_keys=True)
    except (ValueError, RecursionError):
        body = data.decode("latin-1")
    return method, without_secrets(target), body


def request_files(method: str, target: str, headers: Headers, data: bytes) -> dict[str, bytes]:
    """The files of a request, by name."""
    files = {}
    place = method, without_secrets(target)
    if place != USUAL:
        files["path"] = " ".join(place).encode() + b"\n"
    written = [(name.lower(), value) for name, value in headers.items() if name.lower() in WRITTEN]
    files["request.headers"] = "".join(f"{name}: {value}\n" for name, value in written).encode()
    if data:
        try:
            parse(data)
            files["request.json"] = data
        except ValueError:
            files["request.body"] = data
    return files


def read_request(folder: str) -> Key | None:
    """What the exchange in a folder answers; None if it asks nothing."""
    place: tuple[str, ...] = USUAL
    names = os.listdir(folder)
    if "path" in names:
        place = tuple(_read(folder, "path").decode(errors="replace").split())
        if len(place) != 2:
            raise BadExchange("path: not a method and a path")
    body = next((name for name in ("request.json", "request.body") if name in names), None)
    if body is None and "path" not in names:
        return None
    return key(place[0], place[1], _read(folder, body) if body else b"")


class Stored(NamedTuple):
    """The answer of an exchange, read from its files."""

    head: Head
    body: bytes
    complete: bool


def read_answer(folder: str) -> Stored:
    """The answer in a folder; without a head it is a plain 200 of the type that its name tells."""
    names = os.listdir(folder)
    suffix = next((s for s in (*TYPES, "body") if f"response.{s}" in names), None)
    body = _read(folder, f"response.{suffix}") if suffix else b""
    if "response.head" in names:
        head = read_head(_read(folder, "response.head"))
    else:
        head = Head(200, "OK", {"content-type": TYPES.get(suffix or "body", "text/plain")})
    return Stored(head, body, INCOMPLETE not in names)


def _read(folder: str, name: str) -> bytes:
    with open(os.path.join(folder, name), "rb") as file:
        return file.read()
