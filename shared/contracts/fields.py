"""The kinds of values that events are made of: each limit is written here, once."""

import re
import unicodedata
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta
from functools import cache
from importlib.resources import files
from typing import Annotated, Any, TypeAlias

from pydantic import (
    AfterValidator,
    Field,
    GetCoreSchemaHandler,
    GetJsonSchemaHandler,
    ValidationInfo,
    WithJsonSchema,
)
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

from shared.contracts.mailboxes import can_be_written_to
from shared.visible_text import one_line

MAX_SAFE_INTEGER = 2**53
"""Largest whole number that every JSON reader keeps exact (RFC 7493 section 2.2)."""

_Schema: TypeAlias = dict[str, Any]
_NO_CONTROLS = r"^[^\u0000-\u001f\u007f-\u009f]*$"
_NO_NUL = r"^[^\u0000]*$"
_ADDRESS = r"^[^\s@\u0000-\u001f\u007f-\u009f]+@[^\s@\u0000-\u001f\u007f-\u009f]+$"
_CODE = r"^[a-z][a-z0-9_]{0,63}$"
_TIME_OF_DAY = r"^([01][0-9]|2[0-3]):[0-5][0-9]$"
_END_OF_HOURS = r"^(([01][0-9]|2[0-3]):[0-5][0-9]|24:00)$"
_CURRENCY = r"^[A-Z]{3}$"
_COUNTRY = r"^[A-Z]{2}$"
_REGION = r"^[A-Z0-9]{1,3}$"
_DIGEST = r"^[0-9a-f]{64}$"
PATTERNS = {
    _NO_CONTROLS: "must not contain control characters",
    _NO_NUL: "must not contain the NUL character",
    _ADDRESS: "must be an e-mail address",
    _CODE: "must be a word in snake_case",
    _TIME_OF_DAY: "must be a time of day like 09:30",
    _END_OF_HOURS: "must be a time of day like 17:30, 24:00 at the latest",
    _CURRENCY: "must be a currency of three capital letters, like EUR",
    _COUNTRY: "must be a country of two capital letters, like DE",
    _REGION: "must be a region of one to three capital letters or digits, like BY",
    _DIGEST: "must be 64 hexadecimal digits",
}
"""Each pattern in words, for those who break it."""

_RFC3339 = re.compile(
    r"(?P<minute>\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d):(?P<second>\d\d)(\.\d+)?(?P<zone>[Zz]|[+-]\d\d:\d\d)", re.ASCII
)
_CALENDAR_DATE = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_FILLERS = frozenset("\u115f\u1160\u2800\u3164\uffa0")  # letters and symbols that look like nothing
ENTERING = {"entering": True}
"""The context in which events of other systems are read: what is asked of them alone is asked then."""
_EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)
_END = datetime(2100, 1, 1, tzinfo=UTC)


def read_instant(value: object) -> datetime:
    """An aware datetime or an RFC 3339 string with a zone, in 2000..2099, as UTC; cut to microseconds.

    A leap second counts as the last instant of the second before it, for clocks here have none.
    Raises PydanticCustomError, whose text never repeats the value.
    """
    if isinstance(value, str):
        value = _parsed(value)
    if not isinstance(value, datetime) or value.utcoffset() is None:
        raise _not_an_instant()
    try:
        instant = value.astimezone(UTC)
    except (OverflowError, ValueError):
        raise _outside_the_years() from None
    if not _EARLIEST <= instant < _END:
        raise _outside_the_years()
    return instant


def _parsed(text: str) -> datetime:
    found = _RFC3339.fullmatch(text)
    if found is None:
        raise _not_an_instant()
    leap = found["second"] == "60"
    text = f"{found['minute']}:59.999999{found['zone']}" if leap else text
    try:
        instant = datetime.fromisoformat(text.upper())
    except ValueError:
        raise _not_an_instant() from None
    if leap and not _ends_a_day(instant):
        raise _not_an_instant()
    return instant


def _ends_a_day(instant: datetime) -> bool:
    """Whether it is in the last minute of a day in UTC: leap seconds come at no other time (RFC 3339, section 5.7)."""
    into_the_day = timedelta(hours=instant.hour, minutes=instant.minute) - (instant.utcoffset() or timedelta(0))
    return into_the_day % timedelta(days=1) == timedelta(hours=23, minutes=59)


def _not_an_instant() -> PydanticCustomError:
    return PydanticCustomError("instant", "must be an RFC 3339 time with a zone, like 2026-05-04T09:30:00Z")


def _outside_the_years() -> PydanticCustomError:
    return PydanticCustomError("instant_range", "must be between 2000 and 2099 (UTC)")


