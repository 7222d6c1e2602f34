"""Exchanges recorded from one endpoint, and replayed without it."""

from __future__ import annotations

import http.server
import json
import socket
import stat
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import certificates
import pytest
from endpoint_client import (
    CUT,
    HEADERS,
    MESSAGES,
    OMIT,
    Response,
    ask,
    body,
    call,
    post,
    raw,
    read,
    request_bytes,
    until_closed,
)
from proxies import Proxy
from support import run, start

Serve = Callable[..., str]
ROOT = Path(__file__).parent / "exchanges"
KEY = "sk-ant-secret-of-the-test"


@pytest.fixture
def record(serve: Serve, tmp_path: Path) -> Any:
    """Starts a recorder before an endpoint, and gives its URL and the folder of the exchanges."""
    folder = tmp_path / "recorded"

    def start_recorder(*args: str) -> tuple[str, Path]:
        upstream = args[0] if args and args[0].startswith("http") else serve(*args)
        return serve("--record", str(folder), "--upstream", upstream), folder

    return start_recorder


def wait_until(done: Callable[[], Any]) -> Any:
    deadline = time.monotonic() + 10
    while not (found := done()):
        assert time.monotonic() < deadline
        time.sleep(0.01)
    return found


def files(folder: Path) -> dict[str, list[str]]:
    return {path.name: sorted(file.name for file in path.iterdir()) for path in folder.iterdir()}


def kept(response: Response) -> tuple[int, dict[str, str], bytes]:
    """What a replay must give again: all but the date and what frames the body."""
    framing = ("date", "connection", "content-length", "transfer-encoding")
    headers = {name: value for name, value in response.headers.items() if name not in framing}
    return response.status, headers, response.data


def test_a_replay_gives_the_same_bytes_without_the_upstream(record: Any, serve: Serve) -> None:
    url, folder = record()

    def session(base: str) -> list[Any]:
        return [
            kept(response)
            for response in (
                ask(base, "Hellö"),
                ask(base, "Hellö", stream=True),
                ask(base, "Again", stream=True),
                ask(base, "Again", stream=True),
                post(base, max_tokens=-1),
                call(base, "POST", MESSAGES, b"{broken"),
                call(base, "GET", "/v1/models?limit=2"),
                call(base, "GET", "/v1/models/no%20such"),
                call(base, "DELETE", "/v1/messages/batches/x"),
            )
        ]

    first = session(url)
    assert [status for status, _, _ in first] == [200, 200, 200, 200, 400, 400, 200, 404, 404]
    # Equal requests had answers of their own.
    assert first[2] != first[3]
    assert not list(folder.glob("*/incomplete"))
    again = session(serve("--replay", str(folder)))
    assert again == first


def test_an_exchange_is_a_folder_of_readable_files(record: Any) -> None:
    url, folder = record()
    whole = ask(url, "Hello", temperature=0.50)
    stream = ask(url, "Hello", stream=True)
    call(url, "GET", "/v1/models?limit=1")
    assert files(folder) == {
        "0001": ["request.headers", "request.json", "response.head", "response.json"],
        "0002": ["request.headers", "request.json", "response.head", "response.sse"],
        "0003": ["path", "request.headers", "response.head", "response.json"],
    }
    first = folder / "0001"
    assert json.loads((first / "request.json").read_bytes()) == body(temperature=0.5)
    assert (first / "response.json").read_bytes() == whole.data
    assert (folder / "0002" / "response.sse").read_bytes() == stream.data
    assert (folder / "0003" / "path").read_text() == "GET /v1/models?limit=1\n"
    assert (first / "request.headers").read_text().splitlines() == [
        "anthropic-version: 2023-06-01",
        "content-type: application/json",
    ]
    head = (first / "response.head").read_text().splitlines()
    assert head[0] == "HTTP/1.1 200 OK"
    assert f"request-id: {whole.headers['request-id']}" in head
    assert not [line for line in head if line.startswith(("date:", "content-length:"))]
    for path in (folder, *folder.rglob("*")):
        assert stat.S_IMODE(path.stat().st_mode) == (0o700 if path.is_dir() else 0o600)


