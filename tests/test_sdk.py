"""The official SDK as a second opinion on `serve`: it talks to it, and finds nothing amiss."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from endpoint_client import events
from endpoint_good import PNG
from sdk_client import MODEL, SAID, TOOL, anthropic, asked, checked, client_of, served
from sdk_types import complaints

types = anthropic.types

RESULT = {"type": "web_search_result", "url": "https://example.org", "title": "Tides"}
CITED = {"type": "char_location", "cited_text": "b", "document_index": 0, "document_title": None}
BLOCKS = [
    {"type": "thinking", "thinking": "Hm, 221 = 13 × 17.", "signature": "c2ln"},
    {"type": "redacted_thinking", "data": "EmwK"},
    {"type": "server_tool_use", "id": "srvtoolu_1", "name": "web_search", "input": {"q": "ø"}},
    {
        "type": "web_search_tool_result",
        "tool_use_id": "srvtoolu_1",
        "content": [{**RESULT, "encrypted_content": "x", "page_age": None}],
    },
    {
        "type": "text",
        "text": "Found: b",
        "citations": [{**CITED, "start_char_index": 1, "end_char_index": 2, "file_id": None}],
    },
    {"type": "tool_use", "id": "toolu_1", "name": "weather", "input": {"city": "Oslo", "n": [1]}},
]
REFUSAL = {"type": "refusal", "category": "bio", "explanation": None}
RULES = [
    {"match": "^blocks$", "content": BLOCKS, "stop_reason": "tool_use"},
    {"match": "^pause$", "content": BLOCKS[2:4], "stop_reason": "pause_turn"},
    {"match": "^fault$", "fault": "529"},
    {"match": "^refuse$", "text": "No.", "stop_reason": "refusal", "stop_details": REFUSAL},
]


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """The SDK's client of an endpoint where RULES hold."""
    file = tmp_path_factory.mktemp("sdk") / "replies.json"
    file.write_text(json.dumps(RULES))
    with served("--replies", str(file)) as url, client_of(url) as client:
        yield client


def streamed(client: Any, **request: Any) -> Any:
    """The Message that the SDK accumulates, from events that fit its types to the letter."""
    with client.messages.with_streaming_response.create(**request, stream=True) as response:
        assert response.headers["content-type"].startswith("text/event-stream")
        data = response.read()
    for event in events(data):
        if event != {"type": "ping"}:
            assert complaints(event, types.RawMessageStreamEvent) == []
    with client.messages.stream(**request) as stream:
        return stream.get_final_message()


def plain(message: Any) -> dict[str, Any]:
    """A Message without ids, which count up, and without what only the SDK's reading adds."""
    made: dict[str, Any] = message.to_dict(mode="json", warnings=False, exclude_none=True)
    for item in (made, *made["content"]):
        item.pop("id", None)
    return made


REPLIES: dict[str, dict[str, Any]] = {
    "end_turn": asked(),
    "max_tokens": asked(max_tokens=1),
    "stop_sequence": asked("one. two", stop_sequences=["."]),
    "tool_use": asked(tools=[TOOL], tool_choice={"type": "any"}),
    "tool_use of many blocks": asked("blocks"),
    "pause_turn": asked("pause"),
    "refusal": asked("refuse"),
    "end_turn after thinking": asked(
        thinking={"type": "adaptive"}, output_config={"effort": "low"}
    ),
    "end_turn within a budget": asked(
        max_tokens=2000, thinking={"type": "enabled", "budget_tokens": 1024}
    ),
}


@pytest.mark.parametrize("reason", REPLIES)
def test_a_reply_is_the_same_streamed_and_not(client: Any, reason: str) -> None:
    message = checked(client.messages.with_raw_response.create(**REPLIES[reason]))
    assert message.stop_reason == reason.split()[0]
    assert plain(streamed(client, **REPLIES[reason])) == plain(message)


def test_what_the_replies_hold(client: Any) -> None:
    create = client.messages.create
    blocks = create(**asked("blocks")).content
    assert [block.to_dict(mode="json") for block in blocks] == BLOCKS
    assert create(**asked("refuse")).stop_details.to_dict() == REFUSAL
    assert create(**REPLIES["stop_sequence"]).stop_sequence == "."
    with client.messages.stream(**asked()) as stream:
        assert "".join(stream.text_stream) == SAID
        assert stream.request_id.startswith("req_")


