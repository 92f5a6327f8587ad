"""Every input ends as an event or a refusal, and no refusal repeats the input."""

import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from shared.contracts import support_inbound
from shared.contracts.catalog import FACTS
from shared.contracts.envelope import (
    Decoded,
    Refusal,
    Rejected,
    decode_batch,
    decode_binary,
    decode_structured,
    encode_binary,
    envelope,
)
from shared.contracts.support_inbound import RefundRequested
from tests.examples import examples
from tests.unit.events import ATTRIBUTES, CANARY

some_examples = examples(200)
text = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"))
seconds = st.floats(0, 36_520 * 86_400).map(lambda after: datetime(2000, 1, 2, tzinfo=UTC) + timedelta(seconds=after))
offsets = st.integers(-23 * 60, 23 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))
instants = st.builds(datetime.astimezone, seconds, offsets)
facts = st.builds(
    RefundRequested,
    kind=st.sampled_from(support_inbound.RefundKind),
    amount_minor=st.none() | st.integers(0, 2**53),
    words=st.none() | text,
    by=st.none() | st.builds(support_inbound.Person, name=text, phone=text),
)


@some_examples
@given(fact=facts, time=instants)
def test_writing_and_reading_gives_the_same_event_and_the_same_bytes(fact: RefundRequested, time: datetime) -> None:
    event = envelope(fact, id="e-1", source="s", subject="c-17", time=time)
    attributes, body = encode_binary(event)
    again = decode_binary(attributes, body, topic=None).envelope
    assert again == event
    assert encode_binary(again) == (attributes, body)


canaries = st.sampled_from([CANARY, f"\0{CANARY}", f"{CANARY}@x", f"2026-05-04T{CANARY}", f"{CANARY}\ud800"])
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | canaries,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(canaries, inner, max_size=2),
    max_leaves=6,
)


@dataclass(frozen=True)
class Judged:
    """The outcome of an input; anything but an event or a refusal has already failed the test."""

    codes: list[str]
    reasons: str


def judge(read: Any, *parts: Any) -> Judged:
    try:
        outcome = read(*parts, topic=None)
    except Rejected as rejected:
        outcome = rejected
    outcomes = outcome if isinstance(outcome, list) else [outcome]
    assert all(isinstance(each, Decoded | Rejected) for each in outcomes)
    refused = [each for each in outcomes if isinstance(each, Rejected)]
    return Judged([each.code for each in refused], " ".join(f"{each.reason} {each.field}" for each in refused))


@some_examples
@given(data=st.data(), fact=st.sampled_from(FACTS), spoiled=st.booleans())
def test_any_body_ends_accepted_or_refused_without_being_repeated(
    data: st.DataObject, fact: type[Any], spoiled: bool
) -> None:
    members = [field.alias or name for name, field in fact.model_fields.items()]
    reported = data.draw(st.dictionaries(st.sampled_from(members) | canaries, values, max_size=5))
    body = json.dumps(reported).encode()
    if spoiled:
        body = body[: data.draw(st.integers(0, len(body)))] + data.draw(st.binary(max_size=3))
    judged = judge(decode_binary, ATTRIBUTES | {"type": fact.type}, body)
    assert set(judged.codes) <= set(Refusal)
    assert CANARY not in judged.reasons


@some_examples
@given(
    changed=st.dictionaries(st.sampled_from([*ATTRIBUTES, "dataschema", "datacontenttype", "traceparent"]), canaries)
)
def test_any_attribute_ends_accepted_or_refused_without_being_repeated(
    changed: dict[str, str],
) -> None:
    assert CANARY not in judge(decode_binary, ATTRIBUTES | changed, b"{}").reasons


@some_examples
@given(
    changed=st.dictionaries(st.sampled_from([*ATTRIBUTES, "data_base64"]) | canaries, values, max_size=2)
    | st.fixed_dictionaries({"data": values})
    | st.fixed_dictionaries({"data": st.dictionaries(st.sampled_from(list(RefundRequested.model_fields)), values)})
)
def test_any_envelope_ends_accepted_or_refused_without_being_repeated(
    changed: dict[str, object],
) -> None:
    whole = json.dumps(ATTRIBUTES | {"data": {}} | changed).encode()
    assert CANARY not in judge(decode_structured, whole).reasons
    assert CANARY not in judge(decode_batch, b"[" + whole + b"]").reasons


@some_examples
@given(body=st.binary())
def test_any_bytes_end_accepted_or_refused(body: bytes) -> None:
    assert judge(decode_structured, body).codes
    assert judge(decode_batch, body).codes or body == b"[]"
