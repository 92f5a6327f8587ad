"""Records that were once good: a stored sample, spoiled in a few random places. Start at `mutant`.

All choices come from the given `Random`, so a seed reproduces a record, and hypothesis can shrink one.
"""

import json
from base64 import b64encode
from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from random import Random
from typing import Any

import orjson

from shared.contracts.catalog import CATALOG
from shared.contracts.envelope import Rejected, decode_structured
from tests.hostile.events import CANARY, STRUCTURED_TYPE
from tests.raw_records import Header

_SAMPLES = Path(__file__).parents[1] / "contracts" / "samples"
_STRANGE = "".join(chr(0x10000 + 7919 * number % 0xFFFFF) for number in range(200))
_VALUES: tuple[object, ...] = (
    None, True, 0, -1, 2**53, 2**53 + 1, 2**63, 2**64, 10**400, 0.5, -0.0, 1e308, float("nan"), float("inf"),
    "", " ", CANARY, f"{CANARY}\0", f"\ud800{CANARY}", f"{CANARY}\r\n", "\u202e\u2028\ufeff", "x" * 201, "x" * 20_001,
    _STRANGE, _STRANGE * 2, "0001-01-01T00:00:00Z", "9999-12-31T23:59:59-23:59", "2026-05-04T09:30:00", "2026-02-30",
    "Europe/Berlin", "EUR", "mon", "dead_end", [], {}, [CANARY], [[]] * 501, {CANARY: CANARY}, [{CANARY: [None]}],
)  # fmt: skip
_BYTES = (b"", b"\0", b"\xff\xfe", b"\xed\xa0\x80", b"\xef\xbb\xbf", CANARY.encode(), b"1.0", b"application/xml")
_NUMBERS = (b"NaN", b"-Infinity", b"1e400", b"9" * 5_000, b"0x10", b"-", b"[" * 300 + b"]" * 300, b"[" * 10_000)


@dataclass(frozen=True, slots=True)
class Mutant:
    """A record as a consumer would get it."""

    topic: str
    key: bytes | None
    headers: tuple[Header, ...]
    value: bytes | None


@dataclass(slots=True)
class Draft:
    """An event before it is written: a structured one without its data, and the data."""

    attributes: dict[str, Any]
    data: Any


def mutant(random: Random, *, id: str | None = None, topics: frozenset[str] | None = None) -> Mutant:
    """A sample of one of these topics, under this id, then spoiled at one to four places."""
    draft = Draft(**orjson.loads(random.choice(samples(topics))))
    if id is not None:
        draft.attributes["id"] = id
    topic = CATALOG[draft.attributes["type"]].topic
    for _ in range(random.randrange(3)):
        random.choice(IN_EVENTS)(draft, random)
    record = random.choice(WAYS)(draft, topic)
    for _ in range(random.choice((0, 1, 1, 2))):
        record = random.choice(IN_RECORDS)(record, random)
    return record


@cache
def samples(topics: frozenset[str] | None = None) -> list[bytes]:
    """The stored samples of every type as drafts in JSON, with the canary wherever it keeps them valid."""
    stored = [sample for path in sorted(_SAMPLES.iterdir()) for sample in json.loads(path.read_text("utf-8"))]
    drafts = [Draft(sample["attributes"], sample["data"]) for sample in stored]
    wanted = [draft for draft in drafts if topics is None or CATALOG[draft.attributes["type"]].topic in topics]
    for draft in wanted:
        draft.attributes["subject"] += f" {CANARY}"
        _plant(draft, draft.data)
    return [orjson.dumps(draft) for draft in wanted]


def _plant(draft: Draft, branch: Any) -> None:
    for at in branch if isinstance(branch, dict) else range(len(branch)):
        if isinstance(branch[at], str):
            before, branch[at] = branch[at], f"{branch[at]} {CANARY}"
            if not _is_accepted(draft):
                branch[at] = before
        elif isinstance(branch[at], dict | list):
            _plant(draft, branch[at])


def _is_accepted(draft: Draft) -> bool:
    try:
        decode_structured(_json(draft.attributes | {"data": draft.data}), topic=None)
    except Rejected:
        return False
    return True


def _json(value: object) -> bytes:
    return json.dumps(value).encode()


def _branches(value: Any) -> list[Any]:
    """Every object and array in a value that is not empty."""
    found, left = [], [value]
    while left:
        one = left.pop()
        if isinstance(one, dict | list) and one:
            found.append(one)
            left.extend(one.values() if isinstance(one, dict) else one)
    return found


def _place(draft: Draft, random: Random) -> tuple[Any, Any]:
    """An object or array of the data, and one of its members or entries."""
    branches = _branches(draft.data) or [draft.attributes]
    branch = random.choice(branches)
    return branch, random.choice(list(branch) if isinstance(branch, dict) else range(len(branch)))


def _value(random: Random) -> object:
    return deepcopy(random.choice(_VALUES))


def other_value(draft: Draft, random: Random) -> None:
    branch, at = _place(draft, random)
    branch[at] = _value(random)


def left_out(draft: Draft, random: Random) -> None:
    branch, at = _place(draft, random)
    del branch[at]