def test_a_call_of_a_tool_and_its_result(client: Any) -> None:
    request = asked(tools=[TOOL], tool_choice={"type": "tool", "name": "weather"})
    call = client.messages.create(**request)
    (block,) = call.content
    assert (block.name, set(block.input)) == ("weather", {"city", "days"})
    result = {"type": "tool_result", "tool_use_id": block.id, "content": "rain"}
    turns = [*request["messages"], call.to_param(), {"role": "user", "content": [result]}]
    reply = checked(
        client.messages.with_raw_response.create(
            model=MODEL, max_tokens=99, messages=turns, tools=[TOOL]
        )
    )
    assert reply.content[0].text == "rain"


def test_a_schema_is_parsed(client: Any) -> None:
    pydantic = pytest.importorskip("pydantic")
    made = pydantic.create_model("Made", city=(str, ...), days=(list[int], ...))
    reply = client.messages.parse(**asked(), output_format=made)
    assert isinstance(reply.parsed_output, made)


def test_images_documents_and_their_tokens(client: Any) -> None:
    image = {"type": "base64", "media_type": "image/png", "data": PNG}
    document = {"type": "text", "media_type": "text/plain", "data": "b" * 40}
    content = [
        {"type": "image", "source": image},
        {"type": "image", "source": {"type": "url", "url": "https://example.org/a.png"}},
        {"type": "document", "source": document, "title": "b", "citations": {"enabled": True}},
        {"type": "text", "text": SAID, "cache_control": {"type": "ephemeral", "ttl": "1h"}},
    ]
    message = checked(client.messages.with_raw_response.create(**asked(content)))
    assert message.content[0].text == SAID
    request = {"model": MODEL, "messages": asked(content)["messages"]}
    count = checked(client.messages.with_raw_response.count_tokens(**request))
    usage = message.usage
    assert count.input_tokens > 3000
    assert count.input_tokens == usage.input_tokens + usage.cache_creation_input_tokens


def test_models_in_pages(client: Any) -> None:
    page = checked(client.models.with_raw_response.list())
    everything = [model.id for model in page.data]
    assert [model.id for model in client.models.list(limit=2)] == everything
    back = client.models.list(limit=2, before_id=everything[-1])
    assert [model.id for model in back] != everything
    assert sorted(model.id for model in back) == sorted(everything[:-1])
    assert len(list(client.models.list(lifecycle=["retired"]))) < len(everything)
    for name in everything:
        raw = client.models.with_raw_response.retrieve(name)
        assert set(raw.http_response.json()) == set(types.ModelInfo.model_fields)
        assert checked(raw).id == name
    assert client.models.retrieve("claude-haiku-4-5").id == "claude-haiku-4-5-20251001"


def test_a_batch_from_its_creation_to_its_deletion(client: Any) -> None:
    batches = client.messages.batches
    records = [
        {"custom_id": name, "params": asked(text)}
        for name, text in (("a", SAID), ("b", ""), ("c", "fault"))
    ]
    made = checked(batches.with_raw_response.create(requests=records))
    assert (made.processing_status, made.request_counts.processing) == ("in_progress", 3)
    raw = batches.with_raw_response.retrieve(made.id)
    assert set(raw.http_response.json()) == set(types.messages.MessageBatch.model_fields)
    assert checked(raw).processing_status == "ended"
    assert made.id in [batch.id for batch in checked(batches.with_raw_response.list(limit=1)).data]

    results = {line.custom_id: line for line in batches.results(made.id)}
    for line in results.values():
        kind = types.messages.MessageBatchIndividualResponse
        assert complaints(line.to_dict(mode="json", warnings=False), kind) == []
    assert results["a"].result.message.content[0].text == SAID
    errors = [results[name].result.error.error.type for name in "bc"]
    assert errors == ["invalid_request_error", "overloaded_error"]
    deleted = checked(batches.with_raw_response.delete(made.id))
    assert (deleted.id, deleted.type) == (made.id, "message_batch_deleted")
    with pytest.raises(anthropic.NotFoundError):
        batches.retrieve(made.id)


def test_a_batch_that_is_canceled(serve: Callable[..., str]) -> None:
    with client_of(serve("--batch-delay", "1h")) as client:
        batches = client.messages.batches
        made = batches.create(requests=[{"custom_id": "a", "params": asked()}])
        assert checked(batches.with_raw_response.retrieve(made.id)).ended_at is None
        canceled = checked(batches.with_raw_response.cancel(made.id))
        assert canceled.processing_status == "canceling"
        assert canceled.cancel_initiated_at is not None
        with pytest.raises(anthropic.BadRequestError):
            batches.delete(made.id)
