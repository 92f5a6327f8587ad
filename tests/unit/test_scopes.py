"""What a fact can change: scopes, standing signals and silences find each kind of signal in the same place."""

from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.escalation.domain.account_state import Standing
from services.escalation.domain.detections.history import History
from services.escalation.domain.detections.parts import Part
from services.escalation.domain.detections.scope import NOTHING, WHOLE, Scope, affected
from services.escalation.domain.detections.windows import END_OF_TIME, START_OF_TIME, Window
from services.escalation.domain.entities import Signal
from services.escalation.domain.facts import AccountFact, FactKind
from services.escalation.domain.signals import SIGNALS
from services.escalation.domain.signals.find import covers
from services.escalation.domain.signals.silences import Silence, listening_to
from shared.contracts.escalation import SignalKind
from tests.builders import ACCOUNT
from tests.unit.accounts import fact, hours, inbound, reached

_TIMES = st.sampled_from([START_OF_TIME, hours(0), hours(1), hours(2), END_OF_TIME])
_WINDOWS = st.builds(Window, _TIMES, _TIMES)
_NAMES = st.none() | st.frozensets(st.sampled_from(["a", "b"]))
_NAME = st.sampled_from([None, "a", "b", "c"])
_SCOPES = st.builds(
    Scope,
    cases=_NAMES,
    orders=_NAMES,
    loose=st.none() | _WINDOWS,
    silence=st.none() | _WINDOWS,
    quiet=st.none() | _WINDOWS,
    requests=st.none() | _WINDOWS,
    loose_ratings=st.booleans(),
    dead_ends=_WINDOWS,
    stuck=_WINDOWS,
    repeated=_WINDOWS,
)


def cause(at: datetime, **about: Any) -> AccountFact:
    return AccountFact(fact_id=UUID(int=1), account_id=ACCOUNT, kind=FactKind.CONTACT, at=at, **about)


def signal(kind: SignalKind, began: AccountFact) -> Signal:
    """The signal of a finding that began with this fact."""
    return Signal(
        signal_id=UUID(int=2),
        account_id=ACCOUNT,
        kind=kind,
        at=began.at,
        seen_at=began.at,
        fact_id=began.fact_id,
        policy_version=1,
        by_silence=began.result != "dead_end",
        case_id=began.case_id,
        names_order=began.order_id,
    )


@pytest.mark.parametrize("kind", SignalKind)
@given(
    scope=_SCOPES,
    at=st.sampled_from([hours(0), hours(1), hours(2)]),
    case=st.sampled_from([None, "a", "b"]),
    order=st.sampled_from([None, "a", "b"]),
    result=st.sampled_from(["dead_end", "unanswered"]),
)
def test_a_scope_finds_among_the_standing_signals_what_it_covers_and_no_other(
    kind: SignalKind, scope: Scope, at: datetime, case: str | None, order: str | None, result: str
) -> None:
    began = cause(at, case_id=case, order_id=order, result=result)
    standing = Standing()
    standing.put(signal(kind, began), began.at)
    assert [one.kind for one in standing.within(scope)] == [kind] * covers(scope, kind, began)


@pytest.mark.parametrize("kind", SignalKind)
@pytest.mark.parametrize("case", [None, "k"])
@pytest.mark.parametrize("result", ["dead_end", "unanswered"])
def test_every_signal_has_a_place_in_the_whole_account_and_none_in_no_scope(
    kind: SignalKind, case: str | None, result: str
) -> None:
    began = cause(hours(1), case_id=case, order_id="o", result=result)
    assert covers(WHOLE, kind, began)
    assert not covers(NOTHING, kind, began)


@pytest.mark.parametrize(
    "kind", [kind for kind in SignalKind if SIGNALS[kind].part not in (Part.REQUESTS, Part.RATINGS)]
)
@pytest.mark.parametrize("case", [None, "k"])
def test_an_ended_silence_is_looked_for_in_the_place_of_its_signal(kind: SignalKind, case: str | None) -> None:
    if case is None and SIGNALS[kind].part in (Part.STUCK, Part.REPEATED):
        return  # of a case alone, or of no silence
    began = cause(hours(1), case_id=case, order_id="o", result="unanswered")
    scope = listening_to(History(), Silence(kind, case, "o"))
    assert covers(scope, kind, began)
    assert [one.kind for one in scoped(scope, signal(kind, began), began)] == [kind]
    elsewhere = replace(began, case_id="another", order_id="another")
    alone = SIGNALS[kind].part is Part.ORDERS or (case is not None and kind is not SignalKind.GONE_QUIET)
    if alone and kind is not SignalKind.CONTACT_DEAD_ENDED:
        assert not covers(scope, kind, elsewhere)


def scoped(scope: Scope, kept: Signal, began: AccountFact) -> list[Signal]:
    standing = Standing()
    standing.put(kept, began.at)
    return list(standing.within(scope))


def test_a_talk_withdrawn_with_its_case_restores_other_cases_signals() -> None:
    """A salesperson's talk is about an order: the dead end on another case of it stands again."""
    dead_end = inbound(1, "dead_end", case="k", order="o")
    history = History([dead_end, reached(2, case="l", order="o")])
    test = fact(FactKind.ANSWER_NOT_NEEDED, 3, case="l", result="test")
    history.add(test)
    assert covers(affected(history, test), SignalKind.CONTACT_DEAD_ENDED, dead_end)


@given(_SCOPES, _SCOPES, st.sampled_from([*SignalKind]), st.builds(cause, _TIMES, case_id=_NAME, order_id=_NAME))
def test_two_scopes_together_cover_what_either_covers(
    one: Scope, other: Scope, kind: SignalKind, began: AccountFact
) -> None:
    either = covers(one, kind, began) or covers(other, kind, began)
    assert covers(one.and_that(other), kind, began) or not either


def test_facts_of_an_order_leave_the_stretches_of_a_contact_as_narrow_as_they_are() -> None:
    talk = Scope(cases=frozenset({"k"}), dead_ends=Window(hours(1), hours(2)), stuck=Window(hours(1), hours(3)))
    both = talk.and_that(Scope(orders=frozenset({"o"})))
    assert both == replace(talk, orders=frozenset({"o"}))
    assert NOTHING.and_that(both) == both
