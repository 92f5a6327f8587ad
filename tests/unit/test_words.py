"""Facts and risks in words."""

import json
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest

from services.escalation.domain.duty_buttons import CheckInLogged, FollowUpLogged
from services.escalation.domain.facts import FactKind
from services.escalation.domain.own_facts import CustomerReachedLogged
from services.escalation.domain.policy.versions import Policies
from services.escalation.domain.reasoning import reason_words
from services.escalation.domain.stakes import Amount
from services.escalation.domain.words import (
    SIGNAL_LABELS,
    Risk,
    absolute,
    ago,
    describe,
    ended,
    headline,
    known_money,
    label,
    money,
    why_now,
)
from services.escalation.handlers import SUBSCRIPTIONS
from services.escalation.handlers.judging import judge
from shared.contracts import escalation, support
from shared.contracts.envelope import Fact, decode_structured
from shared.contracts.escalation import EpisodeResult, SignalKind
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
    delivery_late,
    event_of,
    minutes,
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
)

_ENDING: list[type[Fact]] = [fact for fact, effects in SUBSCRIPTIONS.items() if judge in effects]
_ENDING += [CheckInLogged, CustomerReachedLogged, FollowUpLogged]
SAMPLES = Path(__file__).parents[1] / "contracts" / "samples"


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
        (promise_kept(), "Promise of order 4711 kept: training"),
        (promise_kept(proof="signed on site"), "Promise of order 4711 kept: training (signed on site)"),
        (outcome_reported(reached=False), "The customer says that what was expected of order 4711 was not reached"),
        (sale_corrected(), "Order 4711 counts as sold by ben: Ben closed it on the phone."),
        (sale_corrected(None, reason="Bought online."), "Order 4711 counts as sold by nobody: Bought online."),
        (account_reassigned("ben", date(2026, 7, 1)), "Account with ben from 1 July 2026 on"),
        (delivery_late(), "Delivery of order 4711 late"),
        (delivery_late(due_at=AT), "Delivery of order 4711 late, due 4 May 2026, 09:30 UTC"),
        (response_promised(AT, "81"), "Answer promised by 4 May 2026, 09:30 UTC (case 81)"),
        (refund_withdrawn(), "Refund request withdrawn"),
        (cancellation_withdrawn(), "Cancellation request withdrawn"),
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
        (response_promised(AT, "81"), "Answer promised by 4 May 2026, 11:30 CEST (case 81)"),
        (delivery_late(due_at=AT), "Delivery of order 4711 late, due 4 May 2026, 11:30 CEST"),
        (order_changed(delivery_due_at=AT), "Order 4711 changed: delivery due 4 May 2026, 11:30 CEST"),
    ],
)
def test_a_moment_that_a_fact_names_is_in_the_readers_zone(fact: Fact, title: str) -> None:
    assert describe(event_of(fact), ZoneInfo("Europe/Berlin")).title == title


def test_a_reason_that_the_policy_has_no_more_is_told_in_words() -> None:
    policy = Policies.shipped().latest.policy
    assert reason_words(policy, EpisodeResult.SAVED, "problem_solved_by_phone") == "Problem solved by phone"


EPISODE, SIGNAL = uuid4(), uuid4()
TOLD = {"episode": EPISODE, "order": "4711"}
OF_SIGNAL = TOLD | {"signal": SIGNAL, "kind": "contact_dead_ended", "at": AT}


