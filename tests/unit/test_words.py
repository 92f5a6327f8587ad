"""Facts and risks in words."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from services.escalation.domain.words import Risk, absolute, ago, describe, money, why_now
from shared.contracts import support, support_inbound
from shared.contracts.catalog import FACTS
from shared.contracts.envelope import Fact
from shared.contracts.escalation import SignalKind
from shared.contracts.support_inbound import Person, RefundKind
from tests.builders import (
    AT,
    case_opened,
    case_reassigned,
    case_status_changed,
    contact_made,
    event_of,
    minutes,
    order_cancelled,
    order_placed,
    refund_paid,
    refund_requested,
    response_overdue,
    satisfaction_rated,
)


@pytest.mark.parametrize(
    ("fact", "title"),
    [
        (order_placed(), "Order 4711 placed"),
        (order_cancelled(reason="out of stock"), "Order 4711 cancelled: out of stock"),
        (refund_paid(), "Refund of €50.00 paid"),
        (case_opened("81"), "Case 81 opened: Heating stays cold"),
        (contact_made("unanswered"), "Phone call from the customer, nobody answered"),
        (contact_made("voicemail", direction="outbound"), "Phone call to the customer, voicemail"),
        (support.ContactDeadEnded(direction="inbound", channel="chat"), "Chat from the customer, dead end"),
        (case_reassigned(3, "81", assigned_to="Billing"), "Case 81 passed on, 3rd time, now with Billing"),
        (case_reassigned(11, None), "Case passed on, 11th time"),
        (case_status_changed("In progress", "81"), "Case 81 now “In progress”"),
        (response_overdue("81"), "Promised answer overdue (case 81)"),
        (satisfaction_rated(2), "Rated us 2 of 5"),
        (refund_requested(), "Refund of €14,900.00 requested"),
        (refund_requested(amount_minor=None), "Refund requested"),
        (refund_requested(kind=RefundKind.CHARGEBACK), "Chargeback (€14,900.00) requested"),
    ],
)
def test_a_fact_is_one_sentence(fact: Fact, title: str) -> None:
    assert describe(event_of(fact)).title == title


def test_a_published_fact_reads_as_the_inbound_one_and_names_its_source() -> None:
    told = describe(event_of(support.RefundRequested(words="Enough.", by=Person(name="Jonas"))))
    assert told.title == "Refund requested"
    assert told.words == "Enough."
    assert told.source == "Support"
    assert told.by == Person(name="Jonas")


def test_every_fact_of_orders_and_support_can_be_told() -> None:
    for fact in FACTS:
        if fact.__module__.endswith(("orders", "support", "orders_inbound", "support_inbound")):
            assert describe(event_of(_sample(fact))).title, fact.type


@pytest.mark.parametrize(
    ("age", "words"),
    [
        (timedelta(seconds=-5), "just now"),
        (timedelta(seconds=44), "just now"),
        (timedelta(seconds=45), "1 min ago"),
        (timedelta(minutes=59), "59 min ago"),
        (timedelta(minutes=60), "1 h ago"),
        (timedelta(hours=23), "23 h ago"),
        (timedelta(hours=24), "1 day ago"),
        (timedelta(days=13), "13 days ago"),
        (timedelta(days=14), "4 May 2026"),
    ],
)
def test_how_long_ago_is_one_unit(age: timedelta, words: str) -> None:
    assert ago(AT, AT + age) == words


@pytest.mark.parametrize(
    ("amount_minor", "currency", "words"),
    [
        (120_000, "EUR", "€1,200.00"),
        (500, "JPY", "¥500"),
        (1_234, "KWD", "KWD1.234"),
        (2**53 - 1, "USD", "$90,071,992,547,409.91"),
    ],
)
def test_money_has_the_digits_of_its_currency(amount_minor: int, currency: str, words: str) -> None:
    assert money(amount_minor, currency) == words


def test_the_strongest_signal_speaks_first_and_the_rest_is_counted() -> None:
    risks = [
        Risk(SignalKind.CONTACT_DEAD_ENDED, minutes(0)),
        Risk(SignalKind.CONTACT_DEAD_ENDED, minutes(1)),
        Risk(SignalKind.RESPONSE_OVERDUE, minutes(2)),
        Risk(SignalKind.REFUND_REQUESTED, minutes(10), "€480.00"),
        Risk(SignalKind.CASE_REOPENED, minutes(12)),
    ]
    assert why_now(risks).sentence(minutes(16)) == (
        "Refund of €480.00 requested 6 min ago, after 2 dead ends and an overdue answer; since then a reopened case."
    )


def test_without_a_request_the_latest_signal_speaks() -> None:
    risks = [Risk(SignalKind.CASE_REOPENED, minutes(0)), Risk(SignalKind.CASE_BOUNCED, minutes(5))]
    sentence = why_now(risks).sentence(minutes(5))
    assert sentence == "A case was passed on for the third time just now, after a reopened case."


def test_a_moment_names_its_zone() -> None:
    assert absolute(datetime(2026, 5, 4, 9, 5, tzinfo=UTC)) == "4 May 2026, 09:05 UTC"


def _sample(fact: type[Fact]) -> Fact:
    """Any fact of a class, made without its rules: words must not fail on what is missing."""
    built = {
        "contact_made": contact_made(),
        "contact_dead_ended": contact_made("dead_end"),
        "salesperson_changed": support_inbound.CaseClosed(),
    }
    known = built.get(fact.type.rpartition(".")[2])
    values: dict[str, Any] = {"order": "4711", "case": "81", "reassignments": 1, "status": "new", "rating": 1}
    values |= {"amount_minor": 1, "currency": "EUR"}
    return known or fact.model_construct(**values)
