"""What a contact means for an episode's acknowledger: a proof, an attempt, or a reason to notify them again."""

from datetime import datetime, timedelta
from itertools import pairwise
from uuid import UUID

from services.escalation.domain.deciding.notifying import notify
from services.escalation.domain.deciding.preferences import talk_of
from services.escalation.domain.decisions.talking import Attempted, AttemptKnown, ContactMissed, Reached
from services.escalation.domain.detections.indexes import IndexName
from services.escalation.domain.detections.windows import END_OF_TIME
from services.escalation.domain.draft import Draft
from services.escalation.domain.entities import Episode
from services.escalation.domain.facts import AccountFact, FactKind
from services.escalation.domain.notification_causes import cause_of_contact, is_attempt, is_proof, is_try
from services.escalation.domain.rescues import attempted, reached
from shared.contracts.envelope import Fact

SAME_ATTEMPT = timedelta(minutes=10)
"""Telephony and the caller report the same call minutes apart. Redialling within this time is the same attempt."""


def apply_contact_to_acknowledgement(draft: Draft[Fact], fact: AccountFact) -> None:
    """A two-way contact by the acknowledger redeems the episode; one that reached nobody extends the deadline."""
    for episode in _concerned(draft, fact):
        if is_proof(episode, fact):
            _redeem(draft, episode, fact)
        elif is_attempt(episode, fact):
            _count_attempt(draft, episode, fact)


def notify_on_contact(draft: Draft[Fact], fact: AccountFact) -> None:
    """Notify again if the customer tried again and the acknowledger did not answer."""
    for episode in _concerned(draft, fact):
        _notify_if_unanswered(draft, episode, fact)


def _notify_if_unanswered(draft: Draft[Fact], episode: Episode, fact: AccountFact) -> bool:
    """Return whether a person was notified."""
    cause = cause_of_contact(episode, fact)
    signal = draft.work.main_signal(episode) if cause is not None else None
    if cause is None or signal is None or draft.work.is_for_information(episode):
        return False
    draft.decide(ContactMissed(episode))
    notify(draft, episode, signal, cause, something_new=True)
    return True


def make_up_for_contacts(draft: Draft[Fact], id: UUID, closed_at: datetime) -> bool:
    """Apply contacts that were reported while an episode was closed: attempts, a talk, and new tries by the customer.

    Return whether a person was notified for a new try.
    """
    _count_missed_attempts(draft, draft.state.episodes[id])
    _redeem_by_earlier_talk(draft, draft.state.episodes[id])
    episode = draft.state.episodes[id]
    since = max(closed_at, episode.reached_at or closed_at)
    contacts = draft.state.history.index(IndexName.IN_TOUCH).within(since, END_OF_TIME)
    concerning = (one for one in contacts if episode in _concerned(draft, one))
    return any(_notify_if_unanswered(draft, episode, one) for one in concerning)


def _count_missed_attempts(draft: Draft[Fact], episode: Episode) -> None:
    if episode.acknowledged_at is None:
        return
    tried = draft.state.history.index(IndexName.TRIED).within(episode.acknowledged_at, END_OF_TIME)
    mine = [one for one in tried if is_try(episode, one) and episode in _concerned(draft, one)]
    latest = [one for one, later in pairwise(mine) if later.at > one.at + SAME_ATTEMPT] + mine[-1:]
    for missed in latest[episode.attempts :]:
        if is_attempt(episode, missed):
            _note_attempt(draft, draft.state.episodes[episode.episode_id])


def _redeem_by_earlier_talk(draft: Draft[Fact], episode: Episode) -> None:
    if episode.acknowledged_at is None or episode.reached_at is not None:
        return
    talks = draft.state.history.index(IndexName.TWO_WAY).within(episode.acknowledged_at, END_OF_TIME)
    proofs = (one for one in talks if is_proof(episode, one))
    proof = next((one for one in proofs if episode in _concerned(draft, one)), None)
    if proof is not None:
        _redeem(draft, episode, proof)


def _redeem(draft: Draft[Fact], episode: Episode, fact: AccountFact) -> None:
    if episode.reached_at is not None:
        return
    draft.decide(Reached(reached(episode, fact.at, draft.now), fact))


def _count_attempt(draft: Draft[Fact], episode: Episode, fact: AccountFact) -> None:
    if _is_counted(draft, episode, fact):
        draft.decide(AttemptKnown(episode))
    else:
        _note_attempt(draft, episode)


def _note_attempt(draft: Draft[Fact], episode: Episode) -> None:
    person = draft.work.people.get(episode.acknowledged_by or "")
    tried = attempted(episode, person, talk_of(draft, episode), draft.now)
    draft.decide(Attempted(tried, episode.deadline_at))


def _is_counted(draft: Draft[Fact], episode: Episode, fact: AccountFact) -> bool:
    near = draft.state.history.index(IndexName.TRIED).from_to(fact.at - SAME_ATTEMPT, fact.at + SAME_ATTEMPT)
    others = (one for one in near if one.fact_id != fact.fact_id and is_attempt(episode, one))
    return any(known.episode_id == episode.episode_id for one in others for known in _concerned(draft, one))


def _concerned(draft: Draft[Fact], fact: AccountFact) -> list[Episode]:
    """Open episodes that this contact may be about: its order's, its case's order's, or all if it names neither.

    An order that the account does not have counts as no name: signals that name it joined another order, so a talk is
    proof there.
    """
    if fact.kind not in (FactKind.CONTACT, FactKind.CUSTOMER_REACHED):
        return []
    case = draft.work.case_of(fact.account_id, fact.case_id)
    orders = draft.state.orders
    named = next((one for one in (fact.order_id, case.order_id if case else None) if one in orders), None)
    if named is None:
        return draft.state.open_by_id()
    episode = draft.state.open_episodes.get(named)
    return [episode] if episode is not None else []
