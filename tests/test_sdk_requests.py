"""The official SDK as a second opinion on requests: for the same input both send the same."""

from __future__ import annotations

import base64
import contextlib
import fnmatch
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from endpoint_good import PNG
from sdk_client import MODEL, SAID, TOOL, anthropic, asked, client_of, served
from support import run

KEY = {"ANTHROPIC_API_KEY": "k"}
# The first batch of an endpoint, and none.
BATCH, UNKNOWN = "msgbatch_000000000000000000000001", "msgbatch_none"
RECORDS = [{"custom_id": "a", "params": asked("x")}]
IMAGE = {"type": "base64", "media_type": "image/png", "data": PNG}
# What is not the same on purpose: the name of a header, and why.
DIFFERENT = {
    "user-agent": "each says its own name",
    "x-stainless-*": "the SDK tells of the machine that it runs on",
    "accept-encoding": "msgcli asks for no compression, which would hold a stream back",
    "content-length": "a body of msgcli is a line, and ends with a newline",
    "connection": "to keep it open is what HTTP/1.1 does unasked",
    "anthropic-version": "msgcli speaks 2023-06-01, which gateways know; --api-version says more",
    "x-api-key": "msgcli sends a key by the name that gateways know; --auth bearer says more",
    "authorization": "the SDK sends any key as Bearer",
}

Ours, Theirs = list[str], Callable[[Any], object]
SAME: dict[str, tuple[Ours, Theirs]] = {
    "create, in one piece": (
        ["create", "-n", "1000", "-f", "json"],
        lambda sdk: sdk.messages.create(**asked()),
    ),
    "create, as a stream": (
        ["create", "-n", "1000", "-s", "Be short.", "--stop", "§"],
        lambda sdk: list(
            sdk.messages.create(
                **asked(system="Be short.", stop_sequences=["§"], stream=True),
            )
        ),
    ),
    "create with much": (
        [
            *("create", "-n", "3000", "-a", "image.png", "--tool", "tool.json", "--effort", "low"),
            *("--tool-choice", "auto", "--thinking", "2048", "--user-id", "u", "--cache-control"),
            *("prompt", "--cache-ttl", "1h"),
        ],
        lambda sdk: list(
            sdk.messages.create(
                **asked(
                    [
                        {"type": "image", "source": IMAGE},
                        {
                            "type": "text",
                            "text": SAID,
                            "cache_control": {"type": "ephemeral", "ttl": "1h"},
                        },
                    ],
                    max_tokens=3000,
                    tools=[TOOL],
                    tool_choice={"type": "auto"},
                    thinking={"type": "enabled", "budget_tokens": 2048},
                    output_config={"effort": "low"},
                    metadata={"user_id": "u"},
                    stream=True,
                )
            )
        ),
    ),
    "count-tokens": (
        ["count-tokens"],
        lambda sdk: sdk.messages.count_tokens(model=MODEL, messages=asked()["messages"]),
    ),
    "models list": (["models", "list"], lambda sdk: sdk.models.list(limit=100)),
    "models retrieve": (["models", "retrieve", MODEL], lambda sdk: sdk.models.retrieve(MODEL)),
    "batches create": (
        ["batches", "create", "records.jsonl"],
        lambda sdk: sdk.messages.batches.create(requests=RECORDS),
    ),
    "batches list": (["batches", "list"], lambda sdk: sdk.messages.batches.list(limit=100)),
    "batches retrieve": (
        ["batches", "retrieve", BATCH],
        lambda sdk: sdk.messages.batches.retrieve(BATCH),
    ),
    "batches results": (
        ["batches", "results", BATCH],
        lambda sdk: list(sdk.messages.batches.results(BATCH)),
    ),
    "batches cancel": (
        ["batches", "cancel", UNKNOWN],
        lambda sdk: sdk.messages.batches.cancel(UNKNOWN),
    ),
    "batches delete": (
        ["batches", "delete", UNKNOWN],
        lambda sdk: sdk.messages.batches.delete(UNKNOWN),
    ),
}


class Pair:
    """An endpoint that logs, and two clients of it."""

    def __init__(self, url: str, folder: Path) -> None:
        self.url, self.folder, self.sdk = url, folder, client_of(url)

    def ours(self, args: list[str], **env: str) -> list[Any]:
        run(
            *args, input=SAID.encode(), cwd=self.folder, env={"ANTHROPIC_BASE_URL": self.url, **env}
        )
        return self.logged()

    def theirs(self, call: Callable[[Any], object], **changes: Any) -> list[Any]:
        with contextlib.suppress(anthropic.NotFoundError):
            call(self.sdk.with_options(**changes))
        return self.logged()

    def logged(self) -> list[Any]:
        """The requests since the last look."""
        lines = (self.folder / "log").read_bytes().splitlines()
        (self.folder / "log").write_bytes(b"")
        return [json.loads(line) for line in lines]


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    folder = tmp_path_factory.mktemp("requests")
    (folder / "image.png").write_bytes(base64.b64decode(PNG))
    (folder / "tool.json").write_text(json.dumps(TOOL))
    (folder / "records.jsonl").write_text(json.dumps(RECORDS[0]) + "\n")
    with served("--log", str(folder / "log")) as url:
        made = Pair(url, folder)
        made.theirs(lambda sdk: sdk.messages.batches.create(requests=RECORDS))
        yield made


def is_different(name: str) -> bool:
    return any(fnmatch.fnmatchcase(name, pattern) for pattern in DIFFERENT)


@pytest.mark.parametrize("what", SAME)
def test_the_same_request(pair: Pair, what: str) -> None:
    args, call = SAME[what]
    *_, ours = pair.ours(args, **KEY)
    *_, theirs = pair.theirs(call)
    for part in ("method", "path", "status", "body"):
        assert ours[part] == theirs[part], part
    names = ours["headers"].keys() | theirs["headers"].keys()
    unlike = {name for name in names if ours["headers"].get(name) != theirs["headers"].get(name)}
    assert {name for name in unlike if not is_different(name)} == set()
    assert ours["body_size"] == theirs["body_size"] + (ours["body"] is not None)
    assert {"accept", "anthropic-version", "x-api-key"} <= ours["headers"].keys()
    assert "content-type" in ours["headers"] or ours["method"] == "GET"


def test_with_their_scheme_and_version_only_the_senders_differ(pair: Pair) -> None:
    args, call = SAME["create, as a stream"]
    options = ["--auth", "bearer", "--api-version", "2026-10-21"]
    (ours,), (theirs,) = pair.ours([*args, *options], **KEY), pair.theirs(call)
    mine, other = ours["headers"], theirs["headers"]
    unlike = {name for name in mine if mine[name] != other.get(name)}
    assert unlike == {"user-agent", "accept-encoding", "content-length"}


def test_a_token_goes_by_the_same_name(pair: Pair) -> None:
    args, call = SAME["create, in one piece"]
    (ours,) = pair.ours(args, ANTHROPIC_AUTH_TOKEN="k")
    (theirs,) = pair.theirs(call, api_key=None, auth_token="k")
    for request in (ours, theirs):
        assert request["headers"]["authorization"] == "***"
        assert "x-api-key" not in request["headers"]


def test_every_difference_is_there(pair: Pair) -> None:
    args, call = SAME["create, in one piece"]
    (ours,), (theirs,) = pair.ours(args, **KEY), pair.theirs(call)
    for pattern in DIFFERENT:
        mine, other = (
            {name: text for name, text in request["headers"].items()
             if fnmatch.fnmatchcase(name, pattern)}
            for request in (ours, theirs)
        )  # fmt: skip
        assert mine != other, pattern
