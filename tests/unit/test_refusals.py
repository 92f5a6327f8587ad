"""Refused inputs, with a code for the metric and words for the publisher."""

import json

import pytest

from shared.contracts import orders_inbound, support, support_inbound
from shared.contracts.envelope import (
    Rejected,
    decode_binary,
    decode_structured,
)
from shared.contracts.support_inbound import RefundRequested
from tests.unit.events import ATTRIBUTES, CANARY, SALESPERSON, decode

NIGHT = '{"days": ["mon"], "start": "22:00", "end": "06:00"}'


def refusal(body: bytes | str, **attributes: str) -> Rejected:
    with pytest.raises(Rejected) as caught:
        decode(body, **attributes)
    return caught.value


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b'{"words": "cut', id="truncated"),
        pytest.param(b"{} {}", id="two texts"),
        pytest.param(b"\xef\xbb\xbf{}", id="byte order mark"),
        pytest.param(b'{"words": "\xff"}', id="not UTF-8"),
        pytest.param(b'{"words": "a\0b"}', id="raw NUL"),
        pytest.param(rb'{"words": "\ud800"}', id="lone surrogate"),
        pytest.param(rb'{"\udfff": 1}', id="lone surrogate in a name"),
        pytest.param(b'{"x": NaN}', id="NaN"),
        pytest.param(b'{"x": -Infinity}', id="infinity"),
        pytest.param(b'{"x": 1e400}', id="too large for a double"),
        pytest.param(b'{"x": ' + b"9" * 5_000 + b"}", id="5,000 digits"),
        pytest.param(b'{"x": ' + b"[" * 10_000 + b"]" * 10_000 + b"}", id="10,000 arrays deep"),
        pytest.param(b'{"x":' * 10_000 + b"1" + b"}" * 10_000, id="10,000 objects deep"),
        pytest.param(b'{"x": ' + b"[" * 300 + b"]" * 300 + b"}", id="300 arrays deep"),
        pytest.param(b"[" * 1_000_000, id="a million open arrays"),
        pytest.param(b'{"words": "a", "words": "a"}', id="a name twice"),
        pytest.param(rb'{"words": "a", "w\u006frds": "b"}', id="a name twice, escaped"),
        pytest.param(b'{"x": [{"y": {}, "z": 1, "y": null}]}', id="a name twice, deep"),
        pytest.param(rb'{"x": 1, "x": 2, "y": "\u0022\u0022"}', id="a name twice beside escaped quotes"),
        pytest.param(rb'{"x\"": 1, "x\u0022": 2}', id="a name with a quote twice"),
    ],
)
def test_text_that_is_not_plain_json_is_refused(body: bytes) -> None:
    assert refusal(body).code == "invalid_json"


@pytest.mark.parametrize(
    ("body", "field", "rule"),
    [
        ("[]", "data", "must be a JSON object"),
        ("null", "data", "must be a JSON object"),
        ('{"amount_minor": "12"}', "data.amount_minor", "must be a whole number"),
        ('{"amount_minor": 1.0}', "data.amount_minor", "must be a whole number"),
        ('{"amount_minor": true}', "data.amount_minor", "must be a whole number"),
        ('{"amount_minor": -1}', "data.amount_minor", "must be at least 0"),
        ('{"amount_minor": 9007199254740993}', "data.amount_minor", "must be at most 9007199254740992"),
        ('{"amount_minor": 9223372036854775808}', "data.amount_minor", "must be at most 9007199254740992"),
        ('{"amount_minor": 1e300}', "data.amount_minor", "must be a whole number"),
        (
            '{"amount_minor": 99999999999999999999999}',
            "data.amount_minor",
            "must be at most 9007199254740992",
        ),
        ('{"currency": "eur"}', "data.currency", "must be a currency of three capital letters, like EUR"),
        ('{"case": ""}', "data.case", "must have at least 1 character(s)"),
        ('{"case": "a\\nb"}', "data.case", "must not contain control characters"),
        ('{"case": 17}', "data.case", "must be a string"),
        ('{"by": {"name": 5}}', "data.by.name", "must be a string"),
        ('{"by": []}', "data.by", "must be a JSON object"),
        ('{"words": "a\\u0000b"}', "data", "must not contain the NUL character"),
        ('{"unheard_of": {"\\u0000": 1}}', "data", "must not contain the NUL character"),
        (json.dumps({"words": "x" * 1_000_000}), "data.words", "must have at most 20000 characters"),
    ],
)
def test_a_wrong_member_is_named_with_its_rule(body: str, field: str, rule: str) -> None:
    rejected = refusal(body)
    assert (rejected.code, rejected.field, rejected.reason) == ("invalid_field", field, f"{field} {rule}")


def test_an_unknown_kind_is_refused_with_the_existing_kinds() -> None:
    assert "'chargeback' or 'fraud'" in refusal(f'{{"kind": "{CANARY}"}}').reason


