"""An error answer of the API: its HTTP status, its type and its body."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

TYPES = {
    400: "invalid_request_error",
    401: "authentication_error",
    402: "billing_error",
    403: "permission_error",
    404: "not_found_error",
    409: "conflict_error",
    413: "request_too_large",
    429: "rate_limit_error",
    500: "api_error",
    504: "timeout_error",
    529: "overloaded_error",
}


def type_of(status: int) -> str:
    """The error type that goes with an HTTP status."""
    return TYPES.get(status, "invalid_request_error" if status < 500 else "api_error")


class Problem(Exception):
    """A request that gets an error answer instead of a Message."""

    def __init__(
        self,
        status: int,
        message: str,
        *,
        kind: str | None = None,
        details: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.kind = kind or type_of(status)
        self.details = details
        self.headers = dict(headers or {})

    def body(self, request_id: str | None) -> dict[str, Any]:
        """The error envelope, which is also the data of an `error` event."""
        error: dict[str, Any] = {"type": self.kind, "message": self.message}
        if self.details is not None:
            error["details"] = dict(self.details)
        return {"type": "error", "error": error, "request_id": request_id}


def invalid(path: str, why: str) -> Problem:
    """A 400 that names the field at fault, as in `messages.0.role: Field required`."""
    return Problem(400, f"{path}: {why}" if path else why)
