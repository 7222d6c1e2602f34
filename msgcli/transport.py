"""One HTTP exchange over requests: what was sent, what comes back, and where it broke."""

from __future__ import annotations

import http.client
import socket
import ssl
from collections.abc import Iterator
from typing import Any

import requests
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import HTTPError, ReadTimeoutError

from msgcli.chunked import Chunked
from msgcli.connection import Endpoint
from msgcli.wire.request import Body

CHUNK = 65536


class NotSent(Exception):
    """The request did not leave: nobody can have processed it. `final` is no use to try again."""

    def __init__(self, reason: str, *, final: bool) -> None:
        super().__init__(reason)
        self.final = final


class Lost(Exception):
    """The request was sent, and the connection broke before its reply was whole."""


class Silent(Lost):
    """As Lost: nothing came for the time that a connection may be idle."""


class _Response(http.client.HTTPResponse):
    """Passes over every interim response (103 too), where http.client knows 100 alone, and reads
    all HTTP chunks that have come at once."""

    _coding: Chunked | None = None

    def begin(self) -> None:
        super().begin()
        while 102 <= self.status < 200:
            self.headers = self.msg = None  # type: ignore[assignment]
            super().begin()
        self._coding = Chunked() if self.chunked else None

    def read1(self, n: int = -1) -> bytes:
        if self._coding is None:
            return super().read1(n)
        while not self._coding.ended:
            data = b"" if self._coding.broken else self.fp.read1(n)
            if body := self._coding.feed(data):
                return body
            if not data:
                raise http.client.IncompleteRead(b"")
        return b""


class Exchange:
    """One attempt: one connection, one request, one response."""

    def __init__(self, endpoint: Endpoint) -> None:
        self._endpoint = endpoint
        self.sent = False
        self._adapter = HTTPAdapter()
        self._response: requests.Response | None = None

    def request(self, method: str, url: str, body: bytes | Body | None) -> requests.Response:
        """The response once its head has come; its body is read with `chunks`."""
        endpoint = self._endpoint
        request = requests.Request(method, url, headers=endpoint.headers, data=body).prepare()
        try:
            self._prepare_pools()
            self._response = self._adapter.send(
                request,
                stream=True,
                timeout=(endpoint.connect_timeout, endpoint.idle_timeout),
                verify=endpoint.verify,
                cert=endpoint.client_cert,
                proxies=endpoint.proxies,
            )
        except (requests.RequestException, HTTPError, OSError) as error:
            raise self._broken(error) from None
        return self._response

    def _prepare_pools(self) -> None:
        """Have connections made that tell when they stand, and that read as `_Response` does."""
        pools = _pool_classes(self)
        self._adapter.poolmanager.pool_classes_by_scheme = pools
        for proxy in set(self._endpoint.proxies.values()):
            self._adapter.proxy_manager_for(proxy).pool_classes_by_scheme = pools

    def chunks(self) -> Iterator[bytes]:
        """The body as it comes, decompressed; Lost or Silent if it breaks."""
        assert self._response is not None
        raw = self._response.raw
        try:
            while chunk := raw.read1(CHUNK, decode_content=True):
                yield chunk
        except (requests.RequestException, HTTPError, OSError) as error:
            raise self._broken(error) from None
        finally:
            self.close()

    def close(self) -> None:
        """Drop the connection, whatever is still on its way."""
        if self._response is not None:
            self._response.close()
        self._adapter.close()

    def _broken(self, error: Exception) -> NotSent | Lost:
        if self.sent:
            if any(isinstance(e, (ReadTimeoutError, TimeoutError)) for e in _chain(error)):
                return Silent()
            return Lost(_reason(error))
        final = any(isinstance(e, ssl.SSLError) for e in _chain(error))
        return NotSent(
            _reason(error), final=final or isinstance(error, requests.exceptions.InvalidSchema)
        )


def _pool_classes(exchange: Exchange) -> dict[str, Any]:
    class Plain(HTTPConnection):
        response_class = _Response

        def connect(self) -> None:
            super().connect()
            exchange.sent = True

    class Secure(HTTPSConnection):
        response_class = _Response

        def connect(self) -> None:
            super().connect()
            exchange.sent = True

    class PlainPool(HTTPConnectionPool):
        ConnectionCls = Plain

    class SecurePool(HTTPSConnectionPool):
        ConnectionCls = Secure

    return {"http": PlainPool, "https": SecurePool}


def _chain(error: BaseException) -> Iterator[BaseException]:
    """An error and all that it was made from, the outermost first."""
    seen: set[int] = set()
    queue = [error]
    while queue:
        current = queue.pop(0)
        if id(current) in seen:
            continue
        seen.add(id(current))
        yield current
        inner = (
            getattr(current, "reason", None),
            current.__cause__,
            current.__context__,
            *current.args,
        )
        queue.extend(e for e in inner if isinstance(e, BaseException))


def _reason(error: Exception) -> str:
    """Why it broke, in the system's words rather than in a library's."""
    chain = list(_chain(error))
    for inner in chain:
        if isinstance(inner, ssl.SSLCertVerificationError):
            return f"TLS: certificate verify failed: {inner.verify_message}"
    for inner in chain:
        if isinstance(inner, ssl.SSLError):
            return f"TLS: {(inner.reason or 'handshake failed').replace('_', ' ').lower()}"
    for inner in chain:
        if isinstance(inner, socket.gaierror):
            return f"cannot find the host: {_lower(inner.strerror or 'name not known')}"
    for inner in reversed(chain):
        if isinstance(inner, TimeoutError):
            return "no connection in time"
        if isinstance(inner, OSError) and inner.strerror:
            return _lower(inner.strerror)
    for inner in chain:
        if isinstance(inner, http.client.RemoteDisconnected):
            return "the connection was closed without a response"
        if isinstance(inner, http.client.IncompleteRead):
            return "the connection was closed in the middle of the reply"
        if isinstance(inner, http.client.HTTPException):
            return "the answer is not HTTP"
    return "the connection failed"


def _lower(text: str) -> str:
    return text[:1].lower() + text[1:]
