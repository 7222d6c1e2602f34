"""Another endpoint to which requests are passed on, whose answers are passed back as they come."""

from __future__ import annotations

import base64
import errno
import http.client
import ssl
import urllib.request
from urllib.parse import SplitResult, quote, unquote, urlsplit

from msgcli.endpoint.answer import HungUp
from msgcli.endpoint.incoming import Request
from msgcli.endpoint.passage import OF_THE_CONNECTION, Passage, Watch
from msgcli.endpoint.problem import Problem

CONNECT_SECONDS = 30
NOT_ASKED = OF_THE_CONNECTION | {"accept-encoding"}
KEYS = ("authorization", "x-api-key", "api-key")
WITH_BODY = ("POST", "PUT", "PATCH")


class BadUpstream(Exception):
    """The URL cannot be one of an endpoint."""


class Upstream:
    """The endpoint at a base URL."""

    def __init__(self, url: str, ca_file: str | None = None) -> None:
        """Raises BadUpstream for a URL that cannot be, OSError for such a file."""
        try:
            parts = urlsplit(url)
            port = parts.port
        except ValueError:
            raise BadUpstream(f"{url}: not an http or https URL") from None
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise BadUpstream(f"{url}: not an http or https URL")
        if parts.username is not None or parts.password is not None:
            raise BadUpstream("user information in a URL is not accepted")
        if parts.query or parts.fragment:
            raise BadUpstream(f"{url}: a base URL has no query")
        self.host = parts.hostname
        self._port = port or (443 if parts.scheme == "https" else 80)
        self._place = parts.netloc
        self._path = parts.path.rstrip("/").removesuffix("/v1")
        self._is_local = self.host in ("localhost", "::1") or self.host.startswith("127.")
        self._tls = None
        if parts.scheme == "https":
            self._tls = _tls(ca_file)
        self._proxy = self._proxy_for(parts)
        self._proxy_headers = _proxy_headers(self._proxy)

    def _proxy_for(self, parts: SplitResult) -> SplitResult | None:
        if self._is_local or urllib.request.proxy_bypass(parts.netloc):
            return None
        proxies = urllib.request.getproxies()
        url = proxies.get(parts.scheme) or proxies.get("all")
        return urlsplit(url if "//" in url else f"http://{url}") if url else None

    def send(self, request: Request) -> Passage:
        """Pass a request on, and wait for the head of its answer.

        Raises Problem where there is none, HungUp where the client does not wait for it.
        """
        if not (self._tls or self._is_local) and any(name in request.headers for name in KEYS):
            raise Problem(403, f"the key would be sent unencrypted to {self.host}")
        try:
            connection = self._connected()
        except (OSError, http.client.HTTPException) as error:
            raise self._problem(error) from None
        watch = Watch(connection.sock, request.gone)
        try:
            self._ask(connection, request)
            return Passage(connection, _response(connection), watch)
        except (OSError, http.client.HTTPException, ValueError) as error:
            watch.stop()
            connection.close()
            if watch.is_left:
                raise HungUp from None
            raise self._problem(error) from None

    def _problem(self, error: Exception) -> Problem:
        why = getattr(error, "strerror", None) or str(error) or type(error).__name__
        return Problem(502, f"upstream {self._place}: {why[:1].lower()}{why[1:]}")

    def _connected(self) -> http.client.HTTPConnection:
        proxy = self._proxy
        host, port = self.host, self._port
        if proxy:
            host, port = proxy.hostname or "", proxy.port or 80
        connection = (
            http.client.HTTPSConnection(host, port, timeout=CONNECT_SECONDS, context=self._tls)
            if self._tls
            else http.client.HTTPConnection(host, port, timeout=CONNECT_SECONDS)
        )
        if proxy and self._tls:
            connection.set_tunnel(self.host, self._port, self._proxy_headers)
        connection.connect()
        connection.sock.settimeout(None)
        return connection

    def _ask(self, connection: http.client.HTTPConnection, request: Request) -> None:
        target = self._path + quote(request.target, safe="/?&=%~:@!$'()*+,;[]", encoding="latin-1")
        if self._proxy and not self._tls:
            target = f"http://{self._place}{target}"
        connection.putrequest(request.method, target, skip_host=True, skip_accept_encoding=True)
        connection.putheader("host", self._place)
        connection.putheader("accept-encoding", "identity")
        for name, value in request.headers.items():
            if name.lower() not in NOT_ASKED:
                connection.putheader(name, value)
        if not self._tls:
            for name, value in self._proxy_headers.items():
                connection.putheader(name, value)
        if request.data or request.method in WITH_BODY:
            connection.putheader("content-length", str(len(request.data)))
        connection.endheaders(request.data)


def _tls(ca_file: str | None) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cafile=ca_file)
    except ssl.SSLError:
        raise OSError(errno.EINVAL, "there is no certificate in it") from None


def _proxy_headers(proxy: SplitResult | None) -> dict[str, str]:
    if proxy is None or proxy.username is None:
        return {}
    user = f"{unquote(proxy.username)}:{unquote(proxy.password or '')}"
    return {"proxy-authorization": f"Basic {base64.b64encode(user.encode()).decode()}"}


def _response(connection: http.client.HTTPConnection) -> http.client.HTTPResponse:
    """The answer, as soon as its head is there."""
    response = connection.getresponse()
    if response.status < 200:
        raise http.client.HTTPException(f"HTTP status {response.status} is not an answer")
    return response
