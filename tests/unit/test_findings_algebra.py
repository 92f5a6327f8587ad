"""Laws of findings for any facts on an account, in any order of arrival."""

from dataclasses import replace
from datetime import datetime
from random import Random
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.escalation.domain.detections.detection import Detection
from services.escalation.domain.detections.history import History
from services.escalation.domain.detections.index import place_of
from services.escalation.domain.detections.indexes import OF_REQUESTS, ORDER_KINDS, REQUEST_KINDS
from services.escalation.domain.detections.scope import affected
from services.escalation.domain.detections.thresholds import Thresholds, ThresholdsAt
from services.escalation.domain.facts import AccountFact, FactKind
from services.escalation.domain.signals import SIGNALS
from services.escalation.domain.signals.find import covers, detections
from services.escalation.domain.signals.silences import listening_to, silence_of
from shared.contracts.escalation import SignalKind
from shared.contracts.support_inbound import NoAnswerReason
from tests.builders import ACCOUNT
from tests.examples import examples
from tests.unit.accounts import RoundTheClock, Twice, always, hours, rules

_EARLY = Thresholds(rules(), RoundTheClock())
_LATE = Thresholds(
    rules(contact_repeated={"contacts": 2}, satisfaction_low={"at_most": 0.6}, case_bounced={"reassignments": 2}),
    Twice(),
)
_WARNED = Thresholds(rules(response_overdue={"enabled": False}), RoundTheClock())
_STRICT = Thresholds(
    rules(contact_dead_ended={"answer_within": "1h"}, gone_quiet={"silent_for": "12h"}), RoundTheClock()
)


def changing(at: datetime) -> Thresholds:
    """Terms that differ by time, as from four versions."""
    if at < hours(5):
        return _STRICT
    return _EARLY if at < hours(30) else _LATE if at < hours(45) else _WARNED


_AT = st.one_of(st.integers(0, 60), st.integers(0, 6), st.floats(10, 11)).map(hours)
_CASES = st.sampled_from([None, "k-1", "k-2"])
_ORDERS = st.sampled_from([None, None, "o-1", "o-2"])
_RESULTS = ["answered", "unanswered", "voicemail", "dead_end", "resolved"]


@st.composite
def _account_facts(draw: st.DrawFn, kinds: list[FactKind] | None = None) -> AccountFact:
    kind = draw(st.sampled_from(kinds or [*FactKind, *[FactKind.CONTACT] * 8, *[FactKind.CASE_OPENED] * 2]))
    of_order = kind in ORDER_KINDS
    reported = AccountFact(
        fact_id=UUID(int=draw(st.integers(1, 2**64))),
        account_id=ACCOUNT,
        kind=kind,
        at=draw(_AT),
        case_id=None if of_order else "k-1" if kind is FactKind.CASE_OPENED else draw(_CASES),
        order_id=draw(st.sampled_from(["o-1", "o-2"])) if of_order else draw(_ORDERS),
        due_at=draw(_AT),
    )
    if kind is FactKind.CONTACT:
        return replace(
            reported,
            direction=draw(st.sampled_from(["inbound", "inbound", "outbound"])),
            channel=draw(st.sampled_from(["phone", "email", "chat"])),
            conversation=draw(st.sampled_from([None, None, "c-1"])),
            result=draw(st.sampled_from(_RESULTS)),
            courtesy=draw(st.integers(0, 9)) == 0,
        )
    if kind is FactKind.CASE_OPENED:
        return replace(reported, case_id=draw(st.sampled_from(["k-1", "k-2"])))
    if kind is FactKind.RATED:
        return replace(reported, number=draw(st.sampled_from([200, 400, 600, 1000])))
    if kind in (FactKind.OUTCOME_REPORTED, FactKind.OUTCOME_SAID):
        return replace(reported, number=draw(st.integers(0, 1)))
    if kind is FactKind.CASE_REASSIGNED:
        return replace(reported, number=draw(st.integers(1, 4)))
    if kind is FactKind.ORDER_DELIVERED:
        places = draw(st.sampled_from([None, None, "[1]", "[2]", "[1, 2]"]))
        return replace(reported, what=places, number=draw(st.sampled_from([None, None, 0, 1])))
    if kind in (FactKind.ORDER_CHANGED, FactKind.ORDER_LINES):
        due_at = reported.due_at if kind is FactKind.ORDER_CHANGED and draw(st.booleans()) else None
        lines = draw(st.sampled_from(['[["a", 1]]', '[["a", 1], ["b", 2]]', '[["b", 2], ["b", 1]]']))
        return replace(reported, what=lines, due_at=due_at)
    if kind is FactKind.CASE_PROGRESSED:
        return replace(reported, what=draw(st.sampled_from(["open", "pending", "closed", "green queue"])))
    if kind is FactKind.ANSWER_NOT_NEEDED:
        case, reason = draw(st.sampled_from(["k-1", "k-2"])), draw(st.sampled_from(list(NoAnswerReason)))
        return replace(reported, case_id=case, result=reason.value)
    if kind in OF_REQUESTS:
        return replace(reported, case_id=None, what=str(UUID(int=draw(st.integers(1, 2**64)))))
    if kind is FactKind.REFUND_REQUESTED:
        return replace(reported, what=draw(st.sampled_from(["chargeback", "dissatisfaction"])))
    return replace(reported, what=draw(st.sampled_from(["training", "visit"])))


