"""The doctor: where settings come from, what is probed, and that no key is ever shown."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from badserver import BadServer, Wire
from misbehaviour import message, whole
from support import run

KEY = "sk-ant-Secret-0123456789"
FEATURES = ["messages", "stream", "system", "tools", "schema", "images"]
FEATURES += ["count_tokens", "models", "batches", "x-api-key", "bearer"]


@pytest.fixture(scope="module")
def server() -> Iterator[BadServer]:
    with BadServer() as running:
        yield running


def doctor(*args: str, **env: str) -> tuple[int, Any, str]:
    done = run("doctor", "-f", "json", *args, env={"ANTHROPIC_API_KEY": KEY, **env})
    assert KEY.encode() not in done.stdout + done.stderr
    found = json.loads(done.stdout)
    assert found["status"] == done.returncode
    return done.returncode, found, done.stderr.decode()


def works(found: Any) -> dict[str, bool | None]:
    return {row["feature"]: row["works"] for row in found["features"]}


def sources(found: Any) -> dict[str, tuple[str, str]]:
    return {row["name"]: (row["value"], row["source"]) for row in found["settings"]}


# The settings.


def test_each_setting_says_where_it_comes_from(tmp_path: Path) -> None:
    config = tmp_path / "config"
    config.write_text("[default]\nretries = 7\n[profile big]\nmodel = large\nheader = x-a: b\n")
    status, found, err = doctor(
        *("--offline", "--config", str(config), "--profile", "big", "--timeout", "90s"),
        ANTHROPIC_BASE_URL="https://gw.example/v1",
        ANTHROPIC_CUSTOM_HEADERS="x-gateway-key: hush\n",
    )
    assert (status, err, found["features"]) == (0, "", [])
    known = sources(found)
    assert known["model"] == ("large", f"{config}:4: model")
    assert known["retries"] == ("7", f"{config}:2: retries")
    assert known["base-url"] == ("https://gw.example/v1", "ANTHROPIC_BASE_URL")
    assert known["timeout"] == ("90s", "--timeout")
    assert known["idle-timeout"] == ("10m", "default")
    assert known["key"] == ("x-api-key", "ANTHROPIC_API_KEY")
    headers = [(r["value"], r["source"]) for r in found["settings"] if r["name"] == "header"]
    assert headers == [
        ("x-a", f"{config}:5: header"),
        ("x-gateway-key", "ANTHROPIC_CUSTOM_HEADERS"),
    ]


@pytest.mark.parametrize(
    ("args", "scheme", "source"),
    [
        ([], "x-api-key", "ANTHROPIC_API_KEY"),
        (["--auth", "bearer"], "bearer", "ANTHROPIC_API_KEY"),
        (["--api-key-file", "{file}"], "x-api-key", "--api-key-file"),
        (["--api-key-command", f"echo {KEY}"], "x-api-key", "--api-key-command"),
        (["-H", f"Authorization: Bearer {KEY}"], "bearer", "--header"),
        (["--auth", "none"], "none", ""),
    ],
)
def test_where_the_key_comes_from(
    tmp_path: Path, args: list[str], scheme: str, source: str
) -> None:
    (tmp_path / "key").write_text(KEY)
    named = [arg.replace("{file}", str(tmp_path / "key")) for arg in args]
    status, found, _ = doctor("--offline", *named)
    assert status == 0
    assert sources(found)["key"] == (scheme, source)


def test_no_secret_is_shown() -> None:
    secrets = ("hush-hush", "p4ssw0rd", "inner-key")
    args = ["--offline", "--header", f"x-token: {secrets[0]}", "--header", f"x-b: {KEY}"]
    args += ["--proxy", f"http://user:{secrets[1]}@proxy:3128"]
    args += ["--api-key-command", f"echo {secrets[2]}"]
    done = run("doctor", *args)
    assert done.returncode == 0
    assert not [s for s in (*secrets, KEY) if s.encode() in done.stdout + done.stderr]
    assert b"http://proxy:3128" in done.stdout


def test_what_is_wrong_offline_is_the_status() -> None:
    status, found, err = doctor("--offline", "--base-url", "http://gw.example")
    assert (status, "base-url" in sources(found)) == (4, True)
    assert "--allow-http" in err
    assert doctor("--offline", "--cacert", "/nothing/here")[0] == 3
    assert run("doctor", "--offline").returncode == 4


# The probes.


def test_an_endpoint_that_answers(endpoint: str) -> None:
    status, found, err = doctor("--base-url", endpoint)
    assert status == 0
    assert list(works(found)) == FEATURES
    assert [f for f, yes in works(found).items() if not yes] in ([], ["batches"])
    assert err.startswith(f"msgcli: doctor: 10 requests to {endpoint[7:]}; 7 of them cost ")


def test_offline_nothing_is_sent(server: BadServer) -> None:
    call = server.call(whole("200 OK", b"{}"))
    assert doctor("--offline", "--base-url", call.url)[0] == 0
    assert call.posts == 0


def test_only_tiny_requests_and_none_twice(server: BadServer) -> None:
    call = server.call(whole("529 Overloaded", b"{}"))
    status, found, _ = doctor("--base-url", call.url, "--retries", "9")
    assert (status, call.posts) == (6, 10)
    assert set(works(found).values()) == {None}
    bodies = [json.loads(r.body) for r in call.requests if r.path.endswith("/v1/messages")]
    assert len(bodies) == 7
    assert sum(body["max_tokens"] for body in bodies) == 101
    assert sum(len(r.body) for r in call.requests) < 2500


def only(scheme: str, otherwise: str = "401 Unauthorized") -> Callable[[Wire], object]:
    """An endpoint that takes the key in one header alone."""
    refusal = b'{"type":"error","error":{"type":"authentication_error","message":"No key"}}'

    def behaviour(wire: Wire) -> None:
        if scheme in wire.request.headers:
            wire.answer("200 OK", json.dumps(message("Hi")).encode())
        else:
            wire.answer(otherwise, refusal)

    return behaviour


def test_a_key_that_is_sent_in_the_wrong_way(server: BadServer) -> None:
    call = server.call(only("authorization"))
    status, found, err = doctor("--base-url", call.url)
    assert (status, call.posts) == (4, 2)
    assert "authentication_error: No key" in err
    assert works(found) == {**dict.fromkeys(FEATURES), "messages": False} | {
        "x-api-key": False,
        "bearer": True,
    }
    assert call.requests[1].headers["authorization"] == f"Bearer {KEY}"
    assert "x-api-key" not in call.requests[1].headers


def test_an_error_that_is_not_of_the_key_says_nothing_of_the_scheme(server: BadServer) -> None:
    call = server.call(only("x-api-key", otherwise="404 Not Found"))
    _, found, _ = doctor("--base-url", call.url)
    assert (works(found)["x-api-key"], works(found)["bearer"]) == (True, None)


def test_an_endpoint_that_gives_a_message_for_everything(server: BadServer) -> None:
    call = server.call(only("x-api-key"))
    status, found, _ = doctor("--base-url", call.url)
    assert status == 0
    no = [feature for feature, yes in works(found).items() if yes is False]
    assert no == ["stream", "schema", "count_tokens", "models", "batches", "bearer"]
    notes = {row["feature"]: row["note"] for row in found["features"]}
    assert notes["stream"] == "the reply came in one piece"
    assert notes["tools"] == "accepted, but not called"
    assert notes["schema"] == "accepted, but the reply is not JSON"
    assert notes["x-api-key"] == "in use"


@pytest.mark.parametrize(
    ("head", "words", "images"),
    [
        ("500 Error", "image input is not supported", False),
        ("501 Not Implemented", "Unsupported block", False),
        ("500 Error", "out of memory", None),
    ],
)
def test_a_failure_that_says_what_is_not_supported_is_a_no(
    server: BadServer, head: str, words: str, images: bool | None
) -> None:
    refusal = json.dumps({"error": {"type": "server_error", "message": words}}).encode()

    def behaviour(wire: Wire) -> None:
        if b'"image"' in wire.request.body:
            wire.answer(head, refusal)
        else:
            wire.answer("200 OK", json.dumps(message("Hi")).encode())

    found = works(doctor("--base-url", server.call(behaviour).url)[1])
    assert (found["images"], found["messages"]) == (images, True)


def test_an_endpoint_that_is_not_there_is_asked_once() -> None:
    status, found, err = doctor("--base-url", "http://127.0.0.1:1")
    assert status == 7
    assert set(works(found).values()) == {None}
    assert err.endswith("msgcli: 127.0.0.1:1: connection refused\n")


def test_the_table_and_its_status(serve: Callable[..., str]) -> None:
    url = serve("--fault", "cut")
    done = run("doctor", "-q", "--base-url", url)
    assert done.returncode == 8
    rows = dict(line.split(None, 1) for line in done.stdout.decode().splitlines() if line)
    assert rows["feature"] == "works  note"
    assert rows["stream"].startswith("no     ")
    assert rows["models"].split() == ["yes", "-"]
    assert rows["bearer"].split(None, 1)[1] == "no key to try it with"
    assert done.stderr.count(b"\n") == 1