@pytest.mark.parametrize(
    "headers",
    [
        {"x-api-key": KEY},
        {"x-api-key": OMIT, "authorization": f"Bearer {KEY}"},
        {"x-api-key": OMIT, "api-key": KEY, "x-goog-api-key": KEY, "cookie": KEY},
    ],
)
def test_a_key_goes_on_but_is_not_written(serve: Serve, tmp_path: Path, headers: Any) -> None:
    with Upstream() as upstream:
        url = serve("--record", str(tmp_path / "kept"), "--upstream", upstream.url)
        response = call(url, "GET", f"/v1/models?limit=1&key={KEY}&x=1", headers=headers)
        assert response.status == 200
        assert KEY in str(upstream.seen[0].headers)
        assert upstream.seen[0].path == f"/v1/models?limit=1&key={KEY}&x=1"
    (folder,) = (tmp_path / "kept").iterdir()
    assert (folder / "path").read_text() == "GET /v1/models?limit=1&x=1\n"
    for file in folder.iterdir():
        assert KEY.encode() not in file.read_bytes()
    again = serve("--replay", str(tmp_path / "kept"))
    assert call(again, "GET", "/v1/models?limit=1&key=other&x=1").data == response.data


class Upstream:
    """An HTTP server of the test's own, which keeps the requests that it sees."""

    def __init__(self, headers: dict[str, str] | None = None, tls: Any = None) -> None:
        self.seen: list[Any] = []
        answer = {"content-type": "application/json", **(headers or {})}
        seen = self.seen

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                self.rfile.read(int(self.headers.get("content-length", 0)))
                seen.append(self)
                self.send_response(200)
                for name, value in answer.items():
                    self.send_header(name, value)
                self.send_header("content-length", "4")
                self.end_headers()
                self.wfile.write(b'"ok"')

            do_POST = do_GET

            def log_message(self, format: str, *args: Any) -> None:
                pass

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        if tls:
            self._server.socket = tls.wrap_socket(self._server.socket, server_side=True)
        self.port = self._server.server_address[1]
        self.url = f"{'https' if tls else 'http'}://localhost:{self.port}"

    def __enter__(self) -> Upstream:
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()


def test_what_the_upstream_is_sent(serve: Serve, tmp_path: Path) -> None:
    with Upstream({"set-cookie": "session=1", "x-many": "a"}) as upstream:
        url = serve("--record", str(tmp_path / "kept"), "--upstream", f"{upstream.url}/api/v1/")
        sent = {"accept-encoding": "gzip", "connection": "close", "x-own": "1", "te": "trailers"}
        response = call(url, "POST", "/v1/messages?beta=true", b'{"a":"\xc3\xa4"}', headers=sent)
        assert (response.data, response.headers["x-many"]) == (b'"ok"', "a")
        (request,) = upstream.seen
        assert request.requestline == "POST /api/v1/messages?beta=true HTTP/1.1"
        assert dict(request.headers.items()) == {
            **HEADERS,
            "x-own": "1",
            "host": f"localhost:{upstream.port}",
            "accept-encoding": "identity",
            "content-length": "10",
        }
    assert b"session" not in (tmp_path / "kept" / "0001" / "response.head").read_bytes()


def test_a_stream_is_passed_on_while_it_comes(record: Any) -> None:
    url, folder = record("--fault", "stall")
    connection = raw(url)
    connection.sendall(request_bytes(stream=True))
    data = b""
    while b"content_block_delta" not in data:
        data += connection.recv(65536)
    # What the client has is on the disk, and not yet whole.
    assert b"content_block_delta" in (folder / "0001" / "response.sse").read_bytes()
    assert (folder / "0001" / "incomplete").exists()
    connection.close()


@pytest.mark.parametrize(("fault", "stream"), [("stall", True), ("stall-headers", False)])
def test_a_client_that_goes_leaves_the_upstream(
    serve: Serve, tmp_path: Path, fault: str, stream: bool
) -> None:
    logs = tmp_path / "upstream", tmp_path / "recorder"
    upstream = serve("--fault", fault, "--log", str(logs[0]))
    kept = str(tmp_path / "kept")
    url = serve("--record", kept, "--upstream", upstream, "--log", str(logs[1]))
    connection = raw(url)
    connection.sendall(request_bytes(stream=stream))
    if fault == "stall":
        assert connection.recv(15) == b"HTTP/1.1 200 OK"
    wait_until(lambda: logs[0].read_bytes())
    connection.close()
    began = time.monotonic()
    for log in logs:
        wait_until(lambda log=log: b'"hung_up":true' in log.read_bytes())
    assert time.monotonic() - began < 1
    assert bool(list(Path(kept).glob("*/incomplete"))) == (fault == "stall")


