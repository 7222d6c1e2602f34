"""From what the user says of an endpoint to what a request needs, checked without connecting."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import urlsplit

from msgcli import __version__, stdio
from msgcli.credentials import Credential
from msgcli.errors import CredentialFault, InputFault, UsageFault
from msgcli.redaction import keep_secret

if TYPE_CHECKING:
    import ssl

DEFAULT_URL = "https://api.anthropic.com"
API_VERSION = "2023-06-01"

_SUFFIX = re.compile(r"(?:/v1(?:/messages)?)?/*\Z")
_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+\Z")
_HOST = re.compile(
    r"(?!.*(?:\.\.|[^.]{64}))[0-9A-Za-z_][0-9A-Za-z_.-]*\Z|[0-9A-Fa-f]*:[0-9A-Fa-f:.]+\Z"
)
_AUTHENTICATION = frozenset(("x-api-key", "authorization"))
_OF_EVERY_REQUEST = frozenset(("user-agent", "accept", "accept-encoding", "content-type"))
_SECRET_NAME = re.compile(r"key|auth|token|secret|cookie|password", re.IGNORECASE)


class Endpoint(NamedTuple):
    """Where requests go, and all that goes along. Header names are in lower case."""

    base_url: str
    host: str
    headers: dict[str, str]
    proxies: dict[str, str]
    verify: str | bool
    client_cert: tuple[str, str] | str | None
    connect_timeout: float
    idle_timeout: float

    def url(self, path: str) -> str:
        return f"{self.base_url}/v1/{path}"

    def headers_of(self, method: str) -> dict[str, str]:
        """The headers of a request; one without a body says nothing of its type."""
        drop = "content-type" if method == "GET" else None
        return {name: value for name, value in self.headers.items() if name != drop}


def base_url(given: str) -> str:
    """The base URL without a final `/`, `/v1` or `/v1/messages`. UsageFault if it is none."""
    if not given.isprintable() or " " in given:
        raise UsageFault("--base-url: a URL has no spaces or control characters")
    try:
        parts = urlsplit(given)
        port = parts.port
    except ValueError:
        raise UsageFault(f"--base-url: {given}: not a URL") from None
    if "@" in parts.netloc:
        raise UsageFault("--base-url: user information in a URL is not accepted")
    if parts.scheme not in ("http", "https") or not parts.hostname or port == 0:
        raise UsageFault(f"--base-url: {given}: not an http or https URL")
    if parts.hostname.isascii() and not _HOST.match(parts.hostname):
        raise UsageFault(f"--base-url: {given}: not a host name")
    if parts.query or parts.fragment or given.endswith(("?", "#")):
        raise UsageFault(f"--base-url: {given}: a base URL has no query and no fragment")
    try:
        host = parts.hostname.encode("idna").decode() if not parts.hostname.isascii() else None
    except UnicodeError:
        raise UsageFault(f"--base-url: {given}: not a host name") from None
    netloc = parts.netloc if host is None else host + (f":{port}" if port else "")
    return f"{parts.scheme}://{netloc}{_SUFFIX.sub('', parts.path)}"


def host(url: str) -> str:
    """The host name or address of a base URL."""
    return urlsplit(url).hostname or ""


def netloc(url: str) -> str:
    """The host of a base URL with its port, as messages name it."""
    return urlsplit(url).netloc


def is_loopback(host: str) -> bool:
    """Whether a host name or address means this machine: then nothing leaves it."""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    import ipaddress

    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def headers(*, given: tuple[str, ...], betas: tuple[str, ...], api_version: str) -> dict[str, str]:
    """The headers of a request but for the credential: defaults, ANTHROPIC_CUSTOM_HEADERS, -H.

    The later one wins; an empty value takes a header away. UsageFault for what is no header.
    """
    merged = {
        "user-agent": f"msgcli/{__version__}",
        "accept": "application/json",
        "accept-encoding": "identity",
        "anthropic-version": api_version,
        "content-type": "application/json",
    }
    for option, text in (("--api-version", api_version), *(("--beta", beta) for beta in betas)):
        if not text.isascii() or not text.isprintable():
            raise UsageFault(f"{option}: a header's value is printable ASCII")
    custom = os.environ.get("ANTHROPIC_CUSTOM_HEADERS", "").splitlines()
    lines = [("ANTHROPIC_CUSTOM_HEADERS", line) for line in custom if line.strip()]
    for source, line in (*lines, *(("--header", line) for line in given)):
        name, value = _header(source, line)
        merged[name] = value
    if betas:
        named = [*merged.get("anthropic-beta", "").split(","), *betas]
        merged["anthropic-beta"] = ",".join(dict.fromkeys(b.strip() for b in named if b.strip()))
    return {name: value for name, value in merged.items() if value}


def _header(source: str, line: str) -> tuple[str, str]:
    name, colon, value = line.partition(":")
    name, value = name.strip().lower(), value.strip()
    if not colon or not _NAME.match(name):
        raise UsageFault(f"{source}: not of the form 'NAME: VALUE'")
    if _SECRET_NAME.search(name):
        keep_secret(value.removeprefix("Bearer ").strip())
    if not value.isascii() or not value.isprintable():
        raise UsageFault(f"{source}: {name}: a value is printable ASCII")
    if name in ("host", "content-length", "transfer-encoding", "connection"):
        raise UsageFault(f"{source}: {name}: this header is the connection's own")
    return name, value


def authenticate(
    sent: dict[str, str], credential: Credential | None, *, is_loopback: bool, needs_none: bool
) -> None:
    """Put the one authentication header into `sent`; one that the user gave himself stands."""
    own = _AUTHENTICATION & sent.keys()
    if len(own) > 1:
        raise UsageFault("--header: both x-api-key and authorization are given")
    if own:
        return
    if credential is not None:
        sent[credential.header] = credential.value
    elif not is_loopback and not needs_none:
        raise CredentialFault(
            "no key",
            hint="set ANTHROPIC_API_KEY or ANTHROPIC_AUTH_TOKEN, or give --api-key-file FILE",
        )


def meaningful(sent: dict[str, str]) -> dict[str, str]:
    """Those headers on which the answer can depend: not who asks, and not how it is sent."""
    return {
        name: value
        for name, value in sent.items()
        if name not in _OF_EVERY_REQUEST and not _SECRET_NAME.search(name)
    }


def carries_secret(sent: dict[str, str]) -> bool:
    return any(_SECRET_NAME.search(name) for name in sent)


def check_transport(url: str, sent: dict[str, str], *, is_loopback: bool, allow_http: bool) -> None:
    """CredentialFault if a key would go over the network in clear."""
    if url.startswith("http:") and not is_loopback and not allow_http and carries_secret(sent):
        raise CredentialFault(
            f"{url}: the key would be sent unencrypted", hint="--allow-http sends it all the same"
        )


def authorities(name: str | None, *, is_needed: bool) -> str | bool:
    """The certificate authorities to trust: a file or folder, or True for those of the library.

    The variable may hold many, which take longer to read than a plain request on loopback takes.
    """
    source, name = "--cacert", name
    if name is None and is_needed:
        source, name = "REQUESTS_CA_BUNDLE", os.environ.get("REQUESTS_CA_BUNDLE") or None
    if name is None:
        return True
    if not os.path.isdir(stdio.path(name)):
        _check_readable(source, name)
        _check_pem(source, lambda context: context.load_verify_locations(stdio.path(name)))
    return name


def client_certificate(certificate: str | None, key: str | None) -> tuple[str, str] | str | None:
    """What the client shows of itself. UsageFault for a key without a certificate."""
    if certificate is None:
        if key is not None:
            raise UsageFault("--client-key: there is no --client-cert that it is for")
        return None
    _check_readable("--client-cert", certificate)
    key_path = None
    if key is not None:
        _check_readable("--client-key", key)
        key_path = stdio.path(key)
    # An encrypted key would ask for its pass phrase on the terminal.
    _check_pem(
        "--client-cert",
        lambda context: context.load_cert_chain(stdio.path(certificate), key_path, lambda: ""),
    )
    return certificate if key is None else (certificate, key)


def _check_pem(option: str, load: Callable[[ssl.SSLContext], None]) -> None:
    import ssl

    try:
        load(ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT))
    except (OSError, ValueError):
        raise InputFault(
            f"{option}: no certificate in PEM form, or a key that is encrypted"
        ) from None


def _check_readable(option: str, name: str) -> None:
    try:
        stdio.read(name, is_source=False)
    except InputFault as fault:
        raise fault.at(option) from None


def proxies(url: str, given: str | None, *, is_loopback: bool) -> dict[str, str]:
    """The proxy for `url` by scheme; none for loopback, whatever the environment says."""
    if is_loopback:
        return {}
    if given is not None:
        proxy = _proxy("--proxy", given)
        return {"http": proxy, "https": proxy}
    from msgcli.lean import requests

    found: dict[str, str] = requests.utils.get_environ_proxies(url)
    scheme = urlsplit(url).scheme
    name = next((name for name in (scheme, "all") if found.get(name)), None)
    return {} if name is None else {scheme: _proxy(f"{name}_proxy", found[name])}


def _proxy(source: str, given: str) -> str:
    """The URL of a proxy; UsageFault if it is none that can be used."""
    try:
        parts = urlsplit(given if "://" in given else f"http://{given}")
        usable = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
    except ValueError:
        usable = False
    if not usable:
        raise UsageFault(f"{source}: not the URL of an http or https proxy")
    if parts.password:
        keep_secret(parts.password)
    return parts.geturl()
