"""The request headers that the API insists on."""

from __future__ import annotations

import hmac
from email.message import Message as Headers

from msgcli.endpoint.problem import Problem, invalid

VERSIONS = ("2023-06-01", "2026-10-21")


def check_key(headers: Headers, required: str | None) -> None:
    """At most one key, sent in one way; the one that is required, if any."""
    keys = headers.get_all("x-api-key", [])
    tokens = headers.get_all("authorization", [])
    if len(keys) + len(tokens) > 1:
        raise invalid("", "send either x-api-key or authorization, and only once")
    sent = keys[0] if keys else None
    if tokens:
        scheme, _, sent = tokens[0].partition(" ")
        if scheme.lower() != "bearer":
            raise Problem(401, "authorization: the scheme must be Bearer")
    if sent is not None and not sent.strip():
        raise Problem(401, "invalid x-api-key")
    if required is None:
        return
    if sent is None:
        raise Problem(401, "x-api-key header is required")
    if not hmac.compare_digest(sent.strip().encode(), required.encode()):
        raise Problem(401, "invalid x-api-key" if keys else "invalid bearer token")


def check_version(headers: Headers) -> str:
    """The API version that is asked for."""
    versions = headers.get_all("anthropic-version", [])
    if not versions:
        raise invalid("anthropic-version", "header is required")
    version = ", ".join(versions)
    if version not in VERSIONS:
        raise invalid("anthropic-version", f'"{version}" is not a valid version')
    return version


def check_beta(headers: Headers) -> bool:
    """Whether beta features are asked for."""
    given = ",".join(headers.get_all("anthropic-beta", []))
    if given and not all(name.strip() for name in given.split(",")):
        raise invalid("anthropic-beta", "a name is empty")
    return bool(given)


def check_content(headers: Headers) -> None:
    """The body must be said to be JSON, in UTF-8, not compressed."""
    if headers.get_content_type() != "application/json" or "content-type" not in headers:
        given = headers.get("content-type", "none")
        raise invalid("content-type", f"application/json is required, not {given}")
    charset = headers.get_content_charset("utf-8")
    if charset not in ("utf-8", "utf8", "us-ascii"):
        details = {"error_code": "unsupported_charset"}
        raise Problem(400, f"content-type: charset {charset} is not supported", details=details)
    encoding = headers.get("content-encoding", "identity")
    if encoding.lower() != "identity":
        details = {"error_code": "request_body_encoding_unsupported"}
        raise Problem(400, f"content-encoding: {encoding} is not supported", details=details)
