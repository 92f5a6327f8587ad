"""Offers to the customer: within a limit they are made, above it a person with the power to is asked.

A pending request has a row and a timer of its own: the clock of the episode runs on. Start at `make_offer` and
`ask_for_approval`.
"""

from dataclasses import replace
from typing import Any

from services.escalation.domain.buttons import (
    ApprovalAsked,
    ApprovalDue,
    ApprovePressed,
    DeclinePressed,
    EpisodeButton,
    OfferLogged,
)
from services.escalation.domain.clocks import NEVER
from services.escalation.domain.deciding.alerts import Notification, send_alert
from services.escalation.domain.deciding.hand_overs import is_away
from services.escalation.domain.deciding.notifying import ladder_of, situation_of
from services.escalation.domain.decisions.notifying import Times
from services.escalation.domain.decisions.offering import (
    ApprovalRequested,
    ApprovalUnanswered,
    ApprovalWithdrawn,
    OfferApproved,
    OfferDeclined,
    OfferMade,
)
from services.escalation.domain.draft import Draft, Rejected
from services.escalation.domain.entities import Episode
from services.escalation.domain.facts import AccountFact, FactKind
from services.escalation.domain.free_limit import free_limit_of
from services.escalation.domain.ladder_step import LadderStep
from services.escalation.domain.next_step import NextStep, answer_until, step_of, whom
from services.escalation.domain.offers import (
    Offer,
    OfferState,
    amount_of,
    approved,
    approvers,
    approves_up_to,
    asks,
    declined,
    offered_total,
    withdrawn,
)
from services.escalation.domain.rescues import NotNow
from shared.contracts.envelope import Fact
from shared.contracts.escalation import RingCause
from shared.formatting import money
from shared.ids import derived

_POWER = "approvals"


def make_offer(draft: Draft[OfferLogged], episode: Episode) -> None:
    """Record an offer within the limit of the play. Raises NotNow."""
    offer, left = _offer(draft, episode), free_left(draft, episode)
    if offer.amount_minor > left:
        more = " more" if given(draft, episode) else ""
        most = f"you may offer up to {money(left, offer.currency)}{more}" if left else f"you may offer no{more} money"
        raise NotNow("above_limit", f"{most} without approval. Ask for approval instead.")
    made = replace(offer, state=OfferState.MADE, agreed_minor=offer.amount_minor)
    draft.decide(OfferMade(_changed(draft, episode), made))
    _note_agreed(draft, made)


def ask_for_approval(draft: Draft[ApprovalAsked], episode: Episode) -> None:
    """Ask the next person who may approve an offer above the limit. Raises NotNow."""
    offer, pending = _offer(draft, episode), draft.state.pending_offers.get(episode.episode_id)
    if pending is not None and pending.asked is not None:
        asked = draft.work.name_of(pending.asked)
        raise NotNow("approval_pending", f"{asked} has already been asked to approve an offer; wait for the answer.")
    if offer.amount_minor <= free_left(draft, episode):
        raise NotNow("within_limit", "you may offer this without approval; save it as an offer made.")
    to_ask = _next_approver(draft, episode, offer)
    if to_ask is None:
        amount = money(offer.amount_minor, offer.currency)
        raise NotNow("nobody_may_approve", f"no one available may approve {amount}. Ask for less, or call a manager.")
    _ask(draft, episode, offer, to_ask)


def approve(draft: Draft[ApprovePressed], episode: Episode) -> None:
    """Approve a pending offer, with the amount asked for or with another one. Raises NotNow."""
    offer = _pending(draft, episode)
    assert offer.asked is not None
    assert offer.asked_step is not None
    agreed = offer.amount_minor if draft.fact.amount_minor is None else draft.fact.amount_minor
    _, policy = draft.work.policy_for(draft.work.order_of(episode))
    person = draft.work.people.get(offer.asked)
    most = approves_up_to(person, offer.asked_step, offer.currency, policy.approvals) - given(draft, episode)
    if agreed > most:
        words = f"you may approve up to {money(max(0, most), offer.currency)} for this customer now."
        raise NotNow("above_power", words)
    answered = approved(offer, agreed, draft.now)
    draft.decide(OfferApproved(_changed(draft, episode), answered))
    _note_agreed(draft, answered)
    _end(draft, offer)
    _notify_asker(draft, answered)


