"""What an endpoint's error says, in all the forms that endpoints use, and which status it is."""

from __future__ import annotations

import json
from typing import Any, NamedTuple

from msgcli.errors import (
    CredentialFault,
    MsgcliError,
    ProtocolFault,
    RefusedFault,
    UnavailableFault,
)

# The HTTP status that goes with each error type of the API.
HTTP_STATUS = {
    "invalid_request_error": 400,
    "authentication_error": 401,
    "billing_error": 402,
    "permission_error": 403,
    "not_found_error": 404,
    "conflict_error": 409,
    "request_too_large": 413,
    "rate_limit_error": 429,
    "api_error": 500,
    "timeout_error": 504,
    "overloaded_error": 529,
}


class ErrorBody(NamedTuple):
    """What could be found in the body of an error: absent is None."""

    type: str | None
    message: str
    http_status: int | None
    request_id: str | None
    error_code: str | None


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and value.strip() else None


def _code(value: object) -> int | None:
    """An HTTP error status given as a number or as digits."""
    if isinstance(value, str) and value.isdecimal() and len(value) == 3:
        value = int(value)
    return value if isinstance(value, int) and 400 <= value <= 599 else None


def _detail(value: object) -> str | None:
    """`detail` as FastAPI and problem+json give it: a text, or a list of objects with `msg`."""
    if isinstance(value, list):
        parts = [item.get("msg") if isinstance(item, dict) else item for item in value]
        return "; ".join(str(part) for part in parts) or None
    return _text(value)


def _object(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def read(body: dict[str, Any]) -> ErrorBody:
    """The error in a JSON object, whichever of the known forms it has."""
    error, message = _object(body.get("error")), _object(body.get("message"))
    outer = body.get("type")
    kind = _text(error.get("type")) or _text(message.get("type"))
    text = (
        _text(error.get("message"))
        or _text(message.get("message"))
        or _text(body.get("message"))
        or _detail(body.get("detail"))
        or _text(body.get("error"))
        or _text(body.get("title"))
        or json.dumps(body)
    )
    return ErrorBody(
        type=kind or (_text(outer) if outer != "error" else None),
        message=text,
        http_status=_code(error.get("code"))
        or _code(body.get("code"))
        or _code(body.get("status")),
        request_id=_text(body.get("request_id")),
        error_code=_text(_object(error.get("details")).get("error_code")),
    )


def fault_class(http_status: int) -> type[MsgcliError]:
    """The class of error that an HTTP status other than 200 is."""
    if http_status in (401, 403):
        return CredentialFault
    if http_status in (408, 409, 429) or 500 <= http_status <= 599:
        return UnavailableFault
    return RefusedFault if 400 <= http_status <= 499 else ProtocolFault


def of_error_event(body: dict[str, Any]) -> MsgcliError:
    """The error that an `error` event, or an error object behind HTTP status 200, stands for."""
    error = read(body)
    http_status = HTTP_STATUS.get(error.type or "") or error.http_status
    kind = ProtocolFault if http_status is None else fault_class(http_status)
    what = f"{error.type}: {error.message}" if error.type else error.message
    where = f" (request {error.request_id})" if error.request_id else ""
    found = kind(what + where, type=error.type or kind.type)
    found.from_endpoint = True
    return found