@pytest.mark.parametrize(
    ("deed", "title"),
    [
        (escalation.EpisodeSignalled(**OF_SIGNAL), "Order 4711: dead end"),
        (escalation.SignalCleared(**OF_SIGNAL, because="contact_made"), "Order 4711: “dead end” is settled"),
        (
            escalation.SignalWithdrawn(**OF_SIGNAL, because="contact_made"),
            "Order 4711: “dead end” turned out to be none",
        ),
        (
            escalation.SeverityRaised(**OF_SIGNAL, severity="high", before="watch", policy_version=1),
            "Order 4711: now high, before watch",
        ),
        (
            escalation.AcknowledgementExpired(**TOLD, by="anna", acknowledged_at=AT, attempts=0),
            "anna did not reach the customer in time",
        ),
        (
            escalation.AcknowledgementExpired(**TOLD, by="anna", acknowledged_at=AT, attempts=2),
            "anna did not reach the customer in time, after 2 attempts",
        ),
        (escalation.CustomerReached(**TOLD, by="anna", at=AT, channel="phone"), "anna reached the customer by phone"),
        (escalation.CustomerReached(**TOLD, by="anna", at=AT, channel="other"), "anna reached the customer"),
        (
            escalation.AppointmentMade(**TOLD, by="anna", at=AT),
            "anna is to call the customer on 4 May 2026, 09:30 UTC",
        ),
        (escalation.EpisodeSnoozed(**TOLD, by="anna", until=AT), "anna put it off until 4 May 2026, 09:30 UTC"),
        (
            escalation.HandOverOffered(**TOLD, by="anna", to="ben", until=AT),
            "anna asked ben to take over, until 4 May 2026, 09:30 UTC",
        ),
        (escalation.HandOverAccepted(**TOLD, by="ben", giver="anna"), "ben took over from anna"),
        (escalation.CheckInDone(order="4711", by="anna", at=AT, channel="phone"), "anna asked how it goes, by phone"),
        (escalation.RescuePassedOn(**TOLD, by="anna"), "anna passed it on"),
        (
            escalation.EpisodeExhausted(**TOLD, at=AT),
            "Order 4711: nobody answered, all the way up to the desk",
        ),
        (
            escalation.EpisodeClosed(**TOLD, result="lost", reason="bought_elsewhere", by="anna", closed_at=AT),
            "Order 4711: closed by anna as lost (bought elsewhere)",
        ),
        (
            escalation.EpisodeReopened(**TOLD, by="anna", closed_at=AT, reopened_at=AT),
            "Order 4711: anna undid the close, it is open again",
        ),
        (
            escalation.EpisodeClosed(**TOLD, result="cause_gone", reason="signals_cleared", closed_at=AT),
            "Order 4711: closed by itself as cause gone (signals cleared)",
        ),
        (
            escalation.PolicyPublished(version=2, by="mona", summary="Faster.", digest="0" * 64),
            "Version 2 of the policy published: Faster.",
        ),
    ],
)
def test_what_we_did_is_one_sentence(deed: Fact, title: str) -> None:
    told = describe(event_of(deed))
    assert (told.title, told.source) == (title, "On call")


def test_a_published_fact_reads_as_the_inbound_one_and_names_its_source() -> None:
    told = describe(event_of(support.RefundRequested(words="Enough.", by=Person(name="Jonas"))))
    assert told.title == "Refund requested"
    assert told.words == "Enough."
    assert told.source == "Support"
    assert told.by == Person(name="Jonas")


@pytest.mark.parametrize("path", sorted(SAMPLES.iterdir()), ids=lambda path: path.stem)
def test_every_event_that_was_ever_sent_can_be_told(path: Path) -> None:
    for sample in json.loads(path.read_text("utf-8")):
        event = decode_structured(json.dumps(sample["attributes"] | {"data": sample["data"]}).encode(), topic=None)
        assert describe(event.envelope).title


@pytest.mark.parametrize("because", [*FactKind, *(fact.type.rpartition(".")[2] for fact in _ENDING)])
def test_whatever_ends_a_signal_has_its_words(because: str) -> None:
    unknown = because.replace("_", " ")
    assert ended("withdrawn", because) != f"turned out to be none: {unknown}"


def test_every_kind_of_signal_has_its_words() -> None:
    for kind in SignalKind:
        risks = [Risk(kind, minutes(0)), Risk(kind, minutes(1)), Risk(kind, minutes(2))]
        why = why_now(risks, risks[-1])
        assert why.sentence(minutes(2)).startswith(why.what)
        assert why.context.startswith(", after 2 ")
        assert SIGNAL_LABELS[kind]


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
        Risk(SignalKind.REFUND_REQUESTED, minutes(10), asked=Amount(48_000, "EUR")),
        Risk(SignalKind.CASE_REOPENED, minutes(12)),
    ]
    assert why_now(risks, risks[3]).sentence(minutes(16)) == (
        "Refund of €480.00 requested 6 min ago, after 2 dead ends and an overdue answer; since then a reopened case."
    )