def decline(draft: Draft[DeclinePressed], episode: Episode) -> None:
    """Decline a pending offer. Raises NotNow."""
    offer = _pending(draft, episode)
    _decline(draft, offer, draft.fact.by)


def is_asked(draft: Draft[EpisodeButton], episode: Episode) -> bool:
    """Whether the presser is asked to approve an offer of this episode."""
    offer = draft.state.pending_offers.get(episode.episode_id)
    return offer is not None and offer.asked == draft.fact.by


def act_on_unanswered(draft: Draft[ApprovalDue]) -> None:
    """Ask the next person, if the one who was asked has not answered in time."""
    offer = draft.state.offers.get(draft.fact.offer)
    if offer is None or offer.until is None or offer.asked is None:
        return
    if offer.until > draft.now:
        draft.set_timer(draft.fact, due_at=offer.until)
    else:
        pass_request_on(draft, offer, "did not answer in time")


def pass_request_on(draft: Draft[Any], offer: Offer, why: str) -> None:
    """Ask the next person instead of the one who was asked; if there is none, the offer is declined."""
    episode = draft.state.episodes[offer.episode_id]
    assert offer.asked is not None
    draft.decide(ApprovalUnanswered(_changed(draft, episode), offer, offer.asked, why))
    _end(draft, offer)
    to_ask = _next_approver(draft, episode, offer)
    if to_ask is None:
        _decline(draft, offer, None)
    else:
        _ask(draft, episode, offer, to_ask)


def end_requests_without_asker(draft: Draft[Any]) -> None:
    """End the requests whose asker no longer has the episode, or whose episode is closed, in the same transaction.

    A new notification of the asker alone ends no request: they are still the one to talk with the customer.
    """
    if not draft.effects or any(isinstance(effect, Rejected) for effect in draft.effects):
        return
    for offer in list(draft.state.pending_offers.values()):
        episode = draft.state.episodes[offer.episode_id]
        has_it = episode.acknowledged_by or episode.responsible
        if episode.closed_at is None and has_it == offer.by:
            continue
        draft.decide(ApprovalWithdrawn(_changed(draft, episode), withdrawn(offer, draft.now)))
        _end(draft, offer)


def given(draft: Draft[Fact], episode: Episode) -> int:
    """What was given away so far, in minor units of the order's currency: on this episode, and for the saves that
    relapsed by it."""
    episodes = draft.state.results.same_trouble(episode)
    total = offered_total(offer for one in episodes for offer in draft.state.offers_of(one))
    return total.get(draft.work.order_of(episode).currency, 0)


def free_left(draft: Draft[Fact], episode: Episode) -> int:
    """What may still be offered on this episode without approval, in minor units of the order's currency."""
    order, signals = draft.work.order_of(episode), draft.work.decisive_signals(episode)
    limit = free_limit_of(signals, order, draft.state, draft.work.policy_for(order)[1], draft.now)
    return max(0, limit - given(draft, episode))


def _offer(draft: Draft[OfferLogged] | Draft[ApprovalAsked], episode: Episode) -> Offer:
    """The offer of a press. Raises NotNow."""
    fact, order = draft.fact, draft.work.order_of(episode)
    if fact.amount_minor is not None and fact.percent is not None:
        raise NotNow("two_amounts", "enter an amount or a percentage, not both.")
    return Offer(
        offer_id=derived("offer", draft.event.source, draft.event.id),
        account_id=draft.account_id,
        episode_id=episode.episode_id,
        order_id=order.order_id,
        at=draft.now,
        by=fact.by,
        amount_minor=amount_of(order, fact.amount_minor, fact.percent),
        currency=order.currency,
        state=OfferState.PENDING,
        percent=fact.percent,
        what=fact.what,
    )


def _pending(draft: Draft[ApprovePressed] | Draft[DeclinePressed], episode: Episode) -> Offer:
    offer = draft.state.pending_offers[episode.episode_id]
    if offer.offer_id != draft.fact.offer:
        raise NotNow("another_request", "this request was replaced by another one; reload the page.")
    return offer


def _next_approver(draft: Draft[Any], episode: Episode, offer: Offer) -> NextStep | None:
    """The next person with the power to approve it, who is at work in time as the ladder counts it; never one away."""
    situation, people = situation_of(draft, episode), draft.work.people
    found = approvers(
        ladder_of(draft, episode) or (),
        people,
        offer=offer,
        total=given(draft, episode) + offer.amount_minor,
        approvals=situation.moment.policy.approvals,
    )
    there = [one for one in found if not is_away(draft, episode, people[one.salesperson_id or ""])]
    return whom([one for one in there if situation.at(one, draft.now) != NEVER], situation)


