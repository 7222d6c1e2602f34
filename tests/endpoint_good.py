"""Requests that the endpoint must take: the changes that make them of the plainest one."""

from __future__ import annotations

import base64
from typing import Any

PNG = base64.b64encode(b"\x89PNG\r\n\x1a\n" + bytes(20)).decode()
PDF = base64.b64encode(b"%PDF-1.4\n").decode()
SCHEMA = {"type": "object", "properties": {}, "additionalProperties": False}
TOOL = {"name": "clock", "input_schema": {"type": "object"}}
EPHEMERAL = {"type": "ephemeral"}
CALL = {"type": "tool_use", "id": "toolu_1", "name": "clock", "input": {}}
RESULT = {"type": "tool_result", "tool_use_id": "toolu_1", "content": "noon"}


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
