"""A JSON Schema as the rows of a table: one for each member, those of nested objects below their parent."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from shared.http.event_schemas import Schema, present, resolved

_DEEPEST = 5
_LIMITS = {
    "minLength": "characters: at least {}",
    "maxLength": "characters: at most {}",
    "minItems": "entries: at least {}",
    "maxItems": "entries: at most {}",
    "minimum": "at least {}",
    "maximum": "at most {}",
}
_COMMON = {("minLength", 1)}
_CONTROL_CHARACTERS = "\\u0000"
_FORMATS = {"date-time": "time with a zone (RFC 3339)", "date": "date", "uuid": "UUID", "binary": "bytes"}


@dataclass(frozen=True, slots=True)
class Row:
    """One member: `path` like "lines[].product"."""

    path: str
    kind: str
    required: bool
    note: str
    depth: int

    @property
    def parent(self) -> str:
        head, dot, _ = self.path.rpartition(".")
        return head + dot

    @property
    def name(self) -> str:
        return self.path.removeprefix(self.parent)


def schema_rows(schema: Schema, components: Mapping[str, Schema], prefix: str = "", depth: int = 0) -> Iterator[Row]:
    """The members of an object, or of the objects in an array; nothing for any other schema."""
    schema = present(schema, components)
    if schema.get("type") == "array":
        yield from schema_rows(schema.get("items", {}), components, f"{prefix.removesuffix('.')}[].", depth)
        return
    required = schema.get("required", ())
    for name, member in schema.get("properties", {}).items():
        shape = present(member, components)
        row = Row(prefix + name, _kind(shape, components), name in required, _note(member, components), depth)
        yield row
        if depth < _DEEPEST:
            yield from schema_rows(member, components, f"{row.path}.", depth + 1)


def _kind(shape: Schema, components: Mapping[str, Schema]) -> str:
    if "const" in shape:
        return f"“{shape['const']}”"
    if "enum" in shape:
        return "one of " + ", ".join(str(value) for value in shape["enum"])
    if shape.get("type") == "array":
        items = present(shape.get("items", {}), components)
        return "array" if "properties" in items else f"array of {_kind(items, components)}"
    kind = _FORMATS.get(shape.get("format", ""), str(shape.get("type", "any")))
    return {"integer": "whole number", "boolean": "true or false"}.get(kind, kind)


def _note(member: Schema, components: Mapping[str, Schema]) -> str:
    shape = present(member, components)
    notes = [str(member.get("description", "")).removesuffix(".")]
    notes += [
        template.format(_grouped(shape[limit])) for limit, template in _LIMITS.items() if _is_worth_noting(shape, limit)
    ]
    if _CONTROL_CHARACTERS not in shape.get("pattern", _CONTROL_CHARACTERS):
        notes.append(f"matches {shape['pattern']}")
    default = resolved(member, components).get("default")
    if default not in (None, [], {}):
        notes.append(f"default: {str(default).lower() if isinstance(default, bool) else default}")
    return "; ".join(note for note in notes if note)


def _is_worth_noting(shape: Schema, limit: str) -> bool:
    return limit in shape and "enum" not in shape and (limit, shape[limit]) not in _COMMON


def _grouped(limit: object) -> str:
    return f"{limit:,}" if isinstance(limit, int) else str(limit)
