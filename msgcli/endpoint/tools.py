"""The shapes of `tools` and `tool_choice`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from msgcli.endpoint.problem import invalid
from msgcli.endpoint.schema import check_supported
from msgcli.endpoint.shapes import (
    CACHE_CONTROL,
    Check,
    anything,
    array,
    boolean,
    fields,
    integer,
    join,
    mapping,
    nonempty,
    nullable,
    one_of,
    pattern,
    tagged,
    text,
    variant,
)

STRICT_LIMIT = 20
CALLERS = (
    "direct",
    "code_execution_20250825",
    "code_execution_20260120",
    "code_execution_20260521",
)
COMMON: dict[str, Check] = {
    "cache_control": CACHE_CONTROL,
    "allowed_callers": array(one_of(*CALLERS)),
    "defer_loading": nullable(boolean),
    "strict": nullable(boolean),
}
EXAMPLES = {"input_examples": nullable(array(mapping))}
DOMAINS = {"allowed_domains": nullable(array(text)), "blocked_domains": nullable(array(text))}
USES = {"max_uses": nullable(integer(1))}


def _input_schema(path: str, value: Any) -> None:
    mapping(path, value)
    if "type" not in value:
        raise invalid(join(path, "type"), "Field required")
    one_of("object")(join(path, "type"), value["type"])


CUSTOM = fields(
    {"name": pattern("[a-zA-Z0-9_-]{1,64}"), "input_schema": _input_schema},
    {
        **COMMON,
        **EXAMPLES,
        "type": nullable(one_of("custom")),
        "description": text,
        "eager_input_streaming": nullable(boolean),
    },
)


def _named(name: str, *extra: Mapping[str, Check]) -> Check:
    optional = dict(COMMON)
    for more in extra:
        optional.update(more)
    return variant({"name": one_of(name)}, optional)


def _web_search(*extra: Mapping[str, Check]) -> Check:
    return _named("web_search", USES, DOMAINS, {"user_location": nullable(mapping)}, *extra)


def _web_fetch(*extra: Mapping[str, Check]) -> Check:
    own: Mapping[str, Check] = {
        "citations": nullable(mapping),
        "max_content_tokens": nullable(integer(1)),
        "url_sources": anything,
    }
    return _named("web_fetch", USES, DOMAINS, own, *extra)


TOOLSET = variant({}, {"cache_control": CACHE_CONTROL, "configs": anything})
INCLUSION = {"response_inclusion": nullable(one_of("full", "excluded"))}
USE_CACHE = {"use_cache": nullable(boolean)}
EDITOR = "str_replace_based_edit_tool"
DEFINED: dict[str, Check] = {
    "custom": CUSTOM,
    "bash_20250124": _named("bash", EXAMPLES),
    "text_editor_20250124": _named("str_replace_editor", EXAMPLES),
    "text_editor_20250429": _named(EDITOR, EXAMPLES),
    "text_editor_20250728": _named(EDITOR, EXAMPLES, {"max_characters": nullable(integer(1))}),
    "memory_20250818": _named("memory", EXAMPLES),
    "computer_toolset_20260801": TOOLSET,
    "browser_toolset_20260801": TOOLSET,
    "web_search_20250305": _web_search(),
    "web_search_20260209": _web_search(),
    "web_search_20260318": _web_search(INCLUSION),
    "web_fetch_20250910": _web_fetch(),
    "web_fetch_20260209": _web_fetch(),
    "web_fetch_20260309": _web_fetch(USE_CACHE),
    "web_fetch_20260318": _web_fetch(USE_CACHE, INCLUSION),
    **{
        f"code_execution_{date}": _named("code_execution")
        for date in ("20250522", "20250825", "20260120", "20260521")
    },
    **{
        f"tool_search_tool_{kind}{date}": _named(f"tool_search_tool_{kind}")
        for kind in ("bm25", "regex")
        for date in ("", "_20251119")
    },
}
BETA = (
    "bash_20241022",
    "text_editor_20241022",
    "computer_20241022",
    "computer_20250124",
    "computer_20251124",
    "advisor_20260301",
    "mcp_toolset",
)

TOOL_CHOICE = tagged(
    {
        "auto": variant({}, {"disable_parallel_tool_use": boolean}),
        "any": variant({}, {"disable_parallel_tool_use": boolean}),
        "tool": variant({"name": nonempty}, {"disable_parallel_tool_use": boolean}),
        "none": variant({}),
    }
)


def tools(*, beta: bool) -> Check:
    """The array of tools: custom ones, and those that the API itself defines."""
    defined = tagged({**DEFINED, **(dict.fromkeys(BETA, mapping) if beta else {})})

    def check(path: str, value: Any) -> None:
        mapping(path, value)
        shape = CUSTOM if value.get("type") is None else defined
        shape(path, value)

    return array(check)


def check_tools(body: Mapping[str, Any]) -> None:
    """What concerns several tools, or the tools and the choice among them."""
    given = body.get("tools") or []
    names = [tool["name"] for tool in given if "name" in tool]
    if len(names) > len(set(names)):
        raise invalid("tools", "Tool names must be unique")
    strict = [(index, tool) for index, tool in enumerate(given) if tool.get("strict")]
    if len(strict) > STRICT_LIMIT:
        raise invalid("tools", f"at most {STRICT_LIMIT} tools can be strict")
    for index, tool in strict:
        if "input_schema" in tool:
            check_supported(f"tools.{index}.input_schema", tool["input_schema"])
    for index, tool in enumerate(given):
        if tool.get("allowed_domains") and tool.get("blocked_domains"):
            raise invalid(
                f"tools.{index}", "allowed_domains and blocked_domains exclude each other"
            )
    choice = body.get("tool_choice")
    if choice is None or choice["type"] == "none":
        return
    if not given:
        raise invalid("tool_choice", "may only be specified while providing tools")
    if choice["type"] == "tool" and choice["name"] not in names:
        raise invalid("tool_choice.name", f"Tool '{choice['name']}' not found in provided tools")
