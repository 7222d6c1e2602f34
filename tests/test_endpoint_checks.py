"""What the endpoint takes and what it refuses, and how: the strictness of the API as tables."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from endpoint_client import COUNT, MESSAGES, OMIT, body, call, post

PNG = base64.b64encode(b"\x89PNG\r\n\x1a\n" + bytes(20)).decode()
PDF = base64.b64encode(b"%PDF-1.4\n").decode()
SCHEMA = {"type": "object", "properties": {}, "additionalProperties": False}
TOOL = {"name": "clock", "input_schema": {"type": "object"}}
EPHEMERAL = {"type": "ephemeral"}
CALL = {"type": "tool_use", "id": "toolu_1", "name": "clock", "input": {}}
RESULT = {"type": "tool_result", "tool_use_id": "toolu_1", "content": "noon"}
BETA = {"anthropic-beta": "something-2026-01-01"}
NEW = {"anthropic-version": "2026-10-21"}


def text(value: str = "Hello", **more: Any) -> dict[str, Any]:
    return {"type": "text", "text": value, **more}


def user(*blocks: Any) -> dict[str, Any]:
    return {"role": "user", "content": list(blocks)}


def assistant(*blocks: Any) -> dict[str, Any]:
    return {"role": "assistant", "content": list(blocks)}


def image(data: str = PNG, media_type: str = "image/png") -> dict[str, Any]:
    return {
        "type": "image",
        "source": {"type": "base64", "media_type": media_type, "data": data},
    }


def document(source: Any, **more: Any) -> dict[str, Any]:
    return {"type": "document", "source": source, **more}


def formatted(schema: Any) -> dict[str, Any]:
    return {"output_config": {"format": {"type": "json_schema", "schema": schema}}}


def said(*messages: Any) -> dict[str, Any]:
    return {"messages": list(messages)}


def asked(block: Any) -> dict[str, Any]:
    return said(user(block))


ASKED_TOOL = ({"role": "user", "content": "time?"}, assistant(CALL))
GOOD: dict[str, dict[str, Any]] = {
    "any-model": {"model": "my/own:model"},
    "system-string": {"system": "Be brief."},
    "system-blocks": {"system": [text(), text(cache_control=EPHEMERAL)]},
    "stop-sequences": {"stop_sequences": ["END", "</a>"]},
    "sampling": {"temperature": 0, "top_p": 1, "top_k": 0},
    "metadata": {"metadata": {"user_id": None}},
    "service-tier": {"service_tier": "standard_only"},
    "speed": {"speed": None},
    "geo": {"inference_geo": "us"},
    "container": {
        "container": {"id": "c", "skills": [{"type": "custom", "skill_id": "s", "version": "1"}]}
    },
    "container-id": {"container": "c"},
    "diagnostics": {"diagnostics": {"previous_message_id": None}},
    "automatic-cache": {"cache_control": {"type": "ephemeral", "ttl": "1h"}},
    "thinking-budget": {"thinking": {"type": "enabled", "budget_tokens": 1024}, "max_tokens": 1025},
    "thinking-adaptive": {"thinking": {"type": "adaptive", "display": "omitted"}},
    "thinking-between": {"thinking": {"type": "between_tools"}},
    "thinking-disabled": {"thinking": {"type": "disabled"}},
    "thinking-top-p": {"thinking": {"type": "adaptive"}, "top_p": 0.95, "temperature": 1},
    "effort": {"output_config": {"effort": "xhigh"}},
    "format": formatted(SCHEMA),
    "warm-cache": {"max_tokens": 0},
    "prefill": said(user(text()), assistant(text("{"))),
    "empty-prefill": said(user(text()), {"role": "assistant", "content": ""}),
    "same-role-twice": said(user(text()), user(text())),
    "system-message": said(user(text()), {"role": "system", "content": "Terse."}),
    "image": asked(image()),
    "image-url": asked({"type": "image", "source": {"type": "url", "url": "https://a.example/b"}}),
    "image-file": asked({"type": "image", "source": {"type": "file", "file_id": "file_1"}}),
    "image-strict-size": asked({**image(), "transformations": {"oversized_image": "error"}}),
    "pdf": asked(
        document(
            {"type": "base64", "media_type": "application/pdf", "data": PDF},
            title="t",
            context="c",
            citations={"enabled": True},
        )
    ),
    "text-document": asked(document({"type": "text", "media_type": "text/plain", "data": ""})),
    "content-document": asked(document({"type": "content", "content": [text(), image()]})),
    "search-result": asked(
        {"type": "search_result", "source": "https://a.example", "title": "", "content": [text()]}
    ),
    "upload": asked({"type": "container_upload", "file_id": "file_1"}),
    "tool": {"tools": [TOOL], "tool_choice": {"type": "auto", "disable_parallel_tool_use": True}},
    "tool-choice": {"tools": [TOOL], "tool_choice": {"type": "tool", "name": "clock"}},
    "tool-choice-none": {"tool_choice": {"type": "none"}},
    "own-tool-whole": {
        "tools": [
            {
                **TOOL,
                "type": "custom",
                "description": "d",
                "strict": True,
                "input_schema": SCHEMA,
                "input_examples": [{}],
                "allowed_callers": ["direct"],
                "defer_loading": False,
                "eager_input_streaming": None,
                "cache_control": EPHEMERAL,
            }
        ]
    },
    "server-tools": {
        "tools": [
            {"type": "web_search_20260318", "name": "web_search", "max_uses": 15},
            {"type": "web_fetch_20250910", "name": "web_fetch", "allowed_domains": ["a.example"]},
            {"type": "code_execution_20260521", "name": "code_execution"},
            {"type": "tool_search_tool_regex", "name": "tool_search_tool_regex"},
            {"type": "computer_toolset_20260801", "configs": {}},
            {"type": "bash_20250124", "name": "bash"},
        ]
    },
    "tool-result": said(*ASKED_TOOL, user(RESULT, text())),
    "tool-result-blocks": said(*ASKED_TOOL, user({**RESULT, "content": [text(), image()]})),
    "tool-result-bare": said(
        *ASKED_TOOL, user({"type": "tool_result", "tool_use_id": "toolu_1", "is_error": True})
    ),
    "two-results-in-two-messages": said(
        ASKED_TOOL[0],
        assistant(CALL, {**CALL, "id": "toolu_2"}),
        user(RESULT),
        user({**RESULT, "tool_use_id": "toolu_2"}),
    ),
    "thinking-echoed": said(
        user(text()),
        assistant(
            {"type": "thinking", "thinking": "", "signature": "s"},
            {"type": "redacted_thinking", "data": "d"},
            text("a"),
        ),
        user(text()),
    ),
    "paused-turn": said(
        user(text()), assistant({**CALL, "type": "server_tool_use", "caller": {"type": "direct"}})
    ),
    "server-result-echoed": said(
        user(text()),
        assistant(
            {"type": "web_search_tool_result", "tool_use_id": "s", "content": []},
            text("a", citations=[{"type": "web_search_result_location"}]),
        ),
        user(text()),
    ),
    "four-breakpoints": {
        "tools": [{**TOOL, "cache_control": {"type": "ephemeral", "ttl": "1h"}}],
        "system": [text(cache_control=EPHEMERAL)],
        **asked(text(cache_control=EPHEMERAL)),
        "cache_control": EPHEMERAL,
    },
    "cited-user-text": asked(text(citations=[{"type": "char_location"}])),
}

BAD: dict[str, tuple[dict[str, Any], str]] = {
    "unknown-field": ({"zap": 1}, "zap: Extra inputs are not permitted"),
    "beta-field": ({"mcp_servers": []}, "mcp_servers: Extra inputs are not permitted"),
    "no-model": ({"model": OMIT}, "model: Field required"),
    "no-max-tokens": ({"max_tokens": OMIT}, "max_tokens: Field required"),
    "no-messages": ({"messages": OMIT}, "messages: Field required"),
    "model-number": ({"model": 4}, "model: "),
    "model-empty": ({"model": ""}, "model: "),
    "max-tokens-text": ({"max_tokens": "5"}, "max_tokens: "),
    "max-tokens-float": ({"max_tokens": 5.0}, "max_tokens: "),
    "max-tokens-true": ({"max_tokens": True}, "max_tokens: "),
    "max-tokens-negative": ({"max_tokens": -1}, "max_tokens: "),
    "max-tokens-of-model": ({"max_tokens": 128001}, "max_tokens: 128001 > 128000"),
    "messages-empty": ({"messages": []}, "messages: "),
    "messages-object": ({"messages": {}}, "messages: "),
    "message-string": (said("hi"), "messages.0: "),
    "no-role": (said({"content": "x"}), "messages.0.role: Field required"),
    "no-content": (said({"role": "user"}), "messages.0.content: Field required"),
    "role-unknown": (said({"role": "tool", "content": "x"}), "messages.0.role: "),
    "message-extra": (said({**user(text()), "name": "n"}), "messages.0.name: Extra"),
    "assistant-first": (said(assistant(text())), "messages: first message"),
    "system-first": (said({"role": "system", "content": "x"}, user(text())), "messages: first"),
    "system-image": (
        said(user(text()), {"role": "system", "content": [image()]}),
        "messages.1.content.0.type: ",
    ),
    "content-empty": (said({"role": "user", "content": ""}), "messages.0: "),
    "content-none": (said(user()), "messages.0: "),
    "content-blank": (said({"role": "user", "content": " \n"}), "messages.0: "),
    "content-null": (said({"role": "user", "content": None}), "messages.0.content: "),
    "middle-empty": (said(user(text()), assistant(), user(text())), "messages.1: "),
    "text-empty": (asked(text("")), "messages.0.content.0.text: "),
    "text-blank": (asked(text("\n")), "messages.0.content.0.text: "),
    "text-missing": (asked({"type": "text"}), "messages.0.content.0.text: Field required"),
    "text-extra": (asked(text(zap=1)), "messages.0.content.0.zap: Extra"),
    "block-string": (asked("x"), "messages.0.content.0: "),
    "block-untyped": (asked({"text": "x"}), "messages.0.content.0.type: Field required"),
    "block-unknown": (asked({"type": "video"}), "messages.0.content.0.type: "),
    "block-type-list": (asked({"type": ["text"]}), "messages.0.content.0.type: "),
    "beta-block": (asked({"type": "mcp_tool_result"}), "messages.0.content.0.type: "),
    "user-tool-use": (asked(CALL), "messages.0.content.0.type: "),
    "user-thinking": (asked({"type": "thinking"}), "messages.0.content.0.type: "),
    "assistant-image": (said(user(text()), assistant(image())), "messages.1.content.0.type: "),
    "prefill-blank-end": (said(user(text()), assistant(text("{ "))), "messages: final assistant"),
    "prefill-thinking": (
        {**said(user(text()), assistant(text("{"))), "thinking": {"type": "adaptive"}},
        "messages: the final assistant",
    ),
    "image-no-source": (asked({"type": "image"}), "messages.0.content.0.source: Field required"),
    "base64-url-alphabet": (asked(image("_" + PNG[1:])), "messages.0.content.0.source.data: "),
    "base64-newline": (asked(image(PNG + "\n")), "messages.0.content.0.source.data: "),
    "base64-unpadded": (asked(image(PNG.rstrip("="))), "messages.0.content.0.source.data: "),
    "base64-data-uri": (
        asked(image("data:image/png;base64," + PNG)),
        "messages.0.content.0.source.data: ",
    ),
    "image-mismatch": (
        asked(image(media_type="image/jpeg")),
        "messages.0.content.0.source.data: the data is image/png, not image/jpeg",
    ),
    "image-not-one": (asked(image("aGVsbG8=")), "messages.0.content.0.source.data: "),
    "image-type": (asked(image(media_type="image/bmp")), "messages.0.content.0.source.media_type"),
    "image-as-pdf": (
        asked(document({"type": "base64", "media_type": "application/pdf", "data": PNG})),
        "messages.0.content.0.source.data: ",
    ),
    "url-scheme": (
        asked({"type": "image", "source": {"type": "url", "url": "ftp://a.example/b"}}),
        "messages.0.content.0.source.url: ",
    ),
    "source-unknown": (
        asked({"type": "image", "source": {"type": "text"}}),
        "messages.0.content.0.source.type: ",
    ),
    "system-number": ({"system": 5}, "system: "),
    "system-image-block": ({"system": [image()]}, "system.0.type: "),
    "stream-text": ({"stream": "true"}, "stream: "),
    "stop-blank": ({"stop_sequences": ["END", " \n"]}, "stop_sequences.1: "),
    "stop-string": ({"stop_sequences": "END"}, "stop_sequences: "),
    "stop-number": ({"stop_sequences": [1]}, "stop_sequences.0: "),
    "temperature-high": ({"temperature": 1.01}, "temperature: "),
    "temperature-low": ({"temperature": -0.01}, "temperature: "),
    "temperature-text": ({"temperature": "0"}, "temperature: "),
    "top-p-high": ({"top_p": 2}, "top_p: "),
    "top-k-negative": ({"top_k": -1}, "top_k: "),
    "top-k-float": ({"top_k": 1.5}, "top_k: "),
    "metadata-extra": ({"metadata": {"name": "x"}}, "metadata.name: Extra"),
    "metadata-number": ({"metadata": {"user_id": 5}}, "metadata.user_id: "),
    "tier-unknown": ({"service_tier": "gold"}, "service_tier: "),
    "thinking-no-budget": ({"thinking": {"type": "enabled"}}, "thinking.budget_tokens: "),
    "thinking-small": (
        {"thinking": {"type": "enabled", "budget_tokens": 1023}, "max_tokens": 2000},
        "thinking.budget_tokens: ",
    ),
    "thinking-large": (
        {"thinking": {"type": "enabled", "budget_tokens": 2000}, "max_tokens": 2000},
        "thinking.budget_tokens: must be less than max_tokens",
    ),
    "thinking-type": ({"thinking": {"type": "on"}}, "thinking.type: "),
    "thinking-temperature": (
        {"thinking": {"type": "adaptive"}, "temperature": 0.5},
        "temperature: ",
    ),
    "thinking-top-k": ({"thinking": {"type": "adaptive"}, "top_k": 5}, "top_k: "),
    "thinking-top-p": ({"thinking": {"type": "adaptive"}, "top_p": 0.9}, "top_p: "),
    "thinking-forced-tool": (
        {
            "thinking": {"type": "enabled", "budget_tokens": 1024},
            "max_tokens": 2000,
            "tools": [TOOL],
            "tool_choice": {"type": "any"},
        },
        "thinking: ",
    ),
    "effort-unknown": ({"output_config": {"effort": "huge"}}, "output_config.effort: "),
    "format-text": ({"output_config": {"format": {"type": "text"}}}, "output_config.format.type: "),
    "warm-stream": ({"max_tokens": 0, "stream": True}, "max_tokens: "),
    "warm-format": ({"max_tokens": 0, **formatted(SCHEMA)}, "max_tokens: "),
    "tools-object": ({"tools": TOOL}, "tools: "),
    "tool-name": ({"tools": [{**TOOL, "name": "a b"}]}, "tools.0.name: "),
    "tool-name-long": ({"tools": [{**TOOL, "name": "a" * 65}]}, "tools.0.name: "),
    "tool-no-schema": ({"tools": [{"name": "a"}]}, "tools.0.input_schema: Field required"),
    "tool-schema-type": (
        {"tools": [{"name": "a", "input_schema": {"type": "string"}}]},
        "tools.0.input_schema.type: ",
    ),
    "tool-extra": ({"tools": [{**TOOL, "function": {}}]}, "tools.0.function: Extra"),
    "tool-twice": ({"tools": [TOOL, TOOL]}, "tools: Tool names must be unique"),
    "tool-type": ({"tools": [{"type": "web_search", "name": "web_search"}]}, "tools.0.type: "),
    "tool-wrong-name": ({"tools": [{"type": "bash_20250124", "name": "sh"}]}, "tools.0.name: "),
    "tools-strict": (
        {
            "tools": [
                {"name": f"t{n}", "strict": True, "input_schema": SCHEMA} for n in range(21)
            ]
        },
        "tools: at most 20",
    ),
    "choice-unknown": ({"tools": [TOOL], "tool_choice": {"type": "x"}}, "tool_choice.type: "),
    "choice-string": ({"tools": [TOOL], "tool_choice": "auto"}, "tool_choice: "),
    "choice-no-tools": ({"tool_choice": {"type": "any"}}, "tool_choice: "),
    "choice-no-such-tool": (
        {"tools": [TOOL], "tool_choice": {"type": "tool", "name": "x"}},
        "tool_choice.name: ",
    ),
    "choice-unnamed": ({"tools": [TOOL], "tool_choice": {"type": "tool"}}, "tool_choice.name: "),
    "result-missing": (said(*ASKED_TOOL, user(text())), "messages: `tool_use` ids"),
    "result-missing-at-end": (said(*ASKED_TOOL), "messages: `tool_use` ids"),
    "result-one-of-two": (
        said(ASKED_TOOL[0], assistant(CALL, {**CALL, "id": "toolu_2"}), user(RESULT)),
        "messages: `tool_use` ids were found without `tool_result` blocks immediately after: toolu_2",
    ),
    "result-unknown": (asked(RESULT), "messages.0.content.0: unexpected `tool_use_id`"),
    "result-twice": (said(*ASKED_TOOL, user(RESULT, RESULT)), "messages.2.content.1: "),
    "result-too-late": (said(*ASKED_TOOL, user(text(), RESULT)), "messages.2.content.1: "),
    "tool-id-twice": (
        said(ASKED_TOOL[0], assistant(CALL, CALL), user(RESULT)),
        "messages.1.content.1.id: ",
    ),
    "tool-input-string": (
        said(ASKED_TOOL[0], assistant({**CALL, "input": "{}"}), user(RESULT)),
        "messages.1.content.0.input: ",
    ),
    "five-breakpoints": (
        {"system": [text(cache_control=EPHEMERAL) for _ in range(5)]},
        "A maximum of 4 blocks with cache_control may be provided. Found 5.",
    ),
    "fifth-is-automatic": (
        {
            "system": [text(cache_control=EPHEMERAL) for _ in range(4)],
            "cache_control": EPHEMERAL,
        },
        "A maximum of 4 blocks",
    ),
    "cache-type": ({"cache_control": {"type": "forever"}}, "cache_control.type: "),
    "cache-ttl": ({"cache_control": {"type": "ephemeral", "ttl": "2h"}}, "cache_control.ttl: "),
    "cache-long-after-short": (
        {
            "system": [text(cache_control=EPHEMERAL)],
            "cache_control": {"type": "ephemeral", "ttl": "1h"},
        },
        "cache_control.ttl: ",
    ),
    "cache-on-thinking": (
        said(
            user(text()),
            assistant({"type": "thinking", "thinking": "", "signature": "", "cache_control": None}),
        ),
        "messages.1.content.0.cache_control: Extra",
    ),
    "schema-open": (formatted({"type": "object"}), "output_config.format.schema: "),
    "schema-inner-open": (
        formatted({**SCHEMA, "properties": {"a": {"type": "object"}}}),
        "output_config.format.schema.properties.a: ",
    ),
    "schema-minimum": (
        formatted({**SCHEMA, "properties": {"n": {"type": "integer", "minimum": 1}}}),
        "output_config.format.schema.properties.n.minimum: ",
    ),
    "schema-min-items": (
        formatted({"type": "array", "items": {"type": "null"}, "minItems": 2}),
        "output_config.format.schema.minItems: ",
    ),
    "schema-recursive": (
        formatted({**SCHEMA, "properties": {"a": {"$ref": "#"}}}),
        "output_config.format.schema.",
    ),
    "schema-external": (
        formatted({"$ref": "https://a.example/s.json"}),
        "output_config.format.schema.$ref: ",
    ),
}


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
