"""With any name or words of a customer, the e-mail has exactly our headers, and shows the words literally."""

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import SMTP, default
from html import escape
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.escalation.channels.letters import Letters
from services.escalation.channels.web_push.messages import of_alert
from services.escalation.domain.escalation_path import PathLine
from services.escalation.domain.facts import fact_id
from services.escalation.domain.happenings import SignalRow
from services.escalation.domain.plays import Advice
from services.escalation.domain.policy.versions import Policies
from services.escalation.domain.reader import Reader
from services.escalation.domain.words import Before, Risk
from services.escalation.store.deliveries import Letter
from services.escalation.store.letter_parts import LetterParts
from services.escalation.store.stories import Story
from shared.contracts.escalation import RingCause, Severity, SignalKind
from shared.contracts.support_inbound import Person
from shared.ids import SalespersonId
from tests.builders import refund_requested
from tests.escalation import reported
from tests.hostile.scale import scaled

NOW = datetime(2026, 5, 4, 9, 30, tzinfo=UTC)
LETTERS = Letters(sender="On Call <oncall@handoff.example>", inbox_url="http://inbox.example")
HEADERS = [
    *("Auto-Submitted", "Content-Type", "Date", "From", "In-Reply-To"),
    *("MIME-Version", "Message-ID", "References", "Subject", "To"),
]
PIECES = (
    "=?utf-8?q?x=0d=0aBcc:_else@mail.example?=",
    "=?utf-8?b?DQoNCkRlYXIgQW5uYQ==?=",
    "=?utf-8?q?=ed=a0=80?=",
    "=?unknown-8bit?q?=ff=fe?=",
    "=?zlib?b?eJw=?=",
    "=?us-ascii*en?q?x=ff?=",
    "\u202e",
    "\ufeff",
    "\u2028Bcc: else@mail.example",
    "\r\nBcc: else@mail.example",
    "\r\n.\r\nMAIL FROM:<else@mail.example>",
    "{{ 7 * 7 }}<script>",
    '",;:(<>@',
    "é" * 300,
    "\U0001f600" * 100,
)
_MOMENT = Reader(SalespersonId("mona"), ZoneInfo("Europe/Berlin"), NOW).moment(NOW - timedelta(minutes=16))
LETTER = Letter(
    delivery_id=UUID(int=1),
    alert_id=UUID(int=2),
    repeat=False,
    account_id="c-17",
    episode_id=UUID(int=3),
    order_id="4711",
    why_you="you made this sale",
    address="anna@sales.example",
    bought="Heat pump",
    amount="EUR 14,900.00",
    customer_name=None,
    customer_phone=None,
    signals=[],
    main=None,
    left_out=0,
    now=NOW,
    parts=LetterParts(
        recipient=SalespersonId("mona"),
        severity=Severity.HIGH,
        cause=RingCause.STEP,
        recipient_zone="Europe/Berlin",
        answer_by=NOW + timedelta(hours=1),
        customer_zone="Europe/Berlin",
        customers=Policies.shipped().latest.policy.customers,
        now=NOW,
        not_to_be_called=None,
        customer_email=None,
        advice=Advice(("I am sorry.",), "to offer a credit.", "Credit without approval: up to EUR 500.00."),
        path=(
            PathLine("Ben Ahlers", "successor", _MOMENT, "skipped: away until 2 December", skipped=True),
            PathLine("Anna Berg", "seller", _MOMENT, "did not respond in time"),
        ),
        before=Before("Anna Berg", "at 11:14"),
    ),
)
FACT = UUID(int=4)
RISK = Risk(SignalKind.REFUND_REQUESTED, NOW)


def written(text: str, phone: str | None = None) -> EmailMessage:
    """An e-mail about a customer with this name, number, order and words, serialised and parsed again."""
    said = SignalRow(Risk(SignalKind.REFUND_REQUESTED, NOW), FACT, text)
    changes: dict[str, Any] = {"customer_name": text or None, "bought": text, "order_id": text}
    changes |= {"customer_phone": phone or text}
    mail = LETTERS.alert(replace(LETTER, signals=[said], main=said.risk, **changes))
    read: EmailMessage = message_from_bytes(mail.message.as_bytes(policy=SMTP), policy=default)
    return read


@settings(max_examples=scaled(200), database=None)
@given(pieces=st.lists(st.sampled_from(PIECES) | st.text(st.characters(exclude_categories=["Cs"])), max_size=4))
def test_a_letter_has_exactly_our_headers_for_any_customer_name(pieces: list[str]) -> None:
    letter = written("".join(pieces))
    assert sorted(letter.keys()) == HEADERS
    assert letter["To"] == "anna@sales.example"
    assert not letter["Subject"].defects