class _InstantSchema:
    def __get_pydantic_core_schema__(self, _source: Any, _handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_plain_validator_function(read_instant)

    def __get_pydantic_json_schema__(self, _schema: CoreSchema, _handler: GetJsonSchemaHandler) -> _Schema:
        return {"type": "string", "format": "date-time"}


def read_date(value: object) -> date:
    """A date, or a string like "2026-05-04"; raises PydanticCustomError, which never repeats it."""
    if isinstance(value, date) and not isinstance(value, datetime):
        return value
    if isinstance(value, str) and _CALENDAR_DATE.fullmatch(value):
        with suppress(ValueError):
            return date.fromisoformat(value)
    raise PydanticCustomError("calendar_date", "must be a date like 2026-05-04")


class _DateSchema:
    def __get_pydantic_core_schema__(self, _source: Any, _handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_plain_validator_function(read_date)

    def __get_pydantic_json_schema__(self, _schema: CoreSchema, _handler: GetJsonSchemaHandler) -> _Schema:
        return {"type": "string", "format": "date"}


@cache
def zones() -> frozenset[str]:
    """Names of the IANA time zone database, from the packaged copy: the same on every machine."""
    return frozenset(files("tzdata").joinpath("zones").read_text("utf-8").split())


def _known_zone(name: str) -> str:
    if name not in zones():
        raise PydanticCustomError("zone", "must be a time zone of the IANA database, like Europe/Berlin")
    return name


def _not_blank(text: str) -> str:
    line = one_line(text)
    if not line:
        raise PydanticCustomError("blank", "must not be blank")
    return line


def _absent_if_blank(text: str | None) -> str | None:
    line = one_line(text) if text else ""
    return line if line and (line.isascii() or any(map(is_visible, line))) else None


def _absent_if_empty(text: str | None) -> str | None:
    return text or None


def _can_be_seen(id: str, info: ValidationInfo) -> str:
    if info.context is ENTERING and (id.isspace() or not id.isascii()) and not any(map(is_visible, id)):
        raise PydanticCustomError("invisible", "must contain a visible character")
    return id


def _can_be_written_to(address: str, info: ValidationInfo) -> str:
    if info.context is ENTERING and not can_be_written_to(address):
        raise PydanticCustomError(
            "mailbox",
            "must be one address that e-mail can be sent to, like name@company.example: no quotes, brackets, commas, "
            "colons or backslashes, and each dot between two other characters",
        )
    return address


def is_visible(character: str) -> bool:
    """Whether a reader sees more of it than a gap."""
    return unicodedata.category(character)[0] not in "ZC" and character not in _FILLERS


Id: TypeAlias = Annotated[str, Field(min_length=1, max_length=200, pattern=_NO_CONTROLS), AfterValidator(_can_be_seen)]
"""An identifier given by a publisher: 1 to 200 characters, no control characters; compared exactly.

Where an event enters, at least one character of it must be seen. What was told before stays readable.
"""

Text: TypeAlias = Annotated[str, Field(min_length=1, max_length=500, pattern=_NO_NUL), AfterValidator(_not_blank)]
"""One line of text, 1 to 500 characters: line breaks and control characters are read as a space, the ends trimmed,
and characters that turn the reading direction left out."""

OptionalText: TypeAlias = Annotated[
    Annotated[str, Field(max_length=500, pattern=_NO_NUL)] | None, AfterValidator(_absent_if_blank)
]
"""As Text, but it may be missing, and one of which nothing can be seen counts as missing."""

Words: TypeAlias = Annotated[
    Annotated[str, Field(max_length=20_000, pattern=_NO_NUL)] | None, AfterValidator(_absent_if_empty)
]
"""What a person said, in their own words: up to 20,000 characters; missing or empty: None."""

Email: TypeAlias = Annotated[str, Field(max_length=254, pattern=_ADDRESS), AfterValidator(_can_be_written_to)]
"""An address that we write to: one @, no spaces, no control characters.

Where an event enters, mail can be sent to it; see `mailboxes`. What was told before stays readable.
"""

Code: TypeAlias = Annotated[str, Field(pattern=_CODE)]
"""One of a small set of snake_case words, fit for a metric label."""

Instant: TypeAlias = Annotated[datetime, _InstantSchema()]
"""A moment, in UTC, from 2000 up to and including 2099."""

CalendarDate: TypeAlias = Annotated[date, _DateSchema()]
"""A day of the calendar, without a zone."""

TimeOfDay: TypeAlias = Annotated[str, Field(pattern=_TIME_OF_DAY)]
"""A time on a person's wall clock, "09:00" to "23:59"; as text, so it sorts as it reads."""

EndOfHours: TypeAlias = Annotated[
    str,
    Field(pattern=_END_OF_HOURS),
    WithJsonSchema({"anyOf": [{"type": "string", "pattern": _TIME_OF_DAY}, {"const": "24:00", "type": "string"}]}),
]
"""A time on a person's wall clock at which hours end, "00:01" to "24:00"; "23:59" means 24:00."""

Currency: TypeAlias = Annotated[str, Field(pattern=_CURRENCY)]
"""Three letters of ISO 4217."""

Country: TypeAlias = Annotated[str, Field(pattern=_COUNTRY)]
"""Two letters of ISO 3166-1."""

Region: TypeAlias = Annotated[str, Field(pattern=_REGION)]
"""A part of a country: what follows the hyphen in its code of ISO 3166-2, as BY in DE-BY."""

Digest: TypeAlias = Annotated[str, Field(pattern=_DIGEST)]
"""SHA-256 in hexadecimal."""

Zone: TypeAlias = Annotated[str, Field(max_length=64), AfterValidator(_known_zone)]
"""A time zone of the IANA database."""

AmountMinor: TypeAlias = Annotated[int, Field(ge=0, le=MAX_SAFE_INTEGER)]
"""Money in the currency's minor unit (cents), never negative."""
