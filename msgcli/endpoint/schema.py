"""The part of JSON Schema that structured output understands, and a smallest instance of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from msgcli.endpoint.problem import invalid
from msgcli.endpoint.shapes import join, mapping

UNSUPPORTED = (
    "minimum",
    "maximum",
    "exclusiveMinimum",
    "exclusiveMaximum",
    "multipleOf",
    "minLength",
    "maxLength",
    "maxItems",
    "uniqueItems",
    "contains",
    "not",
    "if",
    "minProperties",
    "maxProperties",
    "patternProperties",
    "prefixItems",
)
FORMATS = {
    "date-time": "2026-01-01T00:00:00Z",
    "date": "2026-01-01",
    "time": "00:00:00Z",
    "duration": "P1D",
    "email": "user@example.com",
    "hostname": "example.com",
    "uri": "https://example.com/",
    "ipv4": "127.0.0.1",
    "ipv6": "::1",
    "uuid": "00000000-0000-4000-8000-000000000000",
}
PLACEHOLDER = "text"
SCALARS: Mapping[str, Any] = {
    "integer": 0,
    "number": 0,
    "boolean": False,
    "null": None,
    "array": [],
    "object": {},
}


def _target(path: str, reference: Any, root: Mapping[str, Any]) -> Any:
    if not isinstance(reference, str) or not reference.startswith("#"):
        raise invalid(path, "only references inside the schema are supported")
    found: Any = root
    for step in reference[1:].split("/")[1:]:
        key = step.replace("~1", "/").replace("~0", "~")
        if not isinstance(found, dict) or key not in found:
            raise invalid(path, f"nothing at {reference}")
        found = found[key]
    return found


def check_supported(path: str, root: Any) -> None:
    """Refuse a schema that structured output would refuse, naming the place."""
    _check(path, root, root, ())


def _check(path: str, schema: Any, root: Any, followed: tuple[str, ...]) -> None:
    if isinstance(schema, bool):
        return
    mapping(path, schema)
    for keyword in UNSUPPORTED:
        if keyword in schema:
            raise invalid(join(path, keyword), "keyword is not supported")
    if schema.get("minItems", 0) not in (0, 1):
        raise invalid(join(path, "minItems"), "values other than 0 and 1 are not supported")
    is_object = schema.get("type") == "object" or "properties" in schema
    if is_object and schema.get("additionalProperties") is not False:
        raise invalid(path, "for 'object' type, 'additionalProperties' must be false")
    if schema.get("format", "date") not in FORMATS:
        raise invalid(join(path, "format"), "format is not supported")
    if "$ref" in schema:
        reference = schema["$ref"]
        if reference in followed:
            raise invalid(join(path, "$ref"), "recursive schemas are not supported")
        found = _target(join(path, "$ref"), reference, root)
        _check(join(path, "$ref"), found, root, (*followed, reference))
    for where, part in _parts(path, schema):
        _check(where, part, root, followed)


def _parts(path: str, schema: Mapping[str, Any]) -> list[tuple[str, Any]]:
    parts = []
    for keyword in ("properties", "$defs", "definitions"):
        group = schema.get(keyword, {})
        mapping(join(path, keyword), group)
        parts += [(join(join(path, keyword), name), part) for name, part in group.items()]
    for keyword in ("anyOf", "oneOf", "allOf"):
        options = schema.get(keyword, [])
        if not isinstance(options, list):
            raise invalid(join(path, keyword), "Input should be a valid array")
        parts += [(f"{path}.{keyword}.{index}", part) for index, part in enumerate(options)]
    if "items" in schema:
        parts.append((join(path, "items"), schema["items"]))
    return parts


def sample(schema: Any, root: Any = None, depth: int = 0) -> Any:
    """A small instance of a schema: required properties only, the first of all choices."""
    root = schema if root is None else root
    if not isinstance(schema, dict) or depth > 50:
        return None
    if "$ref" in schema:
        return sample(_target("$ref", schema["$ref"], root), root, depth + 1)
    if "const" in schema:
        return schema["const"]
    for keyword in ("enum", "examples"):
        if schema.get(keyword):
            return schema[keyword][0]
    if "default" in schema:
        return schema["default"]
    for keyword in ("anyOf", "oneOf"):
        if schema.get(keyword):
            return sample(schema[keyword][0], root, depth + 1)
    if schema.get("allOf"):
        return _merged(schema, root, depth)
    return _typed(schema, root, depth)


def _merged(schema: Mapping[str, Any], root: Any, depth: int) -> Any:
    own = {name: part for name, part in schema.items() if name != "allOf"}
    samples = [sample(part, root, depth + 1) for part in [*schema["allOf"], own]]
    objects = [part for part in samples if isinstance(part, dict)]
    if not objects:
        return samples[0]
    return {name: value for part in objects for name, value in part.items()}


def _typed(schema: Mapping[str, Any], root: Any, depth: int) -> Any:
    kind = schema.get("type", "object" if "properties" in schema else "null")
    if isinstance(kind, list):
        kind = kind[0]
    if kind == "object":
        properties = schema.get("properties", {})
        required = schema.get("required", [])
        return {name: sample(properties.get(name), root, depth + 1) for name in required}
    if kind == "array":
        return [sample(schema.get("items"), root, depth + 1)] * schema.get("minItems", 0)
    if kind in ("integer", "number"):
        return max(schema.get("minimum", 0), min(0, schema.get("maximum", 0)))
    if kind == "string":
        text = FORMATS.get(schema.get("format", ""), PLACEHOLDER)
        return text.ljust(schema.get("minLength", 0))[: schema.get("maxLength")]
    return SCALARS.get(kind)
