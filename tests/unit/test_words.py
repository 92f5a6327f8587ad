"""Facts, and our actions on them, in words."""

import json
from datetime import date
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from services.escalation.domain.decisions.closing import reason_words
from services.escalation.domain.policy.versions import Policies
from services.escalation.domain.words import describe
from shared.contracts import support
from shared.contracts.envelope import Fact, decode_structured
from shared.contracts.escalation import EpisodeResult
from shared.contracts.support_inbound import Person, RefundKind
from tests.builders import (
    AT,
    account_reassigned,
    cancellation_withdrawn,
    case_opened,
    case_reassigned,
    case_reopened,
    case_status_changed,
    contact_made,
    contact_preference_changed,
    customer_insists,
    delivery_late,
    event_of,
    order_cancelled,
    order_changed,
    order_placed,
    outcome_reported,
    promise_kept,
    refund_paid,
    refund_requested,
    refund_withdrawn,
    response_overdue,
    response_promised,
    sale_corrected,
    satisfaction_rated,
    seller_requested,
)

SAMPLES = Path(__file__).parents[1] / "contracts" / "samples"


@pytest.mark.parametrize(
    ("fact", "title"),
    [
        (order_placed(), "Order 4711 placed"),
        (order_cancelled(reason="out of stock"), "Order 4711 cancelled: out of stock"),
        (refund_paid(), "Refund of €50.00 paid"),
        (case_opened("81"), "Case 81 opened: Heating stays cold"),
        (contact_made("unanswered"), "Phone call from the customer, not answered by us"),
        (contact_made("voicemail", direction="outbound"), "Phone call to the customer, voicemail"),
        (support.ContactDeadEnded(direction="inbound", channel="chat"), "Chat with the customer, ended without help"),
        (case_reassigned(3, "81", assigned_to="Billing"), "Case 81 reassigned for the 3rd time, now with Billing"),
        (case_reassigned(11, None), "Case reassigned for the 11th time"),
        (case_status_changed("In progress", "81"), "Case 81 now “In progress”"),
        (response_overdue("81"), "Promised answer overdue (case 81)"),
        (satisfaction_rated(2), "Customer rated us 2 out of 5"),
        (refund_requested(), "Refund of €14,900.00 requested"),
        (refund_requested(amount_minor=None), "Refund requested"),
        (refund_requested(kind=RefundKind.CHARGEBACK), "Chargeback of €14,900.00 raised"),
        (promise_kept(), "Promise for order 4711 kept: training"),
        (promise_kept(proof="signed on site"), "Promise for order 4711 kept: training (signed on site)"),
        (
            outcome_reported(reached=False),
            "The customer says that they did not get the result they wanted from order 4711",
        ),
        (sale_corrected(), "Seller of order 4711 corrected to ben: Ben closed it on the phone."),
        (sale_corrected(None, reason="Bought online."), "Order 4711 no longer has a seller: Bought online."),
        (account_reassigned("ben", date(2026, 7, 1)), "Customer reassigned to ben from 1 July 2026"),
        (delivery_late(), "Delivery of order 4711 late"),
        (delivery_late(due_at=AT), "Delivery of order 4711 late, now expected 4 May 2026, 09:30 UTC"),
        (response_promised(AT, "81"), "Answer promised for 4 May 2026, 09:30 UTC (case 81)"),
        (refund_withdrawn(), "Refund request withdrawn"),
        (cancellation_withdrawn(), "Cancellation request withdrawn"),
        (customer_insists(), "The customer insists on their request"),
        (seller_requested("81"), "Seller requested (case 81)"),
        (seller_requested(None, by="agent-3"), "Seller requested by agent-3"),
        (contact_preference_changed("deceased"), "The customer has died"),
        (contact_made("answered", channel="email", courtesy="thanks"), "E-mail from the customer, a thank-you"),
        (case_reopened("81"), "Case 81 reopened"),
        (case_reopened("81", courtesy="automatic_reply"), "Case 81 reopened by an automatic reply"),
    ],
)
def test_a_fact_is_one_sentence(fact: Fact, title: str) -> None:
    assert describe(event_of(fact)).title == title


@pytest.mark.parametrize(
    ("fact", "title"),
    [
        (response_promised(AT, "81"), "Answer promised for 4 May 2026, 11:30 CEST (case 81)"),
        (delivery_late(due_at=AT), "Delivery of order 4711 late, now expected 4 May 2026, 11:30 CEST"),
        (order_changed(delivery_due_at=AT), "Order 4711 changed: delivery due 4 May 2026, 11:30 CEST"),
    ],
)
def test_a_facts_times_are_in_the_readers_zone(fact: Fact, title: str) -> None:
    assert describe(event_of(fact), ZoneInfo("Europe/Berlin")).title == title


def test_a_reason_removed_from_the_policy_still_has_words() -> None:
    policy = Policies.shipped().latest.policy
    assert reason_words(policy, EpisodeResult.SAVED, "problem_solved_by_phone") == "Problem solved by phone"


def test_a_published_fact_reads_as_the_inbound_one_and_names_its_source() -> None:
    reported = describe(event_of(support.RefundRequested(words="Enough.", by=Person(name="Jonas"))))
    assert reported.title == "Refund requested"
    assert reported.customer_words == "Enough."
    assert reported.source == "Support"
    assert reported.by == Person(name="Jonas")


@pytest.mark.parametrize("path", sorted(SAMPLES.iterdir()), ids=lambda path: path.stem)
def test_every_event_ever_sent_has_words(path: Path) -> None:
    for sample in json.loads(path.read_text("utf-8")):
        event = decode_structured(json.dumps(sample["attributes"] | {"data": sample["data"]}).encode(), topic=None)
        assert describe(event.envelope).title
