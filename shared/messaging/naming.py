"""The name of a record in a log, without its content: its type if that is one of ours, and its source."""

import re
from collections.abc import Mapping

from shared.contracts import strict_json
from shared.contracts.catalog import CATALOG
from shared.contracts.rejected import Rejected
from shared.inputs import RawMessage

UNKNOWN = "unknown type"
_NAME = re.compile(r"[A-Za-z0-9._~:/-]{1,200}")
_LONGEST_BODY = 100_000


def named(raw: RawMessage) -> dict[str, str | None]:
    """Type and source of a record as its sender wrote them; the record may not be an event at all."""
    found = _attributes(raw)
    return {"type": known_type(found.get("type")), "source": plain(found.get("source"))}


def named_event(raw: RawMessage) -> dict[str, str | None]:
    """As `named`, with the event's id, for operators who look for the event at its publisher."""
    return named(raw) | {"event_id": plain(_attributes(raw).get("id"))}


def known_type(type: object) -> str:
    """The type, if it is one of ours; any other text might contain customer data."""
    return type if isinstance(type, str) and type in CATALOG else UNKNOWN


def plain(name: object) -> str | None:
    """A source or an id, if it has the form of one; a text with spaces might contain customer data."""
    return name if isinstance(name, str) and _NAME.fullmatch(name) else None


def _attributes(raw: RawMessage) -> Mapping[str, object]:
    """The attributes that the sender wrote, in headers or in the body."""
    headers = {name: value for name, value in raw.headers if value is not None}
    if "ce_type" in headers or "ce_source" in headers:
        return {name.removeprefix("ce_"): _text(value) for name, value in headers.items() if name.startswith("ce_")}
    return _object(raw.body)


def _object(body: bytes | None) -> Mapping[str, object]:
    if body is None or len(body) > _LONGEST_BODY:
        return {}
    try:
        value = strict_json.parse(body)
    except Rejected:
        return {}
    return value if isinstance(value, dict) else {}


def _text(value: bytes) -> str:
    return value.decode(errors="replace")
