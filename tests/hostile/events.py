"""The sales that the tests of this folder send: good ones, and ones with a canary in everything a publisher chooses."""

from typing import Any

import orjson

from tests.raw_records import Header, Raw

CANARY = "canary-5e1f07"
"""Part of every bad input; it may appear in the database, and nowhere else."""

TYPE = "orders.inbound.order_placed"
STRUCTURED_TYPE = b"application/cloudevents+json"
MEGABYTE = 1_000_000
_ATTRIBUTES = ("specversion", "id", "source", "type", "subject", "time", "dataschema")


def good(tag: str) -> Raw:
    """A valid sale."""
    event = _sale(tag, id=f"e-{tag}", source="shop", subject=f"c-{tag}", name="Petra Weiss")
    return structured(event, key=f"c-{tag}".encode())


def refused(tag: str, **changes: Any) -> dict[str, Any]:
    """A sale that will be refused: the canary is in everything a publisher chooses."""
    where = f"{CANARY}-{tag}"
    return _sale(tag, id=where, source=where, subject=where, name=where) | {"comment": CANARY} | changes


def accepted(tag: str, **changes: Any) -> dict[str, Any]:
    """A strange sale that will be accepted: its id and source, which traces may name, have no canary."""
    return _sale(tag, id=f"e-{tag}", source="shop", subject=f"{CANARY}-{tag}", name=CANARY) | changes


def structured(event: dict[str, Any], *, key: bytes | None = None) -> Raw:
    subject = event.get("subject")
    right = subject.encode() if isinstance(subject, str) else None
    return Raw(orjson.dumps(event), key if key is not None else right, [("content-type", STRUCTURED_TYPE)])


def text(event: dict[str, Any], old: str, new: bytes) -> Raw:
    """The event with a piece of its text replaced by bytes that no JSON writer would produce."""
    whole = structured(event)
    assert whole.value is not None
    assert whole.value.count(old.encode()) == 1, old
    return Raw(whole.value.replace(old.encode(), new), whole.key, whole.headers)


def binary(event: dict[str, Any], value: bytes | None = None, **headers: bytes | None) -> Raw:
    """The event in binary mode, with another value or other headers (by the names of their attributes) if given."""
    reported: dict[str, bytes | None] = {name: event[name].encode() for name in _ATTRIBUTES if name in event}
    pairs: list[Header] = [(f"ce_{name}", content) for name, content in (reported | headers).items()]
    body = orjson.dumps(event["data"]) if value is None else value
    return Raw(body, event["subject"].encode(), [*pairs, ("content-type", b"application/json")])


def _sale(tag: str, *, id: str, source: str, subject: str, name: str) -> dict[str, Any]:
    return {
        "specversion": "1.0",
        "id": id,
        "source": source,
        "type": TYPE,
        "subject": subject,
        "time": "2026-05-04T09:30:00Z",
        "data": {
            "order": f"o-{tag}",
            "lines": [{"product": name}],
            "amount_minor": 129900,
            "currency": "EUR",
            "sold_by": "anna",
            "sold_at": "2026-05-04T09:30:00Z",
            "customer": {"name": name, "phone": name, "email": name},
            "expected_outcome": name,
        },
    }


def with_data(event: dict[str, Any], **members: Any) -> dict[str, Any]:
    """The event with other members of its data; `...` removes a member."""
    data = {name: value for name, value in (event["data"] | members).items() if value is not ...}
    return event | {"data": data}


def nested(depth: int) -> bytes:
    return b"[" * depth + b"]" * depth


def padded(event: dict[str, Any], size: int) -> Raw:
    """The event, padded by an extension to exactly this many bytes."""
    bare = structured(event | {"padding": ""})
    return structured(event | {"padding": "p" * (size - len(bare.value or b""))})