@pytest.mark.parametrize("text", PIECES)
def test_a_letter_shows_a_customers_words_literally(text: str) -> None:
    letter = written(text)
    plain, html = letter.get_body(("plain",)), letter.get_body(("html",))
    assert plain is not None
    assert html is not None
    shown = re.sub("[\u202e\u2028]", "\N{REPLACEMENT CHARACTER}", text)
    assert shown.replace("\r\n", "\n") in plain.get_content().replace("\r\n", "\n")
    assert "<script>" not in html.get_content()


@pytest.mark.parametrize("text", ["\x1b[31mred", "a\0b", "\x9b2J", "bell\a", "back\b", "\x7f", "line\rover"])
def test_no_part_of_a_letter_has_a_character_that_a_terminal_obeys(text: str) -> None:
    letter = written(text)
    for kind in ("plain", "html"):
        part = letter.get_body((kind,))
        assert part is not None
        assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]", part.get_content().replace("\r\n", "\n"))


def test_no_id_reverses_the_direction_of_a_letter_and_the_words_are_kept() -> None:
    odd = "47\u202e11\u2069"
    said = SignalRow(Risk(SignalKind.REFUND_REQUESTED, NOW), FACT, "call \u202a+49 30 901820\u202c today")
    changes: dict[str, Any] = {"account_id": odd, "order_id": odd, "why_you": f"You sold order {odd} on 4 May."}
    mail = LETTERS.alert(replace(LETTER, signals=[said], main=said.risk, **changes)).message
    assert "Customer 47\ufffd11\ufffd" in mail["Subject"]
    for kind in ("plain", "html"):
        part = mail.get_body((kind,))
        assert part is not None
        content = part.get_content()
        assert "You sold order 47\ufffd11\ufffd on 4 May." in content
        assert "call +49 30 901820 today" in content
        assert not re.search(r"[\u202a-\u202e\u2066-\u2069]", content)


def test_both_parts_of_a_letter_have_the_same_content_in_the_order_of_the_page() -> None:
    read = written("I want my money back.", phone="+49 30 901820")
    plain, html = read.get_body(("plain",)), read.get_body(("html",))
    assert plain is not None
    assert html is not None
    facts = (
        "High",
        "EUR 14,900.00",
        "12:30",
        "you made this sale",
        "Anna Berg was notified at 11:14 and did not respond.",
        "11:30 for the customer; call until 20:00",
        "Acknowledge in Handoff",
        "What happened",
        "4 May 2026, 11:30 CEST",
        "I am sorry.",
        "up to EUR 500.00",
        "Notified before you",
        "Ben Ahlers, successor, skipped: away until 2 December",
        "Anna Berg, seller, 11:14: did not respond in time",
    )
    for text in (plain.get_content(), html.get_content().partition("<body>")[2]):
        places = [text.index(fact) for fact in facts]
        assert places == sorted(places)
    assert len(read.as_bytes()) < 100_000


def test_the_subject_is_customer_trouble_and_time_left() -> None:
    letter = replace(LETTER, customer_name="Petra Weiss", signals=[SignalRow(RISK, FACT)], main=RISK)
    assert LETTERS.alert(letter).message["Subject"] == "High: Petra Weiss, refund requested, acknowledge by 12:30"


def test_an_answer_to_a_request_is_in_the_subject_and_in_the_notification() -> None:
    parts = replace(LETTER.parts, answer_by=None, cause=RingCause.APPROVAL_ANSWERED)
    letter = replace(LETTER, signals=[SignalRow(RISK, FACT)], main=RISK, parts=parts, why_you="Ben approved €600.00.")
    assert all("€600" in said for said in (of_alert(letter).shown["body"], LETTERS.alert(letter).message["Subject"]))


@pytest.mark.parametrize(
    "name",
    ["Petra Weiss", "Rösterei am Südlichen Markt, Wien & Söhne", "x" * 59, "One Two " * 7 + "x", "a" * 58 + " €"],
)
@pytest.mark.parametrize("amount", ["€150.00", "CHF 1,250.00", "€1,150,000.00"])
def test_a_subject_arrives_as_it_was_written(name: str, amount: str) -> None:
    parts = replace(LETTER.parts, answer_by=None)
    letter = replace(LETTER, customer_name=name, amount=amount, signals=[SignalRow(RISK, FACT)], main=RISK, parts=parts)
    sent = LETTERS.alert(letter).message.as_bytes(policy=SMTP)
    assert message_from_bytes(sent, policy=default)["Subject"] == f"High: {name}, refund requested, {amount}"
    assert max(map(len, sent.partition(b"Date:")[0].splitlines())) <= 78


def test_a_subject_has_the_short_label_of_a_long_trouble() -> None:
    risk = replace(RISK, kind=SignalKind.CONTACT_REPEATED)
    mail = LETTERS.alert(replace(LETTER, customer_name="Petra Weiss", signals=[SignalRow(risk, FACT)], main=risk))
    assert mail.message["Subject"] == "High: Petra Weiss, repeat contact, acknowledge by 12:30"