def test_a_cut_is_passed_on_kept_and_replayed(record: Any, serve: Serve) -> None:
    url, folder = record("--fault", "cut:2", "--fault", "reset:2")
    asked = [(prompt, stream) for prompt in ("cut", "reset") for stream in (True, False)]
    first = []
    for number, (prompt, stream) in enumerate(asked, 1):
        response, error = read(url, prompt, stream=stream)
        assert isinstance(error, CUT), (prompt, stream)
        assert response.data
        kept_files = folder / f"{number:04d}"
        assert (kept_files / "incomplete").exists()
        (kept_body,) = kept_files.glob("response.[sj]*")
        assert kept_body.read_bytes() == response.data
        first.append(kept(response))
    again = serve("--replay", str(folder))
    for (prompt, stream), wanted in zip(asked, first, strict=True):
        response, error = read(again, prompt, stream=stream)
        assert isinstance(error, CUT), (prompt, stream)
        assert kept(response) == wanted


COMPLETE = [
    "429",
    "502",
    "not-json",
    "empty",
    "error-object",
    "redirect",
    "json",
    "stream",
    "gzip",
    "cut-close",
    "clean-cut",
    "error-event",
    "early-error",
    "until-close",
    "with-length",
    "no-names",
    "crlf",
    "comments",
    "done",
    "bom",
]


def test_whatever_comes_whole_is_replayed(record: Any, serve: Serve) -> None:
    args = [word for fault in COMPLETE for word in ("--fault", f"{fault}:2")]
    url, folder = record(*args)
    asked = [(fault, stream) for fault in COMPLETE for stream in (True, False)]
    first = [kept(ask(url, fault, stream=stream)) for fault, stream in asked]
    assert [path.parent.name for path in folder.glob("*/incomplete")] == []
    again = serve("--replay", str(folder))
    for (fault, stream), wanted in zip(asked, first, strict=True):
        assert kept(ask(again, fault, stream=stream)) == wanted, (fault, stream)


def test_a_client_may_go_after_message_stop(record: Any) -> None:
    url, folder = record("--fault", "linger")
    connection = raw(url)
    connection.sendall(request_bytes(stream=True))
    data = b""
    while b"message_stop" not in data:
        data += connection.recv(65536)
    connection.close()
    assert files(folder) == {
        "0001": ["request.headers", "request.json", "response.head", "response.sse"]
    }


@pytest.mark.parametrize("fault", ["drop", "early-hints"])
def test_an_upstream_without_an_answer_is_502_and_no_exchange(record: Any, fault: str) -> None:
    url, folder = record("--fault", f"{fault}:1")
    status, kind, message = ask(url, "Hello").error
    assert (status, kind) == (502, "api_error")
    assert message.startswith("upstream 127.0.0.1:")
    assert ask(url, "Hello").status == 200
    assert list(files(folder)) == ["0001"]


def test_an_upstream_that_is_not_there(record: Any) -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    url, folder = record(f"http://127.0.0.1:{port}")
    why = f"upstream 127.0.0.1:{port}: connection refused"
    assert ask(url, "x").error == (502, "api_error", why)
    assert files(folder) == {}


def test_the_next_session_is_numbered_on(record: Any, serve: Serve) -> None:
    upstream = serve()
    for _ in range(2):
        url, folder = record(upstream)
        ask(url, "Hello")
    (folder / "9999").mkdir()
    ask(record(upstream)[0], "Hello")
    assert sorted(files(folder)) == ["0001", "0002", "10000", "9999"]
    again = serve("--replay", str(folder))
    ids = [ask(again, "Hello").json["id"] for _ in range(4)]
    assert ids == sorted({*ids}) + ids[-1:]
    assert len({*ids}) == 3


