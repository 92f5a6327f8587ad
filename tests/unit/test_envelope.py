"""What is read as an event, and what makes two events the same."""

import base64
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from shared.contracts import support_inbound
from shared.contracts.catalog import CATALOG, FACTS, TOPICS
from shared.contracts.envelope import (
    Rejected,
    decode_batch,
    decode_binary,
    decode_structured,
    encode_binary,
    envelope,
)
from shared.contracts.orders import OrderConfirmed
from shared.contracts.support_inbound import RefundRequested
from tests.unit.events import ATTRIBUTES, SALESPERSON, decode

NAIVE = datetime(2026, 5, 4, tzinfo=UTC).replace(tzinfo=None)


def test_an_event_is_read_with_its_subject_time_and_data() -> None:
    event = decode('{"case": "CS-1", "words": "money back", "unheard_of": [1.5]}', time="2026-05-04T11:30:00+02:00")
    assert event.envelope == envelope(
        RefundRequested(case="CS-1", words="money back"),
        id="e-1",
        source="desk.example/cases",
        subject="c-17",
        time=datetime(2026, 5, 4, 9, 30, tzinfo=UTC),
    )
    assert event.envelope.time.utcoffset() == timedelta(0)


def test_the_lock_key_tells_accounts_from_salespeople() -> None:
    assert decode("{}").envelope.lock_key == "account:c-17"
    person = decode_binary(SALESPERSON, b'{"name": "Anna"}', topic="orders.inbound.v1")
    assert person.envelope.lock_key == "salesperson:anna"


@pytest.mark.parametrize(
    ("time", "expected"),
    [
        ("1999-12-31T23:59:59-01:00", datetime(2000, 1, 1, 0, 59, 59, tzinfo=UTC)),
        ("2026-05-04t09:30:00.1234567z", datetime(2026, 5, 4, 9, 30, 0, 123456, tzinfo=UTC)),
        ("2026-05-04 09:30:00-00:00", datetime(2026, 5, 4, 9, 30, tzinfo=UTC)),
    ],
)
def test_every_rfc_3339_form_of_a_time_is_read(time: str, expected: datetime) -> None:
    assert decode("{}", time=time).envelope.time == expected


_UNSEEN = [" ", "\u00a0\u3000", "\u202e\u202c", "\u200b\ufeff", "\u2066 \u2069", "\u3164", "\u2028"]


@pytest.mark.parametrize("unseen", _UNSEEN)
def test_an_invisible_name_counts_as_missing(unseen: str) -> None:
    assert support_inbound.Person(name=unseen) == support_inbound.Person()


@pytest.mark.parametrize("unseen", _UNSEEN)
@pytest.mark.parametrize("attribute", ["subject", "id", "source"])
def test_an_invisible_id_is_refused(attribute: str, unseen: str) -> None:
    with pytest.raises(Rejected) as caught:
        decode("{}", **{attribute: unseen})
    assert (caught.value.code, caught.value.field) == ("invalid_attribute", attribute)
    assert caught.value.reason == f"{attribute} must contain a visible character"


@pytest.mark.parametrize("unseen", _UNSEEN)
def test_an_invisible_id_within_data_is_refused_too(unseen: str) -> None:
    reported = {
        "case": unseen,
        "order": "4711",
        "contact": {"source": "desk", "id": unseen},
        "reason": "goodbye",
        "by": unseen,
    }
    attributes = ATTRIBUTES | {"type": "support.inbound.answer_not_needed"}
    with pytest.raises(Rejected) as caught:
        decode_binary(attributes, json.dumps(reported).encode(), topic=None)
    assert [fault.field for fault in caught.value.faults] == ["data.case", "data.contact.id", "data.by"]
    person = json.dumps({"name": "Anna", "manager": unseen, "backup": "ben"}).encode()
    with pytest.raises(Rejected) as caught:
        decode_binary(SALESPERSON, person, topic=None)
    assert [fault.reason for fault in caught.value.faults] == ["data.manager must contain a visible character"]


def test_an_id_with_any_visible_character_is_accepted_unchanged() -> None:
    for seen in ("\u202e17", " 17 ", "-", "\u5ba2\u6237", "\U0001f600"):
        assert decode("{}", subject=seen).envelope.subject == seen


def test_earlier_events_with_an_invisible_id_stay_readable() -> None:
    event = envelope(
        OrderConfirmed(order="\u200b"), id="e-1", source="s", subject=" ", time=datetime(2026, 5, 4, tzinfo=UTC)
    )
    attributes, body = encode_binary(event)
    assert decode_binary(attributes, body, topic=None).envelope == event


def test_a_type_is_accepted_on_its_own_topic_only() -> None:
    assert decode_binary(ATTRIBUTES, b"{}", topic="support.inbound.v1")
    with pytest.raises(Rejected) as caught:
        decode_binary(ATTRIBUTES, b"{}", topic="support.cases.v1")
    assert caught.value.code == "wrong_topic"


@pytest.mark.parametrize("kind", ["application/json; charset=utf-8", "application/vnd.desk+json", "APPLICATION/JSON"])
def test_every_json_content_type_is_accepted(kind: str) -> None:
    assert decode("{}", datacontenttype=kind)


