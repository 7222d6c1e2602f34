"""Records and results: many requests and their answers, one JSON object a line. Pure."""

from __future__ import annotations

import json
from typing import Any, NamedTuple

from msgcli.errors import InputFault, MsgcliError
from msgcli.wire import strict
from msgcli.wire.request import encode


class Record(NamedTuple):
    """A request of many, under the name that its result will have; or why there is none."""

    custom_id: str
    params: dict[str, Any]
    fault: MsgcliError | None = None


class Result(NamedTuple):
    """What became of a record. The message is None unless it succeeded."""

    custom_id: str
    message: dict[str, Any] | None


def parse(text: str) -> tuple[str, dict[str, Any]]:
    """The custom_id and the params of a line. InputFault if it is no record."""
    value = json_line(text)
    if not isinstance(value, dict):
        raise InputFault("not a JSON object")
    custom_id, params = value.get("custom_id"), value.get("params")
    if not isinstance(custom_id, str) or not custom_id:
        raise InputFault("no custom_id")
    if not isinstance(params, dict):
        raise InputFault("no params")
    return custom_id, params


def json_line(text: str) -> Any:
    """The JSON value of a line. InputFault if it is none."""
    try:
        return strict.parse(text)
    except strict.NotJson as error:
        raise InputFault(str(error).removeprefix("line 1: ")) from None


def line(record: Record) -> bytes:
    """A record as a line."""
    return encode({"custom_id": record.custom_id, "params": record.params})


def succeeded(custom_id: str, message: dict[str, Any]) -> bytes:
    """The result of a record that has its reply, as a line."""
    return _result(custom_id, {"type": "succeeded", "message": message})


def errored(
    custom_id: str,
    fault: MsgcliError,
    request_id: str | None = None,
    message: dict[str, Any] | None = None,
) -> bytes:
    """The result of a record that has none, or one that does not do, as a line."""
    inner = {"type": fault.type, "message": str(fault)}
    error = {"type": "error", "error": inner, "request_id": request_id}
    kept = {} if message is None else {"message": message}
    return _result(custom_id, {"type": "errored", "error": error, **kept})


def _result(custom_id: str, result: dict[str, Any]) -> bytes:
    return encode({"custom_id": custom_id, "result": result})


def read_result(data: bytes) -> Result | None:
    """What a line says; None if it is no result."""
    try:
        value = json.loads(data)
        result = value["result"]
        custom_id, kind = value["custom_id"], result["type"]
        message = result["message"] if kind == "succeeded" else None
    except (ValueError, KeyError, TypeError, RecursionError):
        return None
    if not isinstance(custom_id, str) or not isinstance(message, dict | None):
        return None
    return Result(custom_id, message)
