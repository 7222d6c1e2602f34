"""The endpoint's list of models: its fields, its pages, its aliases."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

import pytest
from endpoint_client import OMIT, call

FIELDS = {
    "type",
    "id",
    "display_name",
    "created_at",
    "lifecycle",
    "line",
    "deprecated_at",
    "retires_at",
    "max_input_tokens",
    "max_tokens",
    "capabilities",
}


def listed(endpoint: str, **query: Any) -> Any:
    return call(endpoint, "GET", "/v1/models?" + urlencode(query, doseq=True))


def ids(endpoint: str, **query: Any) -> list[str]:
    return [model["id"] for model in listed(endpoint, **query).json["data"]]


def test_a_model_has_every_field(endpoint: str) -> None:
    page = listed(endpoint).json
    assert set(page) == {"data", "has_more", "first_id", "last_id"}
    assert all(set(model) == FIELDS for model in page["data"])
    assert (page["first_id"], page["last_id"]) == (page["data"][0]["id"], page["data"][-1]["id"])
    assert page["has_more"] is False


@pytest.mark.parametrize("limit", [1, 2, 3, 4, 20])
def test_pages_walk_through_all(endpoint: str, limit: int) -> None:
    whole = ids(endpoint)
    assert len(whole) >= 9
    walked: list[str] = []
    query: dict[str, Any] = {}
    while True:
        page = listed(endpoint, limit=limit, **query).json
        walked += [model["id"] for model in page["data"]]
        if not page["has_more"]:
            break
        assert len(page["data"]) == limit
        query = {"after_id": page["last_id"]}
    assert walked == whole


@pytest.mark.parametrize("limit", [1, 2, 3, 20])
def test_pages_walk_back(endpoint: str, limit: int) -> None:
    whole = ids(endpoint)
    walked = whole[-1:]
    while True:
        page = listed(endpoint, limit=limit, before_id=walked[0]).json
        walked = [model["id"] for model in page["data"]] + walked
        if not page["has_more"]:
            break
    assert walked == whole


def test_after_the_last_there_is_nothing(endpoint: str) -> None:
    last = ids(endpoint)[-1]
    assert listed(endpoint, after_id=last).json == {
        "data": [],
        "has_more": False,
        "first_id": None,
        "last_id": None,
    }


def test_retired_models_are_shown_when_asked_for(endpoint: str) -> None:
    lifecycles = ["active", "deprecated", "retired"]
    parts = [ids(endpoint, **{"lifecycle[]": name}) for name in lifecycles]
    assert all(parts)
    assert set(ids(endpoint)) == set(parts[0] + parts[1])
    assert set(ids(endpoint, **{"lifecycle[]": lifecycles})) == {*parts[0], *parts[1], *parts[2]}


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"limit": 0}, "limit"),
        ({"limit": 1001}, "limit"),
        ({"limit": "x"}, "limit"),
        ({"limit": ""}, "limit"),
        ({"limit": "9" * 5000}, "limit"),
        ({"after_id": "nope"}, "after_id"),
        ({"before_id": "nope"}, "before_id"),
        ({"lifecycle[]": "gone"}, "lifecycle"),
        ({"after_id": "a", "before_id": "b"}, "after_id and before_id"),
    ],
)
def test_bad_queries(endpoint: str, query: dict[str, Any], field: str) -> None:
    status, kind, message = listed(endpoint, **query).error
    assert (status, kind) == (400, "invalid_request_error")
    assert message.startswith(field)


def test_a_model_by_id_and_by_alias(endpoint: str) -> None:
    model = call(endpoint, "GET", "/v1/models/claude-haiku-4-5").json
    assert model["id"] == "claude-haiku-4-5-20251001"
    assert call(endpoint, "GET", f"/v1/models/{model['id']}").json == model
    assert call(endpoint, "GET", "/v1/models/claude%2Dsonnet%2D4%2D6").json["max_tokens"] == 128000


def test_an_unknown_model(endpoint: str) -> None:
    error = call(endpoint, "GET", "/v1/models/no%20such").error
    assert error == (404, "not_found_error", "model: no such")


def test_the_version_is_needed_here_too(endpoint: str) -> None:
    error = call(endpoint, "GET", "/v1/models", headers={"anthropic-version": OMIT}).error
    assert error[0] == 400
