"""The errors of a policy's document, in words that a person can act on."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, get_args, get_origin

from pydantic import BaseModel
from pydantic_core import ErrorDetails

from services.escalation.domain.policy.lines import Path
from services.escalation.domain.policy.model import Policy
from shared.contracts.fields import PATTERNS
from shared.contracts.rejected import RULES_WITH_LIMIT


@dataclass(frozen=True, slots=True)
class PolicyError:
    """One error: its line from 1, and the member's path such as `ladder.high.seller` (empty: the text as a whole)."""

    line: int
    path: str
    allowed: str

    def __str__(self) -> str:
        return f"line {self.line}{f', {self.path}' if self.path else ''}: {self.allowed}"


class PolicyErrors(ValueError):
    """An invalid policy document; `errors` has all its errors in the order of lines."""

    def __init__(self, errors: Sequence[PolicyError]) -> None:
        super().__init__("\n".join(map(str, errors)))
        self.errors = tuple(errors)


_RULES = {
    "missing": "is missing",
    "string_type": "must be text in quotes",
    "int_type": "must be a whole number",
    "int_from_float": "must be a whole number",
    "float_type": "must be a number like 0.4",
    "bool_type": "must be true or false",
    "tuple_type": "must be a list in square brackets",
    "mapping_type": "must be a table of names and values",
    "dict_type": "must be a table of names and values",
    "model_type": "must be a table of names and values",
    "string_too_short": "must not be empty",
}


def path_of(error: ErrorDetails) -> Path:
    """The path of the faulty member. Pydantic marks a faulty name; the name is then the member itself."""
    return tuple(part for part in error["loc"] if part != "[key]")


def words(error: ErrorDetails) -> str:
    """What is allowed at the place of this pydantic error."""
    kind, context = error["type"], error.get("ctx", {})
    if kind == "extra_forbidden":
        return f"is not known; use one of: {', '.join(_members(path_of(error)[:-1]))}"
    if kind in _RULES:
        return _RULES[kind]
    if kind == "string_pattern_mismatch":
        return PATTERNS.get(context["pattern"], f"must match {context['pattern']}")
    if kind in RULES_WITH_LIMIT:
        limit, text = RULES_WITH_LIMIT[kind]
        return text.format(context[limit])
    return error["msg"]


def written(path: Path) -> str:
    """A path as people write it: `reasons.lost[2].code`."""
    text = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path)
    return text.removeprefix(".")


def _members(path: Path) -> list[str]:
    """The names allowed at a place of the document."""
    place: Any = Policy
    for part in path:
        place = _below(place, part)
    return sorted(_fields(place))


def _below(place: Any, part: str | int) -> Any:
    place = _bare(place)
    if get_origin(place) is tuple:
        return get_args(place)[0]
    if get_origin(place) is Mapping:
        return get_args(place)[1]
    return _fields(place).get(str(part))


def _fields(place: Any) -> dict[str, Any]:
    place = _bare(place)
    is_part = isinstance(place, type) and issubclass(place, BaseModel)
    return {field.alias or name: field.annotation for name, field in place.model_fields.items()} if is_part else {}


def _bare(place: Any) -> Any:
    """A type without its annotations, and without None."""
    while get_origin(place) is Annotated:
        place = get_args(place)[0]
    return next(_not_none(place), place)


def _not_none(place: Any) -> Iterator[Any]:
    if type(None) in get_args(place):
        yield from (one for one in get_args(place) if one is not type(None))