_HISTORIES = st.lists(_account_facts(), max_size=30, unique_by=lambda fact: fact.fact_id)


@given(_HISTORIES, st.randoms())
def test_the_order_of_arrival_changes_nothing(facts: list[AccountFact], chance: Random) -> None:
    shuffled = list(facts)
    chance.shuffle(shuffled)
    history = History()
    for fact in shuffled:
        history.add(fact)
    assert detections(history, changing) == detections(History(facts), changing)


@given(_HISTORIES)
def test_a_signal_starts_with_a_fact_of_the_kinds_that_its_definition_names(facts: list[AccountFact]) -> None:
    found = detections(History(facts), changing)
    assert [one for one in found if one.cause.kind not in SIGNALS[one.kind].starts_with] == []


@examples(200)
@given(_HISTORIES)
def test_judging_what_a_fact_can_change_is_judging_everything(facts: list[AccountFact]) -> None:
    _judge_each(facts, changing)


_TALKS = [FactKind.CONTACT, FactKind.CONTACT, FactKind.CUSTOMER_REACHED]
_ABOUT_ONE_LANE = {
    "cases and talks": [*_TALKS, FactKind.CASE_OPENED, FactKind.CASE_CLOSED, FactKind.CASE_REOPENED],
    "statuses and contacts": [*_TALKS, FactKind.CASE_OPENED, FactKind.CASE_PROGRESSED, FactKind.CASE_RESOLVED],
    "promised answers": [*_TALKS, FactKind.RESPONSE_PROMISED, FactKind.RESPONSE_OVERDUE, FactKind.CASE_CLOSED],
    "requests": [*_TALKS, FactKind.CASE_OPENED, *REQUEST_KINDS, *sorted(OF_REQUESTS)],
    "ratings": [*_TALKS, FactKind.RATED, FactKind.RATED, FactKind.CASE_RESOLVED],
    "orders": [*sorted(ORDER_KINDS), FactKind.CUSTOMER_REACHED],
    "words about promises": [
        *[FactKind.PROMISE, FactKind.PROMISE_SAID_KEPT] * 3,
        *[FactKind.PROMISE_KEPT, FactKind.OUTCOME_SAID, FactKind.ORDER_CANCELLED],
        *[FactKind.CONTACT, FactKind.RATED, FactKind.REFUND_REQUESTED, FactKind.CASE_OPENED],
        FactKind.ANSWER_NOT_NEEDED,
    ],
    "what needs no answer": [*_TALKS, FactKind.ANSWER_NOT_NEEDED, FactKind.RATED, FactKind.REFUND_REQUESTED],
}


