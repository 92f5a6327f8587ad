"""Invented values of a type, to see which JSON the code makes of them."""

from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import fields, is_dataclass
from datetime import UTC, date, datetime, timedelta
from enum import Enum
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints
from uuid import UUID

from pydantic import BaseModel

ANY_KEY = "*"
"""Stands for the name of a member named after its subject, such as a topic."""
_PLAIN: Mapping[Any, Any] = {
    str: "x",
    int: 1,
    float: 1.0,
    bool: False,
    bytes: b"x",
    UUID: UUID(int=1),
    datetime: datetime(2026, 5, 4, 9, 30, tzinfo=UTC),
    date: date(2026, 5, 4),
    timedelta: timedelta(hours=1),
    Any: "x",
    object: "x",
}


def example(kind: Any) -> Any:
    """A value of this type. A dataclass has every member, a pydantic model only those without a default."""
    kind = getattr(kind, "__supertype__", kind)
    if kind in _PLAIN:
        return _PLAIN[kind]
    if isinstance(kind, type) and issubclass(kind, Enum):
        return next(iter(kind))
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        required = {field.alias or name: field for name, field in kind.model_fields.items() if field.is_required()}
        return kind(**{name: example(field.annotation) for name, field in required.items()})
    if is_dataclass(kind):
        hints = get_type_hints(kind)
        return kind(**{field.name: example(hints[field.name]) for field in fields(kind)})  # type: ignore[operator]
    return _of_generic(get_origin(kind), get_args(kind))


def _of_generic(origin: Any, arguments: tuple[Any, ...]) -> Any:
    if origin is Annotated or origin is Literal:
        return example(arguments[0]) if origin is Annotated else arguments[0]
    if origin is Union or origin is UnionType:
        return example(next(one for one in arguments if one is not NoneType))
    if origin is tuple and arguments[-1] is not ...:
        return tuple(map(example, arguments))
    if issubclass(origin, Mapping):
        return {ANY_KEY: example(arguments[1])}
    if issubclass(origin, Sequence | Set):
        made = [example(arguments[0])]
        return tuple(made) if origin is tuple else frozenset(made) if issubclass(origin, Set) else made
    raise TypeError(f"no example of {origin} is known")


def members(value: Any, path: str = "") -> Iterator[str]:
    """The path of every member in a JSON value, like `steps[].at`."""
    if isinstance(value, list):
        for entry in value:
            yield from members(entry, f"{path}[]")
    elif isinstance(value, dict):
        for name, member in value.items():
            here = f"{path}.{name}" if path else name
            yield here
            yield from members(member, here)


def members_of_schema(schema: Mapping[str, Any], root: Mapping[str, Any], path: str = "") -> Iterator[str]:
    """The path of every member that a JSON Schema describes; `root` is the document that its references are in."""
    if "$ref" in schema:
        target: Any = root
        for part in schema["$ref"].removeprefix("#/").split("/"):
            target = target[part]
        yield from members_of_schema(target, root, path)
    for branch in (*schema.get("anyOf", ()), *schema.get("oneOf", ()), *schema.get("allOf", ())):
        yield from members_of_schema(branch, root, path)
    if isinstance(schema.get("items"), dict):
        yield from members_of_schema(schema["items"], root, f"{path}[]")
    named = dict(schema.get("properties", {}))
    if isinstance(schema.get("additionalProperties"), dict):
        named[ANY_KEY] = schema["additionalProperties"]
    for name, member in named.items():
        here = f"{path}.{name}" if path else name
        yield here
        yield from members_of_schema(member, root, here)
