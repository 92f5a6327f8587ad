"""Which facts mattered to an episode. Finding them looks at each fact once, for any number of signals."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, TypeVar, overload
from unittest.mock import Mock, patch
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.escalation.domain.entities import Account, DecisionRow, Episode, Order, Signal
from services.escalation.domain.explaining import steps as module
from services.escalation.domain.explaining.record import ReceivedFact, Record
from services.escalation.domain.explaining.steps import REPORTED, ends, steps
from services.escalation.domain.facts import AccountFact, FactKind, fact_id, ids_of, remembered
from services.escalation.domain.policy.lookup import lines_at
from services.escalation.domain.policy.versions import Policies
from shared.contracts import orders, support
from shared.contracts.envelope import Envelope, Fact
from shared.contracts.escalation import SignalKind
from shared.contracts.support_inbound import NoAnswerReason
from tests.builders import ACCOUNT, AT, ORDER, case_reassigned, contact_made, event_of, minutes, order_placed
from tests.unit.accounts import fact, inbound, outbound

T = TypeVar("T")


class Counted(Sequence[T]):
    """A sequence that counts how often its items are read."""

    def __init__(self, items: Iterable[T]) -> None:
        self.items, self.looks = list(items), 0

    def __len__(self) -> int:
        return len(self.items)

    @overload
    def __getitem__(self, place: int) -> T: ...
    @overload
    def __getitem__(self, place: slice) -> Sequence[T]: ...
    def __getitem__(self, place: Any) -> Any:
        self.looks += 1
        return self.items[place]

    def __iter__(self) -> Iterator[T]:
        for item in self.items:
            self.looks += 1
            yield item


def record(signals: Sequence[Signal], facts: Sequence[AccountFact], received: Sequence[ReceivedFact] = ()) -> Record:
    return Record(
        now=AT,
        episode=Episode(UUID(int=1), ACCOUNT, ORDER, "anna", AT, AT),
        order=Order(ORDER, ACCOUNT, "anna", AT, 1, "EUR", "Heat pump", AT),
        account=Account(ACCOUNT),
        signals=signals,
        facts=facts,
        received=received,
        decisions=(),
        alerts=(),
        deliveries=(),
        people={},
        policies=Policies.shipped(),
    )


def received_as(event: Envelope[Fact], read: Callable[[], Envelope[Fact]] | None = None) -> ReceivedFact:
    """The fact of an event, received at once."""
    return ReceivedFact(event.source, event.id, event.type, event.time, event.time, read or (lambda: event))


def decision(event: Envelope[Fact]) -> DecisionRow:
    """A decision because of an event, by a line of the policy."""
    return DecisionRow(
        decision_id=UUID(int=1),
        account_id=ACCOUNT,
        at=event.time,
        rule="signal",
        words="Dead end.",
        policy_version=1,
        policy_path="signals.contact_dead_ended.answer_within",
        cause_source=event.source,
        cause_id=event.id,
    )


def signal(kind: SignalKind, began: AccountFact, at: datetime, *, by_silence: bool = False) -> Signal:
    return Signal(UUID(int=7), ACCOUNT, kind, at, at, began.fact_id, by_silence=by_silence, case_id=began.case_id)


def test_only_the_facts_that_a_signal_counted_are_listed() -> None:
    call = support.ContactMade.model_validate(contact_made("unanswered").model_dump())
    passed_on = support.CaseReassigned.model_validate(case_reassigned(1).model_dump())
    events = [event_of(call, id=f"call {number}", at=minutes(number)) for number in range(4)]
    events.append(event_of(passed_on, id="passed on", at=minutes(1)))
    facts = [inbound(number / 60, case="case-1", id=number + 1) for number in range(4)]
    facts = [replace(one, fact_id=fact_id(event)) for one, event in zip(facts, events, strict=False)]
    repeated = signal(SignalKind.CONTACT_REPEATED, facts[0], minutes(2))
    received = [received_as(event) for event in events]
    found = [
        step.cause for step in steps(record([repeated], facts, received), with_words=False) if step.what == REPORTED
    ]
    assert found == ["call 0", "call 1", "call 2"]


def test_a_sale_that_is_reported_late_is_dated_when_it_was_sold() -> None:
    sale = orders.OrderPlaced.model_validate(order_placed(sold_at=minutes(-600)).model_dump())
    event = event_of(sale)
    received = [received_as(event)]
    (step,) = steps(record((), (), received), with_words=False)
    assert (step.at, step.words, step.heard_at) == (minutes(-600), f"Order {ORDER} placed.", None)


def test_a_customers_answer_reported_by_a_salesperson_is_marked_as_unproven() -> None:
    facts = [fact(FactKind.OUTCOME_SAID, 1, order=order, number=0, agent="anna") for order in (ORDER, "another")]
    (step,) = steps(record([], facts), with_words=False)
    assert step.words == (
        f"anna: the customer said that they did not get the result they wanted from order {ORDER}. "
        "Reported by a salesperson after a conversation; not yet confirmed."
    )


def _belongs(fact: AccountFact, first: AccountFact, signal: Signal) -> bool:
    """The same rule, applied to one fact and one signal alone."""
    if fact.case_id != first.case_id or not first.at <= fact.at <= signal.at:
        return False
    if signal.kind is SignalKind.CASE_BOUNCED:
        return fact.kind is FactKind.CASE_REASSIGNED
    of_several = signal.kind is SignalKind.CONTACT_REPEATED or signal.by_silence
    return of_several and fact.kind is FactKind.CONTACT and fact.direction == "inbound"


CASES = st.sampled_from(["case-1", None])
FACTS = st.lists(
    st.builds(
        lambda make, at, case: make(at, case),
        st.sampled_from(
            [
                lambda at, case: inbound(at, case=case),
                lambda at, case: outbound(at, case=case),
                lambda at, case: fact(FactKind.CASE_REASSIGNED, at, case=case),
            ]
        ),
        st.integers(0, 9),
        CASES,
    ),
    min_size=1,
    max_size=8,
    unique_by=lambda one: one.fact_id,
)
KINDS = st.sampled_from([SignalKind.CONTACT_REPEATED, SignalKind.CASE_BOUNCED, SignalKind.CASE_REOPENED])


@given(FACTS, st.lists(st.tuples(KINDS, st.integers(0, 7), st.integers(0, 9), st.booleans()), max_size=4))
def test_the_facts_that_counted_are_those_that_belong_to_a_signal(
    facts: list[AccountFact], drawn: list[tuple[SignalKind, int, int, bool]]
) -> None:
    signals = [
        signal(kind, facts[place % len(facts)], minutes(60 * at), by_silence=silent)
        for kind, place, at, silent in drawn
    ]
    by_id = {one.fact_id: one for one in facts}
    expected = {one.fact_id for one in signals}
    expected |= {fact.fact_id for one in signals for fact in facts if _belongs(fact, by_id[one.fact_id], one)}
    assert module._counted(record(signals, facts)) == expected


@pytest.mark.parametrize("number", [1, 10, 300])
def test_each_fact_and_decision_is_read_once_for_any_number_of_signals(number: int) -> None:
    facts = Counted(inbound(minute / 60, case="case-1", id=minute + 1) for minute in range(number))
    signals = Counted(signal(SignalKind.CONTACT_REPEATED, facts.items[0], minutes(minute)) for minute in range(number))
    events = [event_of(contact_made("unanswered"), at=minutes(minute)) for minute in range(number)]
    received = [received_as(event) for event in events]
    steps(record(signals, facts, received), with_words=False)
    assert facts.looks <= 2 * number
    assert signals.looks <= 2 * number


def test_a_long_history_is_described_only_at_its_ends() -> None:
    """Each lookup of a policy's line copies the policy, and each description copies an event."""
    number, described = 300, list[str]()
    policy_lines = Mock(wraps=lines_at)
    calls = [support.ContactMade.model_validate(contact_made("answered").model_dump())] * number
    events = [event_of(call, id=f"call {place}", at=minutes(place)) for place, call in enumerate(calls)]

    def reading(event: Envelope[Fact]) -> Callable[[], Envelope[Fact]]:
        def read() -> Envelope[Fact]:
            described.append(event.id)
            return event

        return read

    history = replace(
        record((), (), [received_as(event, reading(event)) for event in events]),
        decisions=[decision(event) for event in events],
    )
    with patch.object(module, "lines_at", policy_lines):
        found = ends(history, with_words=False, first=4, last=6)
        assert (len(found.first), found.left_out, len(found.last)) == (4, 2 * number - 10, 6)
        assert [*found.first, *found.last] == [
            *steps(history, with_words=False)[:4],
            *steps(history, with_words=False)[-6:],
        ]
    assert described[:5] == ["call 0", "call 1", "call 297", "call 298", "call 299"]
    assert policy_lines.call_count <= 3, "once for each of the three histories"


@pytest.mark.parametrize(("first", "last"), [(2, 2), (4, 0), (9, 9), (0, 4)])
def test_nothing_is_left_out_of_a_short_history(first: int, last: int) -> None:
    events = [event_of(contact_made("answered"), id=f"call {place}", at=minutes(place)) for place in range(4)]
    history = replace(record((), ()), decisions=[decision(event) for event in events])
    found = ends(history, with_words=False, first=first, last=last)
    assert found.left_out == 0
    assert [*found.first, *found.last] == steps(history, with_words=False)


def test_every_fact_of_an_event_but_a_sale_has_an_id_that_is_known_without_reading_it() -> None:
    facts: list[Fact] = [
        support.ContactMade.model_validate(contact_made("answered", intent="leaving").model_dump()),
        support.CaseClosed(case="case-1", reason=NoAnswerReason.SPAM),
        orders.DeliveryLate(order=ORDER),
    ]
    for event in map(event_of, facts):
        found = {one.fact_id for one in remembered(event)}
        assert found <= set(ids_of(event.source, event.id))
    assert [len(remembered(event_of(one))) for one in facts] == [2, 2, 1]
