"""What the endpoint answers by itself: the prompt, within limits, as an instance or as a call."""

from __future__ import annotations

import json
from typing import Any

import pytest
from endpoint_client import ask, fold, post
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

TOOL = {"name": "clock", "input_schema": {"type": "object"}}
CALL = {"type": "tool_use", "id": "toolu_1", "name": "clock", "input": {}}
TEXTS = ["Hello", " a\r\n\tb \n", "Grüße 👋🏽 \u2028\u2029\x85\x0b\x00\x1b[31m", "\ufeffx", '"\\/']
STREAMED = pytest.mark.parametrize("stream", [False, True], ids=["json", "stream"])


@STREAMED
@pytest.mark.parametrize("prompt", TEXTS, ids=repr)
def test_the_reply_is_the_prompt(endpoint: str, prompt: str, stream: bool) -> None:
    assert ask(endpoint, prompt, stream=stream).text == prompt


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(prompt=st.text(min_size=1).filter(lambda text: not text.isspace()))
def test_any_text_comes_back(endpoint: str, prompt: str) -> None:
    assert ask(endpoint, prompt, max_tokens=100_000).text == prompt
    assert ask(endpoint, prompt, max_tokens=100_000, stream=True).text == prompt


def test_a_message_has_every_field(endpoint: str) -> None:
    message = post(endpoint, model="claude-haiku-4-5").json
    assert message.pop("id").startswith("msg_")
    assert message == {
        "type": "message",
        "role": "assistant",
        "model": "claude-haiku-4-5-20251001",
        "content": [{"type": "text", "text": "Hello"}],
        "stop_reason": "end_turn",
        "stop_sequence": None,
        "stop_details": None,
        "usage": {
            "input_tokens": 2,
            "cache_creation_input_tokens": 0,
            "cache_read_input_tokens": 0,
            "cache_creation": {"ephemeral_5m_input_tokens": 0, "ephemeral_1h_input_tokens": 0},
            "output_tokens": 2,
            "service_tier": "standard",
            "inference_geo": "global",
        },
    }


def test_a_stream_has_the_events_in_order(endpoint: str) -> None:
    response = ask(endpoint, "Hello there", stream=True)
    assert response.headers["content-type"] == "text/event-stream; charset=utf-8"
    assert [event["type"] for event in response.events] == [
        "message_start",
        "ping",
        "content_block_start",
        "content_block_delta",
        "content_block_delta",
        "content_block_stop",
        "message_delta",
        "message_stop",
    ]
    assert response.events[0]["message"]["usage"]["output_tokens"] == 1
    assert response.events[-2]["usage"]["output_tokens"] == 3


def test_a_text_is_cut_within_words(endpoint: str) -> None:
    pieces = [
        event["delta"]["text"]
        for event in ask(endpoint, "abcdefghij" * 8, stream=True).events
        if event["type"] == "content_block_delta"
    ]
    assert "".join(pieces) == "abcdefghij" * 8
    assert max(map(len, pieces)) < 20 < len(pieces) * 4


def test_every_id_is_new(endpoint: str) -> None:
    answers = [post(endpoint) for _ in range(5)]
    assert len({answer.json["id"] for answer in answers}) == 5
    assert len({answer.headers["request-id"] for answer in answers}) == 5


PROMPTS = {
    "several-texts": ([{"role": "user", "content": [{"type": "text", "text": t} for t in "ab"]}],),
    "last-user": (
        [
            {"role": "user", "content": "first"},
            {"role": "assistant", "content": "x"},
            {"role": "user", "content": "a\n\nb"},
        ],
    ),
    "prefill": ([{"role": "user", "content": "a\n\nb"}, {"role": "assistant", "content": "x"}],),
    "system-turn": ([{"role": "user", "content": "a\n\nb"}, {"role": "system", "content": "x"}],),
    "tool-results": (
        [
            {"role": "user", "content": "x"},
            {"role": "assistant", "content": [CALL, {**CALL, "id": "toolu_2"}]},
            {
                "role": "user",
                "content": [
                    {"type": "tool_result", "tool_use_id": "toolu_1", "content": "a"},
                    {
                        "type": "tool_result",
                        "tool_use_id": "toolu_2",
                        "content": [{"type": "text", "text": "b"}],
                    },
                ],
            },
        ],
    ),
}


@pytest.mark.parametrize("name", PROMPTS)
def test_which_text_is_the_prompt(endpoint: str, name: str) -> None:
    assert post(endpoint, messages=PROMPTS[name][0]).text == "a\n\nb"


def test_nothing_to_repeat_is_an_empty_reply(endpoint: str) -> None:
    image = {"type": "image", "source": {"type": "url", "url": "https://a.example/b.png"}}
    message = post(endpoint, messages=[{"role": "user", "content": [image]}]).json
    assert (message["content"], message["stop_reason"]) == ([], "end_turn")