def test_no_letter_asks_to_call_a_do_not_call_customer() -> None:
    parts = replace(LETTER.parts, not_to_be_called="This customer is in a dispute with us.")
    mail = LETTERS.alert(
        replace(LETTER, customer_phone="+49 30 1", signals=[SignalRow(RISK, FACT)], main=RISK, parts=parts)
    )
    plain = mail.message.get_body(("plain",))
    assert plain is not None
    text = plain.get_content()
    assert "in a dispute with us" in text
    assert "+49 30 1" not in text
    assert "What to say" not in text


def test_a_customer_who_may_only_be_written_to_has_no_number_in_the_letter() -> None:
    for forbidden in (None, "This customer asked not to be called."):
        parts = replace(LETTER.parts, customer_email="petra@customer.example", not_to_be_called=forbidden)
        mail = LETTERS.alert(replace(LETTER, signals=[SignalRow(RISK, FACT)], main=RISK, parts=parts)).message
        for kind in ("plain", "html"):
            part = mail.get_body((kind,))
            assert part is not None
            text = part.get_content()
            assert "E-mail " in text
            assert ("We have no phone number for this customer." in text) is (forbidden is None)


def test_the_requester_is_named_and_called_first_and_support_is_asked_without_contact_data() -> None:
    asked = reported(refund_requested(by=Person(name="Herr Öztürk", phone="+1 415 555 0199"))).envelope
    row = {"source": asked.source, "event_id": asked.id, "type": asked.type, "subject": asked.subject, "at": asked.time}
    story: Any = Story(facts=[row | {"body": asked.data.model_dump_json().encode()}])  # type: ignore[list-item]
    said = SignalRow(RISK, fact_id(asked))
    known = replace(LETTER, customer_phone="+49 30 901820", signals=[said], main=RISK)
    for part in ("plain", "html"):
        body = LETTERS.alert(replace(known, story=story)).message.get_body((part,))
        assert body is not None
        text = body.get_content()
        assert "Herr Öztürk" in text
        assert text.index("Call Herr Öztürk, +1 415") < text.index("Call +49")
        body = LETTERS.alert(replace(known, customer_phone=None)).message.get_body((part,))
        assert body is not None
        assert "We have no phone number or e-mail address for this customer; ask support" in body.get_content()


def test_letters_about_one_episode_are_one_thread_with_their_own_dates_and_the_reply_address() -> None:
    letters = Letters(sender="oncall@handoff.example", inbox_url="http://x.example", reply_to="help@handoff.example")
    said = SignalRow(RISK, FACT)
    mails = [
        letters.alert(replace(LETTER, delivery_id=UUID(int=place), signals=[said], main=RISK)).message
        for place in (7, 8)
    ]
    assert {mail["References"] for mail in mails} == {"<episode-00000000-0000-0000-0000-000000000003@handoff.example>"}
    assert len({mail["Message-ID"] for mail in mails}) == 2
    assert {mail["Date"].datetime for mail in mails} == {NOW}
    assert {mail["Reply-To"] for mail in mails} == {"help@handoff.example"}
    assert {mail["Importance"] for mail in mails} == {None}
    critical = replace(LETTER.parts, severity=Severity.CRITICAL)
    mail = letters.alert(replace(LETTER, signals=[said], main=RISK, parts=critical)).message
    assert mail["Importance"] == "high"


def test_a_letter_states_when_its_relative_times_were_true() -> None:
    for part in ("plain", "html"):
        body = written("x").get_body((part,))
        assert body is not None
        assert "are as of 4 May 2026, 11:30 CEST." in body.get_content()


def test_the_html_of_a_mail_has_its_subject_as_title_and_a_dark_scheme() -> None:
    letter = written("<b>")
    html = letter.get_body(("html",))
    assert html is not None
    assert f"<title>{escape(letter['Subject'])}</title>" in html.get_content()
    assert "prefers-color-scheme: dark" in html.get_content()


@pytest.mark.parametrize("advised", [True, False])
def test_the_parts_of_a_plain_letter_are_separated(*, advised: bool) -> None:
    parts = LETTER.parts if advised else replace(LETTER.parts, advice=None)
    mail = LETTERS.alert(replace(LETTER, signals=[SignalRow(RISK, FACT)], main=RISK, parts=parts)).message
    plain = mail.get_body(("plain",))
    assert plain is not None
    text = plain.get_content().replace("\r\n", "\n")
    heads = [
        "What happened, newest first",
        "Notified before you",
        "Times such as",
        *["What to say"][: int(advised)],
    ]
    assert [head for head in heads if f"\n\n{head}" not in text] == []
    assert "\n\n\n" not in text.partition("What happened")[2]
