"""Publishers report minutes, or seconds: the order within one instant, and that truncated times change nothing else."""

from collections import Counter
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.escalation.domain.detections.history import History
from services.escalation.domain.facts import AccountFact, FactKind
from services.escalation.domain.signals.find import detections
from shared.contracts.escalation import SignalKind
from tests.builders import ACCOUNT
from tests.examples import examples
from tests.unit.accounts import always, hours, inbound, of_kind, outbound, reported, rules
from tests.unit.case_facts import CLOSED, OPENED, REOPENED, RESOLVED, on_case, passed_on, requested, said, status

_TERMS = always(rules())
_CASES = ("k-1", "k-2")
_ENDS = (FactKind.CASE_RESOLVED, FactKind.CASE_CLOSED)
_OF_ONE_ROW = (FactKind.CASE_REASSIGNED, FactKind.RESPONSE_OVERDUE)
"""The changes that a help desk's log reports of a case in one row, beside a status, its opening,
its end or its reopening."""
_ALONG = ("green queue", "open", "pending", "solved")
"""Words of statuses that change no turn, make it ours, the customer's and nobody's: their order within a minute."""


@st.composite
def _minutes(draw: st.DrawFn) -> list[AccountFact]:
    """The events within one minute: an opening, one event or one row of a log, an end, a reopening, in this order.

    Talks and dead ends of one minute have no order between them, so there is one of them at most. A row begins with its
    statuses, the most advanced being the last of them.
    """
    case = draw(st.sampled_from(_CASES))
    facts = [_fact(FactKind.CASE_OPENED, case, order_id="o-1")] if draw(st.booleans()) else []
    if draw(st.booleans()):
        words = draw(st.lists(st.sampled_from(_ALONG), max_size=2, unique=True))
        facts += [_fact(FactKind.CASE_PROGRESSED, case, what=word) for word in sorted(words, key=_ALONG.index)]
        kinds = draw(st.lists(st.sampled_from(_OF_ONE_ROW), max_size=2, unique=True))
        facts += [_fact(kind, case, number=draw(st.integers(1, 4))) for kind in sorted(kinds)]
    else:
        facts.append(draw(st.one_of(_contacts(case), _others(case))))
    if draw(st.booleans()):
        facts.append(draw(_ends(case)))
    if draw(st.booleans()):
        facts.append(_fact(FactKind.CASE_REOPENED, case))
    return facts


def _fact(kind: FactKind, case: str | None, **more: Any) -> AccountFact:
    return AccountFact(UUID(int=0), ACCOUNT, kind, hours(0), case_id=case, **more)


@st.composite
def _contacts(draw: st.DrawFn, case: str) -> AccountFact:
    return _fact(
        FactKind.CONTACT,
        draw(st.sampled_from([case, case, None])),
        direction=draw(st.sampled_from(["inbound", "inbound", "outbound"])),
        channel=draw(st.sampled_from(["phone", "chat"])),
        result=draw(st.sampled_from(["answered", "unanswered", "dead_end", "resolved"])),
    )


@st.composite
def _others(draw: st.DrawFn, case: str) -> AccountFact:
    kinds = (
        FactKind.RATED,
        FactKind.REFUND_REQUESTED,
        FactKind.RESPONSE_PROMISED,
        FactKind.CONFIRMATION_REQUIRED,
        FactKind.DELIVERY_LATE,
    )
    kind = draw(st.sampled_from(kinds))
    of_order = kind in (FactKind.CONFIRMATION_REQUIRED, FactKind.DELIVERY_LATE)
    number, due = draw(st.sampled_from([200, 1000])), draw(st.integers(1, 60))
    reported = _fact(kind, None if of_order else case, order_id="o-1" if of_order else None, number=number)
    return replace(reported, due_at=hours(due)) if kind is FactKind.RESPONSE_PROMISED else reported


@st.composite
def _ends(draw: st.DrawFn, case: str) -> AccountFact:
    of_order = (FactKind.ORDER_CONFIRMED, FactKind.ORDER_DELIVERED, FactKind.ORDER_CANCELLED)
    kind = draw(st.sampled_from((*_ENDS, *_ENDS, FactKind.REFUND_WITHDRAWN, *of_order)))
    return _fact(kind, None if kind in of_order else case, order_id="o-1" if kind in of_order else None)