def unknown_member(draft: Draft, random: Random) -> None:
    branch, _ = _place(draft, random)
    if isinstance(branch, dict):
        branch[random.choice((CANARY, "", "\0", "id", "order"))] = _value(random)


def many_entries(draft: Draft, random: Random) -> None:
    branch, at = _place(draft, random)
    if len(_branches(branch[at])) <= 1 and not isinstance(branch[at], list):
        branch[at] = [branch[at]] * random.choice((2, 500, 501))


def other_attribute(draft: Draft, random: Random) -> None:
    draft.attributes[random.choice(list(draft.attributes))] = _value(random)


def no_attribute(draft: Draft, random: Random) -> None:
    if len(draft.attributes) > 1:
        del draft.attributes[random.choice(list(draft.attributes))]


def other_type(draft: Draft, random: Random) -> None:
    draft.attributes["type"] = random.choice(list(CATALOG))
    draft.attributes.pop("dataschema", None)


def other_data(draft: Draft, random: Random) -> None:
    draft.data = _value(random)


IN_EVENTS: tuple[Callable[[Draft, Random], None], ...] = (
    other_value, other_value, other_value, left_out, unknown_member, many_entries,
    other_attribute, no_attribute, other_type, other_data,
)  # fmt: skip


def in_binary_mode(draft: Draft, topic: str) -> Mutant:
    headers: list[Header] = []
    for name, value in draft.attributes.items():
        content = value.encode("utf-8", "surrogatepass") if isinstance(value, str) else _json(value)
        headers.append(("content-type" if name == "datacontenttype" else f"ce_{name}", content))
    return Mutant(topic, _key(draft), tuple(headers), _json(draft.data))


def in_structured_mode(draft: Draft, topic: str) -> Mutant:
    value = _json(draft.attributes | {"data": draft.data})
    return Mutant(topic, _key(draft), (("content-type", STRUCTURED_TYPE),), value)


def in_base64(draft: Draft, topic: str) -> Mutant:
    value = _json(draft.attributes | {"data_base64": b64encode(_json(draft.data)).decode()})
    return Mutant(topic, _key(draft), (), value)


WAYS: tuple[Callable[[Draft, str], Mutant], ...] = (in_binary_mode, in_structured_mode, in_base64)


def _key(draft: Draft) -> bytes:
    return str(draft.attributes.get("subject")).encode("utf-8", "surrogatepass")


def other_bytes(record: Mutant, random: Random) -> Mutant:
    """The value with a piece cut out, repeated or replaced."""
    value = record.value or b""
    start = random.randrange(len(value) + 1)
    end = min(len(value), start + random.randrange(20))
    piece = random.choice((*_BYTES, value[start:end] * 2, bytes([random.randrange(256)])))
    return replace(record, value=value[:start] + piece + value[end:])


def cut_off(record: Mutant, random: Random) -> Mutant:
    value = record.value or b""
    return replace(record, value=value[: random.randrange(len(value) + 1)])


def no_number(record: Mutant, random: Random) -> Mutant:
    """Invalid text after a colon: a malformed number or nesting."""
    parts = (record.value or b"").split(b": ")
    at = random.randrange(len(parts))
    parts[at] = random.choice(_NUMBERS) + parts[at][random.randrange(3) :]
    return replace(record, value=b": ".join(parts))


def reported_twice(record: Mutant, random: Random) -> Mutant:
    """A member of any object, preceded by one of the same name with another value."""
    parts = (record.value or b"").split(b', "')
    at = random.randrange(len(parts))
    name = parts[at].partition(b'"')[0]
    parts.insert(at, name + b'": ' + _json(_value(random)))
    return replace(record, value=b', "'.join(parts))


def other_whole(record: Mutant, random: Random) -> Mutant:
    return replace(record, value=random.choice((None, b"", b"null", b"[]", (record.value or b"") * 2)))


def other_key(record: Mutant, random: Random) -> Mutant:
    return replace(record, key=random.choice((None, *_BYTES)))


def other_header(record: Mutant, random: Random) -> Mutant:
    headers = list(record.headers)
    if headers:
        at = random.randrange(len(headers))
        headers[at] = headers[at][0], random.choice((None, *_BYTES, headers[at][1]))
    return replace(record, headers=tuple(headers))


def more_headers(record: Mutant, random: Random) -> Mutant:
    names = ("ce_id", "ce_type", "traceparent", "ce_traceparent", "content-type", "reply_to", "", CANARY, "\\xff")
    added = [(random.choice(names), random.choice((None, *_BYTES))) for _ in range(random.choice((1, 2, 50)))]
    return replace(record, headers=(*record.headers, *added))


def fewer_headers(record: Mutant, random: Random) -> Mutant:
    left = [header for header in record.headers if random.randrange(4)]
    return replace(record, headers=tuple(left))


IN_RECORDS: tuple[Callable[[Mutant, Random], Mutant], ...] = (
    other_bytes, cut_off, no_number, reported_twice, other_whole, other_key, other_header, more_headers, fewer_headers,
)  # fmt: skip
