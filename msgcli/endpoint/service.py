"""The endpoint's resources: from a request that has been read to the answer that it gets."""

from __future__ import annotations

import re
from collections.abc import Callable
from email.message import Message as Headers
from typing import Any, NamedTuple
from urllib.parse import parse_qs, unquote

from msgcli.endpoint import answer, body, faults, headers, models, reply, tokens, tools, turns
from msgcli.endpoint.answer import Answer
from msgcli.endpoint.canned import Replies
from msgcli.endpoint.problem import Problem, invalid
from msgcli.endpoint.strictjson import parse

IDENTITY = {"anthropic-organization-id": "00000000-0000-4000-8000-000000000000"}


class Request(NamedTuple):
    """One HTTP request, read to its end."""

    id: str
    method: str
    target: str
    headers: Headers
    data: bytes


class Service:
    """Answers requests; knows nothing of sockets."""

    def __init__(
        self,
        *,
        replies: Replies | None = None,
        given_faults: faults.Faults | None = None,
        delay: float = 0,
        key: str | None = None,
    ) -> None:
        self.ids = reply.Ids()
        self.request_ids = reply.Ids()
        self._replies = replies or Replies()
        self._faults = given_faults or faults.Faults()
        self._delay = delay
        self._key = key

    def answer(self, request: Request) -> Answer:
        """The answer to one request, whatever it is."""
        try:
            found = self._routed(request)
        except Problem as error:
            found = answer.problem(error, request.id)
        except RecursionError:
            found = answer.problem(invalid("", "The body is nested too deeply"), request.id)
        return found._replace(headers={"request-id": request.id, **IDENTITY, **found.headers})

    def _routed(self, request: Request) -> Answer:
        path, _, query = request.target.partition("?")
        allowed = []
        for method, pattern, resource in ROUTES:
            match = pattern.fullmatch(path)
            if match and method == request.method:
                headers.check_key(request.headers, self._key)
                return resource(self, request, [unquote(part) for part in match.groups()], query)
            if match:
                allowed.append(method)
        if allowed:
            allow = {"allow": ", ".join(allowed)}
            raise Problem(405, f"{request.method} is not allowed for {path}", headers=allow)
        raise Problem(404, f"not found: {path}")

    def messages(self, request: Request, _: list[str], __: str) -> Answer:
        """`POST /v1/messages`."""
        version = headers.check_version(request.headers)
        beta = headers.check_beta(request.headers)
        asked = _json_body(request)
        body.check_messages(asked, beta=beta)
        _check_meaning(asked, version)
        models.check_max_tokens(asked)
        return self._replied(request, asked)

    def _replied(self, request: Request, asked: dict[str, Any]) -> Answer:
        streamed = asked.get("stream", False)
        fault = self._faults.take()
        rule = self._replies.take(reply.prompt_of(asked), spoiled=fault is not None)
        if fault is None and rule.fault is not None:
            fault = faults.by_name(rule.fault)
        message = rule.message(asked, self.ids)
        made = answer.Reply(message, streamed, rule.headers, request.id)
        found = (fault or answer.usual)(made)
        wait = rule.delay if streamed else rule.delay + self._delay
        return found._replace(
            wait=wait, pace=self._delay if found.pace is None else max(found.pace, self._delay)
        )

    def count_tokens(self, request: Request, _: list[str], __: str) -> Answer:
        """`POST /v1/messages/count_tokens`."""
        version = headers.check_version(request.headers)
        beta = headers.check_beta(request.headers)
        asked = _json_body(request)
        body.check_count(asked, beta=beta)
        _check_meaning(asked, version)
        return answer.json(200, {"input_tokens": tokens.in_request(asked)})

    def list_models(self, request: Request, _: list[str], query: str) -> Answer:
        """`GET /v1/models`."""
        headers.check_version(request.headers)
        return answer.json(200, models.page(parse_qs(query, keep_blank_values=True)))

    def retrieve_model(self, request: Request, names: list[str], _: str) -> Answer:
        """`GET /v1/models/{id}`."""
        headers.check_version(request.headers)
        return answer.json(200, models.retrieve(names[0]))


def _json_body(request: Request) -> Any:
    headers.check_content(request.headers)
    try:
        return parse(request.data)
    except ValueError as error:
        raise invalid("", f"The request body is not valid JSON: {error}") from None


def _check_meaning(asked: dict[str, Any], version: str) -> None:
    turns.check_version(asked, version)
    turns.check_turns(asked)
    turns.check_cache(asked)
    tools.check_tools(asked)


Resource = Callable[[Service, Request, list[str], str], Answer]
ROUTES: tuple[tuple[str, re.Pattern[str], Resource], ...] = (
    ("POST", re.compile("/v1/messages"), Service.messages),
    ("POST", re.compile("/v1/messages/count_tokens"), Service.count_tokens),
    ("GET", re.compile("/v1/models"), Service.list_models),
    ("GET", re.compile("/v1/models/([^/]+)"), Service.retrieve_model),
)
