"""The endpoint's batches: their states, their results, and what is refused."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from endpoint_client import OMIT, Response, body, call, post, raw, until_closed

BATCHES = "/v1/messages/batches"
EXCHANGES = Path(__file__).parent / "exchanges"
COUNTS = {"processing": 0, "succeeded": 0, "errored": 0, "canceled": 0, "expired": 0}

Serve = Callable[..., str]


def request(custom_id: str, prompt: str = "Hello", **changes: Any) -> dict[str, Any]:
    messages = [{"role": "user", "content": prompt}]
    return {"custom_id": custom_id, "params": body(messages=messages, **changes)}


def created(url: str, requests: Any, **kwargs: Any) -> Response:
    data = json.dumps({"requests": requests}).encode()
    return call(url, "POST", BATCHES, data, **kwargs)


def batch(url: str, *requests: dict[str, Any]) -> str:
    made = created(url, list(requests))
    assert made.status == 200, made.data
    name: str = made.json["id"]
    return name


def get(url: str, path: str) -> Response:
    return call(url, "GET", f"{BATCHES}/{path}")


def results(url: str, name: str) -> dict[str, Any]:
    response = get(url, f"{name}/results")
    assert response.status == 200, response.data
    lines = [json.loads(line) for line in response.data.splitlines()]
    assert all(set(line) == {"custom_id", "result"} for line in lines)
    return {line["custom_id"]: line["result"] for line in lines}


def test_a_batch_is_in_progress_and_then_ended(endpoint: str) -> None:
    made = created(endpoint, [request("a"), request("b", max_tokens=0)]).json
    golden = json.loads((EXCHANGES / "e26-batch-create" / "response.json").read_bytes())
    assert set(made) == set(golden)
    assert made["processing_status"] == "in_progress"
    assert made["request_counts"] == {**COUNTS, "processing": 2}
    assert made["expires_at"][11:] == made["created_at"][11:]
    assert (made["results_url"], made["ended_at"]) == (None, None)

    ended = get(endpoint, made["id"]).json
    assert ended["processing_status"] == "ended"
    assert ended["request_counts"] == {**COUNTS, "succeeded": 1, "errored": 1}
    assert ended["ended_at"] >= ended["created_at"] == made["created_at"]
    assert ended["results_url"] == f"{endpoint}{BATCHES}/{made['id']}/results"
    assert get(endpoint, made["id"]).json == ended


def test_until_its_time_has_come_nothing_is_counted(serve: Serve) -> None:
    url = serve("--batch-delay", "1h")
    name = batch(url, request("a"), request("b"))
    shown = get(url, name).json
    assert shown["processing_status"] == "in_progress"
    assert shown["request_counts"] == {**COUNTS, "processing": 2}
    assert get(url, f"{name}/results").error[:2] == (400, "invalid_request_error")
    assert call(url, "DELETE", f"{BATCHES}/{name}").error[0] == 400
    call(url, "POST", f"{BATCHES}/{name}/cancel", b"")
    assert get(url, name).json["processing_status"] == "canceling"
    assert get(url, f"{name}/results").error[0] == 400


def test_its_time_comes(serve: Serve) -> None:
    url = serve("--batch-delay", "300ms")
    began = time.monotonic()
    name = batch(url, request("a"))
    states = [get(url, name).json["processing_status"]]
    while states[-1] != "ended":
        assert time.monotonic() - began < 10
        time.sleep(0.02)
        states.append(get(url, name).json["processing_status"])
    assert time.monotonic() - began >= 0.3
    assert set(states[:-1]) == {"in_progress"}


def test_results_are_lines_in_another_order(endpoint: str) -> None:
    name = batch(endpoint, *(request(f"q-{number}", f"Say {number}") for number in range(5)))
    response = get(endpoint, f"{name}/results")
    assert response.headers["content-type"] == "application/x-jsonl"
    lines = [json.loads(line) for line in response.data.splitlines()]
    assert [line["custom_id"] for line in lines] == ["q-4", "q-3", "q-2", "q-1", "q-0"]
    for line in lines:
        message = line["result"]["message"]
        assert line["result"]["type"] == "succeeded"
        assert message["content"] == [{"type": "text", "text": f"Say {line['custom_id'][2:]}"}]
        assert message["usage"]["service_tier"] == "batch"


def test_a_result_is_the_message_of_the_same_request(endpoint: str) -> None:
    asked = {"stop_sequences": ["l"], "thinking": {"type": "adaptive"}}
    name = batch(endpoint, request("a", **asked))
    alone = post(endpoint, **asked).json
    found = results(endpoint, name)["a"]["message"]
    alone["usage"]["service_tier"] = "batch"
    assert {**found, "id": ""} == {**alone, "id": ""}


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"model": OMIT}, "model: Field required"),
        ({"model": 1}, "model: Input should be a valid string"),
        ({"color": 1}, "color: Extra inputs are not permitted"),
        ({"stream": True}, "stream: is not supported in a batch"),
        ({"speed": "fast"}, "speed: is not supported in a batch"),
        ({"max_tokens": 0}, "max_tokens: must be at least 1 in a batch"),
        ({"max_tokens": -1}, "max_tokens: Input should be greater than or equal to 0"),
        ({"model": "claude-haiku-4-5", "max_tokens": 10**6}, "max_tokens: 1000000 > 64000, "),
        ({"system": [{"type": "text", "text": " "}]}, "system.0.text: "),
        ({"tool_choice": {"type": "any"}}, "tool_choice: may only be specified while"),
    ],
)
def test_a_bad_request_is_an_errored_result(endpoint: str, changes: Any, message: str) -> None:
    name = batch(endpoint, request("bad", **changes), request("good"))
    found = results(endpoint, name)
    error = found["bad"].pop("error")
    assert found["bad"] == {"type": "errored"}
    assert error["error"].pop("message").startswith(message)
    kind = {"type": "invalid_request_error"}
    assert error == {"type": "error", "error": kind, "request_id": None}
    assert found["good"]["type"] == "succeeded"


def test_the_headers_of_the_batch_are_those_of_its_requests(endpoint: str) -> None:
    asked = [request("a", mcp_servers=[])]
    plain, beta = (
        created(endpoint, asked),
        created(endpoint, asked, headers={"anthropic-beta": "mcp-client-2025-11-20"}),
    )
    assert results(endpoint, plain.json["id"])["a"]["type"] == "errored"
    assert results(endpoint, beta.json["id"])["a"]["type"] == "succeeded"


def nested(depth: int) -> bytes:
    params = b'{"model":' + b"[" * depth + b"]" * depth + b"}"
    return b'{"requests":[{"custom_id":"a","params":' + params + b"}]}"


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "The request body is not valid JSON: "),
        (b"[]", "Input should be an object"),
        (b"{}", "requests: Field required"),
        (b'{"requests":[]}', "requests: Array should have at least 1 item"),
        (b'{"requests":{}}', "requests: Input should be a valid array"),
        (b'{"requests":[{}]}', "requests.0.custom_id: Field required"),
        (b'{"requests":[{"custom_id":"a"}]}', "requests.0.params: Field required"),
        (b'{"requests":[{"custom_id":"a","params":1}]}', "requests.0.params: Input should be"),
        (b'{"requests":[{"custom_id":1,"params":{}}]}', "requests.0.custom_id: Input should be"),
        (
            b'{"requests":[{"custom_id":"a","params":{},"more":1}]}',
            "requests.0.more: Extra inputs are not permitted",
        ),
        (nested(100_000), "The request body is not valid JSON: nested too deeply"),
    ],
)
def test_a_body_that_is_no_batch_is_refused(endpoint: str, data: bytes, message: str) -> None:
    status, kind, found = call(endpoint, "POST", BATCHES, data).error
    assert (status, kind) == (400, "invalid_request_error")
    assert found.startswith(message)


@pytest.mark.parametrize("custom_id", ["", "a" * 65, "a b", "ä", "a\n", "a.b"])
def test_a_custom_id_has_its_form(endpoint: str, custom_id: str) -> None:
    error = created(endpoint, [request("x" * 64), request(custom_id)]).error
    assert error[0] == 400
    assert error[2] == "requests.1.custom_id: String should match pattern '^[a-zA-Z0-9_-]{1,64}$'"


def test_a_custom_id_stands_once_in_a_batch(endpoint: str) -> None:
    error = created(endpoint, [request("a"), request("b"), request("a")]).error
    assert error[2] == "requests.2.custom_id: must be unique: a"


def test_a_batch_has_at_most_so_many_requests(endpoint: str) -> None:
    asked = [{"custom_id": str(number), "params": {}} for number in range(100_001)]
    assert created(endpoint, asked).error[2] == "requests: Array should have at most 100000 items"


def test_a_batch_may_be_larger_than_a_request(endpoint: str) -> None:
    data = json.dumps({"requests": [request("a")]}).encode()
    assert call(endpoint, "POST", BATCHES, data.ljust(32 * 1024 * 1024 + 1)).status == 200
    connection = raw(endpoint)
    head = f"POST {BATCHES} HTTP/1.1\r\nhost: x\r\ncontent-length: {256 * 1024 * 1024 + 1}\r\n\r\n"
    connection.sendall(head.encode())
    assert connection.recv(12) == b"HTTP/1.1 413"
    connection.close()


def test_a_canceled_batch_ends_without_an_answer(serve: Serve, tmp_path: Path) -> None:
    url = serve("--replies", str(_replies(tmp_path, {"times": 1, "text": "paid"})))
    name = batch(url, request("a"), request("b"))
    canceling = call(url, "POST", f"{BATCHES}/{name}/cancel", b"").json
    assert canceling["processing_status"] == "canceling"
    assert canceling["request_counts"] == {**COUNTS, "processing": 2}
    assert canceling["cancel_initiated_at"] >= canceling["created_at"]
    assert call(url, "POST", f"{BATCHES}/{name}/cancel", b"").json == canceling
    ended = get(url, name).json
    assert ended["request_counts"] == {**COUNTS, "canceled": 2}
    assert ended["cancel_initiated_at"] == canceling["cancel_initiated_at"]
    assert results(url, name) == {"a": {"type": "canceled"}, "b": {"type": "canceled"}}
    assert post(url).text == "paid"


def test_a_batch_that_has_ended_is_not_canceled_but_deleted(endpoint: str) -> None:
    name = batch(endpoint, request("a"))
    get(endpoint, name)
    error = call(endpoint, "POST", f"{BATCHES}/{name}/cancel", b"").error
    assert error[:2] == (400, "invalid_request_error")
    deleted = call(endpoint, "DELETE", f"{BATCHES}/{name}").json
    assert deleted == {"id": name, "type": "message_batch_deleted"}
    assert get(endpoint, name).error == (404, "not_found_error", f"batch: {name}")
    assert get(endpoint, f"{name}/results").error[0] == 404


@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", "/no"), ("GET", "/no/results"), ("DELETE", "/no"), ("POST", "/no/cancel")],
)
def test_an_unknown_batch(endpoint: str, method: str, path: str) -> None:
    error = call(endpoint, method, BATCHES + path).error
    assert error == (404, "not_found_error", "batch: no")


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("PUT", "", "POST, GET"),
        ("POST", "/x", "GET, DELETE"),
        ("GET", "/x/cancel", "POST"),
        ("DELETE", "/x/results", "GET"),
    ],
)
def test_other_methods(endpoint: str, method: str, path: str, allowed: str) -> None:
    response = call(endpoint, method, BATCHES + path)
    assert (response.status, response.headers["allow"]) == (405, allowed)


@pytest.mark.parametrize(
    ("method", "path"),
    [("POST", ""), ("GET", ""), ("GET", "/x"), ("DELETE", "/x"), ("GET", "/x/results")],
)
def test_the_version_is_needed_here_too(endpoint: str, method: str, path: str) -> None:
    data = b'{"requests":[]}' if method == "POST" else None
    headers = {"anthropic-version": OMIT}
    assert call(endpoint, method, BATCHES + path, data, headers=headers).error == (
        400,
        "invalid_request_error",
        "anthropic-version: header is required",
    )


def test_pages_walk_from_the_newest_to_the_oldest(serve: Serve) -> None:
    url = serve()
    assert call(url, "GET", BATCHES).json == {
        "data": [],
        "has_more": False,
        "first_id": None,
        "last_id": None,
    }
    names = [batch(url, request("a")) for _ in range(5)][::-1]

    def page(**query: Any) -> Any:
        return call(url, "GET", f"{BATCHES}?{urlencode(query)}").json

    whole = page()
    assert [shown["id"] for shown in whole["data"]] == names
    assert whole["data"][0] == get(url, names[0]).json
    first = page(limit=2)
    assert (first["has_more"], first["first_id"], first["last_id"]) == (True, names[0], names[1])
    second = page(limit=3, after_id=first["last_id"])
    assert [shown["id"] for shown in second["data"]] == names[2:]
    assert not second["has_more"]
    assert [shown["id"] for shown in page(limit=2, before_id=names[3])["data"]] == names[1:3]
    error = call(url, "GET", f"{BATCHES}?after_id=no").error
    assert error[2] == "after_id: no such id: no"


def _replies(folder: Path, *rules: dict[str, Any]) -> Path:
    file = folder / "replies.json"
    file.write_text(json.dumps(rules))
    return file


@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        ("529", "overloaded_error"),
        ("429", "rate_limit_error"),
        ("500", "api_error"),
        ("502", "api_error"),
        ("error-event", "overloaded_error"),
    ],
)
def test_a_fault_that_is_an_error_is_an_errored_result(serve: Serve, fault: str, kind: str) -> None:
    url = serve("--fault", f"{fault}:1")
    name = batch(url, request("bad", max_tokens=-1), request("first"), request("second"))
    found = results(url, name)
    assert found["first"]["type"] == "errored"
    assert found["first"]["error"]["error"]["type"] == kind
    assert found["first"]["error"]["request_id"] is None
    assert found["second"]["type"] == "succeeded"


def test_requests_expire(serve: Serve) -> None:
    url = serve("--fault", "expired:2")
    name = batch(url, request("a"), request("b"), request("c"))
    found = results(url, name)
    assert (found["a"], found["b"]) == ({"type": "expired"}, {"type": "expired"})
    assert get(url, name).json["request_counts"] == {**COUNTS, "succeeded": 1, "expired": 2}


def test_a_fault_of_the_wire_leaves_a_result_as_it_is(serve: Serve) -> None:
    url = serve("--fault", "cut:1")
    found = results(url, batch(url, request("a")))
    assert found["a"]["type"] == "succeeded"
    assert post(url).status == 200


def test_canned_replies_are_for_batches_too(serve: Serve, tmp_path: Path) -> None:
    rules = (
        {"match": "late", "fault": "expired"},
        {"match": "wrong", "error": {"status": 403, "message": "no"}},
        {"text": "<$prompt>", "stop_reason": "refusal"},
    )
    url = serve("--replies", str(_replies(tmp_path, *rules)))
    name = batch(url, request("a", "late"), request("b", "wrong"), request("c", "x"))
    found = results(url, name)
    assert found["a"] == {"type": "expired"}
    assert found["b"]["error"]["error"] == {"type": "permission_error", "message": "no"}
    message = found["c"]["message"]
    assert (message["content"][0]["text"], message["stop_reason"]) == ("<x>", "refusal")


def test_results_reach_a_client_of_http_1_0(endpoint: str) -> None:
    name = batch(endpoint, request("a"))
    connection = raw(endpoint)
    head = f"GET {BATCHES}/{name}/results HTTP/1.0\r\nanthropic-version: 2023-06-01\r\n\r\n"
    connection.sendall(head.encode())
    data = until_closed(connection).partition(b"\r\n\r\n")[2]
    connection.close()
    assert json.loads(data)["custom_id"] == "a"


def test_the_golden_batch_is_taken(endpoint: str) -> None:
    data = (EXCHANGES / "e26-batch-create" / "request.json").read_bytes()
    name = call(endpoint, "POST", BATCHES, data).json["id"]
    golden = json.loads((EXCHANGES / "e26-batch-retrieve" / "response.json").read_bytes())
    assert set(get(endpoint, name).json) == set(golden)
    assert sorted(results(endpoint, name)) == ["q-1", "q-2"]