def test_a_late_delivery_says_when_it_is_expected() -> None:
    late = Risk(SignalKind.DELIVERY_LATE, minutes(0), expected_on=date(2026, 5, 6))
    told = why_now([late], late).sentence(minutes(6))
    assert told == "The delivery became late 6 min ago. It is expected on 6 May now."


@pytest.mark.parametrize(
    ("risk", "words"),
    [
        pytest.param(Risk(SignalKind.REFUND_REQUESTED, AT), "Refund requested", id="no amount told"),
        pytest.param(
            Risk(SignalKind.REFUND_REQUESTED, AT, asked=Amount(999_00, "EUR"), more_than_order=True),
            "Refund of €999.00, more than the order, requested",
            id="more than the order",
        ),
        pytest.param(
            Risk(
                SignalKind.REFUND_REQUESTED,
                AT,
                asked=Amount(999_00, "EUR"),
                refund_kind=RefundKind.CHARGEBACK,
                more_than_order=True,
            ),
            "Chargeback (€999.00, more than the order) requested",
            id="of another kind",
        ),
        pytest.param(Risk(SignalKind.REFUND_PAID, AT, asked=Amount(5_00, "EUR")), "Refund of €5.00 paid", id="paid"),
        pytest.param(
            Risk(SignalKind.ORDER_STALLED, AT), "The order stalled before the customer confirmed it", id="unconfirmed"
        ),
        pytest.param(
            Risk(SignalKind.ORDER_STALLED, AT, unmoved=True),
            "Nothing has been done on the order since the sale; it stalled",
            id="unmoved",
        ),
        pytest.param(Risk(SignalKind.CONTACT_DEAD_ENDED, AT), "A contact ended in a dead end", id="a dead end"),
        pytest.param(
            Risk(SignalKind.CONTACT_DEAD_ENDED, AT, unanswered=True),
            "The time to answer the customer ran out",
            id="unanswered",
        ),
    ],
)
def test_a_headline_says_what_happened_and_how_much(risk: Risk, words: str) -> None:
    assert headline(risk) == words


def test_an_order_that_nobody_moves_has_a_label_of_its_own() -> None:
    assert label(Risk(SignalKind.ORDER_STALLED, AT)) == "Order stalled"
    assert label(Risk(SignalKind.ORDER_STALLED, AT, unmoved=True)) == "Order not moving"


def test_a_contact_that_nobody_answered_has_a_label_of_its_own() -> None:
    assert label(Risk(SignalKind.CONTACT_DEAD_ENDED, AT)) == "Dead end"
    assert label(Risk(SignalKind.CONTACT_DEAD_ENDED, AT, unanswered=True)) == "Unanswered"


def test_a_request_whose_money_was_paid_says_so() -> None:
    asked = Risk(SignalKind.REFUND_REQUESTED, AT)
    assert (label(asked), label(replace(asked, executed=True))) == ("Refund requested", "Refund requested, paid back")
    assert label(replace(asked, refund_kind=RefundKind.CHARGEBACK)) == "Chargeback"


def test_a_moment_names_its_zone() -> None:
    assert absolute(datetime(2026, 5, 4, 9, 5, tzinfo=UTC)) == "4 May 2026, 09:05 UTC"


@pytest.mark.parametrize(
    ("minor", "currency", "told"),
    [(0, "EUR", "€0.00"), (129_900, "EUR", "€1,299.00"), (None, "EUR", None), (1, None, None)],
)
def test_an_amount_is_told_where_it_and_its_currency_are_known(
    minor: int | None, currency: str | None, told: str | None
) -> None:
    assert known_money(minor, currency) == told
