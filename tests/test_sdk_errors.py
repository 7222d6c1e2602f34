"""The official SDK as a second opinion on `serve` where it fails: each error is the right one."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from sdk_client import SAID, anthropic, asked, checked, client_of, served
from sdk_types import complaints

# The error of each HTTP status, by the name that the SDK has for it.
ERRORS = {
    400: "BadRequestError",
    401: "AuthenticationError",
    402: "PaymentRequiredError",
    403: "PermissionDeniedError",
    404: "NotFoundError",
    408: "RequestTimeoutError",
    409: "ConflictError",
    413: "ContentTooLargeError",
    422: "UnprocessableEntityError",
    429: "RateLimitError",
    500: "InternalServerError",
    503: "ServiceUnavailableError",
    504: "GatewayTimeoutError",
    529: "OverloadedError",
}
OTHER_FAULTS = {
    "429-ramp": "RampLimitExceededError",
    "429-spend": "EnforcedSpendLimitReachedError",
    "502": "InternalServerError",
    "drop": "APIConnectionError",
    "stall-headers": "APITimeoutError",
}
# Types that the API has and the SDK's error object does not.
OTHER_ERRORS = {409: "conflict_error", 413: "request_too_large"}


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """The SDK's client of an endpoint where the prompt `fault KIND` gets that fault."""
    kinds = [*map(str, ERRORS), *OTHER_FAULTS, "error-event"]
    faults = [{"match": f"^fault {kind}$", "fault": kind} for kind in kinds]
    file = tmp_path_factory.mktemp("sdk") / "replies.json"
    file.write_text(json.dumps(faults))
    with served("--replies", str(file)) as url, client_of(url) as client:
        yield client


@pytest.mark.parametrize("status", ERRORS)
def test_each_error_is_the_one_of_its_status(client: Any, status: int) -> None:
    with pytest.raises(anthropic.APIStatusError) as caught:
        client.messages.create(**asked(f"fault {status}"))
    error = caught.value
    assert type(error) is getattr(anthropic, ERRORS[status])
    assert error.request_id == error.body["request_id"] == error.response.headers["request-id"]
    if status in OTHER_ERRORS:
        assert error.type == OTHER_ERRORS[status]
    else:
        assert complaints(error.body, anthropic.types.ErrorResponse) == []


@pytest.mark.parametrize("kind", OTHER_FAULTS)
def test_other_faults(client: Any, kind: str) -> None:
    patience = 0.5 if kind == "stall-headers" else 20
    with pytest.raises(anthropic.APIError) as caught:
        client.with_options(timeout=patience).messages.create(**asked(f"fault {kind}"))
    assert type(caught.value) is getattr(anthropic, OTHER_FAULTS[kind])


def test_an_error_in_a_stream(client: Any) -> None:
    with (
        pytest.raises(anthropic.APIStatusError) as caught,
        client.messages.stream(**asked("fault error-event")) as stream,
    ):
        stream.until_done()
    assert caught.value.type == "overloaded_error"
    assert complaints(caught.value.body, anthropic.types.ErrorResponse) == []


def test_the_wait_that_is_told_is_the_one_that_is_kept(serve: Callable[..., str]) -> None:
    with client_of(serve("--fault", "429-ms:4"), max_retries=4) as client:
        begin = time.monotonic()
        raw = client.messages.with_raw_response.create(**asked())
        # Four times 50 ms; without a word of the server it would be more than five seconds.
        assert 0.2 <= time.monotonic() - begin < 5
        assert (raw.retries_taken, checked(raw).stop_reason) == (4, "end_turn")


def test_the_word_of_the_server_decides_on_another_attempt(serve: Callable[..., str]) -> None:
    with client_of(serve("--fault", "no-retry:1", "--fault", "retry:1"), max_retries=1) as client:
        with pytest.raises(anthropic.OverloadedError):
            client.messages.create(**asked())
        assert client.messages.with_raw_response.create(**asked()).retries_taken == 1


def test_the_key_of_the_sdk_is_the_one_that_is_asked_for() -> None:
    with served("--require-key", MSGCLI_SERVE_KEY="sk-right") as url:
        assert client_of(url, api_key="sk-right").messages.create(**asked()).content[0].text == SAID
        with pytest.raises(anthropic.AuthenticationError):
            client_of(url, api_key="sk-wrong").messages.create(**asked())
