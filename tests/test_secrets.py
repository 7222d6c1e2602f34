"""The key goes into one header of one request, and is found nowhere else."""

from __future__ import annotations

import json
import os
import resource
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import certificates
import pytest
from badserver import BadServer, Behaviour, Call, Wire
from misbehaviour import BEHAVIOURS, KEYS_SHOWN, message, whole
from proxies import Proxy
from support import ENV, MSGCLI, run
from terminals import Terminal

KEY = "sk-ant-api03-SeCrEtSeCrEt-0123456789"
QUOTED = 'sk-"SeCrEt\\SeCrEt"-0123456789'
IN_ENV = {"ANTHROPIC_API_KEY": KEY}


@pytest.fixture(scope="module")
def bad() -> Iterator[BadServer]:
    with BadServer() as server:
        yield server


@pytest.fixture(scope="module")
def tls() -> Iterator[BadServer]:
    with BadServer(certificates.server()) as server:
        yield server


def create(call: Call, *args: str, **kwargs: Any) -> Any:
    kwargs.setdefault("env", IN_ENV)
    kwargs.setdefault("stdin", subprocess.DEVNULL)
    return run("create", "--base-url", call.url, *args, "-p", "hi", **kwargs)


# The key as the user gives it.

SOURCES = ["file", "command", "environment"]


def given(source: str, key: bytes, folder: Path) -> tuple[list[str], dict[str, Any]]:
    """Arguments and environment that give `key`."""
    file = folder / "key"
    file.write_bytes(key)
    if source == "file":
        return ["--api-key-file", str(file)], {}
    if source == "command":
        return ["--api-key-command", f"cat {file}"], {}
    return [], {"ANTHROPIC_API_KEY": os.fsdecode(key)}


@pytest.mark.parametrize("source", SOURCES)
@pytest.mark.parametrize("around", [b"%s", b"%s\n", b"%s\r\n", b" \t%s \n\n"])
def test_white_space_around_a_key_is_not_the_key(
    bad: BadServer, tmp_path: Path, source: str, around: bytes
) -> None:
    call = bad.call(BEHAVIOURS["good"])
    args, env = given(source, around % KEY.encode(), tmp_path)
    assert create(call, *args, env=env).returncode == 0
    assert call.requests[0].headers["x-api-key"] == KEY
    assert "authorization" not in call.requests[0].headers


BAD_KEYS = {
    "smart_quote": "sk-SeCrEt\u2019s".encode(),
    "bom": b"\xef\xbb\xbfsk-SeCrEt",
    "space": b"sk-SeCrEt sk-SeCrEt",
    "line": b"sk-SeCrEt\nx-other: SeCrEt",
    "tab": b"sk-SeCrEt\tSeCrEt",
    "escape": b"sk-SeCrEt\x1b[2J",
    "latin_1": b"sk-SeCrEt\xe9",
    "white_space": b" \r\n\t",
}


@pytest.mark.parametrize("source", SOURCES)
@pytest.mark.parametrize("name", BAD_KEYS)
def test_a_bad_key_is_refused_before_anything_is_sent(
    bad: BadServer, tmp_path: Path, source: str, name: str
) -> None:
    call, connections = bad.call(BEHAVIOURS["good"]), bad.connections
    args, env = given(source, BAD_KEYS[name], tmp_path)
    files = [tmp_path / "trace", tmp_path / "meta"]
    spoken = ["-vv", "--trace", str(files[0]), "--meta", str(files[1])]
    done = create(call, *args, *spoken, env={**env, "MSGCLI_DEBUG": "1"})
    assert (done.returncode, done.stdout) == (4, b"")
    assert (call.posts, bad.connections) == (0, connections)
    assert done.stderr.count(b"\n") == 1
    named = {"file": tmp_path.name, "command": "--api-key-command", "environment": "_API_KEY"}
    assert named[source] in done.stderr.decode()
    written = done.stderr + b"".join(file.read_bytes() for file in files if file.exists())
    assert b"SeCrEt" not in written


# What is written about a call. The reply itself is the reply, whatever it holds.


