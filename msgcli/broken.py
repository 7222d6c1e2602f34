"""Why a connection broke, out of what several libraries make of it."""

from __future__ import annotations

import http.client
import socket
import ssl
from collections.abc import Iterator

from msgcli.lean import urllib3

_NO_TUNNEL = "Tunnel connection failed: "


def chain(error: BaseException) -> Iterator[BaseException]:
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


def reason(error: Exception) -> str:
    """Why it broke, in the system's words rather than in a library's."""
    errors = list(chain(error))
    refused = next((text for e in errors if (text := str(e)).startswith(_NO_TUNNEL)), None)
    if refused is not None:
        return f"the proxy refused: {refused.removeprefix(_NO_TUNNEL)}"
    of_proxy = (
        "the proxy: " if any(isinstance(e, urllib3.exceptions.ProxyError) for e in errors) else ""
    )
    return of_proxy + _of(errors)


def _of(errors: list[BaseException]) -> str:
    for inner in errors:
        if isinstance(inner, ssl.SSLCertVerificationError):
            return f"TLS: certificate verify failed: {inner.verify_message.rstrip('.')}"
    for inner in errors:
        if isinstance(inner, ssl.SSLError):
            return f"TLS: {(inner.reason or 'handshake failed').replace('_', ' ').lower()}"
    for inner in errors:
        if isinstance(inner, socket.gaierror):
            return f"cannot find the host: {_lower(inner.strerror or 'name not known')}"
    if any(isinstance(inner, urllib3.exceptions.DecodeError) for inner in errors):
        return "the reply is not compressed as it says"
    for inner in reversed(errors):
        if isinstance(inner, TimeoutError):
            return "no connection in time"
        if isinstance(inner, OSError) and inner.strerror:
            return _lower(inner.strerror)
    for inner in errors:
        if isinstance(inner, http.client.RemoteDisconnected):
            return "the connection was closed without a response"
        if isinstance(inner, http.client.IncompleteRead):
            return "the connection was closed in the middle of the reply"
        if isinstance(inner, http.client.HTTPException):
            return "the answer is not HTTP"
    return "the connection failed"


def _lower(text: str) -> str:
    return text[:1].lower() + text[1:]
