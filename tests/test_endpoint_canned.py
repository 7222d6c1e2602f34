"""Canned replies: rules, their blocks, errors and faults, and what is wrong with a file of them."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from endpoint_client import COUNT, ask, fold, post
from support import run

CALL = {"type": "tool_use", "id": "toolu_1", "name": "clock", "input": {}}


def without_ids(message: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in message.items() if name != "id"}


@pytest.fixture
def canned(serve: Callable[..., str], tmp_path: Path) -> Callable[..., str]:
    """Starts an endpoint with these rules."""

    def start(*rules: dict[str, Any], options: tuple[str, ...] = ()) -> str:
        (tmp_path / "replies.json").write_text(json.dumps(rules))
        return serve("--replies", str(tmp_path / "replies.json"), *options)

    return start


BLOCKS = [
    {"type": "thinking", "thinking": "Hm, 221 = 13 × 17.", "signature": "c2ln"},
    {"type": "redacted_thinking", "data": "EmwK"},
    {"type": "text", "text": "Found:", "citations": [{"type": "page_location"}, {"type": "x"}]},
    {"type": "server_tool_use", "id": "srvtoolu_1", "name": "web_search", "input": {"q": "ø"}},
    {"type": "web_search_tool_result", "tool_use_id": "srvtoolu_1", "content": [{"url": "u"}]},
    {"type": "mcp_tool_use", "id": "m", "name": "n", "server_name": "s", "input": {"a": [1.5]}},
    {"type": "tool_use", "id": "toolu_1", "name": "clock", "input": {}, "caller": {"type": "d"}},
    {"type": "compaction", "content": "so far", "encrypted_content": "x"},
    {"type": "container_upload", "file_id": "file_1"},
    {"type": "something_new", "deep": {"er": [None]}},
    {"type": "text", "text": ""},
]
USAGE = {
    "input_tokens": 9,
    "output_tokens": 99,
    "output_tokens_details": {"thinking_tokens": 8},
    "server_tool_use": {"web_search_requests": 1, "web_fetch_requests": 0},
    "service_tier": "priority",
    "zap": 1,
}


def test_any_block_is_the_same_streamed_and_not(canned: Callable[..., str]) -> None:
    details = {"type": "refusal", "category": "bio", "explanation": None}
    url = canned(
        {
            "content": BLOCKS,
            "stop_reason": "refusal",
            "stop_sequence": "S",
            "stop_details": details,
            "usage": USAGE,
            "model": "m-1",
            "headers": {"x-mine": "yes"},
        }
    )
    whole, streamed = post(url), post(url, stream=True)
    assert whole.json["content"] == BLOCKS
    assert whole.json["usage"].items() >= USAGE.items()
    assert (whole.json["model"], whole.json["stop_sequence"]) == ("m-1", "S")
    assert (whole.json["stop_reason"], whole.json["stop_details"]) == ("refusal", details)
    assert without_ids(fold(streamed.events)) == without_ids(whole.json)
    assert (whole.headers["x-mine"], streamed.headers["x-mine"]) == ("yes", "yes")


def test_the_first_rule_that_matches_answers(canned: Callable[..., str]) -> None:
    url = canned(
        {"match": "^one$", "text": "1"},
        {"match": "(?i)TWO", "text": "2: $prompt!"},
        {"match": "three", "stop_reason": "pause_turn"},
        {"match": "one", "text": "never the first"},
    )
    assert ask(url, "one").text == "1"
    assert ask(url, "a two b").text == "2: a two b!"
    assert ask(url, "one and").text == "never the first"
    paused = ask(url, "three")
    assert (paused.text, paused.json["stop_reason"]) == ("three", "pause_turn")
    assert ask(url, "four").text == "four"


def test_a_canned_text_keeps_to_the_limits_and_canned_content_does_not(
    canned: Callable[..., str],
) -> None:
    url = canned(
        {"match": "text", "text": "abcdefgh"},
        {"content": [{"type": "text", "text": "abcdefgh"}]},
    )
    limited = ask(url, "text", max_tokens=1).json
    assert (limited["content"][0]["text"], limited["stop_reason"]) == ("abcd", "max_tokens")
    free = ask(url, "x", max_tokens=1).json
    assert (free["content"][0]["text"], free["stop_reason"]) == ("abcdefgh", "end_turn")


def test_a_canned_call_needs_no_id(canned: Callable[..., str]) -> None:
    url = canned({"content": [{"type": "tool_use", "name": "clock"}, {**CALL, "id": "mine"}]})
    message = post(url).json
    assert message["stop_reason"] == "tool_use"
    assert message["content"][0]["id"].startswith("toolu_")
    assert (message["content"][0]["input"], message["content"][1]["id"]) == ({}, "mine")


def test_a_rule_can_be_used_up(canned: Callable[..., str]) -> None:
    url = canned({"times": 2, "text": "A"}, {"times": 1, "text": "B"})
    assert [ask(url, "p").text for _ in range(4)] == ["A", "A", "B", "p"]


def test_a_fault_does_not_use_a_rule_up(canned: Callable[..., str]) -> None:
    url = canned({"times": 1, "text": "A"}, options=("--fault", "529:2"))
    assert [post(url).status for _ in range(2)] == [529, 529]
    assert [ask(url, "p").text for _ in range(2)] == ["A", "p"]


@pytest.mark.parametrize("stream", [False, True])
def test_a_canned_error(canned: Callable[..., str], stream: bool) -> None:
    error = {"status": 429, "type": "mine", "message": "Slow", "details": {"error_code": "c"}}
    url = canned({"error": error, "headers": {"retry-after": "7"}}, {"text": "unreached"})
    response = post(url, stream=stream)
    assert response.error == (429, "mine", "Slow")
    assert response.json["error"]["details"] == {"error_code": "c"}
    assert response.headers["retry-after"] == "7"


def test_a_canned_error_has_the_type_of_its_status(canned: Callable[..., str]) -> None:
    url = canned({"error": {"status": 402}})
    assert post(url).error[:2] == (402, "billing_error")


def test_a_fault_by_pattern(canned: Callable[..., str]) -> None:
    url = canned({"match": "poison", "fault": "403"})
    assert ask(url, "poison").status == 403
    assert ask(url, "food").status == 200


def test_rules_are_for_replies_alone(canned: Callable[..., str]) -> None:
    url = canned({"error": {"status": 500}})
    assert post(url, COUNT, max_tokens={}).status == 400
    assert post(url, model=5).status == 400


@pytest.mark.parametrize(
    ("data", "why"),
    [
        ("", "invalid JSON: "),
        ("{}", "Input should be a valid array"),
        ('[{"match":"("}]', "0.match: "),
        ('[{"match":"a","match":"b"}]', 'invalid JSON: duplicate key "match"'),
        ('[{"matches":"a"}]', "0.matches: Extra inputs are not permitted"),
        ('[{},{"text":5}]', "1.text: "),
        ('[{"content":[{"text":"x"}]}]', "0.content.0.type: "),
        ('[{"content":[{"type":"text"}]}]', "0.content.0.text: "),
        ('[{"content":[{"type":"tool_use"}]}]', "0.content.0.name: "),
        ('[{"content":[{"type":"tool_use","name":"a","input":[]}]}]', "0.content.0.input: "),
        ('[{"error":{}}]', "0.error.status: Field required"),
        ('[{"error":{"status":200}}]', "0.error.status: "),
        ('[{"error":{"status":600}}]', "0.error.status: "),
        ('[{"fault":"nope"}]', "0.fault: nope: no such fault"),
        ('[{"headers":{"a b":"c"}}]', "0.headers.a b: "),
        ('[{"headers":{"a":"c\\r\\nd: e"}}]', "0.headers.a: "),
        ('[{"times":0}]', "0.times: "),
        ('[{"delay":-1}]', "0.delay: "),
    ],
)
def test_a_bad_file_of_replies_is_found_at_the_start(tmp_path: Path, data: str, why: str) -> None:
    file = tmp_path / "replies.json"
    file.write_text(data)
    done = run("serve", "--replies", str(file))
    assert (done.returncode, done.stdout) == (3, b"")
    (line,) = done.stderr.decode().splitlines()
    assert line.startswith(f"msgcli: {file}: {why}")
