"""What the endpoint takes and what it refuses, and how: the strictness of the API as tables."""

from __future__ import annotations

import json
from typing import Any

import pytest
from endpoint_bad import BAD
from endpoint_client import COUNT, MESSAGES, OMIT, body, call, post
from endpoint_good import (
    ASKED_TOOL,
    CALL,
    EPHEMERAL,
    GOOD,
    RESULT,
    TOOL,
    asked,
    assistant,
    document,
    formatted,
    image,
    said,
    text,
    user,
)

BETA = {"anthropic-beta": "something-2026-01-01"}
NEW = {"anthropic-version": "2026-10-21"}


@pytest.mark.parametrize("name", GOOD)
def test_a_good_request_is_answered(endpoint: str, name: str) -> None:
    response = post(endpoint, **GOOD[name])
    assert (response.status, response.json["type"]) == (200, "message"), response.data


@pytest.mark.parametrize("name", BAD)
def test_a_bad_request_is_refused_by_name(endpoint: str, name: str) -> None:
    changes, start = BAD[name]
    status, kind, message = post(endpoint, **changes).error
    assert (status, kind) == (400, "invalid_request_error")
    assert message.startswith(start)


NOT_JSON = {
    b"": "Expecting value",
    b"{": "Expecting property name",
    b"[]": None,
    b"null": None,
    b'"text"': None,
    b'{"model":"a","model":"b"}': 'duplicate key "model"',
    b'{"messages":[{"role":"user","role":"user"}]}': 'duplicate key "role"',
    b'{"temperature":NaN}': "NaN is not a JSON value",
    b'{"temperature":-Infinity}': "-Infinity is not a JSON value",
    b'{"temperature":1e999}': "number out of range",
    b'{"model":"\xff"}': "invalid UTF-8 at byte 10",
    b'{"model":"\\ud83d"}': "lone surrogate in a string",
    b"[" * 100_000: "nested too deeply",
    b'{"top_k":' + b"9" * 5000 + b"}": "",
}


@pytest.mark.parametrize("data", NOT_JSON, ids=lambda data: repr(data[:30]))
def test_what_is_not_a_json_object_is_refused(endpoint: str, data: bytes) -> None:
    status, kind, message = call(endpoint, "POST", MESSAGES, data).error
    assert (status, kind) == (400, "invalid_request_error")
    why = NOT_JSON[data]
    if why is None:
        assert message == "Input should be an object"
    else:
        assert message.startswith("The request body is not valid JSON: ")
        assert why in message


@pytest.mark.parametrize("place", ["schema", "input"])
@pytest.mark.parametrize("depth", [100, 900, 960, 980, 990, 1100, 100_000])
def test_a_deep_body_is_no_internal_error(endpoint: str, place: str, depth: int) -> None:
    deep = '{"items":' * depth + "true" + "}" * depth
    called = said(ASKED_TOOL[0], assistant({**CALL, "input": "DEEP"}), user(RESULT))
    fields = formatted("DEEP") if place == "schema" else called
    data = json.dumps(body(**fields)).replace('"DEEP"', deep).encode()
    response = call(endpoint, "POST", MESSAGES, data)
    assert response.status in ((200,) if depth == 100 else (200, 400))
    assert response.status == 200 or "nested too deeply" in response.error[2]


@pytest.mark.parametrize(
    ("headers", "status", "message"),
    [
        ({"anthropic-version": OMIT}, 400, "anthropic-version: header is required"),
        ({"anthropic-version": "2024-01-01"}, 400, 'anthropic-version: "2024-01-01" is not'),
        ({"anthropic-version": "2023-06-01, 2023-06-01"}, 400, "anthropic-version: "),
        ({"content-type": OMIT}, 400, "content-type: "),
        ({"content-type": "application/x-www-form-urlencoded"}, 400, "content-type: "),
        ({"content-type": "application/json; charset=latin1"}, 400, "content-type: charset"),
        ({"content-encoding": "gzip"}, 400, "content-encoding: "),
        ({"authorization": "Bearer token"}, 400, "send either x-api-key or authorization"),
        ({"x-api-key": OMIT, "authorization": "Basic dTpw"}, 401, "authorization: "),
        ({"x-api-key": ""}, 401, "invalid x-api-key"),
        ({"anthropic-beta": "a,,b"}, 400, "anthropic-beta: "),
    ],
)
def test_bad_headers_are_refused(endpoint: str, headers: Any, status: int, message: str) -> None:
    error = post(endpoint, headers=headers).error
    assert error[0] == status
    assert error[1] == ("authentication_error" if status == 401 else "invalid_request_error")
    assert error[2].startswith(message)


@pytest.mark.parametrize(
    "headers",
    [
        {"x-api-key": OMIT},
        {"x-api-key": OMIT, "authorization": "Bearer token"},
        {"x-api-key": OMIT, "authorization": "bearer token"},
        {"content-type": "application/json; charset=UTF-8"},
        {"anthropic-version": "2026-10-21"},
        {"content-encoding": "identity"},
        {"anthropic-beta": "a-2025-01-01,b-2025-01-01"},
    ],
)
def test_good_headers_are_taken(endpoint: str, headers: Any) -> None:
    assert post(endpoint, headers=headers).status == 200


