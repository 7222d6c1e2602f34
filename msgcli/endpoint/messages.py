"""What becomes of the body of one Message: checked, answered, or one line of a batch."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from msgcli.endpoint import answer, body, faults, models, reply, tools, turns
from msgcli.endpoint.answer import Answer
from msgcli.endpoint.canned import Replies, Rule
from msgcli.endpoint.problem import Problem, invalid
from msgcli.endpoint.strictjson import parse


class Terms(NamedTuple):
    """What the headers of a request say about its body."""

    version: str
    beta: bool


class Spoken(NamedTuple):
    """A reply with the rule that it follows and the fault that spoils it."""

    reply: answer.Reply
    rule: Rule
    fault: faults.Fault | None


def check_meaning(asked: dict[str, Any], version: str) -> None:
    """Refuse what the shape of a body alone does not tell."""
    turns.check_version(asked, version)
    turns.check_turns(asked)
    turns.check_cache(asked)
    tools.check_tools(asked)


def _check(asked: Any, terms: Terms) -> None:
    body.check_messages(asked, beta=terms.beta)
    check_meaning(asked, terms.version)
    models.check_max_tokens(asked)


def _check_alone(params: Mapping[str, Any]) -> None:
    """Refuse what a request in a batch may not ask for."""
    if params.get("stream"):
        raise invalid("stream", "is not supported in a batch")
    if params.get("speed") is not None:
        raise invalid("speed", "is not supported in a batch")
    if params["max_tokens"] == 0:
        raise invalid("max_tokens", "must be at least 1 in a batch")


class Messages:
    """Makes the replies of one run, canned or spoiled as the run wants them."""

    def __init__(
        self, replies: Replies | None, given_faults: faults.Faults | None, delay: float
    ) -> None:
        self._ids = reply.Ids()
        self._replies = replies or Replies()
        self._faults = given_faults or faults.Faults()
        self._delay = delay

    def answer(self, asked: Any, terms: Terms, request_id: str) -> Answer:
        """The answer to a body of `POST /v1/messages`."""
        _check(asked, terms)
        made, rule, fault = self._spoken(asked, request_id)
        found = (fault or answer.usual)(made)
        wait = rule.delay if made.stream else rule.delay + self._delay
        return found._replace(
            wait=wait, pace=self._delay if found.pace is None else max(found.pace, self._delay)
        )

    def result(self, params: Any, terms: Terms) -> dict[str, Any]:
        """The result of one request of a batch: what is wrong with it is found only here."""
        try:
            _check(params, terms)
            _check_alone(params)
            made, _, fault = self._spoken(params, "")
        except Problem as error:
            return _errored(error)
        except RecursionError:
            return _errored(invalid("", "The body is nested too deeply"))
        if fault is faults.expired:
            return {"type": "expired"}
        error_answer = _error(fault(made)) if fault else None
        if error_answer is not None:
            return error_answer
        made.message["usage"]["service_tier"] = "batch"
        return {"type": "succeeded", "message": made.message}

    def _spoken(self, asked: dict[str, Any], request_id: str) -> Spoken:
        fault = self._faults.take()
        rule = self._replies.take(reply.prompt_of(asked), spoiled=fault is not None)
        if fault is None and rule.fault is not None:
            fault = faults.by_name(rule.fault)
        message = rule.message(asked, self._ids)
        streamed = asked.get("stream", False)
        return Spoken(answer.Reply(message, streamed, rule.headers, request_id), rule, fault)


def _errored(error: Problem) -> dict[str, Any]:
    return {"type": "errored", "error": error.body(None)}


def _error(found: Answer) -> dict[str, Any] | None:
    """The result that an error answer comes to; None if the answer is none."""
    if found.status is None or found.status < 400:
        return None
    if found.headers["content-type"] != "application/json":
        return _errored(Problem(found.status, "the request failed"))
    return {"type": "errored", "error": {**parse(b"".join(found.pieces)), "request_id": None}}