def test_an_ill_formed_trace_context_is_dropped_and_a_good_one_kept() -> None:
    good = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
    assert decode("{}", traceparent=good).envelope.traceparent == good
    assert decode("{}", traceparent="00-nonsense").envelope.traceparent is None


def test_an_empty_optional_text_counts_as_missing() -> None:
    fact = decode('{"words": "", "by": {"phone": ""}}').envelope.data
    assert fact == RefundRequested(by=support_inbound.Person())


def test_a_text_is_read_as_one_line_and_a_customers_words_unchanged() -> None:
    reported = '{"words": " two\\n lines ", "by": {"name": " Zo\\u00eb\\r\\n\\tMiller\\u2028", "phone": " \\n"}}'
    fact = decode(reported).envelope.data
    assert fact == RefundRequested(words=" two\n lines ", by=support_inbound.Person(name="Zoë Miller"))


@pytest.mark.parametrize("turn", "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
def test_a_line_cannot_change_the_reading_direction_of_its_surroundings(turn: str) -> None:
    fact = decode(
        json.dumps({"words": f"{turn}two", "by": {"name": f"{turn}Zo{turn}ë عمر\u200f{turn} ", "phone": turn}})
    )
    assert fact.envelope.data == RefundRequested(words=f"{turn}two", by=support_inbound.Person(name="Zoë عمر\u200f"))


@pytest.mark.parametrize("second", ["first", "last"])
def test_a_member_named_twice_is_refused_in_every_mode(second: str) -> None:
    data = f'{{"words": "first", "words": "{second}"}}'
    whole = json.dumps({**ATTRIBUTES, "data": 0}).replace('"data": 0', f'"data": {data}').encode()
    for read in (
        lambda: decode(data),
        lambda: decode_structured(whole, topic=None),
        lambda: decode_batch(b"[" + whole + b"]", topic=None),
    ):
        with pytest.raises(Rejected, match="each member of an object once"):
            read()


def test_an_event_cannot_be_changed() -> None:
    event = decode("{}").envelope
    with pytest.raises(ValueError, match="frozen"):
        event.subject = "c-18"  # type: ignore[misc]


@pytest.mark.parametrize("time", [NAIVE, datetime(1999, 1, 1, tzinfo=UTC), 1777887000, "tomorrow"])
def test_our_own_events_obey_the_same_rules(time: Any) -> None:
    with pytest.raises(ValueError, match="time"):
        envelope(RefundRequested(), id="1", source="s", subject="c-17", time=time)


def test_the_digest_covers_the_event_and_not_its_spelling() -> None:
    one = decode('{"case": "CS-1", "words": "ü"}')
    two = decode('{ "words": "\\u00fc",\n"case": "CS-1" }', time="2026-05-04T11:30:00.000+02:00", id="e-2")
    assert one.digest == two.digest


@pytest.mark.parametrize(
    "other",
    [
        ('{"case": "CS-2"}', {}),
        ('{"case": "CS-1", "unheard_of": 1}', {}),
        ('{"case": "CS-1"}', {"subject": "c-18"}),
        ('{"case": "CS-1"}', {"time": "2026-05-04T09:30:00.000001Z"}),
        ('{"case": "CS-1"}', {"type": support_inbound.CaseReopened.type}),
    ],
)
def test_the_digest_of_another_event_differs(other: tuple[str, dict[str, str]]) -> None:
    body, attributes = other
    assert decode(body, **attributes).digest != decode('{"case": "CS-1"}').digest


def test_structured_mode_reads_data_as_json_or_base64() -> None:
    plain = json.dumps(ATTRIBUTES | {"data": {"words": "ü"}, "dataschema": None, "extension": 5}).encode()
    encoded = base64.b64encode('{"words": "ü"}'.encode()).decode()
    hidden = json.dumps(ATTRIBUTES | {"data_base64": encoded}).encode()
    assert decode_structured(plain, topic=None).envelope == decode_structured(hidden, topic=None).envelope
    assert decode_structured(plain, topic=None).body == '{"words":"ü"}'.encode()


def test_a_batch_is_read_event_by_event() -> None:
    good = {**ATTRIBUTES, "data": {}}
    bad = {**ATTRIBUTES, "data": {"case": 5}}
    outcomes = decode_batch(json.dumps([good, bad, 7, good]).encode(), topic=None)
    assert [outcome.code if isinstance(outcome, Rejected) else "good" for outcome in outcomes] == [
        *("good", "invalid_field", "not_cloudevents", "good")
    ]
    with pytest.raises(Rejected, match="must be a JSON array"):
        decode_batch(json.dumps(good).encode(), topic=None)


def test_the_catalog_has_every_type_once_and_its_topic() -> None:
    assert len(CATALOG) == len(FACTS)
    assert {fact for facts in TOPICS.values() for fact in facts} == set(FACTS)
    assert [fact for fact in FACTS if fact.about == "salesperson"] == [
        *(fact for fact in FACTS if fact.__name__ == "SalespersonChanged")
    ]
