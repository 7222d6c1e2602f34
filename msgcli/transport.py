"""One HTTP exchange over requests: what was sent, what comes back, and where it broke."""

from __future__ import annotations

import http.client
import ssl
import time
from collections.abc import Iterator
from typing import Any, NamedTuple

from msgcli.broken import chain, reason
from msgcli.chunked import Chunked
from msgcli.connection import Endpoint
from msgcli.lean import requests, urllib3
from msgcli.wire.request import Body

CHUNK = 65536

# Seconds for which a connection may have nothing to do and be used again: less than any server
# waits before it closes one.
_KEPT = 1.0

# A head and a body of so many bytes leave together.
_AT_ONCE = 16384


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
    _left = -1

    def begin(self) -> None:
        super().begin()
        while 102 <= self.status < 200:
            self.headers = self.msg = None  # type: ignore[assignment]
            super().begin()
        self._coding = Chunked() if self.chunked else None
        self._left = -1 if self.length is None else self.length

    def read1(self, n: int = -1) -> bytes:
        body = super().read1(n) if self._coding is None else self._decoded(self._coding, n)
        self._left -= len(body)
        if self._left == 0 or (self._coding is not None and self._coding.ended):
            self.close()  # the connection is free for the next request at once
        return body

    def _decoded(self, coding: Chunked, n: int) -> bytes:
        while not coding.ended:
            data = b"" if coding.broken else self.fp.read1(n)
            if body := coding.feed(data):
                return body
            if not data:
                raise http.client.IncompleteRead(b"")
        return b""


class _Way(NamedTuple):
    """What is the same for each request to a URL: the pool of connections, the target and the
    headers, as requests makes them of endpoint, proxy and certificates."""

    method: str
    url: str
    pool: urllib3.HTTPConnectionPool
    target: str
    headers: dict[str, str]


class Line:
    """The way to one endpoint, with a connection that is kept from one exchange to the next.

    A request that is lost on it may have been processed. So it is not used again after a pause, in
    which the other side may have closed it, nor when anything has come on it unasked, as an end
    does.
    """

    def __init__(self, endpoint: Endpoint) -> None:
        self.sent = False
        self._endpoint = endpoint
        self._adapter = requests.adapters.HTTPAdapter(pool_connections=1, pool_maxsize=1)
        self._timeout = urllib3.Timeout(
            connect=endpoint.connect_timeout, read=endpoint.idle_timeout
        )
        self._way: _Way | None = None
        self._free_since = 0.0
        pools = _pool_classes(self)
        self._adapter.poolmanager.pool_classes_by_scheme = pools
        for proxy in set(endpoint.proxies.values()):
            self._adapter.proxy_manager_for(proxy).pool_classes_by_scheme = pools

    def begin(self) -> None:
        """An exchange begins, of which nothing is sent so far."""
        self.sent = False
        if time.monotonic() - self._free_since > _KEPT:
            self.close()

    def send(self, method: str, url: str, body: bytes | Body | None) -> urllib3.HTTPResponse:
        """The response once its head has come."""
        way = self._way
        if way is None or (way.method, way.url) != (method, url):
            self._way = way = self._found(method, url)
        length = {} if body is None else {"Content-Length": str(len(body))}
        response = way.pool.urlopen(
            method,
            way.target,
            body=body,
            headers={**way.headers, **length},
            timeout=self._timeout,
            retries=False,
            redirect=False,
            assert_same_host=False,
            preload_content=False,
            decode_content=False,
        )
        assert isinstance(response, urllib3.HTTPResponse)
        return response

    def _found(self, method: str, url: str) -> _Way:
        endpoint = self._endpoint
        adapter: Any = self._adapter
        headers = endpoint.headers_of(method)
        request = requests.Request(method, url, headers=headers).prepare()
        pool = adapter.get_connection_with_tls_context(
            request, endpoint.verify, proxies=endpoint.proxies, cert=endpoint.client_cert
        )
        adapter.cert_verify(pool, url, endpoint.verify, endpoint.client_cert)
        target = adapter.request_url(request, endpoint.proxies)
        return _Way(method, url, pool, target, dict(request.headers))

    def connected(self, connection: urllib3.connection.HTTPConnection) -> None:
        """A connection stands. From here on the idle time counts, for the upload too."""
        connection.timeout = self._endpoint.idle_timeout
        connection.sock.settimeout(connection.timeout)
        self.sent = True

    def end(self) -> None:
        self._free_since = time.monotonic()

    def close(self) -> None:
        """Drop the connection."""
        self._way = None
        self._adapter.close()


class Exchange:
    """One attempt: one request, one response; on a connection of its own, or on that of a line."""

    def __init__(self, endpoint: Endpoint, line: Line | None = None) -> None:
        self._line = line or Line(endpoint)
        self._is_kept = line is not None
        self._response: urllib3.HTTPResponse | None = None
        self._line.begin()

    @property
    def sent(self) -> bool:
        """Whether the request may have left."""
        return self._line.sent

    def request(self, method: str, url: str, body: bytes | Body | None) -> urllib3.HTTPResponse:
        """The response once its head has come; its body is read with `chunks`."""
        try:
            self._response = self._line.send(method, url, body)
        except (requests.RequestException, urllib3.exceptions.HTTPError, OSError) as error:
            raise self._broken(error) from None
        return self._response

    def chunks(self) -> Iterator[bytes]:
        """The body as it comes, decompressed; Lost or Silent if it breaks."""
        assert self._response is not None
        try:
            while chunk := self._response.read1(CHUNK, decode_content=True):
                yield chunk
        except (urllib3.exceptions.HTTPError, OSError) as error:
            raise self._broken(error) from None
        finally:
            self.close()

    def close(self) -> None:
        """Drop the connection, whatever is still on its way; keep one on which nothing is."""
        if self._response is not None:
            self._response.close()
            self._response.release_conn()
        self._line.end()
        if not self._is_kept:
            self._line.close()

    def _broken(self, error: Exception) -> NotSent | Lost:
        if self.sent:
            if any(
                isinstance(e, (urllib3.exceptions.ReadTimeoutError, TimeoutError))
                for e in chain(error)
            ):
                return Silent()
            return Lost(reason(error))
        final = any(isinstance(e, ssl.SSLError) for e in chain(error))
        return NotSent(
            reason(error), final=final or isinstance(error, requests.exceptions.InvalidSchema)
        )


def _pool_classes(line: Line) -> dict[str, Any]:
    """Connections that tell when a request may have left, and read as `_Response` does."""

    class Plain(urllib3.connection.HTTPConnection):
        response_class = _Response
        _held: bytes | None = None

        def connect(self) -> None:
            super().connect()
            line.connected(self)

        def request(self, *args: Any, **kwargs: Any) -> None:
            if self.sock is not None:
                line.connected(self)
            self._held = b""
            try:
                super().request(*args, **kwargs)
            finally:
                held, self._held = self._held, None
            if held:
                super().send(held)

        def send(self, data: Any) -> None:
            """A head and a small body leave together."""
            if self._held is not None and len(self._held) + len(data) <= _AT_ONCE:
                self._held += data
                return
            held, self._held = self._held, None
            if held:
                super().send(held)
            for at in range(0, len(data), CHUNK):  # a time limit is on each of them
                super().send(data[at : at + CHUNK])

    class Secure(Plain, urllib3.connection.HTTPSConnection):
        pass

    class PlainPool(urllib3.HTTPConnectionPool):
        ConnectionCls = Plain

    class SecurePool(urllib3.HTTPSConnectionPool):
        ConnectionCls = Secure

    return {"http": PlainPool, "https": SecurePool}