def in_two_pieces(wire: Wire) -> None:
    """200 with what is no reply, and the key so that it comes in two reads."""
    data = b'{"key": "%s"}' % json.dumps(wire.key)[1:-1].encode()
    wire.head("200 OK", content_type="application/json", content_length=len(data))
    wire.body(data[:20])
    time.sleep(0.1)
    wire.body(data[20:])


FAULTS: dict[str, Behaviour] = {
    **KEYS_SHOWN,
    "in_two_pieces": in_two_pieces,
    **{
        name: BEHAVIOURS[name]
        for name in (
            *("good", "no_message_stop", "reset_in_stream", "html", "odd_reason", "error_later"),
            *("http_401", "http_529", "redirect", "drop", "half_headers", "not_http"),
        )
    },
}


@pytest.mark.parametrize("key", [KEY, QUOTED], ids=["key", "quoted_key"])
@pytest.mark.parametrize("name", FAULTS)
def test_what_is_written_of_a_call_holds_no_key(
    bad: BadServer, tmp_path: Path, name: str, key: str
) -> None:
    files = {name: tmp_path / name for name in ("trace", "meta", "usage-log")}
    spoken = [arg for name, file in files.items() for arg in (f"--{name}", str(file))]
    call = bad.call(FAULTS[name])
    args = ("-vv", *spoken, "--retries", "1", "-o", str(tmp_path / "out"))
    done = create(call, *args, env={"ANTHROPIC_API_KEY": key})
    assert call.requests[0].headers["x-api-key"] == key
    written = done.stdout + done.stderr + b"".join(file.read_bytes() for file in files.values())
    assert b"***" in written
    assert b"SeCrEt" not in written
    assert b"Traceback" not in done.stderr


@pytest.mark.parametrize(
    "args",
    [
        ["create", "--help"],
        ["--help"],
        ["create", "--no-such-option"],
        ["create", "--timeout", "soon", "-p", "hi"],
        ["create", "--base-url", "http://api.example", "-p", "hi"],
        ["create", "--base-url", "http://127.0.0.1:1", "--retries", "0", "-p", "hi", "-vv"],
        ["create", "--base-url", "http://no-such.invalid", "--allow-http", "-p", "x", "-vv"],
        ["create", "--base-url", "https://127.0.0.1:1", "--cacert", "/no/such", "-p", "hi"],
        ["create", "/no/such/file"],
        ["create", "-o", "/no/such/folder/file", "-p", "hi"],
        ["create", "--config", "/dev/null", "--profile", "none", "-p", "hi"],
        ["build", "--curl", "-p", "hi"],
        ["doctor", "--base-url", "http://127.0.0.1:1", "--retries", "0"],
    ],
    ids=lambda args: "_".join(args)[:40],
)
def test_no_command_shows_the_key(args: list[str]) -> None:
    secrets = (IN_ENV, {"ANTHROPIC_AUTH_TOKEN": KEY}, {"ANTHROPIC_CUSTOM_HEADERS": f"key: {KEY}"})
    for env in secrets:
        done = run(*args, env={**env, "MSGCLI_RETRIES": "0", "MSGCLI_DEBUG": "1"})
        assert done.stdout + done.stderr != b""
        assert b"SeCrEt" not in done.stdout + done.stderr


@pytest.mark.parametrize(
    ("args", "env"),
    [
        (["-H", f"x-api-key: {KEY}"], {}),
        (["-H", f"Authorization: Bearer {KEY}"], {}),
        (["-H", f"x-my-token: {KEY}", "-H", f"cookie: {KEY}"], {}),
        (["--auth", "bearer"], IN_ENV),
        ([], {"ANTHROPIC_AUTH_TOKEN": KEY}),
        ([], {"ANTHROPIC_CUSTOM_HEADERS": f"x-secret: {KEY}"}),
    ],
)
def test_a_key_in_any_header_is_shown_nowhere(
    bad: BadServer, tmp_path: Path, args: list[str], env: dict[str, str]
) -> None:
    def echo(wire: Wire) -> None:
        headers = json.dumps(wire.request.headers)
        fault = {"type": "invalid_request_error", "message": headers}
        wire.answer("400 No", json.dumps({"error": fault}).encode(), x_echo=headers)

    call = bad.call(echo)
    done = create(call, *args, "-vv", "--trace", str(tmp_path / "trace"), env=env)
    assert KEY in str(call.requests[0].headers)
    assert done.returncode == 5
    assert b"SeCrEt" not in done.stderr + (tmp_path / "trace").read_bytes()


