"""A JSON schema that the reply has to be valid against."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from msgcli import stdio
from msgcli.errors import InputFault, MsgcliError, SchemaFault, UsageFault
from msgcli.text import read_text
from msgcli.wire import strict
from msgcli.wire.request import encode

Block = dict[str, Any]

# The name of the tool that a reply is forced into where an endpoint has no structured output.
TOOL = "answer"


def load(name: str) -> dict[str, Any]:
    """The schema in a file. InputFault if it is none; nothing outside of it is ever fetched."""
    shown = f"--schema: {stdio.shown(name)}"
    try:
        schema = strict.parse(read_text("--schema", name))
    except strict.NotJson as error:
        raise InputFault(f"{shown}: {error}") from None
    if not isinstance(schema, dict):
        raise InputFault(f"{shown}: not a JSON object")
    jsonschema = _library()
    try:
        jsonschema.validators.validator_for(schema).check_schema(schema)
    except jsonschema.SchemaError as error:
        raise InputFault(f"{shown}: not a schema: {error.json_path}: {error.message}") from None
    if (reference := _dangling(schema)) is not None:
        raise InputFault(f"{shown}: $ref {reference}: there is no such place in the schema")
    return schema


def _dangling(schema: dict[str, Any]) -> str | None:
    """A reference that leads nowhere, or out of the schema: nothing is fetched."""
    from referencing import Registry, exceptions
    from referencing.jsonschema import DRAFT202012

    root = DRAFT202012.create_resource(schema)
    resolver = Registry().with_resource("", root).crawl().resolver()
    for reference in _references(schema):
        try:
            resolver.lookup(reference)
        except exceptions.Unresolvable:
            return reference
    return None


def _library() -> Any:
    try:
        import jsonschema
    except ImportError:
        raise UsageFault(
            "--schema: the package jsonschema is missing", hint="pip install 'msgcli[schema]'"
        ) from None
    return jsonschema


def _references(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        if isinstance(value.get("$ref"), str):
            yield value["$ref"]
        value = list(value.values())
    for item in value if isinstance(value, list) else ():
        yield from _references(item)


class Schema(NamedTuple):
    """A schema, and how a reply is made to follow it: `native`, or as the input of a tool."""

    schema: dict[str, Any]
    mode: str

    def apply(self, body: dict[str, Any]) -> None:
        """Ask for it in a request."""
        if self.mode == "native":
            form = {"type": "json_schema", "schema": self.schema}
            body["output_config"] = {**(body.get("output_config") or {}), "format": form}
        else:
            tool = {
                "name": TOOL,
                "description": "Give the answer, as the input of this tool.",
                "input_schema": self.schema,
            }
            body["tools"] = [*(body.get("tools") or ()), tool]
            body["tool_choice"] = {"type": "tool", "name": TOOL}

    def verdict(self, message: dict[str, Any], verdict: MsgcliError | None) -> MsgcliError | None:
        """The verdict on a reply that has another one already: SchemaFault if it is not valid."""
        call = self._call(message["content"])
        if verdict is not None and not (call and message["stop_reason"] == "tool_use"):
            return verdict
        try:
            value = call["input"] if call else strict.parse(self._text(message["content"]))
        except strict.NotJson as error:
            return SchemaFault(f"schema: the reply is not JSON: {error}")
        reason = self._first_error(value)
        return None if reason is None else SchemaFault(f"schema: {reason}")

    def _call(self, content: list[Block]) -> Block | None:
        calls = (b for b in content if b.get("type") == "tool_use" and b.get("name") == TOOL)
        return next(calls, None) if self.mode == "tool" else None

    def _text(self, content: list[Block]) -> str:
        return "".join(block["text"] for block in content if block.get("type") == "text")

    def json(self, content: list[Block]) -> bytes:
        """The answer as a JSON text."""
        call = self._call(content)
        return encode(call["input"]) if call else self._text(content).encode()

    def _first_error(self, value: Any) -> str | None:
        """Where and why a value is not valid, None if it is."""
        validators = _library().validators
        validator = validators.validator_for(self.schema)(self.schema)
        try:
            errors = sorted(validator.iter_errors(value), key=lambda e: [str(p) for p in e.path])
        except RecursionError:
            return "$: nested too deeply"
        return f"{errors[0].json_path}: {errors[0].message}" if errors else None

    def correction(self, content: list[Block], fault: MsgcliError) -> list[dict[str, Any]]:
        """The turns that send an error back: the answer as it was, and what is wrong with it."""
        text = f"That is not valid: {fault.message}. Answer again, with the corrected JSON alone."
        call = self._call(content)
        result = {"type": "tool_result", "tool_use_id": call and call.get("id"), "content": text}
        return [
            {"role": "assistant", "content": content},
            {"role": "user", "content": text if call is None else [{**result, "is_error": True}]},
        ]

    def answer(self, content: list[Block]) -> list[Block]:
        """The content of a valid reply without the call, which nobody is going to answer."""
        if self._call(content) is None:
            return content
        return [{"type": "text", "text": self.json(content).decode().rstrip()}]
