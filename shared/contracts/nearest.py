"""What a publisher probably meant: the nearest known name to one that nobody knows."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache
from types import UnionType
from typing import Annotated, Any, Union, get_args, get_origin

from shared.contracts.fact import Value

MOST_NAMED = 20
"""How many unknown members of an event are named; more tell nobody more."""
_LONGEST_NAME = 100
_CLOSE = 0.75


@dataclass(frozen=True, slots=True)
class Unknown:
    """A member of an event's data that its type does not have, by its path, and the one that was probably meant."""

    path: str
    meant: str | None = None


def nearest(name: str, known: Iterable[str]) -> str | None:
    """The known name that is most like this one, capitals and hyphens aside; None where none is."""
    by_plain = {_plain(one): one for one in known}
    found = get_close_matches(_plain(name[:_LONGEST_NAME]), by_plain, n=1, cutoff=_CLOSE)
    return by_plain[found[0]] if found else None


def _with_the_word(name: str, known: Iterable[str]) -> str | None:
    """The known name that has all words of this one and the fewest others: `working_hours` for `hours`."""
    parts = set(_words(name[:_LONGEST_NAME]))
    found = sorted((one for one in known if parts.issubset(_words(one))), key=lambda one: len(_words(one)))
    is_alone = len(found) == 1 or (len(found) > 1 and len(_words(found[0])) < len(_words(found[1])))
    return found[0] if is_alone else None


def unknown_members(model: type[Value], value: Mapping[str, Any], path: str = "data") -> tuple[Unknown, ...]:
    """The members of a JSON object that a reader of this class passes over, those of objects in it too."""
    known = _members(model)
    found = [_unknown(path, name, known) for name in value if name not in known]
    for name, inner in known.items():
        if inner is not None and name in value:
            found += _inside(inner, value[name], f"{path}.{name}")
    return tuple(found[:MOST_NAMED])


def _inside(model: type[Value], value: Any, path: str) -> Iterable[Unknown]:
    if isinstance(value, dict):
        yield from unknown_members(model, value, path)
    elif isinstance(value, list):
        for place, entry in enumerate(value):
            if isinstance(entry, dict):
                yield from unknown_members(model, entry, f"{path}.{place}")


def _unknown(path: str, name: str, known: Mapping[str, object]) -> Unknown:
    meant = nearest(name, known) or _with_the_word(name, known)
    return Unknown(f"{path}.{name[:_LONGEST_NAME]}", f"{path}.{meant}" if meant else None)


@cache
def _members(model: type[Value]) -> Mapping[str, type[Value] | None]:
    """The members of a class by the name they are sent under, with the class of those that are objects themselves."""
    return {field.alias or name: _class_in(field.annotation) for name, field in model.model_fields.items()}


def _class_in(annotation: Any) -> type[Value] | None:
    """The class of an object, of one that may be missing, or of a list's entries."""
    if isinstance(annotation, type) and issubclass(annotation, Value):
        return annotation
    if get_origin(annotation) in (Annotated, Union, UnionType, tuple):
        return next((found for part in get_args(annotation) if (found := _class_in(part))), None)
    return None


def _words(name: str) -> list[str]:
    return name.replace("-", "_").replace(" ", "_").casefold().split("_")


def _plain(name: str) -> str:
    return name.replace("_", "").replace("-", "").replace(" ", "").casefold()