def test_a_process_with_a_key_leaves_no_core_file_and_no_key_in_its_arguments(
    bad: BadServer,
) -> None:
    if not os.path.isdir("/proc/self"):
        pytest.skip("there is no /proc to look into")
    if resource.getrlimit(resource.RLIMIT_CORE)[1] == 0:
        pytest.skip("no process may leave a core file here")
    call = bad.call(BEHAVIOURS["stall_before_head"])
    raised = ["sh", "-c", 'ulimit -S -c "$(ulimit -H -c)"; exec "$@"', "sh"]
    command = [*raised, *MSGCLI, "create", "--base-url", call.url, "--no-stdin", "-p", "hi"]
    process = subprocess.Popen(command, env={**ENV, **IN_ENV}, stderr=subprocess.PIPE)
    assert call.begun.wait(10)
    proc = Path(f"/proc/{process.pid}")
    limits = (proc / "limits").read_text().splitlines()
    arguments = (proc / "cmdline").read_bytes()
    process.terminate()
    process.communicate()
    assert next(line for line in limits if "core file" in line).split()[4] == "0"
    assert b"SeCrEt" not in arguments


def test_a_command_of_a_tool_has_no_key_in_its_environment(bad: BadServer, tmp_path: Path) -> None:
    tool = {"name": "n", "description": "d", "input_schema": {"type": "object"}}
    (tmp_path / "tool").write_text(json.dumps(tool))
    block = {"type": "tool_use", "id": "t", "name": "n", "input": {}}
    reply = {**message("", "tool_use"), "content": [block]}
    call = bad.call(whole("200 OK", json.dumps(reply).encode()), BEHAVIOURS["good"])
    args = ["--tool", f"{tmp_path}/tool", "--tool-command", "n=env"]
    env = {**IN_ENV, "ANTHROPIC_AUTH_TOKEN": "other", "MINE": f"a {KEY} b", "HARMLESS": "yes"}
    done = create(call, *args, env=env)
    assert (done.returncode, call.posts) == (0, 2)
    assert b"HARMLESS=yes" in call.requests[1].body
    for word in (b"SeCrEt", b"ANTHROPIC_API_KEY", b"ANTHROPIC_AUTH_TOKEN"):
        assert word not in call.requests[1].body


# Where else a key could come from, or go.


def test_netrc_changes_nothing(bad: BadServer, tmp_path: Path) -> None:
    for entry in ("machine 127.0.0.1", "machine localhost", "default"):
        (tmp_path / ".netrc").write_text(f"{entry} login me password SeCrEt\n")
        (tmp_path / ".netrc").chmod(0o600)
        for env in ({}, IN_ENV):
            call = bad.call(BEHAVIOURS["good"])
            env = {**env, "HOME": str(tmp_path), "NETRC": str(tmp_path / ".netrc")}
            assert create(call, env=env).returncode == 0
            headers = call.requests[0].headers
            assert "authorization" not in headers
            assert headers.get("x-api-key") == env.get("ANTHROPIC_API_KEY")


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_the_target_of_a_redirect_sees_nothing(bad: BadServer, status: int) -> None:
    with BadServer() as other:
        target = other.call(BEHAVIOURS["good"])
        call = bad.call(whole(f"{status} Elsewhere", b"", location=f"{target.url}/v1/messages"))
        done = create(call)
        assert (done.returncode, call.posts, other.connections) == (8, 1, 0)
    assert target.url.encode() in done.stderr


PROXY_VARIABLES = ["http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY", "all_proxy"]


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_loopback_is_never_proxied(bad: BadServer, tls: BadServer, host: str) -> None:
    with Proxy() as proxy:
        env = {**IN_ENV, **dict.fromkeys(PROXY_VARIABLES, f"http://{proxy.address}")}
        for server in (bad, tls):
            call = server.call(BEHAVIOURS["good"], host=host)
            args = ("--proxy", f"http://{proxy.address}", "--cacert", certificates.AUTHORITY)
            assert create(call, *args, env=env).returncode == 0
        assert proxy.seen == []


