"""The profiles that msgcli-config(5) shows, each at an endpoint of its kind."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from badserver import BadServer, Call, Wire
from misbehaviour import GOOD, MESSAGE, TEXT, chunked, whole
from support import ENV, ROOT, run


class Gateway(NamedTuple):
    """What the endpoint of a profile of the page is to see, and what it does not have."""

    path: str = ""
    scheme: str | None = "x-api-key"
    model: str = "claude-sonnet-4-6"
    headers: tuple[tuple[str, str], ...] = ()
    lacks: tuple[str, ...] = ()


RESOURCES = {"messages/count_tokens": "count_tokens", "models": "models"}
RESOURCES |= {"messages/batches": "batches", "messages": "messages"}
SAMPLE_KEY = "sk-sample-0003"
GATEWAYS = {
    "default": Gateway(),
    "careful": Gateway(model="claude-opus-4-6"),
    "gateway": Gateway(scheme="bearer", lacks=("count_tokens", "models", "batches")),
    "path": Gateway("/anthropic", model="large-2411", lacks=("models", "batches")),
    "openrouter": Gateway("/api", "bearer", "anthropic/claude-sonnet-4.5", lacks=("batches",)),
    "litellm": Gateway(headers=(("x-team", "research"), ("x-purpose", "summaries"))),
    "newer": Gateway(
        headers=(
            ("anthropic-version", "2026-10-21"),
            ("anthropic-beta", "files-api-2025-04-14,context-1m-2025-08-07"),
        )
    ),
    "unversioned": Gateway(scheme="bearer", headers=(("anthropic-version", ""),)),
    "ollama": Gateway(scheme=None, model="qwen3", lacks=("count_tokens", "batches")),
    "llama": Gateway(scheme=None, model="local", lacks=("batches",)),
}


def page_sample() -> str:
    page = (Path(ROOT) / "man/msgcli-config.5").read_text()
    found = re.search(r"^\.Bd .*\n((?:.*\n)*?\[default\]\n(?:.*\n)*?)\.Ed$", page, re.MULTILINE)
    assert found is not None
    return found[1]


def answering(gateway: Gateway) -> Callable[[Wire], object]:
    """A server below the path of the gateway that has all but what the gateway lacks."""

    def behaviour(wire: Wire) -> None:
        base, _, resource = wire.request.path.partition("?")[0].partition("/v1/")
        part = RESOURCES.get(resource)
        if not base.endswith(gateway.path) or part is None or part in gateway.lacks:
            wire.answer("404 Not Found", b'{"detail":"Not Found"}')
        elif part == "count_tokens":
            wire.answer("200 OK", b'{"input_tokens":7}')
        elif part == "messages":
            asked_for_stream = json.loads(wire.request.body).get("stream")
            (chunked(*GOOD) if asked_for_stream else whole("200 OK", MESSAGE))(wire)
        else:
            wire.answer("200 OK", b'{"data":[]}' if part == "batches" else b'{"data":[{"id":"a"}]}')

    return behaviour


@pytest.fixture(scope="module")
def server() -> Iterator[BadServer]:
    with BadServer() as running:
        yield running


@pytest.fixture(params=sorted(GATEWAYS))
def profile(
    request: pytest.FixtureRequest, server: BadServer, tmp_path: Path
) -> tuple[Gateway, Call, Callable[..., Any]]:
    """The endpoint that a profile of the page names, and `msgcli` with that profile.

    The page stands in its place as it is, but for the hosts, all of which are the test's server.
    """
    gateway = GATEWAYS[request.param]
    call = server.call(answering(gateway))
    folder = tmp_path / ".config" / "msgcli"
    folder.mkdir(parents=True)
    (folder / "config").write_text(re.sub(r"https?://[^/\s]+", call.url, page_sample()))
    (folder / "gateway.key").write_text(f"{SAMPLE_KEY}\n")
    for name in ("pass", "gopass", "op"):
        (tmp_path / name).write_text(f"#!/bin/sh\necho {SAMPLE_KEY}\n")
        (tmp_path / name).chmod(0o755)
    env = {"HOME": str(tmp_path), "PATH": f"{tmp_path}:{ENV['PATH']}"}
    env |= {"ANTHROPIC_BASE_URL": call.url, "MSGCLI_PROFILE": request.param}
    if f"[profile {request.param}]\nbase-url" in page_sample():
        del env["ANTHROPIC_BASE_URL"]
    return gateway, call, lambda *args: run(*args, env=env)


def test_every_profile_of_the_page_is_run() -> None:
    profiles = re.findall(r"^\[(?:profile )?(\S+)\]$", page_sample(), re.MULTILINE)
    assert sorted(profiles) == sorted(GATEWAYS)


def test_a_profile_of_the_page_reaches_its_endpoint(
    profile: tuple[Gateway, Call, Callable[..., Any]],
) -> None:
    gateway, call, msgcli = profile
    done = msgcli("create", "-p", "Hi", "--no-stdin")
    assert (done.returncode, done.stdout, done.stderr) == (0, f"{TEXT}\n".encode(), b"")
    (request,) = call.requests
    assert request.line.startswith(
        f"POST /{call.url.rpartition('/')[2]}{gateway.path}/v1/messages "
    )
    assert json.loads(request.body)["model"] == gateway.model
    keys = {name: request.headers.get(name) for name in ("x-api-key", "authorization")}
    assert keys == {
        "x-api-key": SAMPLE_KEY if gateway.scheme == "x-api-key" else None,
        "authorization": f"Bearer {SAMPLE_KEY}" if gateway.scheme == "bearer" else None,
    }
    for name, value in {"anthropic-version": "2023-06-01", **dict(gateway.headers)}.items():
        assert request.headers.get(name, "") == value


def test_what_an_endpoint_of_the_page_lacks_is_told(
    profile: tuple[Gateway, Call, Callable[..., Any]],
) -> None:
    gateway, _, msgcli = profile
    asked = {
        "count_tokens": (("count-tokens", "-p", "Hi", "--no-stdin"), "have no count_tokens"),
        "models": (("models", "list"), "have no list of models"),
        "batches": (("batches", "list"), "has no batches"),
    }
    for part, (args, hint) in asked.items():
        done = msgcli(*args)
        if part in gateway.lacks:
            assert (done.returncode, done.stdout) == (5, b"")
            line = r"msgcli: 127\.0\.0\.1:\d+: not_found_error: Not Found \(HTTP 404\); .*"
            assert re.fullmatch(line + hint + "\n", done.stderr.decode())
        else:
            assert (done.returncode, done.stderr) == (0, b"")
            assert done.stdout or part == "batches"
    done = msgcli("doctor", "-f", "json")
    assert done.returncode == 0
    works = {row["feature"]: row["works"] for row in json.loads(done.stdout)["features"]}
    assert {part for part in asked if works[part] is False} == set(gateway.lacks)
    assert all(works[part] for part in ("messages", "stream"))
