"""Handles the buttons of follow-ups: duties of a sale before there is trouble, and calls to lost customers."""

from collections.abc import Mapping

from services.escalation.domain.deciding.reconciling import note_facts
from services.escalation.domain.deciding.talks import note_talk, talk
from services.escalation.domain.deciding.win_backs import may_be_won_back, win_back_policy
from services.escalation.domain.decisions.care import CareTaken
from services.escalation.domain.decisions.win_backs import WinBackDone
from services.escalation.domain.draft import Draft
from services.escalation.domain.duties import ANSWERS, Duty, DutyKind, Sale, duties_of
from services.escalation.domain.duty_buttons import CheckInLogged, FollowUpLogged, WinBackLogged
from services.escalation.domain.entities import Order
from services.escalation.domain.facts import AccountFact, FactKind, fact_id
from services.escalation.domain.ladder import assigned_to, holder_of
from services.escalation.domain.win_backs import WinBack, WinBackState, answered
from shared.contracts.escalation import CheckInDone, CustomersAnswer, FollowUpAnswered

_SAID: Mapping[DutyKind, FactKind] = {
    DutyKind.PROMISE: FactKind.PROMISE_SAID_KEPT,
    DutyKind.CUSTOMER: FactKind.CUSTOMER_DUTY_SAID_DONE,
    DutyKind.OUTCOME: FactKind.OUTCOME_SAID,
}
"""The kinds of facts that answers become."""


def log_check_in(draft: Draft[CheckInLogged]) -> None:
    """Record the proof of a duty. It clears the same signals as a talk, and is published for systems with contacts."""
    fact = draft.fact
    if not any(duty.kind is DutyKind.CHECK_IN for duty in _duties(draft)):
        draft.reject("no_check_in_due", "this check-in is no longer on your list; reload the page.")
        return
    note_talk(draft, fact.order)
    draft.decide(CareTaken(CheckInDone(order=fact.order, by=fact.by, at=draft.now, channel=fact.channel)))


def log_follow_up(draft: Draft[FollowUpLogged]) -> None:
    """Record a talk and the customer's answer. The answer finishes the duty but is not proof.

    The answer that the outcome was not reached raises the same signal as the buyer's own statement.
    """
    fact = draft.fact
    duty = next((duty for duty in _duties(draft) if _is_answered(duty, fact)), None)
    if duty is None:
        draft.reject("no_follow_up_due", "this follow-up is no longer on your list; reload the page.")
        return
    note_facts(draft, [talk(draft, fact.order), _answer(draft, duty)])
    promise = duty.promise.what if duty.promise else None
    answered = FollowUpAnswered(
        order=fact.order, by=fact.by, at=draft.now, channel=fact.channel, answer=fact.answer, promise=promise
    )
    draft.decide(CareTaken(answered))


def _duties(draft: Draft[CheckInLogged] | Draft[FollowUpLogged]) -> list[Duty]:
    """The presser's current duties for the order."""
    work, order = draft.work, draft.state.orders.get(draft.fact.order)
    if order is None:
        return []
    sale = Sale(order, work.account(draft.account_id), work.history(draft.account_id))
    return duties_of(draft.fact.by, sale, work.people, work.policies, draft.now)


def _is_answered(duty: Duty, fact: FollowUpLogged) -> bool:
    promise = duty.promise.fact_id if duty.promise else None
    return fact.answer in ANSWERS[duty.kind] and promise == fact.promise


def _answer(draft: Draft[FollowUpLogged], duty: Duty) -> AccountFact:
    """The answer as a fact: its reporter, and the promise it is about or whether the outcome was reached."""
    return AccountFact(
        fact_id=fact_id(draft.event, "answer"),
        account_id=draft.account_id,
        kind=_SAID[duty.kind],
        at=draft.now,
        order_id=draft.fact.order,
        channel=draft.fact.channel.value,
        agent=draft.fact.by,
        number=int(draft.fact.answer is CustomersAnswer.WORKED) if duty.kind is DutyKind.OUTCOME else None,
        what=duty.promise.what if duty.promise else None,
    )


def log_win_back(draft: Draft[WinBackLogged]) -> None:
    """Record a talk with a lost customer, and their answer."""
    fact, win_back = draft.fact, draft.work.win_backs.get(draft.fact.episode)
    order = draft.state.orders.get(fact.order)
    if win_back is None or order is None or win_back.order_id != fact.order or not _is_theirs(draft, win_back, order):
        draft.reject("no_win_back_due", "this call is no longer on your list; reload the page.")
        return
    done = answered(win_back, fact.answer, win_back_policy(draft, order), draft.now, by=fact.by)
    note_talk(draft, fact.order)
    draft.decide(WinBackDone(done, fact.by, fact.answer, fact.channel))


def _is_theirs(draft: Draft[WinBackLogged], win_back: WinBack, order: Order) -> bool:
    """Whether it is due now, for the presser, and the customer may be called."""
    people, now = draft.work.people, draft.now
    holder = holder_of(order, people, now=now, assigned=assigned_to(draft.state.account, people, now))
    return win_back.state is WinBackState.DUE and holder == draft.fact.by and may_be_won_back(draft)
