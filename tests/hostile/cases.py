"""The bad inputs by name, shared by both ways in: the input, its required outcome, and the answer to its publisher.

Start at `cases_of`. All are sales for the orders service, each spoiled in one place.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import orjson

from tests.hostile.events import (
    CANARY,
    MEGABYTE,
    STRUCTURED_TYPE,
    TYPE,
    accepted,
    binary,
    nested,
    padded,
    refused,
    structured,
    text,
    with_data,
)
from tests.raw_records import Header, Raw

ESCAPES = b"\x1b[2J\x1b]0;" + CANARY.encode() + b"\x07\r\ncode      applied"
"""Sequences that clear the screen, set the window's title and forge a line of output."""

_DEEP = 10_000


@dataclass(frozen=True)
class Case:
    """One bad input. `first` is sent right before it; `status` is HTTP's answer, or None if HTTP cannot carry the
    input.

    For a refused input, `code` is the reason for programs, and `advice` is part of the reason in words.
    """

    record: Raw
    outcome: str = "dead_lettered"
    code: str = ""
    advice: str = ""
    status: int | None = 400
    first: Raw | None = None
    key_differs: bool = False


def cases_of(way: str, *, reply_to: str = "") -> dict[str, Case]:
    """Every case by its name. The ids of the two ways in differ. `reply_to` is a topic that must stay unchanged."""
    refused = [*_unreadable(way), *_out_of_bounds(way), *_not_as_agreed(way)]
    found = [*refused, *_accepted(way, reply_to), *_other_keys(way), *_reported_before(way)]
    assert len(dict(found)) == len(found), "two cases have the same name"
    return dict(found)


def _unreadable(way: str) -> Iterator[tuple[str, Case]]:
    def case(record: Raw, advice: str = "one JSON text in UTF-8", **changes: Any) -> Case:
        return Case(record, code="invalid_json", advice=advice, **changes)

    def tag(name: str) -> str:
        return f"{way}-{name}"

    sale = refused(tag("unreadable"))
    whole = structured(sale)
    assert whole.value is not None
    amount = '"amount_minor":129900'
    yield "an empty body", case(binary(sale, b""))
    yield "a field told twice", case(text(sale, amount, b'"amount_minor":-1,"amount_minor":129900'), "once")
    yield "an empty structured body", case(Raw(b"", b"c-1", whole.headers))
    yield "a truncated body", case(Raw(whole.value[:-20], whole.key, whole.headers))
    yield "two events in one body", case(Raw(whole.value * 2, whole.key, whole.headers))
    yield "a byte order mark", case(Raw(b"\xef\xbb\xbf" + whole.value, whole.key, whole.headers))
    yield "a body that is not UTF-8", case(text(sale, '"comment":"', b'"comment":"\xff\xfe'))
    yield "a body in UTF-16", case(Raw(whole.value.decode().encode("utf-16"), whole.key, whole.headers))
    yield "a lone surrogate", case(text(sale, '"comment":"', b'"comment":"\\ud800'), "surrogates")
    yield "NaN", case(text(sale, amount, b'"amount_minor":NaN'), "NaN")
    yield "infinity", case(text(sale, amount, b'"amount_minor":-Infinity'), "infinity")
    yield "1e400", case(text(sale, amount, b'"amount_minor":1e400'), "1e308")
    yield "nested 10,000 deep", case(text(sale, f'"comment":"{CANARY}"', b'"x":' + nested(_DEEP)), "200 levels")
    yield "nested 10,000 deep and never closed", case(Raw(b'{"x":' * _DEEP, b"c-1", whole.headers))
    yield (
        "300,000 empty arrays",
        case(text(sale, f'"comment":"{CANARY}"', b'"x":[' + b"[]," * 300_000 + b"1]"), "arrays and objects"),
    )
    yield "no JSON at all", case(Raw(f"hello {CANARY}".encode(), CANARY.encode(), whole.headers))
    yield (
        "escapes for a terminal",
        case(
            Raw(b'{"a": "' + ESCAPES + b'"}', ESCAPES, [("x\x1b[2J", ESCAPES)]),
            status=None,
        ),
    )
    yield "a tombstone", Case(Raw(None, b"c-1"), code="tombstone", advice="no value", status=None)


