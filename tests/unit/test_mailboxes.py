"""Which texts are an address that e-mail can be sent to, and which of them are the same."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from services.escalation.domain.addresses import notices, signs_out
from services.escalation.domain.entities import Salesperson
from shared.contracts.fields import ENTERING
from shared.contracts.mailboxes import NotAMailbox, can_be_written_to, compared, is_same_address, mailbox_of
from shared.contracts.orders_inbound import SalespersonChanged
from tests.builders import AT, event_of, salesperson_changed

NFD = "ju\u0308rgen@sales.example"
SAME = [
    ("anna@sales.example", "Anna@SALES.example"),
    ("anna@münchen.example", "anna@xn--mnchen-3ya.example"),
    ("anna@münchen.example", "Anna@XN--MNCHEN-3YA.Example"),
    ("anna@münchen.example", "anna@mu\u0308nchen.example"),
    ("anna@faß.example", "anna@xn--fa-hia.example"),
    ("anna@sales。example", "anna@sales.example"),
    ("jürgen@sales.example", NFD),
    ("JÜRGEN@sales.example", NFD),
    ('"anna.berg"@sales.example', '"Anna.Berg"@sales.example'),
]
UNWRITABLE = [
    "ines..x@sales.example",
    "a,b@sales.example",
    "a(b)@sales.example",
    '"anna.berg"@sales.example',
    "anna.@sales.example",
    "anna@[127.0.0.1]",
    "=?utf-8?q?a?=@sales.example",
    "anna@sales.example.",
    "anna@sales..example",
    f"anna@{64 * 'x'}.example",
    "anna@\u3002example",
]
OTHERS = [
    ("anna@faß.example", "anna@fass.example"),
    ("groß@sales.example", "gross@sales.example"),
    ("jürgen@sales.example", "jurgen@sales.example"),
    ("anna@sales.example", "anna@sales.example.org"),
    ("anna@sales.example", ""),
]


@pytest.mark.parametrize(("one", "other"), SAME)
def test_spellings_of_one_address_are_the_same(one: str, other: str) -> None:
    assert is_same_address(one, other)
    assert compared(one) == compared(other)


@pytest.mark.parametrize(("one", "other"), OTHERS)
def test_other_addresses_are_not(one: str, other: str) -> None:
    assert not is_same_address(one, other)


@pytest.mark.parametrize(
    ("text", "sent_to"),
    [
        ("Anna.O'Neill+sales@sales.example", "Anna.O'Neill+sales@sales.example"),
        ("anna@münchen.example", "anna@xn--mnchen-3ya.example"),
        ("anna@☃.example", "anna@xn--n3h.example"),
        ("anna@our_host", "anna@our_host"),
        (NFD, "jürgen@sales.example"),
    ],
)
def test_email_goes_to_the_ascii_form_of_a_domain(text: str, sent_to: str) -> None:
    assert str(mailbox_of(text)) == sent_to


@pytest.mark.parametrize("text", UNWRITABLE)
def test_an_address_ambiguous_to_mail_programs_is_refused_on_entry_and_stays_readable(text: str) -> None:
    assert not can_be_written_to(text)
    reported = SalespersonChanged(name="Anna Berg", email=text).model_dump_json()
    assert SalespersonChanged.model_validate_json(reported).email == text
    with pytest.raises(ValidationError, match="must be one address that e-mail can be sent to") as refused:
        SalespersonChanged.model_validate_json(reported, context=ENTERING)
    assert text not in str(refused.value.errors(include_input=False))


@given(st.text(max_size=60) | st.tuples(st.text(max_size=20), st.text(max_size=20)).map("@".join))
def test_any_text_is_a_mailbox_or_none_and_equals_itself(text: str) -> None:
    assert is_same_address(text, text)
    if can_be_written_to(text):
        mailbox = mailbox_of(text)
        assert mailbox.domain.isascii()
        assert is_same_address(str(mailbox), text)
    else:
        with pytest.raises(NotAMailbox):
            mailbox_of(text)


@pytest.mark.parametrize(("one", "other"), SAME)
def test_another_spelling_signs_no_one_out_and_notifies_no_one(one: str, other: str) -> None:
    before, after = _person(one), _person(other)
    assert not signs_out(before, after)
    assert notices(before, after, event_of(salesperson_changed()), AT) == ()


def _person(email: str) -> Salesperson:
    return Salesperson(
        salesperson_id="anna",
        changed_at=AT,
        name="Anna Berg",
        manager=None,
        email=email,
        phone=None,
        chat=None,
        zone="UTC",
        working_hours="[]",
        active=True,
        successor=None,
        successor_since=None,
        backup=None,
        away="[]",
        days_off="[]",
        country=None,
        region=None,
        rings_off_hours=False,
    )