@pytest.mark.parametrize("kinds", [pytest.param(kinds, id=id) for id, kinds in _ABOUT_ONE_LANE.items()])
@examples(100)
@given(some=st.data())
def test_judging_what_a_fact_can_change_is_judging_everything_for_interacting_facts(
    kinds: list[FactKind], some: st.DataObject
) -> None:
    """As above, for facts that end and begin the same signals: those that differ only in their lane."""
    _judge_each(some.draw(st.lists(_account_facts(kinds), max_size=12, unique_by=lambda fact: fact.fact_id)), changing)


@st.composite
def _facts_of_few_instants(draw: st.DrawFn) -> list[AccountFact]:
    """Facts about one matter. Publishers that know only the minute report many of one instant."""
    kinds = [*[FactKind.CONTACT] * 8, FactKind.CASE_PROGRESSED, FactKind.CASE_RESOLVED]
    case = draw(st.sampled_from([None, "k-1"]))
    facts = draw(st.lists(_account_facts(kinds), min_size=5, max_size=10, unique_by=lambda fact: fact.fact_id))
    return [
        replace(fact, at=hours(draw(st.integers(0, 3))), case_id=case, conversation=None, courtesy=False)
        for fact in facts
    ]


@examples(200)
@given(_facts_of_few_instants())
def test_judging_what_a_fact_can_change_is_judging_everything_at_few_instants(facts: list[AccountFact]) -> None:
    _judge_each(facts, always(rules()))


def _judge_each(facts: list[AccountFact], thresholds: ThresholdsAt) -> None:
    """Judge what each fact can change, and check that the result is the same as from all facts."""
    history, kept = History(), dict[UUID, Detection]()
    for fact in facts:
        history.add(fact)
        _compare(history, fact, kept, thresholds)
        assert sorted(kept.values(), key=lambda one: (one.at, one.signal_id)) == detections(history, thresholds)


def _compare(history: History, fact: AccountFact, kept: dict[UUID, Detection], thresholds: ThresholdsAt) -> None:
    """As the handlers do: stored signals in scope that are not found again are withdrawn."""
    scope = affected(history, fact)
    found = {one.signal_id: one for one in detections(history, thresholds, scope)}
    for signal_id, known in list(kept.items()):
        if covers(scope, known.kind, known.cause) and signal_id not in found:
            del kept[signal_id]
    kept.update(found)


@given(_HISTORIES)
def test_nothing_is_cleared_before_it_began(facts: list[AccountFact]) -> None:
    for detection in detections(History(facts), changing):
        ended = detection.cleared_by
        assert ended is None or ended.at > detection.at or (ended.at == detection.at and place_of(ended) == 2)
        assert detection.at >= detection.cause.at


_ANSWERS = [FactKind.RESPONSE_PROMISED, FactKind.RESPONSE_OVERDUE]
_DELIVERIES = [
    FactKind.DELIVERY_DUE,
    FactKind.DELIVERY_LATE,
    FactKind.ORDER_DELIVERED,
    FactKind.ORDER_DELIVERED,
    FactKind.ORDER_CHANGED,
    FactKind.ORDER_LINES,
]
_LATENESS = st.lists(
    st.one_of(_account_facts(_ANSWERS), _account_facts(_DELIVERIES), _account_facts([FactKind.CONTACT])),
    max_size=15,
    unique_by=lambda fact: fact.fact_id,
)


@given(_LATENESS)
def test_an_awaited_answer_is_soon_due_or_overdue_but_never_both_or_twice_at_once(
    facts: list[AccountFact],
) -> None:
    answers = (SignalKind.RESPONSE_DUE, SignalKind.RESPONSE_OVERDUE)
    until = dict[object, datetime]()
    for detection in detections(History(facts), changing):
        if detection.kind in (*answers, SignalKind.DELIVERY_LATE):
            matter = (detection.kind in answers, detection.case_id, detection.names_order)
            assert until.get(matter, detection.at) <= detection.at
            until[matter] = detection.cleared_by.at if detection.cleared_by else hours(10**4)