@STREAMED
@pytest.mark.parametrize(
    ("prompt", "changes", "text", "reason", "sequence"),
    [
        ("abcdefgh", {"max_tokens": 2}, "abcdefgh", "end_turn", None),
        ("abcdefghi", {"max_tokens": 2}, "abcdefgh", "max_tokens", None),
        ("aaa€€", {"max_tokens": 1}, "aaa", "max_tokens", None),
        ("👋👋", {"max_tokens": 1}, "👋", "max_tokens", None),
        ("one END two", {"stop_sequences": ["END"]}, "one ", "stop_sequence", "END"),
        ("one two", {"stop_sequences": ["END"]}, "one two", "end_turn", None),
        ("xabyz", {"stop_sequences": ["aby", "b"]}, "xa", "stop_sequence", "b"),
        ("xabyz", {"stop_sequences": ["z", "ab"]}, "x", "stop_sequence", "ab"),
        ("END", {"stop_sequences": ["END"]}, "", "stop_sequence", "END"),
        ("abcEND", {"stop_sequences": ["END"], "max_tokens": 1}, "abcE", "max_tokens", None),
    ],
)
def test_the_limits_of_a_request_hold(
    endpoint: str,
    prompt: str,
    changes: dict[str, Any],
    text: str,
    reason: str,
    sequence: str | None,
    stream: bool,
) -> None:
    response = ask(endpoint, prompt, stream=stream, **changes)
    message = fold(response.events) if stream else response.json
    assert response.text == text
    assert message["content"] == ([{"type": "text", "text": text}] if text else [])
    assert (message["stop_reason"], message["stop_sequence"]) == (reason, sequence)


def test_no_tokens_no_content(endpoint: str) -> None:
    message = post(endpoint, max_tokens=0).json
    assert (message["content"], message["stop_reason"]) == ([], "max_tokens")
    assert message["usage"]["output_tokens"] == 0


@STREAMED
@pytest.mark.parametrize(
    ("thinking", "shown"),
    [
        ({"type": "adaptive"}, True),
        ({"type": "enabled", "budget_tokens": 1024}, True),
        ({"type": "adaptive", "display": "omitted"}, False),
    ],
)
def test_thinking_comes_before_the_text(
    endpoint: str, thinking: dict[str, Any], shown: bool, stream: bool
) -> None:
    response = post(endpoint, thinking=thinking, max_tokens=2000, stream=stream)
    message = fold(response.events) if stream else response.json
    assert [block["type"] for block in message["content"]] == ["thinking", "text"]
    assert bool(message["content"][0]["thinking"]) == shown
    assert message["content"][0]["signature"]
    counted = message["usage"].get("output_tokens_details", {"thinking_tokens": 0})
    assert bool(counted["thinking_tokens"]) == shown


SCHEMAS: dict[str, tuple[Any, Any]] = {
    "required-only": (
        {
            "type": "object",
            "properties": {"a": {"type": "string"}, "b": {"type": "integer"}},
            "required": ["a"],
            "additionalProperties": False,
        },
        {"a": "text"},
    ),
    "enum": ({"enum": ["x", "y"]}, "x"),
    "const": ({"const": 5}, 5),
    "any-of": ({"anyOf": [{"type": "null"}, {"type": "string"}]}, None),
    "array": ({"type": "array", "items": {"type": "boolean"}, "minItems": 1}, [False]),
    "array-empty": ({"type": "array", "items": {"type": "boolean"}}, []),
    "date": ({"type": "string", "format": "date"}, "2026-01-01"),
    "types": ({"type": ["number", "null"]}, 0),
    "default": ({"type": "string", "default": "d"}, "d"),
    "reference": ({"$ref": "#/$defs/n", "$defs": {"n": {"type": "number"}}}, 0),
    "all-of": ({"allOf": [{"enum": [{"a": 1}]}, {"enum": [{"b": 2}]}]}, {"a": 1, "b": 2}),
}


@STREAMED
@pytest.mark.parametrize("name", SCHEMAS)
def test_a_schema_is_answered_with_an_instance(endpoint: str, name: str, stream: bool) -> None:
    schema, instance = SCHEMAS[name]
    config = {"format": {"type": "json_schema", "schema": schema}}
    assert json.loads(post(endpoint, output_config=config, stream=stream).text) == instance


@STREAMED
@pytest.mark.parametrize("choice", [{"type": "any"}, {"type": "tool", "name": "clock"}])
def test_a_forced_tool_is_called(endpoint: str, choice: dict[str, Any], stream: bool) -> None:
    bounds = {"type": "integer", "minimum": 3}
    padded = {"type": "string", "minLength": 6}
    schema = {"type": "object", "properties": {"n": bounds, "s": padded}, "required": ["n", "s"]}
    tool = {"name": "clock", "input_schema": schema}
    response = post(endpoint, tools=[tool], tool_choice=choice, stream=stream)
    message = fold(response.events) if stream else response.json
    assert message["stop_reason"] == "tool_use"
    (block,) = message["content"]
    assert block.pop("id").startswith("toolu_")
    assert block == {"type": "tool_use", "name": "clock", "input": {"n": 3, "s": "text  "}}


def test_the_second_of_two_tools_can_be_forced(endpoint: str) -> None:
    tools = [TOOL, {**TOOL, "name": "other"}]
    choice = {"type": "tool", "name": "other"}
    assert post(endpoint, tools=tools, tool_choice=choice).json["content"][0]["name"] == "other"


def test_a_tool_whose_schema_makes_no_sense_is_refused(endpoint: str) -> None:
    tool = {"name": "clock", "input_schema": {"type": "object", "required": 5}}
    error = post(endpoint, tools=[tool], tool_choice={"type": "any"}).error
    assert error[0] == 400
    assert error[2].startswith("tools.clock: ")