@pytest.mark.parametrize("path", [MESSAGES, COUNT])
@pytest.mark.parametrize(
    ("changes", "place"),
    [
        ({"temperature": 1}, "temperature: Extra"),
        ({"top_p": 1}, "top_p: Extra"),
        ({"top_k": 1}, "top_k: Extra"),
        (
            said(user(text()), assistant(document({"type": "url", "url": "https://a.example"}))),
            "messages.1.content.0: ",
        ),
        (asked(text(citations=[{"type": "char_location"}])), "messages.0.content.0.citations: "),
    ],
)
def test_the_newer_version_takes_less(
    endpoint: str, path: str, changes: dict[str, Any], place: str
) -> None:
    changes = {**changes, "max_tokens": OMIT} if path == COUNT else changes
    status, _, message = post(endpoint, path, headers=NEW, **changes).error
    assert status == 400
    assert message.startswith(place)


@pytest.mark.parametrize(
    "changes",
    [
        {"mcp_servers": [{"type": "url", "name": "n", "url": "https://a.example"}]},
        {"context_management": {"edits": []}},
        {"compaction": {"type": "summarize"}},
        {"fallbacks": "default"},
        {"fallback_credit_token": "t"},
        {"thread": {"type": "create"}},
        {"billing_policy": {"type": "billing_policy", "bill_to": "self"}},
        {"output_config": {"task_budget": {"type": "tokens", "total": 5}}},
        {"thinking": {"type": "adaptive", "display": "updates"}},
        {"tools": [{"type": "mcp_toolset", "mcp_server_name": "n"}]},
        asked({"type": "mcp_tool_result", "tool_use_id": "m", "content": "x"}),
    ],
    ids=lambda changes: next(iter(changes)),
)
def test_beta_features_need_the_beta_header(endpoint: str, changes: dict[str, Any]) -> None:
    assert post(endpoint, **changes).status == 400
    assert post(endpoint, headers=BETA, **changes).status == 200


@pytest.mark.parametrize(
    ("tokens", "changes"),
    [
        (2, {}),
        (1, asked(text("a"))),
        (11, asked(text("a" * 41))),
        (3, asked(text("ääää€"))),
        (4, {"system": "12345678"}),
        (4, {"system": [text("12345678")]}),
        (1502, asked(image()) | {"system": "12345678"}),
    ],
)
def test_four_bytes_are_a_token(endpoint: str, tokens: int, changes: dict[str, Any]) -> None:
    counted = post(endpoint, COUNT, max_tokens=OMIT, **changes)
    assert counted.json == {"input_tokens": tokens}
    assert post(endpoint, **changes).json["usage"]["input_tokens"] == tokens


@pytest.mark.parametrize(
    "field", ["max_tokens", "stream", "stop_sequences", "metadata", "temperature", "service_tier"]
)
def test_count_tokens_takes_no_more_than_it_counts(endpoint: str, field: str) -> None:
    error = post(endpoint, COUNT, **{"max_tokens": OMIT, field: 1}).error
    assert error == (400, "invalid_request_error", f"{field}: Extra inputs are not permitted")


def test_count_tokens_takes_what_it_counts(endpoint: str) -> None:
    response = post(
        endpoint,
        COUNT,
        max_tokens=OMIT,
        system="s",
        tools=[TOOL],
        tool_choice={"type": "auto"},
        thinking={"type": "adaptive"},
        output_config={"effort": "low"},
        cache_control=EPHEMERAL,
    )
    assert response.status == 200


@pytest.mark.parametrize(
    ("method", "path", "status", "kind"),
    [
        ("GET", "/", 404, "not_found_error"),
        ("POST", "/v1/complete", 404, "not_found_error"),
        ("POST", "/v1/messages/", 404, "not_found_error"),
        ("POST", "/v1/messages/other", 404, "not_found_error"),
        ("GET", MESSAGES, 405, "invalid_request_error"),
        ("PUT", MESSAGES, 405, "invalid_request_error"),
        ("DELETE", COUNT, 405, "invalid_request_error"),
        ("POST", "/v1/models", 405, "invalid_request_error"),
        ("BREW", MESSAGES, 405, "invalid_request_error"),
    ],
)
def test_other_paths_and_methods(
    endpoint: str, method: str, path: str, status: int, kind: str
) -> None:
    assert call(endpoint, method, path, b"").error[:2] == (status, kind)


def test_a_refused_method_names_the_right_one(endpoint: str) -> None:
    assert call(endpoint, "GET", MESSAGES).headers["allow"] == "POST"


def test_an_old_client_may_say_beta_in_the_query(endpoint: str) -> None:
    assert post(endpoint, MESSAGES + "?beta=true").status == 200
