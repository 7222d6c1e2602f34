"""An answer that is no reply: from HTTP status, headers and body to one error."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping

from msgcli.errors import MsgcliError
from msgcli.wire import fault
from msgcli.wire.fault import ErrorBody

_TITLE = re.compile(r"<title[^>]*>(.*?)</title>", re.IGNORECASE | re.DOTALL)
_TYPES = {http_status: name for name, http_status in fault.HTTP_STATUS.items()}


def request_id(headers: Mapping[str, str]) -> str | None:
    return headers.get("request-id") or headers.get("x-request-id") or None


def read(body: bytes) -> ErrorBody:
    """What the body of an error answer says: JSON in any form, else its title or first words."""
    text = body.decode("utf-8", "replace")
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        value = None
    if isinstance(value, dict):
        return fault.read(value)
    title = _TITLE.search(text)
    words = title.group(1) if title else "" if text.lstrip()[:1] == "<" else text
    return ErrorBody(None, " ".join(words.split()), None, None, None)


def error(
    http_status: int, reason: str, headers: Mapping[str, str], body: ErrorBody
) -> MsgcliError:
    """The error that an answer is whose HTTP status is not 200, with all that helps to see why."""
    kind = fault.fault_class(http_status)
    if 300 <= http_status <= 399 and (place := headers.get("location")):
        return kind(f"redirected to {place}, which is not followed (HTTP {http_status})")
    if http_status < 400:
        return kind(f"{reason or 'an answer'} (HTTP {http_status}) is not a reply")
    name = body.type or _TYPES.get(http_status)
    message = body.message or reason or "no message"
    marks = [f"HTTP {http_status}"]
    if request := request_id(headers) or body.request_id:
        marks.append(f"request {request}")
    what = f"{name}: {message}" if name else message
    return kind(f"{what} ({', '.join(marks)})", type=name or kind.type)
