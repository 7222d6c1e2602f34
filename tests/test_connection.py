"""What the user says of an endpoint, checked without a connection."""

from __future__ import annotations

import pytest
from support import run

from msgcli import connection
from msgcli.credentials import Credential
from msgcli.errors import CredentialFault, UsageFault


@pytest.mark.parametrize(
    "given",
    [
        "https://gw.example/anthropic",
        "https://gw.example/anthropic/",
        "https://gw.example/anthropic/v1",
        "https://gw.example/anthropic/v1/",
        "https://gw.example/anthropic/v1/messages",
        "https://gw.example/anthropic//",
    ],
)
def test_the_base_url_is_the_same_with_or_without_its_end(given: str) -> None:
    assert connection.base_url(given) == "https://gw.example/anthropic"


def test_a_path_that_only_looks_like_an_end_stays() -> None:
    assert connection.base_url("https://gw.example/v1/x") == "https://gw.example/v1/x"
    assert connection.base_url("https://gw.example/apiv1") == "https://gw.example/apiv1"
    assert connection.base_url("HTTP://[::1]:80/v1") == "http://[::1]:80"


@pytest.mark.parametrize(
    "given",
    [
        "",
        "gw.example",
        "ftp://gw.example",
        "https://",
        "https://u:p@gw.example",
        "https://@gw.example",
        "https://gw.example:99999",
        "https://gw.example:x",
        "https://[::1",
        "https://gw.example?x=1",
        "https://gw.example#x",
        "https://gw example",
        "https://gw.example\n",
        "https://gw.example\x1b[31m",
    ],
)
def test_what_is_no_base_url(given: str) -> None:
    with pytest.raises(UsageFault) as caught:
        connection.base_url(given)
    assert "p@" not in str(caught.value)


@pytest.mark.parametrize(
    ("host", "loopback"),
    [
        ("localhost", True),
        ("api.localhost", True),
        ("127.0.0.1", True),
        ("127.8.8.8", True),
        ("::1", True),
        ("notlocalhost", False),
        ("localhost.example.com", False),
        ("127.0.0.1.example.com", False),
        ("0.0.0.0", False),
        ("10.0.0.1", False),
    ],
)
def test_loopback(host: str, loopback: bool) -> None:
    assert connection.is_loopback(host) is loopback


def headers(*given: str, betas: tuple[str, ...] = ()) -> dict[str, str]:
    return connection.headers(given=given, betas=betas, api_version="2023-06-01")


def test_no_header_is_sent_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANTHROPIC_CUSTOM_HEADERS", "X-One: env\nX-Two: env\n\n")
    sent = headers("x-one: flag", "Anthropic-Version: 2026-10-21", "accept:")
    assert sent["x-one"] == "flag"
    assert sent["x-two"] == "env"
    assert sent["anthropic-version"] == "2026-10-21"
    assert "accept" not in sent


def test_betas_are_one_header() -> None:
    sent = headers("anthropic-beta: a, b", betas=("b", "c"))
    assert sent["anthropic-beta"] == "a,b,c"
    assert "anthropic-beta" not in headers()


@pytest.mark.parametrize(
    "line",
    ["nonsense", ": value", "na me: value", "x: a\r\ny: b", "x: ü", "Host: other", "x: \x7f"],
)
def test_what_is_no_header(line: str) -> None:
    with pytest.raises(UsageFault):
        headers(line)


@pytest.mark.parametrize("value", ["→", "a\nb", "\x7f"])
@pytest.mark.parametrize("option", ["--beta", "--api-version"])
def test_what_is_no_value_of_a_header(option: str, value: str) -> None:
    done = run("create", "-p", "x", "--base-url", "http://127.0.0.1:1", option, value)
    assert (done.returncode, done.stdout) == (2, b"")
    assert done.stderr.startswith(f"msgcli: {option}: ".encode())


@pytest.mark.parametrize("host", ["a" * 48 + "$", "a..b", "a" * 64, "."])
def test_a_host_that_is_none_is_told_at_once(host: str) -> None:
    done = run("create", "-p", "x", "--base-url", f"http://{host}/", timeout=10)
    assert (done.returncode, done.stdout) == (2, b"")


def authenticated(sent: dict[str, str], credential: Credential | None, loopback: bool) -> None:
    connection.authenticate(sent, credential, is_loopback=loopback, needs_none=False)


def test_exactly_one_authentication_header() -> None:
    key = Credential("x-api-key", "secret")
    sent: dict[str, str] = {}
    authenticated(sent, key, False)
    assert sent == {"x-api-key": "secret"}
    own = {"authorization": "Bearer mine"}
    authenticated(own, key, False)
    assert own == {"authorization": "Bearer mine"}
    both = {"authorization": "Bearer mine", "x-api-key": "mine"}
    with pytest.raises(UsageFault):
        authenticated(both, None, False)


def test_no_key_is_needed_for_loopback_alone() -> None:
    sent: dict[str, str] = {}
    authenticated(sent, None, True)
    assert sent == {}
    with pytest.raises(CredentialFault):
        authenticated({}, None, False)


@pytest.mark.parametrize("name", ["x-api-key", "authorization", "cf-aig-authorization"])
def test_no_key_goes_over_the_network_in_clear(name: str) -> None:
    def check(url: str, sent: dict[str, str], loopback: bool, allowed: bool) -> None:
        connection.check_transport(url, sent, is_loopback=loopback, allow_http=allowed)

    with pytest.raises(CredentialFault):
        check("http://gw.example", {name: "secret"}, False, False)
    check("https://gw.example", {name: "secret"}, False, False)
    check("http://gw.example", {}, False, False)
    check("http://gw.example", {name: "secret"}, False, True)
    check("http://127.0.0.1", {name: "secret"}, True, False)


def test_loopback_is_never_proxied(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy.example:3128")
    assert connection.proxies("https://gw.example", None, is_loopback=False)["https"]
    assert connection.proxies("https://localhost", None, is_loopback=True) == {}
    assert connection.proxies("https://localhost", "http://p.example", is_loopback=True) == {}


def test_a_credential_does_not_show_itself() -> None:
    assert "secret" not in repr(Credential("x-api-key", "secret"))
