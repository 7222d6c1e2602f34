"""The endpoint's resources: from a request that has been read to the answer that it gets."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial
from typing import Any
from urllib.parse import parse_qs, unquote

from msgcli.endpoint import answer, batches, body, faults, headers, incoming, models, tokens
from msgcli.endpoint.answer import Answer, Framing
from msgcli.endpoint.canned import Replies
from msgcli.endpoint.incoming import Request
from msgcli.endpoint.messages import Messages, Terms, check_meaning
from msgcli.endpoint.problem import Problem, invalid
from msgcli.endpoint.reply import Ids
from msgcli.endpoint.strictjson import parse

BATCHES = "/v1/messages/batches"
IDENTITY = {"anthropic-organization-id": "00000000-0000-4000-8000-000000000000"}


class Service:
    """Answers requests; knows nothing of sockets."""

    def __init__(
        self,
        *,
        replies: Replies | None = None,
        given_faults: faults.Faults | None = None,
        delay: float = 0,
        batch_delay: float = 0,
        key: str | None = None,
    ) -> None:
        self.request_ids = Ids()
        self._messages = Messages(replies, given_faults, delay)
        self._batches = batches.Batches(batch_delay)
        self._key = key

    def body_limit(self, target: str) -> int:
        """How long a body may be that is sent there."""
        return batches.BODY_LIMIT if target.partition("?")[0] == BATCHES else incoming.BODY_LIMIT

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
        terms = _terms(request)
        return self._messages.answer(_json_body(request), terms, request.id)

    def count_tokens(self, request: Request, _: list[str], __: str) -> Answer:
        """`POST /v1/messages/count_tokens`."""
        terms = _terms(request)
        asked = _json_body(request)
        body.check_count(asked, beta=terms.beta)
        check_meaning(asked, terms.version)
        return answer.json(200, {"input_tokens": tokens.in_request(asked)})

    def create_batch(self, request: Request, _: list[str], __: str) -> Answer:
        """`POST /v1/messages/batches`."""
        process = partial(self._messages.result, terms=_terms(request))
        return answer.json(200, self._batches.create(_json_body(request), process, _host(request)))

    def list_batches(self, request: Request, _: list[str], query: str) -> Answer:
        """`GET /v1/messages/batches`."""
        headers.check_version(request.headers)
        asked = parse_qs(query, keep_blank_values=True)
        return answer.json(200, self._batches.page(asked, _host(request)))

    def retrieve_batch(self, request: Request, names: list[str], _: str) -> Answer:
        """`GET /v1/messages/batches/{id}`."""
        headers.check_version(request.headers)
        return answer.json(200, self._batches.retrieve(names[0], _host(request)))

    def cancel_batch(self, request: Request, names: list[str], _: str) -> Answer:
        """`POST /v1/messages/batches/{id}/cancel`."""
        headers.check_version(request.headers)
        return answer.json(200, self._batches.cancel(names[0], _host(request)))

    def delete_batch(self, request: Request, names: list[str], _: str) -> Answer:
        """`DELETE /v1/messages/batches/{id}`."""
        headers.check_version(request.headers)
        return answer.json(200, self._batches.delete(names[0]))

    def batch_results(self, request: Request, names: list[str], _: str) -> Answer:
        """`GET /v1/messages/batches/{id}/results`."""
        headers.check_version(request.headers)
        return Answer(200, answer.JSON_LINES, self._batches.results(names[0]), Framing.CHUNKED)

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


def _terms(request: Request) -> Terms:
    return Terms(headers.check_version(request.headers), headers.check_beta(request.headers))


def _host(request: Request) -> str:
    """The host that the client calls this endpoint by."""
    return str(request.headers.get("host", "localhost"))


Resource = Callable[[Service, Request, list[str], str], Answer]
ROUTES: tuple[tuple[str, re.Pattern[str], Resource], ...] = (
    ("POST", re.compile("/v1/messages"), Service.messages),
    ("POST", re.compile("/v1/messages/count_tokens"), Service.count_tokens),
    ("POST", re.compile(BATCHES), Service.create_batch),
    ("GET", re.compile(BATCHES), Service.list_batches),
    ("GET", re.compile(f"{BATCHES}/([^/]+)"), Service.retrieve_batch),
    ("DELETE", re.compile(f"{BATCHES}/([^/]+)"), Service.delete_batch),
    ("POST", re.compile(f"{BATCHES}/([^/]+)/cancel"), Service.cancel_batch),
    ("GET", re.compile(f"{BATCHES}/([^/]+)/results"), Service.batch_results),
    ("GET", re.compile("/v1/models"), Service.list_models),
    ("GET", re.compile("/v1/models/([^/]+)"), Service.retrieve_model),
)