@pytest.mark.parametrize("how", ["--proxy", "https_proxy", "HTTPS_PROXY", "all_proxy"])
def test_a_proxy_sees_the_name_of_a_host_and_no_more(tls: BadServer, how: str) -> None:
    call = tls.call(BEHAVIOURS["good"], host="api.example")
    with Proxy(tls.port) as proxy:
        url = f"http://me:PaSsWoRd@{proxy.address}"
        args, env = ([how, url], {}) if how == "--proxy" else ([], {how: url})
        done = create(call, *args, "-vv", "--cacert", certificates.AUTHORITY, env={**IN_ENV, **env})
        assert (done.returncode, done.stdout) == (0, b"Hello, world\n")
        (line,) = proxy.lines
        assert line.startswith(f"CONNECT api.example:{tls.port} HTTP/1.".encode())
        assert b"proxy-authorization: basic" in proxy.seen[0].lower()
        assert KEY.encode() not in proxy.seen[0]
    assert call.requests[0].headers["x-api-key"] == KEY
    assert "proxy-authorization" not in call.requests[0].headers
    assert b"PaSsWoRd" not in done.stderr


def test_a_proxy_of_plain_http_needs_the_word_of_the_user(bad: BadServer) -> None:
    call = bad.call(BEHAVIOURS["good"], host="api.example")
    with Proxy(bad.port) as proxy:
        args = ("--proxy", f"http://{proxy.address}")
        assert create(call, *args).returncode == 4
        assert proxy.seen == []
        assert create(call, *args, "--allow-http").returncode == 0
        assert create(call, *args, env={"MSGCLI_AUTH": "none"}).returncode == 0
        assert len(proxy.seen) == 2


@pytest.mark.parametrize("answer", ["407 Proxy Authentication Required", "502 Bad Gateway"])
def test_a_proxy_that_refuses_gets_no_key(tls: BadServer, answer: str) -> None:
    call = tls.call(BEHAVIOURS["good"], host="api.example")
    with Proxy(refuses=answer) as proxy:
        url = f"http://me:PaSsWoRd@{proxy.address}"
        done = create(call, "--proxy", url, "--retries", "0", "-vv")
        assert done.returncode == 7
        assert f"api.example:{tls.port}: the proxy refused: {answer}" in done.stderr.decode()
        assert b"billed" not in done.stderr
        assert b"PaSsWoRd" not in done.stderr
        assert KEY.encode() not in b"".join(proxy.seen)


@pytest.mark.parametrize(
    "env", [{"NO_PROXY": "localhost"}, {"FTP_PROXY": "ftp://x"}, {"SOCKS_PROXY": "socks5://x:1"}]
)
def test_a_variable_that_is_of_others_changes_nothing(tls: BadServer, env: dict[str, str]) -> None:
    call = tls.call(BEHAVIOURS["good"], host="api.example")
    with Proxy(tls.port) as proxy:
        env = {**IN_ENV, **env, "https_proxy": f"http://{proxy.address}"}
        done = create(call, "--cacert", certificates.AUTHORITY, "--retries", "0", env=env)
        assert len(proxy.seen) == 1
    assert b"internal error" not in done.stderr
    assert done.returncode in (0, 7)
    del env["https_proxy"]
    done = create(call, "--retries", "0", env=env)
    assert done.returncode == 7
    assert b"cannot find the host" in done.stderr


def test_a_proxy_that_is_not_there_is_not_taken_for_the_endpoint(tls: BadServer) -> None:
    call = tls.call(BEHAVIOURS["good"], host="api.example")
    done = create(call, "--proxy", "http://127.0.0.1:1", "--retries", "0")
    assert done.returncode == 7
    assert done.stderr.decode().endswith(": the proxy: connection refused\n")