def test_a_full_disk_does_not_disturb_the_exchange(serve: Serve, tmp_path: Path) -> None:
    upstream, folder = serve(), tmp_path / "kept"
    recorder = start("serve", "--record", str(folder), "--upstream", upstream)
    url = recorder.stdout.readline().decode().strip()
    folder.rmdir()
    assert ask(url, "Hello").text == "Hello"
    assert ask(url, "Hello", stream=True).text == "Hello"
    recorder.terminate()
    lines = recorder.communicate()[1].decode().splitlines()
    assert len(lines) == 2
    assert all(line.startswith("msgcli: serve: not recorded: ") for line in lines)


def test_many_clients_at_once_are_all_kept(record: Any, serve: Serve) -> None:
    url, folder = record()
    threads = [
        threading.Thread(target=ask, args=(url, str(n)), kwargs={"stream": n % 2 == 0})
        for n in range(30)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    again = serve("--replay", str(folder))
    assert [ask(again, str(n), stream=n % 2 == 0).text for n in range(30)] == [
        str(n) for n in range(30)
    ]


def replay(serve: Serve, folder: Path, **exchanges: dict[str, str]) -> str:
    for name, written in exchanges.items():
        (folder / name).mkdir(parents=True)
        for file, text in written.items():
            (folder / name / file.replace("_", ".")).write_text(text)
    return serve("--replay", str(folder))


def test_exchanges_may_be_written_by_hand(serve: Serve, tmp_path: Path) -> None:
    url = replay(
        serve,
        tmp_path / "own",
        a={"request_json": json.dumps(body(), indent=2), "response_json": '{"n": 1}'},
        b={"request_json": json.dumps(dict(reversed(body().items()))), "response_sse": "data: 2"},
        c={"path": "GET /v1/models", "response_head": "HTTP/1.1 418 Tea\nX-A: b\n"},
        d={"response_json": "ignored"},
    )
    first, second, third = post(url), post(url), post(url)
    assert (first.status, first.headers["content-type"]) == (200, "application/json")
    assert (first.data, second.data, third.data) == (b'{"n": 1}', b"data: 2", b"data: 2")
    assert second.headers["content-type"] == "text/event-stream"
    response = call(url, "GET", "/v1/models")
    assert (response.status, response.headers["x-a"], response.data) == (418, "b", b"")


@pytest.mark.parametrize(
    ("method", "path", "data", "shown"),
    [
        ("GET", "/v1/models?limit=1", None, "GET /v1/models?limit=1"),
        ("POST", MESSAGES, b'{"a":1}', 'POST /v1/messages {"a":1}'),
        ("POST", MESSAGES, b"x" * 300, f"POST /v1/messages {'x' * 200}..."),
        ("POST", "/v1/messages/count_tokens", b"", "POST /v1/messages/count_tokens"),
    ],
)
def test_a_request_that_was_not_recorded(
    serve: Serve, tmp_path: Path, method: str, path: str, data: bytes | None, shown: str
) -> None:
    url = replay(serve, tmp_path, a={"request_json": json.dumps(body()), "response_json": "{}"})
    error = call(url, method, path, data).error
    assert error == (404, "not_found_error", f"no exchange is recorded for {shown}")
    assert post(url).data == b"{}"


def test_the_golden_exchanges_can_be_replayed(serve: Serve) -> None:
    url = serve("--replay", str(ROOT))
    for name in ("e01-plain-text", "e11-streaming-tool-use", "e24-count-tokens", "e25-models-page"):
        case = ROOT / name
        place = (case / "path").read_text() if (case / "path").exists() else f"POST {MESSAGES}"
        body_file = case / "request.json"
        data = body_file.read_bytes() if body_file.exists() else None
        (wanted,) = case.glob("response.[js]*")
        response = call(url, *place.split(), data)
        assert (response.status, response.data) == (200, wanted.read_bytes()), name


@pytest.mark.parametrize(
    ("args", "status", "why"),
    [
        (["--record", "kept"], 2, "--record: --upstream is missing"),
        (["--upstream", "http://x"], 2, "--upstream: --record is missing"),
        (["--record", "k", "--upstream", "x"], 2, "--upstream: x: not an http or https URL"),
        (["--record", "k", "--upstream", "ftp://x"], 2, "--upstream: ftp://x: not an"),
        (["--record", "k", "--upstream", "http://x:y"], 2, "--upstream: http://x:y: not an"),
        (["--record", "k", "--upstream", "https://u:p@x"], 2, "--upstream: user information"),
        (["--record", "k", "--upstream", "http://x/?a=b"], 2, "--upstream: http://x/?a=b: a base"),
        (["--record", "/dev/null/k", "--upstream", "http://x"], 14, "--record: /dev/null/k: not a"),
        (["--replay", "none"], 3, "--replay: none: no such file or directory"),
        (["--replay", "."], 3, "--replay: .: there are no exchanges in it"),
        (
            ["--replay", ".", "--record", "k", "--upstream", "http://x"],
            2,
            "--record and --replay exclude each other",
        ),
        (["--replay", ".", "--fault", "cut"], 2, "--replay and --fault exclude each other"),
        (["--replay", ".", "--delay", "0"], 2, "--replay and --delay exclude each other"),
        (["--replay", ".", "--batch-delay", "1"], 2, "--replay and --batch-delay exclude"),
        (["--replay", ".", "--require-key"], 2, "--replay and --require-key exclude each other"),
        (
            ["--record", "k", "--upstream", "http://x", "--replies", "f"],
            2,
            "--record and --replies exclude each other",
        ),
    ],
)
def test_what_cannot_be_is_said_at_the_start(
    tmp_path: Path, args: list[str], status: int, why: str
) -> None:
    done = run("serve", *args, cwd=tmp_path)
    assert (done.returncode, done.stdout) == (status, b"")
    (line,) = done.stderr.decode().splitlines()
    assert line.startswith(f"msgcli: {why}")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("file", "text", "why"),
    [
        ("path", "GET", "path: not a method and a path"),
        ("response_head", "", "not a status line and headers"),
        ("response_head", "HTTP/1.1 100 Continue\n", "not a status line and headers"),
        ("response_head", "HTTP/1.1 200 OK\nnonsense\n", "not a status line and headers"),
    ],
)
def test_an_exchange_that_is_none(tmp_path: Path, file: str, text: str, why: str) -> None:
    (tmp_path / "one").mkdir()
    (tmp_path / "one" / file.replace("_", ".")).write_text(text)
    (tmp_path / "one" / "request.json").write_text("{}")
    done = run("serve", "--replay", str(tmp_path))
    assert done.returncode == 3
    assert done.stderr.decode() == f"msgcli: --replay: {tmp_path}: one: {why}\n"