_HISTORIES = st.lists(st.tuples(st.integers(0, 60), _minutes(), st.randoms(use_true_random=False)), max_size=14)


@examples(300)
@given(_HISTORIES)
def test_cutting_all_times_to_the_minute_leaves_the_standing_signals_equal(
    reported: list[tuple[int, list[AccountFact], Any]],
) -> None:
    """Each group has a minute of its own that no threshold of whole or half hours reaches from another."""
    exact = list[AccountFact]()
    for place, (hour, minute, chance) in enumerate(reported):
        began = hours(hour) + timedelta(minutes=2 * place)
        seconds = sorted(chance.sample(range(1, 60), len(minute)))
        for fact, second in zip(minute, seconds, strict=True):
            id = UUID(int=1000 * chance.randrange(1000) + len(exact))
            exact.append(replace(fact, fact_id=id, at=began + timedelta(seconds=second)))
    cut = [replace(fact, at=_minute_of(fact.at)) for fact in exact]
    assert _standing(cut) == _standing(exact)


def _minute_of(at: datetime) -> datetime:
    return at.replace(second=0, microsecond=0)


def _standing(facts: list[AccountFact]) -> Counter[Any]:
    found = detections(History(facts), _TERMS)
    return Counter(
        (one.kind, one.case_id, one.names_order, _minute_of(one.at)) for one in found if one.cleared_by is None
    )


@pytest.mark.parametrize(
    ("kind", "facts"),
    [
        pytest.param(SignalKind.RESPONSE_OVERDUE, [said(10), on_case(CLOSED, 10)], id="overdue, closed"),
        pytest.param(SignalKind.RESPONSE_OVERDUE, [said(10), on_case(RESOLVED, 10)], id="overdue, resolved"),
        pytest.param(SignalKind.CASE_BOUNCED, [passed_on(10, 3), on_case(CLOSED, 10)], id="passed on, closed"),
        pytest.param(
            SignalKind.CONTACT_REPEATED,
            [inbound(at, "answered", case="k") for at in (8, 9, 10)] + [on_case(RESOLVED, 10)],
            id="came back, resolved",
        ),
        pytest.param(
            SignalKind.REFUND_REQUESTED,
            [requested(10), on_case(FactKind.REFUND_WITHDRAWN, 10)],
            id="asked for, withdrawn",
        ),
        pytest.param(
            SignalKind.CANCELLATION_REQUESTED,
            [requested(10, name="cancellation"), on_case(FactKind.CANCELLATION_WITHDRAWN, 10)],
            id="asked to cancel, withdrawn",
        ),
        pytest.param(
            SignalKind.RESPONSE_OVERDUE,
            [on_case(FactKind.RESPONSE_PROMISED, 10, due=12), on_case(CLOSED, 10)],
            id="promised, closed",
        ),
    ],
)
def test_an_end_settles_signals_of_the_same_instant(kind: SignalKind, facts: list[AccountFact]) -> None:
    assert [detection for detection in of_kind(kind, OPENED, *facts) if detection.cleared_by is None] == []


@pytest.mark.parametrize("first", [0, 1])
def test_among_simultaneous_statuses_the_most_advanced_decides_that_a_case_is_over(first: int) -> None:
    """Facts of that instant raise nothing, as in the seconds before; a reassignment afterwards does."""
    statuses = [status(3, "open", id=8 + first), status(3, "solved", id=9 - first)]
    back = [on_case(REOPENED, 4), passed_on(5, 4)]
    assert reported(SignalKind.CASE_BOUNCED, *statuses, passed_on(3, 3), *back) == [(5, None)]


def test_a_talk_is_no_end_so_a_dead_end_of_the_same_instant_stands() -> None:
    facts = [inbound(10, "dead_end", case="k"), outbound(10, case="k"), on_case(CLOSED, 10)]
    assert reported(SignalKind.CONTACT_DEAD_ENDED, *facts) == [(10, None)]


def test_a_case_reopened_in_the_instant_of_its_end_is_open() -> None:
    facts = [OPENED, on_case(CLOSED, 4), on_case(REOPENED, 4)]
    assert reported(SignalKind.CASE_STUCK, *facts) == [(20, None)]
    assert reported(SignalKind.CASE_REOPENED, *facts) == [(4, None)]