def test_a_host_that_is_not_to_be_proxied_is_not(tls: BadServer) -> None:
    call = tls.call(BEHAVIOURS["good"], host="no-such.invalid")
    with Proxy(tls.port) as proxy:
        env = {**IN_ENV, "HTTPS_PROXY": f"http://{proxy.address}", "NO_PROXY": "no-such.invalid"}
        assert create(call, "--retries", "0", env=env).returncode == 7
        assert proxy.seen == []


# TLS.


@pytest.mark.parametrize("how", ["--cacert", "REQUESTS_CA_BUNDLE"])
def test_tls_with_the_authority_that_is_named(tls: BadServer, how: str) -> None:
    call = tls.call(BEHAVIOURS["good"])
    args = [how, certificates.AUTHORITY] if how == "--cacert" else []
    env = {**IN_ENV, **({} if args else {how: certificates.AUTHORITY})}
    done = create(call, *args, env=env)
    assert (done.returncode, done.stdout, done.stderr) == (0, b"Hello, world\n", b"")


# fmt: off
REFUSED = [
    # server shows  trusted                  words
    ("server",    [],                        "unable to get local issuer"),
    ("server",    [certificates.STRANGER],   "unable to get local issuer"),
    ("elsewhere", [certificates.AUTHORITY],  "mismatch"),
    ("expired",   [certificates.AUTHORITY],  "expired"),
]
# fmt: on


@pytest.mark.parametrize(("shown", "trusted", "words"), REFUSED)
def test_a_certificate_that_does_not_hold_is_final(
    shown: str, trusted: list[str], words: str
) -> None:
    with BadServer(certificates.server(shown)) as server:
        call = server.call(BEHAVIOURS["good"])
        args = ["--cacert", *trusted] if trusted else []
        done = create(call, *args, "--retries", "3")
        assert (done.returncode, server.connections, call.posts) == (7, 1, 0)
    assert done.stderr.count(b"\n") == 1
    assert words.encode() in done.stderr
    assert b"billed" not in done.stderr


def test_no_switch_of_the_environment_turns_tls_off(tls: BadServer) -> None:
    call = tls.call(BEHAVIOURS["good"])
    env = {"CURL_CA_BUNDLE": "", "PYTHONHTTPSVERIFY": "0", "SSL_CERT_FILE": certificates.AUTHORITY}
    assert create(call, env={**IN_ENV, **env}).returncode == 7
    assert call.posts == 0


@pytest.mark.parametrize("content", [None, b"", b"no certificate", b"\x00\xff"])
@pytest.mark.parametrize("option", ["--cacert", "--client-cert"])
def test_a_file_that_holds_no_certificate_is_found_before_the_connection(
    tls: BadServer, tmp_path: Path, option: str, content: bytes | None
) -> None:
    file = tmp_path / "file.pem"
    if content is not None:
        file.write_bytes(content)
    call, connections = tls.call(BEHAVIOURS["good"]), tls.connections
    done = create(call, option, str(file))
    assert (done.returncode, tls.connections) == (3, connections)
    assert done.stderr.count(b"\n") == 1
    assert done.stderr.startswith(f"msgcli: {option}: ".encode())


def test_a_client_shows_its_certificate() -> None:
    with BadServer(certificates.server(asks_for_client=True)) as server:
        call = server.call(BEHAVIOURS["good"])
        trust = ("--cacert", certificates.AUTHORITY)
        assert create(call, *trust, "--retries", "0").returncode == 7
        mine = ("--client-cert", certificates.CLIENT, "--client-key", certificates.KEY)
        assert create(call, *trust, *mine).returncode == 0
        assert call.posts == 1


def test_an_encrypted_client_key_is_refused_and_not_asked_for(tls: BadServer) -> None:
    call, connections = tls.call(BEHAVIOURS["good"]), tls.connections
    mine = ["--client-cert", certificates.CLIENT, "--client-key", certificates.ENCRYPTED_KEY]
    with Terminal("msgcli", "create", "--base-url", call.url, *mine, "-p", "hi") as terminal:
        shown = terminal.finish()
        assert terminal.process.returncode == 3
    assert b"encrypted" in shown
    assert b"pass" not in shown.lower()
    assert tls.connections == connections
