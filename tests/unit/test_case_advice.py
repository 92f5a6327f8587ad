"""What the page of a case advises an agent while nobody calls."""

from datetime import datetime, timedelta
from uuid import UUID

import pytest

from services.support.api.advice import Advice
from services.support.api.case_view import CaseView, Known, view_of
from services.support.api.links import PageLink
from services.support.domain import Facts, opened
from shared.contracts.envelope import Envelope, Fact
from shared.contracts.escalation import SaveWindowClosed, SaveWindowEnd, SaveWindowOpened
from shared.ids import AccountId, CaseId
from shared.rescue_words import OpenWindow
from tests.builders import (
    ACCOUNT,
    AT,
    CASE,
    ORDER,
    cancellation_requested,
    case_opened,
    contact_made,
    customer_insists,
    event_of,
    minutes,
    order_cancelled,
    refund_paid,
    refund_requested,
    refund_withdrawn,
)

NOW = AT + timedelta(minutes=60)
SPOKEN = "A colleague has spoken to the customer about this. Ask Anna Berg before you refund or cancel."


def shown(*history: Envelope[Fact], open_window: bool = False) -> CaseView:
    link = PageLink(AccountId(ACCOUNT), CaseId(CASE), "UTC", NOW + timedelta(minutes=15))
    windows = [OpenWindow(ACCOUNT, ORDER, CASE, "Anna Berg", True, NOW + timedelta(hours=1), "UTC", NOW)]
    case = opened(event_of(case_opened(order=ORDER)))
    newest_first = sorted(history, key=lambda event: event.time, reverse=True)
    facts = Facts(newest_first, more=False)
    return view_of(link, case, windows if open_window else [], Known(facts, facts, newest_first), now=NOW)


def ended(by: SaveWindowEnd, *, at: datetime | None = None, case: str = CASE) -> Envelope[Fact]:
    at = at or minutes(20)
    end = SaveWindowClosed(episode=UUID(int=1), order=ORDER, case=case, because=by, closed_at=at)
    return event_of(end, subject=ACCOUNT, at=at)


def window(*, acknowledged: bool = True, until: datetime = NOW + timedelta(hours=1)) -> Envelope[Fact]:
    fact = SaveWindowOpened(
        episode=UUID(int=1),
        order=ORDER,
        case=CASE,
        who="anna",
        name="Anna Berg",
        acknowledged=acknowledged,
        until=until,
    )
    return event_of(fact, subject=ACCOUNT, at=minutes(5))


REQUEST = event_of(refund_requested(), at=minutes(1))
SAVED = ended(SaveWindowEnd.SAVED)


def test_after_a_save_the_agent_asks_the_colleague_first() -> None:
    assert shown(REQUEST, window(), SAVED).advice == SPOKEN
    unnamed = SPOKEN.replace("Anna Berg", "that colleague")
    assert shown(REQUEST, window(acknowledged=False), SAVED).advice == unnamed
    assert shown(REQUEST, SAVED).advice == unnamed
    assert shown(REQUEST, window(), ended(SaveWindowEnd.SAVED, case="another")).advice == SPOKEN


def test_a_customer_who_took_the_request_back_after_a_save_has_still_been_spoken_to() -> None:
    assert shown(REQUEST, window(), SAVED, event_of(refund_withdrawn(), at=minutes(25))).advice == SPOKEN


@pytest.mark.parametrize("again", [refund_requested(), cancellation_requested(), contact_made(intent="leaving")])
def test_a_request_after_a_save_is_handled_as_usual(again: Fact) -> None:
    assert shown(REQUEST, window(), SAVED, event_of(again, at=minutes(30))).advice == Advice.ASKED_AGAIN


def test_a_late_report_that_the_window_ended_otherwise_counts() -> None:
    late = ended(SaveWindowEnd.LOST, at=minutes(30))
    assert shown(REQUEST, window(), SAVED, late).advice == Advice.OVER


@pytest.mark.parametrize(
    "history",
    [
        (),
        (event_of(contact_made(result="dead_end"), at=minutes(1)),),
        (REQUEST,),
        (event_of(refund_requested("another", order="4800"), at=minutes(1)),),
        (event_of(customer_insists("another", order="4800"), at=minutes(1)),),
        (event_of(customer_insists(test=True), at=minutes(1)),),
    ],
    ids=["no request", "dead end", "request", "another order", "insists about another order", "test"],
)
def test_without_a_window_nothing_is_known_about_a_call(history: tuple[Envelope[Fact], ...]) -> None:
    assert shown(*history).advice == Advice.UNKNOWN


@pytest.mark.parametrize("insists", [customer_insists(), customer_insists(None), customer_insists(None, order=ORDER)])
def test_nobody_changes_the_mind_of_a_customer_who_insists(insists: Fact) -> None:
    insisted = event_of(insists, at=minutes(10))
    view = shown(REQUEST, insisted, open_window=True)
    assert (view.advice, view.sayings) == (Advice.INSISTS, [])
    assert shown(insisted).advice == Advice.INSISTS
    assert shown(REQUEST, window(), ended(SaveWindowEnd.CUSTOMER_INSISTS)).advice == Advice.INSISTS
    assert shown(insisted, event_of(refund_requested(), at=minutes(30)), open_window=True).sayings


@pytest.mark.parametrize(
    ("since", "advice"),
    [(refund_withdrawn(), Advice.UNKNOWN), (refund_paid(), Advice.UNKNOWN), (order_cancelled(), Advice.UNKNOWN)],
)
def test_who_took_the_request_back_or_got_it_no_longer_insists(since: Fact, advice: Advice) -> None:
    insisted = event_of(customer_insists(), at=minutes(10))
    assert shown(REQUEST, insisted, event_of(since, at=minutes(30))).advice == advice


@pytest.mark.parametrize(
    "end", [one for one in SaveWindowEnd if one not in (SaveWindowEnd.SAVED, SaveWindowEnd.CUSTOMER_INSISTS)]
)
def test_any_other_end_of_a_window_is_not_distinguished_from_the_others(end: SaveWindowEnd) -> None:
    assert shown(REQUEST, window(), ended(end)).advice == Advice.OVER


def test_a_window_is_over_at_its_time_without_another_event() -> None:
    assert shown(REQUEST, window(until=minutes(30))).advice == Advice.OVER


def test_what_was_paid_or_cancelled_stands_at_the_top_so_that_nobody_pays_twice() -> None:
    facts = (refund_paid(amount_minor=48_000), refund_paid("4800"), order_cancelled())
    events = [
        event_of(fact, at=at)
        for fact, at in zip(facts, (minutes(10), minutes(11), AT - timedelta(days=1)), strict=True)
    ]
    assert shown(*events).done == [
        "€480.00 was refunded for order 4711 today at 09:40.",
        "Order 4711 was cancelled on 3 May 2026 at 09:30.",
    ]