def test_a_missing_member_is_named() -> None:
    rejected = refusal('{"lines": [{"quantity": 1}]}', type=orders_inbound.OrderPlaced.type)
    assert (rejected.code, rejected.reason) == ("missing_field", "data.order is required")


@pytest.mark.parametrize(
    ("member", "rule"),
    [
        ('"zone": "America"', "data.zone must be a time zone of the IANA database, like Europe/Berlin"),
        (
            '"zone": "../../etc/passwd"',
            "data.zone must be a time zone of the IANA database, like Europe/Berlin",
        ),
        ('"email": "anna@sales.example\\nBcc: x@y.example"', "data.email must be an e-mail address"),
        ('"email": "anna..berg@sales.example"', "data.email must be one address that e-mail can be sent to"),
        ('"name": " \\n"', "data.name must not be blank"),
        ('"active": 1', "data.active must be true or false"),
        ('"successor": {"salesperson": "b", "since": 1782864000}', "since must be a date like 2026-05-04"),
        ('"successor": {"salesperson": "b", "since": "1782864000"}', "since must be a date like 2026-05-04"),
        ('"successor": {"salesperson": "b", "since": "2026-02-30"}', "since must be a date like 2026-05-04"),
        (
            '"working_hours": [{"days": ["mon"], "start": "9:00", "end": "17:00"}]',
            "start must be a time of day",
        ),
        (
            '"working_hours": [{"days": ["mon"], "start": "09:00", "end": "09:00"}]',
            "working_hours.0 must not end when they start: the whole day is 00:00 to 24:00",
        ),
        (
            '"working_hours": [{"days": ["mon"], "start": "23:59", "end": "24:00"}]',
            "working_hours.0 must start before the last minute of the day",
        ),
        (
            '"working_hours": [{"days": ["mon"], "start": "24:00", "end": "06:00"}]',
            "start must be a time of day like 09:30",
        ),
        (
            '"working_hours": [{"days": ["mon"], "start": "09:00", "end": "24:01"}]',
            "end must be a time of day like 17:30, 24:00 at the latest",
        ),
        (
            f'"working_hours": [{", ".join([NIGHT] * 26)}]',
            "working_hours must have at most 50 entries, those over midnight counted twice",
        ),
        (
            '"working_hours": [{"days": [], "start": "09:00", "end": "17:00"}]',
            "days must have at least 1 entry",
        ),
        ('"away": [{"since": "2026-05-12", "until": "2026-05-11"}]', "away.0 must not end before it starts"),
        ('"days_off": ["11.05.2026"]', "days_off.0 must be a date like 2026-05-04"),
        ('"country": "Germany"', "country must be a country of two capital letters, like DE"),
        ('"region": "Bayern"', "region must be a region of one to three capital letters or digits, like BY"),
    ],
)
def test_a_wrong_salesperson_is_refused(member: str, rule: str) -> None:
    reported = {"name": "Anna"} | json.loads(f"{{{member}}}")
    with pytest.raises(Rejected, match=rule):
        decode_binary(SALESPERSON, json.dumps(reported).encode(), topic=None)


@pytest.mark.parametrize(
    "time",
    [
        *(
            "2026-05-04",
            "2026-05-04T09:30:00",
            "1777887000",
            "",
            "2026-02-30T00:00:00Z",
            "2026-05-04T09:30:60Z",
        ),
        *(
            "2026-05-04T24:00:00Z",
            "2026-05-04T09:30:00+99:00",
            "2026-05-04T09:30:00,5Z",
            "٢026-05-04T09:30:00Z",
        ),
        *("1999-12-31T23:59:59Z", "2000-01-01T00:30:00+01:00", "2099-12-31T23:59:59-01:00"),
        *("0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59-23:59"),
    ],
)
def test_a_time_without_zone_or_outside_the_years_is_refused(time: str) -> None:
    rejected = refusal("{}", time=time)
    assert (rejected.code, rejected.field) == ("invalid_attribute", "time")


@pytest.mark.parametrize("due_at", ["5", "1777887000", '"1777887000"', "true", "[]"])
def test_a_number_is_no_instant(due_at: str) -> None:
    rejected = refusal(f'{{"due_at": {due_at}}}', type=support_inbound.ResponseOverdue.type)
    assert (rejected.code, rejected.field) == ("invalid_field", "data.due_at")


@pytest.mark.parametrize(
    ("attribute", "value", "code"),
    [
        ("specversion", "0.3", "not_cloudevents"),
        ("type", "support.unheard_of", "unknown_type"),
        ("type", "\ud800", "unknown_type"),
        ("dataschema", f"urn:handoff:{RefundRequested.type}:2", "unknown_version"),
        ("datacontenttype", "text/plain", "invalid_attribute"),
        ("id", "", "invalid_attribute"),
        ("id", "x" * 201, "invalid_attribute"),
        ("subject", "c\0", "invalid_attribute"),
        ("subject", "\ud800", "invalid_attribute"),
        ("source", "a\r\nb", "invalid_attribute"),
    ],
)
def test_a_wrong_attribute_is_named(attribute: str, value: str, code: str) -> None:
    rejected = refusal("{}", **{attribute: value})
    assert (rejected.code, rejected.field) == (code, attribute)


