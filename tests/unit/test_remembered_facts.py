"""The parts of orders' and support's events that escalation remembers."""

from datetime import datetime
from typing import Any

import pytest

from services.escalation.domain.facts import AccountFact, FactKind, fact_id, remembered
from shared.contracts import orders, support
from shared.contracts.catalog import CATALOG
from shared.contracts.envelope import Envelope, Fact, envelope
from shared.contracts.order_parts import Line, Promise, Side
from shared.contracts.support_inbound import (
    ContactChannel,
    ContactResult,
    Courtesy,
    Direction,
    Intent,
    NoAnswerReason,
    Person,
    RefundKind,
    WaitingFor,
)
from tests.builders import ACCOUNT, AT, minutes

_CONTACT: dict[str, Any] = {"direction": Direction.INBOUND, "channel": ContactChannel.PHONE}
_WITHOUT_EFFECT = {
    orders.OrderPlaced.type,
    orders.SaleCorrected.type,
    orders.AccountReassigned.type,
    orders.SalespersonChanged.type,
    support.ContactPreferenceChanged.type,
}


def event(fact: Fact, at: datetime = AT) -> Envelope[Fact]:
    return envelope(fact, id="e-1", source="/support", subject=ACCOUNT, time=at)


def kept(kind: FactKind, reported: Envelope[Fact], part: str = "", **more: Any) -> AccountFact:
    return AccountFact(fact_id(reported, part), ACCOUNT, kind, reported.time, **more)


@pytest.mark.parametrize(
    ("reported", "kind", "more"),
    [
        pytest.param(
            support.ContactMade(case="k", agent="anna", result=ContactResult.ANSWERED, **_CONTACT),
            FactKind.CONTACT,
            {"case_id": "k", "direction": "inbound", "channel": "phone", "result": "answered", "agent": "anna"},
            id="a contact",
        ),
        pytest.param(
            support.ContactDeadEnded(order="4711", **_CONTACT),
            FactKind.CONTACT,
            {"order_id": "4711", "direction": "inbound", "channel": "phone", "result": "dead_end"},
            id="a dead end",
        ),
        pytest.param(
            support.ContactMade(result=ContactResult.UNANSWERED, courtesy=Courtesy.THANKS, **_CONTACT),
            FactKind.CONTACT,
            {"direction": "inbound", "channel": "phone", "result": "unanswered", "courtesy": True},
            id="a courtesy",
        ),
        pytest.param(
            support.CaseReopened(case="k", courtesy=Courtesy.AUTOMATIC_REPLY),
            FactKind.CASE_REOPENED,
            {"case_id": "k", "courtesy": True},
            id="a case reopened by an automatic reply",
        ),
        pytest.param(
            support.CaseStatusChanged(case="k", status="Waiting_for-Customer"),
            FactKind.CASE_PROGRESSED,
            {"case_id": "k", "what": "waiting for customer"},
            id="another status",
        ),
        pytest.param(
            support.CaseStatusChanged(case="k", status="on hold", waiting_for=WaitingFor.NOBODY),
            FactKind.CASE_PROGRESSED,
            {"case_id": "k", "what": "on hold", "waiting_for": "nobody"},
            id="whose turn it is",
        ),
        pytest.param(
            support.ContactMade(case="k", conversation="chat-4", result=ContactResult.ANSWERED, **_CONTACT),
            FactKind.CONTACT,
            {
                "case_id": "k",
                "direction": "inbound",
                "channel": "phone",
                "result": "answered",
                "conversation": "chat-4",
            },
            id="a line of a conversation",
        ),
        pytest.param(
            support.AnswerNotNeeded(case="k", reason=NoAnswerReason.SPAM, by="agent-3"),
            FactKind.ANSWER_NOT_NEEDED,
            {"case_id": "k", "result": "spam", "agent": "agent-3"},
            id="a case that needs no answer",
        ),
        pytest.param(
            support.CaseReassigned(case="k", reassignments=3),
            FactKind.CASE_REASSIGNED,
            {"case_id": "k", "number": 3},
            id="a case passed on",
        ),
        pytest.param(
            support.SatisfactionRated(case="k", rating=2, scale=3),
            FactKind.RATED,
            {"case_id": "k", "number": 667},
            id="a rating",
        ),
        pytest.param(
            support.ResponsePromised(case="k", due_at=minutes(60)),
            FactKind.RESPONSE_PROMISED,
            {"case_id": "k", "due_at": minutes(60)},
            id="a promised answer",
        ),
        pytest.param(
            orders.OutcomeReported(order="4711", reached=False),
            FactKind.OUTCOME_REPORTED,
            {"order_id": "4711", "number": 0},
            id="an outcome",
        ),
        pytest.param(
            orders.PromiseKept(order="4711", promise="training"),
            FactKind.PROMISE_KEPT,
            {"order_id": "4711", "what": "training"},
            id="a promise kept",
        ),
        pytest.param(
            orders.OrderChanged(order="4711", lines=(Line(product="Mill", quantity=2),), delivery_due_at=minutes(60)),
            FactKind.ORDER_CHANGED,
            {"order_id": "4711", "due_at": minutes(60), "what": '[["Mill", 2]]'},
            id="an order that changes",
        ),
        pytest.param(
            orders.OrderDelivered(order="4711", lines=(2,), complete=True),
            FactKind.ORDER_DELIVERED,
            {"order_id": "4711", "number": 1, "what": "[2]"},
            id="the rest of an order",
        ),
        pytest.param(
            orders.OrderDelivered(order="4711", lines=(), complete=False),
            FactKind.ORDER_DELIVERED,
            {"order_id": "4711", "number": 0},
            id="a part that is not named",
        ),
        pytest.param(
            orders.OrderDelivered(order="4711"),
            FactKind.ORDER_DELIVERED,
            {"order_id": "4711"},
            id="a whole order",
        ),
    ],
)
def test_a_fact_is_remembered_without_a_customers_own_data(
    reported: Fact, kind: FactKind, more: dict[str, Any]
) -> None:
    assert remembered(event(reported)) == [kept(kind, event(reported), **more)]