@pytest.mark.parametrize("mode", ["record", "replay"])
def test_what_the_command_finds_in_its_environment(
    endpoint: str, tmp_path: Path, mode: str
) -> None:
    golden = ["--replay", str(ROOT)]
    args = ["--record", str(tmp_path), "--upstream", endpoint] if mode == "record" else golden
    outside = {
        "ANTHROPIC_AUTH_TOKEN": "mine",
        "MSGCLI_AUTH": "bearer",
        "MSGCLI_BASE_URL": "https://api.example",
        "ANTHROPIC_BASE_URL": "https://api.example",
    }
    script = "env | grep -E '^(ANTHROPIC|MSGCLI)_' | sort | sed s/:[0-9]*$//"
    done = run("serve", *args, "--", "sh", "-c", script, env=outside)
    url = "ANTHROPIC_BASE_URL=http://127.0.0.1"
    own = ["ANTHROPIC_AUTH_TOKEN=mine", url, "MSGCLI_AUTH=bearer"]
    given = ["ANTHROPIC_API_KEY=sk-ant-local-endpoint", url]
    assert done.stdout.decode().splitlines() == (own if mode == "record" else given)


def test_a_command_that_ends_at_once_leaves_whole_exchanges(endpoint: str, tmp_path: Path) -> None:
    folder = tmp_path / "kept"
    args = ("--record", str(folder), "--upstream", endpoint)
    for stream in ((), ("--no-stream",)):
        words = ("create", "-p", "Hello", "--no-stdin", *stream)
        done = run("serve", *args, "--", "msgcli", *words)
        assert (done.returncode, done.stdout) == (0, b"Hello\n"), done.stderr
    assert len(files(folder)) == 2
    assert not list(folder.glob("*/incomplete"))


