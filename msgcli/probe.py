"""Finds out by small requests which parts of the format an endpoint answers."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from msgcli import output, retry
from msgcli.client import Client
from msgcli.errors import (
    CredentialFault,
    MsgcliError,
    TimeFault,
    TransportFault,
    UnavailableFault,
)
from msgcli.wire import resource
from msgcli.wire.message import Fold
from msgcli.wire.request import Body

# A probe that is not answered in this time, in seconds, says nothing.
_PATIENCE = 60.0

# Local servers say so with HTTP status 500 or 501, which by itself could mean anything.
_NOT_SUPPORTED = re.compile(r"not (?:supported|implemented)|unsupported", re.IGNORECASE)

_SCHEMA = {
    "type": "object",
    "properties": {"ok": {"type": "boolean"}},
    "required": ["ok"],
    "additionalProperties": False,
}
_TOOL = {
    "name": "probe",
    "description": "Has no arguments, and does nothing.",
    "input_schema": {"type": "object", "properties": {}},
}
# One white pixel.
_IMAGE = (
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR42mP4DwABAQEAHLCMmQAAAABJRU5ErkJggg=="
)

Message = dict[str, Any]


class Finding(NamedTuple):
    """Whether a feature works; None is not known. `note` says what was wrong, or seen."""

    feature: str
    works: bool | None
    note: str = ""
    fault: MsgcliError | None = None


class _NotSo(Exception):
    """The request was taken, and the answer is not what the feature is."""


class Probe(NamedTuple):
    """A request that asks for a feature. Of `tokens` at most the endpoint generates."""

    feature: str
    tokens: int
    ask: Callable[[Client, str], str]


def _reply(client: Client, body: dict[str, Any]) -> tuple[Message, bool]:
    """The Message, and whether it came as a stream."""
    fold = Fold()
    try:
        pieces = list(client.send(Body(body)))
        output.drain(pieces, fold, [], accepted=None, report=client.report, final=False)
    finally:
        client.report.end_request()
    return fold.message(), not pieces[-1].is_json


def _request(model: str, tokens: int, content: Any = "Hi", **fields: Any) -> dict[str, Any]:
    messages = [{"role": "user", "content": content}]
    return {"model": model, "max_tokens": tokens, **fields, "messages": messages}


def _messages(client: Client, model: str) -> str:
    _, streamed = _reply(client, _request(model, 1))
    return "came as a stream" if streamed else ""


def _stream(client: Client, model: str) -> str:
    _, streamed = _reply(client, _request(model, 1, stream=True))
    if not streamed:
        raise _NotSo("the reply came in one piece")
    return ""


def _system(client: Client, model: str) -> str:
    _reply(client, _request(model, 1, system="Be brief."))
    return ""


def _tools(client: Client, model: str) -> str:
    message, _ = _reply(client, _request(model, 64, "Call the tool probe.", tools=[_TOOL]))
    called = any(block.get("type") == "tool_use" for block in message["content"])
    return "" if called else "accepted, but not called"


def _schema(client: Client, model: str) -> str:
    form = {"format": {"type": "json_schema", "schema": _SCHEMA}}
    message, _ = _reply(client, _request(model, 32, "Is 1 odd?", output_config=form))
    if message["stop_reason"] == "max_tokens":
        return "accepted, but not finished"
    text = "".join(b["text"] for b in message["content"] if isinstance(b.get("text"), str))
    try:
        json.loads(text)
    except ValueError:
        raise _NotSo("accepted, but the reply is not JSON") from None
    return ""


def _images(client: Client, model: str) -> str:
    source = {"type": "base64", "media_type": "image/png", "data": _IMAGE}
    content = [{"type": "image", "source": source}, {"type": "text", "text": "Hi"}]
    _reply(client, _request(model, 1, content))
    return ""


def _count_tokens(client: Client, model: str) -> str:
    body = resource.countable(_request(model, 1))
    answer = client.fetch("POST", "messages/count_tokens", Body(body))
    resource.input_tokens(resource.read(answer))
    return ""


def _models(client: Client, model: str) -> str:
    resource.ids(resource.read(client.fetch("GET", resource.page_path("models", limit=1))))
    return ""


def _batches(client: Client, model: str) -> str:
    path = resource.page_path("messages/batches", limit=1)
    resource.ids(resource.read(client.fetch("GET", path)))
    return ""


MESSAGES, STREAM = "messages", "stream"
PROBES = (
    Probe(MESSAGES, 1, _messages),
    Probe(STREAM, 1, _stream),
    Probe("system", 1, _system),
    Probe("tools", 64, _tools),
    Probe("schema", 32, _schema),
    Probe("images", 1, _images),
    Probe("count_tokens", 0, _count_tokens),
    Probe("models", 0, _models),
    Probe("batches", 0, _batches),
)


def cost(client: Client) -> str:
    """What `examine` asks of the endpoint, at most."""
    tokens = [probe.tokens for probe in PROBES] + [1] * (_other_scheme(client) is not None)
    paid = sum(map(bool, tokens))
    return (
        f"{len(tokens)} requests to {client.endpoint.host}; {paid} of them cost a few tokens, "
        f"and together they generate {sum(tokens)} at most"
    )


def examine(client: Client, model: str) -> Iterator[Finding]:
    """What each probe finds, none of them asked twice. Where the first one cannot get through, the
    others are left out."""
    endpoint = client.endpoint._replace(idle_timeout=min(client.endpoint.idle_timeout, _PATIENCE))
    client = client._replace(policy=retry.Policy(retries=0), endpoint=endpoint)
    first = _try(client, model, PROBES[0])
    yield first
    is_closed = isinstance(first.fault, (CredentialFault, TransportFault, TimeFault))
    for probe in PROBES[1:]:
        yield _left_out(probe.feature) if is_closed else _try(client, model, probe)
    yield from _schemes(client, model, first)


def verdict(findings: list[Finding]) -> MsgcliError | None:
    """What `create`, which asks for a stream, would end with."""
    found = {finding.feature: finding for finding in findings}
    return found[MESSAGES].fault if _is_left_out(found[STREAM]) else found[STREAM].fault


def _try(client: Client, model: str, probe: Probe) -> Finding:
    try:
        return Finding(probe.feature, True, probe.ask(client, model))
    except _NotSo as reason:
        return Finding(probe.feature, False, str(reason))
    except MsgcliError as fault:
        says_nothing = isinstance(fault, (TransportFault, TimeFault, UnavailableFault))
        if says_nothing and not _NOT_SUPPORTED.search(fault.message):
            return Finding(probe.feature, None, fault.message, fault)
        return Finding(probe.feature, False, fault.message, fault)


def _left_out(feature: str, why: str = "not tried") -> Finding:
    return Finding(feature, None, why)


def _is_left_out(finding: Finding) -> bool:
    return finding.works is None and finding.fault is None


def _schemes(client: Client, model: str, first: Finding) -> Iterator[Finding]:
    """The authentication schemes, of which the first probe has tried one."""
    other = _other_scheme(client)
    is_closed = isinstance(first.fault, (TransportFault, TimeFault))
    refused = isinstance(first.fault, CredentialFault)
    for scheme, header in (("x-api-key", "x-api-key"), ("bearer", "authorization")):
        if header in client.endpoint.headers:
            yield Finding(scheme, False if refused else first.works or None, "in use")
        elif other is None or is_closed:
            yield _left_out(scheme, "not tried" if is_closed else "no key to try it with")
        else:
            swapped = client._replace(endpoint=client.endpoint._replace(headers=other))
            found = _try(swapped, model, Probe(scheme, 1, _messages))
            says_no = isinstance(found.fault, CredentialFault)
            yield found if found.works or says_no else found._replace(works=None)


def _other_scheme(client: Client) -> dict[str, str] | None:
    """The headers with the same key sent in the other way; None without a key."""
    headers = dict(client.endpoint.headers)
    if (key := headers.pop("x-api-key", None)) is not None:
        return {**headers, "authorization": f"Bearer {key}"}
    scheme, _, token = headers.pop("authorization", "").partition(" ")
    return {**headers, "x-api-key": token} if scheme.lower() == "bearer" and token else None
