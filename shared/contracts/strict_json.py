"""JSON read strictly and written canonically: what another reader might read otherwise is refused."""

import re
from typing import Any

import orjson

from shared.contracts.rejected import TOO_DEEP, Refusal, Rejected

_ONE_JSON_TEXT = (
    "the body must be one JSON text in UTF-8 (RFC 8259), without NaN, infinity or numbers past 1e308, "
    f"without lone surrogates, and {TOO_DEEP}"
)
MOST_CONTAINERS = 30_000
"""Arrays and objects in one body: each costs far more time and memory than the bytes it is told in."""

_TOO_MANY = f"the body must hold at most {MOST_CONTAINERS:,} arrays and objects"
_TWICE = "the body must name each member of an object once: readers disagree on which of two values counts"
_QUOTE = re.compile(rb"(?<!\\)(?:\\\\)*\\u0022")
_NUL = re.compile(rb"(?<!\\)(?:\\\\)*\\u0000")


def parse(body: bytes) -> Any:
    """The value of a JSON text in UTF-8.

    Raises Rejected (invalid_json): NaN and infinity, lone surrogates, a byte order mark, nesting past 1,024
    levels, anything that is not one JSON text; a member named twice in one object; more arrays and objects than
    MOST_CONTAINERS, those written in strings among them.
    """
    if body.count(b"[") + body.count(b"{") > MOST_CONTAINERS:
        raise Rejected(Refusal.INVALID_JSON, _TOO_MANY)
    try:
        value = orjson.loads(body)
    except orjson.JSONDecodeError:
        raise Rejected(Refusal.INVALID_JSON, _ONE_JSON_TEXT) from None
    if _left_out(body, value):
        raise Rejected(Refusal.INVALID_JSON, _TWICE)
    return value


def _left_out(body: bytes, value: Any) -> bool:
    """Whether the text has a name that the value has not: of members with one name only the last was read. Each name
    has two quotation marks, and nothing else changes how many there are. Nothing is said of a value that nests past 254
    levels, which is no event."""
    try:
        read = orjson.dumps(value)
    except TypeError:
        return False
    quotes = body.count(b'"')
    if b"\\u0022" in body:
        quotes += len(_QUOTE.findall(body))
    return quotes != read.count(b'"')


def canonical(value: Any) -> bytes:
    """The same bytes for the same value, however it was written: no spaces, members sorted by name.

    Whole numbers past 64 bits count as the nearest double.
    Raises Rejected past 254 levels of nesting (invalid_json), and for NUL, which no database keeps
    (invalid_field).
    """
    text = written(value, orjson.OPT_SORT_KEYS)
    if b"\\u0000" in text and _NUL.search(text):
        raise Rejected(Refusal.INVALID_FIELD, "data must not contain the NUL character", field="data")
    return text


def written(value: Any, option: int | None = None) -> bytes:
    """The value as JSON without spaces, members in their own order.

    Raises Rejected (invalid_json) past 254 levels of nesting.
    """
    try:
        return orjson.dumps(value, option=option)
    except TypeError:
        raise Rejected(Refusal.INVALID_JSON, f"the body {TOO_DEEP}") from None