@pytest.fixture
def recorder(tmp_path: Path) -> Iterator[Callable[..., str]]:
    """Starts a recorder in an environment of its own."""
    running: list[Any] = []

    def begin(upstream: str, **env: str) -> str:
        args = ("--record", str(tmp_path / "kept"), "--upstream", upstream)
        running.append(start("serve", *args, stderr=None, env=env))
        url: str = running[-1].stdout.readline().decode().strip()
        return url

    yield begin
    for server in running:
        server.terminate()
        server.communicate()


def test_an_upstream_behind_tls(recorder: Callable[..., str]) -> None:
    with Upstream(tls=certificates.server()) as upstream:
        trusting = recorder(upstream.url, REQUESTS_CA_BUNDLE=certificates.AUTHORITY)
        assert post(trusting).data == b'"ok"'
        message = post(recorder(upstream.url)).error[2]
        assert message.startswith(f"upstream localhost:{upstream.port}: ")
        assert "certificate verify failed" in message
        assert len(upstream.seen) == 1


@pytest.mark.parametrize("bundle", ["/nonexistent/bundle", certificates.KEY])
def test_a_bundle_that_is_none(tmp_path: Path, bundle: str) -> None:
    args = ("--record", str(tmp_path / "kept"), "--upstream", "https://x")
    done = run("serve", *args, env={"REQUESTS_CA_BUNDLE": bundle})
    assert done.returncode == 2
    assert done.stderr.decode().startswith(f"msgcli: REQUESTS_CA_BUNDLE: {bundle}: ")
    assert not (tmp_path / "kept").exists()


def test_a_key_is_not_sent_unencrypted_to_another_host(recorder: Callable[..., str]) -> None:
    with Upstream() as upstream, Proxy(upstream.port) as proxy:
        url = recorder("http://api.example", http_proxy=f"http://u%40:p@{proxy.address}")
        error = post(url).error
        why = "the key would be sent unencrypted to api.example"
        assert error == (403, "permission_error", why)
        assert not proxy.seen
        assert post(url, headers={"x-api-key": OMIT}).data == b'"ok"'
        assert proxy.lines == [b"POST http://api.example/v1/messages HTTP/1.1"]
        assert upstream.seen[0].headers["proxy-authorization"] == "Basic dUA6cA=="


def test_a_proxy_is_used_for_other_hosts_alone(recorder: Callable[..., str]) -> None:
    with Upstream(tls=certificates.server()) as upstream, Proxy(upstream.port) as proxy:
        env = {
            "REQUESTS_CA_BUNDLE": certificates.AUTHORITY,
            "HTTPS_PROXY": f"u:p@{proxy.address}",
            "NO_PROXY": "other.example",
        }
        assert post(recorder("https://api.example", **env)).data == b'"ok"'
        (line,) = proxy.lines
        assert line.startswith(b"CONNECT api.example:443 ")
        assert b"\r\nproxy-authorization: Basic dTpw\r\n" in proxy.seen[0]
        assert "proxy-authorization" not in upstream.seen[0].headers
        assert post(recorder(upstream.url, **env)).data == b'"ok"'
        assert post(recorder("https://other.example", **env)).status == 502
        assert len(proxy.lines) == 1


def test_a_body_may_be_larger_than_a_request(record: Any) -> None:
    url, folder = record()
    error = call(url, "POST", MESSAGES, b"{}".ljust(32 * 1024 * 1024 + 1)).error
    assert error[:2] == (413, "request_too_large")
    assert (folder / "0001" / "request.json").stat().st_size == 32 * 1024 * 1024 + 1


@pytest.mark.parametrize("method", ["HEAD", "OPTIONS"])
def test_other_methods_are_not_passed_on(record: Any, method: str) -> None:
    url, folder = record()
    assert call(url, method, "/v1/models").status == 405
    assert files(folder) == {}


def test_a_raw_target_is_passed_on_as_it_is(serve: Serve, tmp_path: Path) -> None:
    with Upstream() as upstream:
        url = serve("--record", str(tmp_path / "kept"), "--upstream", upstream.url)
        connection = raw(url)
        head = "GET /v1/models/a%2Fb\xe4?q=%22 HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n"
        connection.sendall(head.encode("latin-1"))
        assert until_closed(connection).endswith(b'"ok"')
        connection.close()
        assert upstream.seen[0].path == "/v1/models/a%2Fb%E4?q=%22"
