"""Why an event was refused, in words safe to send back and to log: they never repeat what was received."""

from collections.abc import Sequence
from enum import StrEnum

from pydantic_core import ErrorDetails

from shared.contracts.fields import PATTERNS

TOO_DEEP = "must not nest deeper than 200 levels"
"""The limit of data. A parser bears more, and stops there with the same words: what is deeper is refused either way."""


class Refusal(StrEnum):
    """Every code a refused event can have: a bounded set, fit for a metric label."""

    NOT_CLOUDEVENTS = "not_cloudevents"
    INVALID_JSON = "invalid_json"
    MISSING_ATTRIBUTE = "missing_attribute"
    INVALID_ATTRIBUTE = "invalid_attribute"
    UNKNOWN_TYPE = "unknown_type"
    UNKNOWN_VERSION = "unknown_version"
    WRONG_TOPIC = "wrong_topic"
    MISSING_FIELD = "missing_field"
    INVALID_FIELD = "invalid_field"
    TOMBSTONE = "tombstone"


class Rejected(ValueError):
    """An event that cannot be accepted as it is.

    `code` is a value of Refusal; `field` is the attribute ("subject") or member ("data.lines.0.quantity") at
    fault, where there is one; `reason` tells the publisher what to do and never contains the value received.
    `faults` are all that is wrong with the event, this one first.
    """

    def __init__(
        self, code: Refusal, reason: str, *, field: str | None = None, others: Sequence["Rejected"] = ()
    ) -> None:
        super().__init__(reason)
        self.code: str = code.value
        self.field = field
        self.reason = reason
        self.faults: tuple[Rejected, ...] = (self, *others)

    @property
    def reasons(self) -> str:
        """All that is wrong, in one text."""
        return "; ".join(fault.reason for fault in self.faults)


MOST_FAULTS = 20
"""How many faults of one event are told at once."""


def together(faults: Sequence[Rejected]) -> Rejected:
    """One refusal for everything that is wrong with an event, of which there is something."""
    first, *others = faults[:MOST_FAULTS]
    return Rejected(Refusal(first.code), first.reason, field=first.field, others=others)


_RULES = {
    "missing": "is required",
    "string_type": "must be a string",
    "string_sub_type": "must be a string",
    "string_unicode": "must be Unicode text without lone surrogates",
    "int_type": "must be a whole number",
    "int_from_float": "must be a whole number",
    "int_parsing": "must be a whole number",
    "int_parsing_size": "must be a whole number of at most 2^53",
    "bool_type": "must be true or false",
    "uuid_type": "must be a UUID",
    "uuid_parsing": "must be a UUID",
    "tuple_type": "must be an array",
    "literal_error": "must be the value that this type stands for",
    "json_invalid": TOO_DEEP,
    "model_type": "must be a JSON object",
    "model_attributes_type": "must be a JSON object",
}
RULES_WITH_LIMIT = {
    "string_too_short": ("min_length", "must have at least {} character(s)"),
    "string_too_long": ("max_length", "must have at most {} characters"),
    "too_short": ("min_length", "must have at least {} entry"),
    "too_long": ("max_length", "must have at most {} entries"),
    "greater_than_equal": ("ge", "must be at least {}"),
    "less_than_equal": ("le", "must be at most {}"),
    "enum": ("expected", "must be one of {}"),
}
"""What pydantic calls a limit that was passed, and the words for it."""

_OWN_RULES = frozenset(
    {
        *("instant", "instant_range", "calendar_date", "zone", "working_hours", "away", "rating", "blank", "renews"),
        "promises",
        "contact_or_case",
        "invisible",
        "mailbox",
    }
)


def rejected_field(error: ErrorDetails) -> Rejected:
    """The refusal of a member of `data`."""
    code = Refusal.MISSING_FIELD if error["type"] == "missing" else Refusal.INVALID_FIELD
    field = ".".join(("data", *(str(part) for part in error["loc"])))
    return Rejected(code, f"{field} {_rule(error)}", field=field)


def rejected_attribute(error: ErrorDetails) -> Rejected:
    """The refusal of a context attribute."""
    code = Refusal.MISSING_ATTRIBUTE if error["type"] == "missing" else Refusal.INVALID_ATTRIBUTE
    field = ".".join(str(part) for part in error["loc"])
    return Rejected(code, f"{field} {_rule(error)}", field=field)


def _rule(error: ErrorDetails) -> str:
    kind = error["type"]
    if kind in _RULES:
        return _RULES[kind]
    if kind == "string_pattern_mismatch":
        return PATTERNS[error["ctx"]["pattern"]]
    if kind in RULES_WITH_LIMIT:
        limit, template = RULES_WITH_LIMIT[kind]
        return template.format(error["ctx"][limit])
    if kind in _OWN_RULES:
        return error["msg"]
    return "is not valid"