def test_a_sales_promises_and_its_delivery_are_remembered() -> None:
    sale = event(
        orders.OrderPlaced(
            order="4711",
            lines=(Line(product="Heat pump"),),
            amount_minor=1,
            currency="EUR",
            sold_at=AT,
            delivery_due_at=minutes(90),
            promises=(
                Promise(id="p-1", what="Training", due_at=minutes(30)),
                Promise(what="First visit", due_at=minutes(60)),
                Promise(id="room", what="A room", due_at=minutes(45), owed_by=Side.CUSTOMER, who="Ms Weiss"),
            ),
        )
    )
    assert remembered(sale) == [
        kept(FactKind.PROMISE, sale, "promise-0", order_id="4711", due_at=minutes(30), what="p-1"),
        kept(FactKind.PROMISE, sale, "promise-1", order_id="4711", due_at=minutes(60), what="First visit"),
        kept(FactKind.CUSTOMER_DUTY, sale, "promise-2", order_id="4711", due_at=minutes(45), what="room"),
        kept(FactKind.SOLD, sale, "sold", order_id="4711"),
        kept(FactKind.DELIVERY_DUE, sale, "delivery", order_id="4711", due_at=minutes(90)),
    ]


def test_a_wish_to_leave_in_a_contact_is_a_cancellation_request() -> None:
    reported = event(support.ContactMade(case="k", result=ContactResult.ANSWERED, intent=Intent.LEAVING, **_CONTACT))
    contact, asked = remembered(reported)
    assert (contact.kind, contact.fact_id) == (FactKind.CONTACT, fact_id(reported))
    assert (asked.kind, asked.case_id, asked.at) == (FactKind.CANCELLATION_REQUESTED, "k", AT)
    courtesy = support.ContactMade(result=ContactResult.ANSWERED, intent=Intent.LEAVING, courtesy="thanks", **_CONTACT)
    assert [fact.kind for fact in remembered(event(courtesy))] == [FactKind.CONTACT]


def test_a_case_that_is_closed_for_a_reason_needs_no_answer() -> None:
    reported = event(support.CaseClosed(case="k", reason=NoAnswerReason.GOODBYE))
    closed, unneeded = remembered(reported)
    assert (closed.kind, unneeded.kind) == (FactKind.CASE_CLOSED, FactKind.ANSWER_NOT_NEEDED)
    assert (unneeded.case_id, unneeded.result, unneeded.at) == ("k", "goodbye", AT)


def test_a_test_is_not_remembered() -> None:
    assert remembered(event(support.ContactDeadEnded(case="k", test=True, **_CONTACT))) == []
    assert remembered(event(support.RefundRequested(case="k", test=True))) == []


def test_a_request_is_recognised_by_a_digest_of_its_words() -> None:
    def asked(words: str, person: Person | None = None) -> AccountFact:
        (fact,) = remembered(event(support.RefundRequested(case="k", words=words, by=person)))
        return fact

    assert asked("Money back!").said == asked("money  BACK!").said
    assert asked("Money back!").said != asked("Money back, now!").said
    assert asked("a", Person(email="jo@mail.example")).asked_by != asked("a", Person(name="Jo")).asked_by
    assert "money" not in repr(asked("Money back!")).replace("money_", "").lower()


def test_a_request_keeps_the_customers_reason() -> None:
    requests = (
        support.RefundRequested(case="k", reason_code="too_expensive"),
        support.CancellationRequested(case="k", reason_code="too_expensive"),
    )
    assert [fact.reason_code for one in requests for fact in remembered(event(one))] == ["too_expensive"] * 2


def test_a_sale_without_promises_is_not_remembered() -> None:
    lines = (Line(product="Heat pump"),)
    sale = orders.OrderPlaced(order="4711", lines=lines, amount_minor=1, currency="EUR", sold_at=AT)
    assert remembered(event(sale)) == []


def test_only_published_facts_without_a_rule_are_forgotten() -> None:
    published = {type for type in CATALOG if type.startswith(("orders.", "support.")) and ".inbound." not in type}
    ignored = {type for type in published if not remembered(_bare(CATALOG[type]))}
    assert ignored == _WITHOUT_EFFECT


def _bare(fact: type[Fact]) -> Envelope[Fact]:
    """An event with only the members that every fact of its class has, unchecked."""
    details: dict[str, Any] = {
        "direction": Direction.INBOUND,
        "channel": ContactChannel.PHONE,
        "result": ContactResult.ANSWERED,
        "agent": None,
        "reassignments": 1,
        "amount_minor": 1,
        "currency": "EUR",
        "rating": 1,
        "scale": 5,
        "reached": True,
        "promise": "p",
        "promises": (),
        "status": "new",
        "intent": None,
        "conversation": None,
        "waiting_for": None,
        "kind": RefundKind.DISSATISFACTION,
        "reason": NoAnswerReason.SPAM,
        "contact": None,
        "by": Person(name="Jo"),
        "delivery_due_at": None,
    }
    known = {name: value for name, value in details.items() if name in fact.model_fields}
    return event(fact.model_construct(**known))
