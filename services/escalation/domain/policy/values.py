"""The types of values in a policy: spans of time, money, hours."""

import re
from collections.abc import Mapping
from datetime import timedelta
from typing import Annotated, Any, TypeAlias

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, PlainSerializer, WithJsonSchema
from pydantic_core import PydanticCustomError

from shared.contracts.fields import Text
from shared.formatting import possessive

_SPAN = re.compile(r"(\d{1,6})(m|h|d|w)", re.ASCII)
_UNITS = {"m": timedelta(minutes=1), "h": timedelta(hours=1), "d": timedelta(days=1), "w": timedelta(weeks=1)}

_LONGEST = timedelta(weeks=520)
_LONGEST_WORK = timedelta(hours=2000)  # about a year of work


class Section(BaseModel):
    """A part of the document. An unknown member is an error, because it would have no effect."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True, serialize_by_alias=True)


def _read_span(value: Any, units: str, example: str, longest: timedelta) -> timedelta:
    if isinstance(value, timedelta):
        return value
    found = _SPAN.fullmatch(value) if isinstance(value, str) else None
    if found is None or found[2] not in units:
        raise PydanticCustomError("span", f"must be a time like {example}")
    span = int(found[1]) * _UNITS[found[2]]
    if span > longest:
        raise PydanticCustomError("longest_span", f"must be at most {longest // _UNITS[units[-1]]}{units[-1]}")
    return span


def _span(value: Any) -> timedelta:
    return _read_span(value, "mhdw", '"30m", "4h", "3d" or "2w"', _LONGEST)


def _working_span(value: Any) -> timedelta:
    return _read_span(value, "mh", '"30m" or "4h": working time has no days', _LONGEST_WORK)


def span_words(span: timedelta) -> str:
    """A span of whole minutes in days, hours or minutes: the largest unit that gives a whole number."""
    unit = next((unit for unit in "dh" if span and not span % _UNITS[unit]), "m")
    return f"{span // _UNITS[unit]}{unit}"


def _working_words(span: timedelta) -> str:
    unit = "h" if span and not span % _UNITS["h"] else "m"
    return f"{span // _UNITS[unit]}{unit}"


def _written(units: str) -> WithJsonSchema:
    return WithJsonSchema({"type": "string", "pattern": f"^[0-9]{{1,6}}[{units}]$"})


Span: TypeAlias = Annotated[
    timedelta, BeforeValidator(_span), PlainSerializer(span_words, when_used="json"), _written("mhdw")
]
"""Time that passes day and night: "30m", "4h", "3d", "2w"; at most ten years."""

WorkingSpan: TypeAlias = Annotated[
    timedelta, BeforeValidator(_working_span), PlainSerializer(_working_words, when_used="json"), _written("mh")
]
"""Working time of the person concerned: "30m", "4h"; three days of eight hours are "24h"; at most a year."""

Money: TypeAlias = Mapping[Annotated[str, Field(pattern=r"^[A-Z]{3}$")], Annotated[int, Field(ge=0)]]
"""Amounts in minor units (cents) by currency. A currency that is not named has no amount."""


_ME, _SELLER, _COMPANY = "{me}", "{seller}", "{company}"
_OF_COMPANY = re.compile(r" (from|at) \{company\}")


def _names_known_people(text: str) -> str:
    rest = _OF_COMPANY.sub("", text).replace(_ME, "").replace(_SELLER, "")
    if _COMPANY in rest:
        raise PydanticCustomError("company", 'must have "from" or "at" before {company}, so that both can be left out')
    if "{" in rest or "}" in rest:
        raise PydanticCustomError("introduction", "must have only {me}, {seller} and {company} in braces")
    return text


Introduction: TypeAlias = Annotated[Text, AfterValidator(_names_known_people)]
"""A line to say with the names of the caller, the seller and the company in it."""


DAY = "{day}"
"""The placeholder in a play's lines for a late delivery: the day on which it is now expected."""

PROMISE = "{promise}"
"""The placeholder in a play's lines for a missed promise: that promise, in the words of the sale."""


def introduced(line: str, *, me: str, seller: str, company: str | None) -> str:
    """The line with the names. Without the company's name it does not say where the caller is from."""
    line = _OF_COMPANY.sub(lambda found: f" {found[1]} {company}" if company else "", line)
    return line.replace(f"{_SELLER}'s", possessive(seller)).replace(_ME, me).replace(_SELLER, seller)