def _out_of_bounds(way: str) -> Iterator[tuple[str, Case]]:
    def field_case(name: str, advice: str, *, code: str = "invalid_field", **members: Any) -> Case:
        return Case(structured(with_data(refused(f"{way}-{name}"), **members)), code=code, advice=advice)

    def attribute(name: str, advice: str, *, code: str = "invalid_attribute", **changes: Any) -> Case:
        return Case(structured(refused(f"{way}-{name}", **changes)), code=code, advice=advice)

    years = "between 2000 and 2099"
    big = f"{CANARY} {'9' * 400}"
    yield "NUL in a field", field_case("nul", "NUL", order=f"{CANARY}\0")
    yield "NUL in a text", field_case("nul-text", "NUL", expected_outcome=f"{CANARY}\0")
    yield "NUL in an unknown field", field_case("nul-extra", "NUL", more={CANARY: "\0"})
    yield "NUL in an attribute", attribute("nul-id", "control characters", id=f"{CANARY}\0")
    yield "an integer past 2^53", field_case("2-53", "at most 9007199254740992", amount_minor=2**53 + 1)
    yield "an integer past 2^63", field_case("2-63", "at most", amount_minor=2**63)
    yield (
        "an integer of 400 digits",
        Case(
            text(refused(f"{way}-digits"), '"amount_minor":129900', b'"amount_minor":' + b"9" * 400),
            code="invalid_json",
            advice="1e308",
        ),
    )
    yield "a negative amount", field_case("negative", "at least 0", amount_minor=-1)
    yield "a text of 20,001 characters", field_case("long", "at most 20000 characters", expected_outcome="x" * 20_001)
    yield "an id of 201 characters", attribute("long-id", "at most 200 characters", id=big[:201])
    yield "no lines at all", field_case("no-lines", "at least 1", lines=[])
    yield "the year 1", attribute("year-1", years, time="0001-01-01T00:00:00Z")
    yield "the year 1 before its first hour", attribute("year-0", years, time="0001-01-01T00:00:00+23:59")
    yield "the year 9999", attribute("year-9999", years, time="9999-12-31T23:59:59Z")
    yield "the year 9999 after its last hour", attribute("year-10000", years, time="9999-12-31T23:59:59-23:59")
    yield "the year 9999 in a field", field_case("year-field", years, sold_at="9999-12-31T23:59:59.999999Z")
    yield "a time without a zone", attribute("zoneless", "with a zone", time="2026-05-04T09:30:00")
    yield "a time that is none", attribute("no-time", "RFC 3339", time=CANARY)


def _not_as_agreed(way: str) -> Iterator[tuple[str, Case]]:
    def case(name: str, code: str, advice: str, **changes: Any) -> Case:
        event = refused(f"{way}-{name}", **changes)
        return Case(structured({k: v for k, v in event.items() if v is not ...}), code=code, advice=advice)

    def field_case(name: str, code: str, advice: str, **members: Any) -> Case:
        return Case(structured(with_data(refused(f"{way}-{name}"), **members)), code=code, advice=advice)

    sale = refused(f"{way}-headers")
    yield "a number for a text", field_case("number", "invalid_field", "must be a string", order=17)
    yield "a text for a number", field_case("text", "invalid_field", "whole number", amount_minor=CANARY)
    yield "an object for an array", field_case("object", "invalid_field", "must be an array", lines={"a": CANARY})
    yield "an array for the data", case("data-array", "invalid_field", "JSON object", data=[CANARY])
    yield "null for the data", case("data-null", "invalid_field", "JSON object", data=None)
    yield (
        "an array for the event",
        Case(
            Raw(orjson.dumps([sale]), b"c-1", [("content-type", STRUCTURED_TYPE)]),
            code="not_cloudevents",
            advice="JSON object",
        ),
    )
    yield "an object for an attribute", case("id-object", "invalid_attribute", "must be a string", id={"a": CANARY})
    yield "an unknown type", case("type", "unknown_type", "unknown event type", type=f"orders.inbound.{CANARY}")
    yield "a type of another topic", case("topic", "wrong_topic", "support.inbound", type="support.inbound.case_closed")
    yield "an unknown version", case("version", "unknown_version", f"{TYPE}:1", dataschema=f"urn:handoff:{TYPE}:2")
    yield "another specversion", case("spec", "not_cloudevents", "must be 1.0", specversion=f"0.3 {CANARY}")
    yield "no specversion", case("no-spec", "not_cloudevents", "specversion is required", specversion=...)
    yield "a missing field", field_case("field", "missing_field", "data.order is required", order=...)
    yield "missing data", case("no-data", "missing_field", "data is required", data=...)
    yield "a missing attribute", case("no-id", "missing_attribute", "id is required", id=...)
    yield "data twice", case("both", "not_cloudevents", "not both", data_base64="e30=")
    yield (
        "a header that is not UTF-8",
        Case(binary(sale, subject=b"\xff\xfe" + CANARY.encode()), code="invalid_attribute", advice="UTF-8"),
    )
    yield (
        "a header without a value",
        Case(binary(sale, id=None), code="missing_attribute", advice="id is required", status=None),
    )
    yield (
        "another format of data",
        Case(
            Raw(b"<a/>", b"c-1", [*binary(sale).headers[:-1], ("content-type", b"application/xml")]),
            code="invalid_attribute",
            advice="application/json",
            status=415,
        ),
    )
    yield (
        "another format of events",
        Case(
            Raw(b"", b"c-1", [("content-type", b"application/cloudevents+avro")]),
            code="not_cloudevents",
            advice="application/cloudevents+json",
            status=415,
        ),
    )