@given(_LATENESS)
def test_nothing_ends_by_time_alone_unless_another_signal_replaces_it(facts: list[AccountFact]) -> None:
    found, reported = detections(History(facts), changing), {fact.fact_id for fact in facts}
    begun = {(one.case_id, one.names_order, one.at) for one in found if one.kind is SignalKind.RESPONSE_OVERDUE}
    for one in found:
        if one.cleared_by is not None and one.cleared_by.fact_id not in reported:
            assert (one.case_id, one.names_order, one.cleared_by.at) in begun


@given(_HISTORIES)
def test_every_signal_is_found_once(facts: list[AccountFact]) -> None:
    ids = [detection.signal_id for detection in detections(History(facts), changing)]
    assert len(ids) == len(set(ids))


@given(_HISTORIES, _account_facts([FactKind.CONTACT, FactKind.CASE_REOPENED]))
def test_a_courtesy_changes_nothing(facts: list[AccountFact], fact: AccountFact) -> None:
    thanks = replace(fact, fact_id=UUID(int=2**65), courtesy=True)
    assert detections(History([*facts, thanks]), changing) == detections(History(facts), changing)


@given(_HISTORIES)
def test_a_repeated_fact_changes_nothing(facts: list[AccountFact]) -> None:
    history = History(facts)
    before = detections(history, changing)
    assert not any(history.add(replace(fact, at=hours(1))) for fact in facts)
    assert detections(history, changing) == before


@given(_HISTORIES, _account_facts([FactKind.CONTACT]))
def test_an_outbound_voicemail_clears_nothing_but_a_stuck_case(facts: list[AccountFact], fact: AccountFact) -> None:
    voicemail = replace(fact, fact_id=UUID(int=2**65), direction="outbound", result="voicemail", courtesy=False)
    for detection in detections(History([*facts, voicemail]), changing):
        if detection.kind is not SignalKind.CASE_STUCK:
            assert detection.cleared_by is None or detection.cleared_by.fact_id != voicemail.fact_id


@given(_HISTORIES)
def test_no_kind_that_is_not_enabled_is_found(facts: list[AccountFact]) -> None:
    everything = {detection.signal_id for detection in detections(History(facts), always(rules()))}
    one_by_one: set[UUID] = set()
    for kind in SignalKind:
        found = detections(History(facts), always(rules(only=kind)))
        assert {detection.kind for detection in found} <= {kind}
        one_by_one |= {detection.signal_id for detection in found}
    assert everything <= one_by_one
    alone = {
        detection.signal_id for detection in detections(History(facts), always(rules(only=SignalKind.RESPONSE_DUE)))
    }
    assert one_by_one - everything <= alone, "only the warning of an answer depends on another kind"


@examples(300)
@given(_HISTORIES)
def test_a_silence_timer_finds_everything_that_stands(facts: list[AccountFact]) -> None:
    """The facts read when it fires are enough: the result is the same as from the whole account."""
    history = History(facts)

    def waited_for(found: list[Detection]) -> list[Detection]:
        """Including a warning that ends by time alone."""
        return [one for one in found if one.by_silence and (one.cleared_by is None or _passes(history, one))]

    everything = waited_for(detections(history, changing))
    for silence in {silence_of(one) for one in everything}:
        found = waited_for(detections(history, changing, listening_to(history, silence)))
        assert [one for one in found if silence_of(one) == silence] == [
            one for one in everything if silence_of(one) == silence
        ]


def _passes(history: History, detection: Detection) -> bool:
    return detection.cleared_by is not None and history.get(detection.cleared_by.fact_id) is None