def _ask(draft: Draft[Any], episode: Episode, offer: Offer, to_ask: NextStep) -> None:
    ladder_step = to_ask.ladder_step
    until = answer_until(to_ask, ladder_step.step, situation_of(draft, episode))
    pending = asks(offer, ladder_step, until)
    person = draft.work.people[ladder_step.salesperson_id or ""]
    line = f"{_POWER}.{ladder_step.step.value}" if person.approves_up_to is None else _POWER
    draft.decide(ApprovalRequested(_changed(draft, episode), pending, line))
    draft.set_timer(ApprovalDue(offer=offer.offer_id), due_at=until)
    asker, amount = draft.work.name_of(offer.by), money(offer.amount_minor, offer.currency)
    why_you = f"{asker} asks you to approve an offer of {amount} to the customer of order {offer.order_id}."
    times = Times(to_ask.notified_at, until, line)
    _notify(draft, offer, replace(ladder_step, because="approval", why_you=why_you), RingCause.APPROVAL, times)


def _decline(draft: Draft[Any], offer: Offer, by: str | None) -> None:
    answered = declined(offer, by, draft.now)
    draft.decide(OfferDeclined(_changed(draft, draft.state.episodes[offer.episode_id]), answered))
    _end(draft, offer)
    _notify_asker(draft, answered)


def _end(draft: Draft[Any], offer: Offer) -> None:
    """Stop the timer and the messages of the request as it was: nobody waits for its answer any more."""
    draft.take_timer_back(ApprovalDue(offer=offer.offer_id))
    draft.work.cancel_approvals(offer.episode_id, draft.now)


def _notify_asker(draft: Draft[Any], offer: Offer) -> None:
    """Notify the asker of the answer at once: they may be on the phone with the customer."""
    episode, people = draft.state.episodes[offer.episode_id], draft.work.people
    ladder_step = step_of(ladder_of(draft, episode) or (), episode, offer.by, people)
    if ladder_step is None:
        return
    answered = replace(ladder_step, because="approval_answered", why_you=answer_words(offer, draft.work.name_of))
    _notify(draft, offer, answered, RingCause.APPROVAL_ANSWERED, Times(draft.now, None, _POWER))


def answer_words(offer: Offer, name_of: Any) -> str:
    """The answer in one sentence, for the asker."""
    amount = money(offer.amount_minor, offer.currency)
    if offer.answered_by is None:
        return f"No one who may approve it has answered, so your offer of {amount} is declined."
    name = name_of(offer.answered_by)
    if offer.agreed_minor is None:
        return f"{name} declined your offer of {amount}."
    if offer.agreed_minor == offer.amount_minor:
        return f"{name} approved your offer of {amount}."
    return f"{name} approved {money(offer.agreed_minor, offer.currency)} instead of {amount}."


def _notify(draft: Draft[Any], offer: Offer, ladder_step: LadderStep, cause: RingCause, times: Times) -> None:
    """Send an alert beside the ladder: it changes nobody's turn."""
    episode = _changed(draft, draft.state.episodes[offer.episode_id])
    signal = draft.work.main_signal(episode)
    assert signal is not None, "an episode without a standing signal is closed"
    counted = replace(episode, rings=episode.rings + 1)
    send_alert(draft, counted, Notification(NextStep(ladder_step, times.notified_at), signal, cause), times)


def _changed(draft: Draft[Any], episode: Episode) -> Episode:
    """The episode as it is now, changed at this moment, so that open pages are updated."""
    return replace(draft.state.episodes[episode.episode_id], changed_at=draft.now)


def _note_agreed(draft: Draft[Any], offer: Offer) -> None:
    """Remember what the customer may have: a refund paid within it is no trouble."""
    if not offer.agreed_minor:
        return
    fact = AccountFact(
        fact_id=derived("fact", offer.offer_id, "agreed"),
        account_id=offer.account_id,
        kind=FactKind.OFFER_AGREED,
        at=draft.now,
        order_id=offer.order_id,
        agent=offer.by,
        amount_minor=offer.agreed_minor,
        currency=offer.currency,
    )
    draft.work.put_fact(fact)