@pytest.mark.parametrize("attribute", sorted(ATTRIBUTES))
def test_a_missing_attribute_is_named(attribute: str) -> None:
    rest = {name: value for name, value in ATTRIBUTES.items() if name != attribute}
    with pytest.raises(Rejected) as caught:
        decode_binary(rest, b"{}", topic=None)
    assert caught.value.field == attribute
    assert caught.value.code in ("missing_attribute", "not_cloudevents")


@pytest.mark.parametrize(
    ("members", "code"),
    [
        ({}, "missing_field"),
        ({"data": None}, "invalid_field"),
        ({"data": "{}"}, "invalid_field"),
        ({"data": {}, "data_base64": "e30="}, "not_cloudevents"),
        ({"data_base64": "!!"}, "invalid_field"),
        ({"data_base64": "é"}, "invalid_field"),
        ({"data_base64": 5}, "invalid_field"),
        ({"data_base64": "e30=", "id": 5}, "invalid_attribute"),
        ({"data_base64": "e30=", "type": ["x"]}, "invalid_attribute"),
        ({"data_base64": "e30=", "id": None}, "missing_attribute"),
    ],
)
def test_a_wrong_structured_event_is_refused(members: dict[str, object], code: str) -> None:
    with pytest.raises(Rejected) as caught:
        decode_structured(json.dumps(ATTRIBUTES | members).encode(), topic=None)
    assert caught.value.code == code


def test_a_dead_end_is_a_contact_of_its_own_kind() -> None:
    reported = '{"direction": "inbound", "channel": "phone", "result": "voicemail"}'
    assert refusal(reported, type=support.ContactDeadEnded.type).field == "data.result"


def test_one_refusal_names_everything_wrong_with_an_event() -> None:
    reported = b'{"direction": "in", "result": "dead-end"}'
    rest = {name: value for name, value in ATTRIBUTES.items() if name != "subject"}
    attributes = rest | {"type": support_inbound.ContactMade.type, "time": "yesterday", "datacontenttype": "text/json"}
    with pytest.raises(Rejected) as caught:
        decode_binary(attributes, reported, topic=None)
    faults = [(fault.code, fault.field) for fault in caught.value.faults]
    assert faults == [
        ("invalid_attribute", "datacontenttype"),
        ("invalid_field", "data.direction"),
        ("missing_field", "data.channel"),
        ("invalid_field", "data.result"),
        ("missing_attribute", "subject"),
        ("invalid_attribute", "time"),
    ]
    assert all(fault.reason in caught.value.reasons for fault in caught.value.faults)


def test_one_refusal_names_everything_wrong_with_a_structured_event() -> None:
    reported = ATTRIBUTES | {"id": 5, "type": "support.inbound.refund_request", "source": "", "data_base64": "!!"}
    with pytest.raises(Rejected) as caught:
        decode_structured(json.dumps(reported).encode(), topic="support.inbound.v1")
    faults = [(fault.code, fault.field) for fault in caught.value.faults]
    assert faults == [
        ("invalid_attribute", "id"),
        ("unknown_type", "type"),
        ("invalid_field", "data_base64"),
        ("invalid_attribute", "source"),
    ]


def test_a_limited_number_of_faults_is_named() -> None:
    lines = [{"quantity": 0}] * 300
    rejected = refusal(json.dumps({"lines": lines}), type=orders_inbound.OrderPlaced.type)
    assert len(rejected.faults) == 20


@pytest.mark.parametrize(
    "body", [b'{"reason": "spam", "by": "agent-3"}', b'{"order": "4711", "reason": "spam", "by": "a"}']
)
def test_a_report_that_no_answer_is_needed_must_name_its_subject(body: bytes) -> None:
    rejected = refusal(body, type=support_inbound.AnswerNotNeeded.type)
    assert rejected.reason == "data must name a contact (its source and id) or a case"


def test_a_report_that_no_answer_is_needed_must_name_its_author() -> None:
    rejected = refusal(b'{"case": "CS-1", "reason": "spam"}', type=support_inbound.AnswerNotNeeded.type)
    assert (rejected.field, rejected.reason) == ("data.by", "data.by is required")


def test_a_list_whose_only_entry_is_refused_is_not_also_called_too_short() -> None:
    hours = '"working_hours": [{"days": ["Monday"], "start": "09:00", "end": "17:00"}]'
    with pytest.raises(Rejected) as caught:
        decode_binary(SALESPERSON, f'{{"name": "Anna", {hours}}}'.encode(), topic=None)
    reason = caught.value.reason
    assert "working_hours.0.days.0 must be one of" in reason
    assert "at least 1 entry" not in reason
