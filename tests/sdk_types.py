"""Holds JSON against the types that the official SDK declares: what does not fit, and where."""

from __future__ import annotations

import collections.abc
import functools
from collections.abc import Iterator
from datetime import datetime
from typing import Annotated, Any, Literal, NamedTuple, Union, get_args, get_origin

import typing_extensions as typing_x

JSON = {str: str, int: int, bool: bool, type(None): type(None)}
LISTS = {list, collections.abc.Iterable, collections.abc.Sequence}
WRAPPERS = {
    Annotated,
    typing_x.Annotated,
    typing_x.Required,
    typing_x.NotRequired,
}


class Fields(NamedTuple):
    """The keys of an object: their types, and which have to be there."""

    types: dict[str, Any]
    required: frozenset[str]


@functools.cache
def fields(kind: Any) -> Fields | None:
    """What a TypedDict or a pydantic model declares; None for anything else."""
    if typing_x.is_typeddict(kind):
        types = typing_x.get_type_hints(kind, include_extras=True)
        # Annotations that are strings hide `Required` from the class itself.
        said = {name for name, hint in types.items() if get_origin(hint) is typing_x.Required}
        return Fields(types, frozenset(said | kind.__required_keys__))
    if hasattr(kind, "model_fields"):
        kind.model_rebuild()
        declared = {field.alias or name: field for name, field in kind.model_fields.items()}
        types = {name: field.annotation for name, field in declared.items()}
        return Fields(types, frozenset(n for n, field in declared.items() if field.is_required()))
    return None


def complaints(value: Any, kind: Any, *, at: str = "", more_keys: bool = False) -> list[str]:
    """Each deviation of `value` from the type; with `more_keys`, keys of no type are none."""
    return list(_complaints(value, kind, at, more_keys))


def _complaints(value: Any, kind: Any, at: str, more_keys: bool) -> Iterator[str]:
    origin, args = get_origin(kind), get_args(kind)
    if kind in (object, Any):
        return
    if origin in WRAPPERS:
        yield from _complaints(value, args[0], at, more_keys)
    elif origin is Literal or origin is typing_x.Literal:
        if not any(value == word and type(value) is type(word) for word in args):
            yield f"{at}: {value!r} is none of {', '.join(map(repr, args))}"
    elif _is_union(kind):
        yield from _of_a_union(value, args, at, more_keys)
    elif origin in LISTS:
        if not isinstance(value, list):
            yield f"{at}: {value!r} is no array"
            return
        for place, item in enumerate(value):
            yield from _complaints(item, args[0], f"{at}[{place}]", more_keys)
    elif origin in (dict, collections.abc.Mapping):
        if not isinstance(value, dict):
            yield f"{at}: {value!r} is no object"
            return
        for key, item in value.items():
            yield from _complaints(item, args[1], f"{at}.{key}", more_keys)
    elif (declared := fields(kind)) is not None:
        yield from _of_an_object(value, declared, at, more_keys)
    elif not _is_scalar(value, kind):
        yield f"{at}: {value!r} is no {getattr(kind, '__name__', kind)}"


def _is_union(kind: Any) -> bool:
    origin = get_origin(kind)
    return origin is Union or getattr(origin, "__name__", "") == "UnionType"


def _of_a_union(value: Any, kinds: tuple[Any, ...], at: str, more_keys: bool) -> Iterator[str]:
    tries = [complaints(value, kind, at=at, more_keys=more_keys) for kind in kinds]
    if [] in tries:
        return
    # The complaints worth reading are those of the shape, and of the `type`, that the value has.
    other = (f"{at}: ", f"{at}.type:")
    meant = [found for found in tries if not any(text.startswith(other) for text in found)]
    if meant:
        yield from min(meant, key=len)
    else:
        yield f"{at}: {value!r} is of none of the types declared"


def _of_an_object(value: Any, declared: Fields, at: str, more_keys: bool) -> Iterator[str]:
    if not isinstance(value, dict):
        yield f"{at}: {value!r} is no object"
        return
    for name in sorted(declared.required - value.keys()):
        yield f"{at}.{name}: missing"
    for name, item in value.items():
        if name in declared.types:
            yield from _complaints(item, declared.types[name], f"{at}.{name}", more_keys)
        elif not more_keys:
            yield f"{at}.{name}: unknown"


def _is_scalar(value: Any, kind: Any) -> bool:
    if kind is None or kind is type(None):
        return value is None
    if kind is float:
        return isinstance(value, (int, float)) and not isinstance(value, bool)
    if kind is datetime:
        return isinstance(value, str) and _is_time(value)
    return kind in JSON and type(value) is kind


def _is_time(text: str) -> bool:
    try:
        return datetime.fromisoformat(text.replace("Z", "+00:00")).tzinfo is not None
    except ValueError:
        return False