def _accepted(way: str, reply_to: str) -> Iterator[tuple[str, Case]]:
    def case(record: Raw) -> Case:
        return Case(record, outcome="applied", status=200)

    def tag(name: str) -> str:
        return f"{way}-{name}"

    many: list[Header] = [(f"x-{number}", CANARY.encode()) for number in range(1_000)]
    crowded = binary(accepted(tag("crowded")))
    reply = structured(accepted(tag("reply")))
    addresses: list[Header] = [("reply_to", reply_to.encode()), ("correlation_id", b"\xff")]
    yield (
        "unknown fields",
        case(structured(with_data(accepted(tag("extra"), extension=CANARY), **{CANARY: {CANARY: [CANARY]}}))),
    )
    yield "a thousand headers", case(Raw(crowded.value, crowded.key, [*crowded.headers, *many]))
    yield "a reply address", case(Raw(reply.value, reply.key, [*reply.headers, *addresses]))
    yield (
        "an unknown integer past 2^64",
        case(text(accepted(tag("2-64"), number=CANARY), f'"number":"{CANARY}"', b'"number":36893488147419103232')),
    )
    yield (
        "characters that cannot be seen",
        case(structured(accepted(tag("unseen"), comment="\u202e\u200b\ufeff\U000e0041"))),
    )
    yield "a megabyte less a byte", case(padded(accepted(tag("large")), MEGABYTE - 1))


def _other_keys(way: str) -> Iterator[tuple[str, Case]]:
    keys = {
        "no key": None,
        "an empty key": b"",
        "another key": b"c-another",
        "a key that is not UTF-8": b"\xff" + CANARY.encode(),
    }
    for name, key in keys.items():
        record = structured(accepted(f"{way}-{name.replace(' ', '-')}"))
        reported = Raw(record.value, key, record.headers)
        yield name, Case(reported, outcome="applied", status=None, key_differs=True)


def _reported_before(way: str) -> Iterator[tuple[str, Case]]:
    def tag(name: str) -> str:
        return f"{way}-{name}"

    once, again = accepted(tag("again")), accepted(tag("again"))
    reordered = {name: again[name] for name in reversed(again)}
    reused, sold = accepted(tag("reused")), accepted(tag("sold"))
    yield "an event told again", Case(structured(reordered), outcome="duplicate", status=200, first=structured(once))
    yield (
        "an id used again",
        Case(
            structured(with_data(reused, amount_minor=1)),
            code="id_reused",
            advice="with a new id",
            status=409,
            first=structured(reused),
        ),
    )
    yield (
        "an order told otherwise",
        Case(
            structured(with_data(sold, amount_minor=1) | {"id": f"{CANARY}-{way}-other"}),
            code="order_contradicted",
            advice="an order ID of its own",
            status=409,
            first=structured(sold),
        ),
    )
