"""The log of requests: JSON Lines, one write each, no secrets."""

from __future__ import annotations

import os
from datetime import datetime, timezone
from typing import Any

from msgcli.endpoint.incoming import Request
from msgcli.endpoint.strictjson import dump, parse

SECRET = ("authorization", "x-api-key", "proxy-authorization", "cookie")


class Log:
    """Appends to a file, which it makes readable for its owner alone."""

    def __init__(self, path: bytes) -> None:
        self._file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)

    def request(self, request: Request, status: int | None) -> None:
        """A request that came in whole, with the HTTP status that it is going to get."""
        headers = {
            name.lower(): "***" if name.lower() in SECRET else value
            for name, value in request.headers.items()
        }
        self._write(
            {
                "request_id": request.id,
                "method": request.method,
                "path": request.target,
                "status": status,
                "headers": headers,
                "body_size": len(request.data),
                "body": _readable(request.data),
            }
        )

    def hung_up(self, request_id: str) -> None:
        """A client that went away before its answer was complete."""
        self._write({"request_id": request_id, "hung_up": True})

    def _write(self, entry: dict[str, Any]) -> None:
        now = datetime.now(timezone.utc).isoformat(timespec="milliseconds")
        os.write(self._file, dump({"time": now.replace("+00:00", "Z"), **entry}) + b"\n")


def _readable(data: bytes) -> Any:
    if not data:
        return None
    try:
        return parse(data)
    except ValueError:
        return data.decode(errors="replace")
