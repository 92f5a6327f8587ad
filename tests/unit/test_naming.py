"""How the log identifies a record: its publisher can be found by it, and none of its content is shown."""

import pytest

from shared.inputs import RawMessage
from shared.messaging.naming import UNKNOWN, known_type, named

KNOWN = "support.inbound.refund_requested"


def record(body: bytes | None, **headers: str) -> RawMessage:
    return RawMessage("support.inbound.v1", b"c-17", [(name, value.encode()) for name, value in headers.items()], body)


@pytest.mark.parametrize(
    ("raw", "type", "source"),
    [
        (record(b"{", ce_type=KNOWN, ce_source="/help-desk"), KNOWN, "/help-desk"),
        (record(b"{", ce_type="Ms Weiss is angry", ce_source="mail:petra@weiss.example"), UNKNOWN, None),
        (record(b"{}", ce_source="urn:shop:7"), UNKNOWN, "urn:shop:7"),
        (record(f'{{"type": "{KNOWN}", "source": "shop"}}'.encode()), KNOWN, "shop"),
        (record(b'{"type": ["x"], "source": 7}'), UNKNOWN, None),
        (record(b"[1]"), UNKNOWN, None),
        (record(b"{"), UNKNOWN, None),
        (record(b"\xff"), UNKNOWN, None),
        (record(None), UNKNOWN, None),
        (record(f'{{"type": "{KNOWN}", "words": "{"x" * 100_000}"}}'.encode()), UNKNOWN, None),
    ],
)
def test_a_record_is_named_by_type_and_source(raw: RawMessage, type: str, source: str | None) -> None:
    assert named(raw) == {"type": type, "source": source}


def test_a_header_without_a_value_names_nothing() -> None:
    raw = RawMessage("t", None, [("ce_type", None), ("ce_source", b"\xff")], b"{}")
    assert named(raw) == {"type": UNKNOWN, "source": None}


def test_only_types_of_the_catalog_are_repeated() -> None:
    assert (known_type(KNOWN), known_type("support.inbound.refund_request"), known_type(None)) == (
        KNOWN,
        UNKNOWN,
        UNKNOWN,
    )
