"""What a contact means for whoever took an episode: a proof, an attempt, or a reason to ask them again."""

from datetime import datetime, timedelta
from itertools import pairwise
from uuid import UUID

from services.escalation.domain.clocks import NEVER
from services.escalation.domain.entities import Episode
from services.escalation.domain.facts import AccountFact, FactKind
from services.escalation.domain.findings.lanes import LaneName
from services.escalation.domain.reasoning import clock
from services.escalation.domain.rescues import attempted, reached
from services.escalation.domain.ringing import is_attempt, is_proof, is_try, ring_of_contact
from services.escalation.handlers.clocks import keep_episode
from services.escalation.handlers.preferences import talk_of
from services.escalation.handlers.rings import ring
from services.escalation.handlers.turn import Turn
from shared.contracts.envelope import Fact
from shared.contracts.escalation import CustomerReached
from shared.contracts.support_inbound import ContactChannel

SAME_ATTEMPT = timedelta(minutes=10)
"""One call is told by telephony and logged by its caller, minutes apart; to dial again meanwhile is the same try."""


def follow_rescue(turn: Turn[Fact], fact: AccountFact) -> None:
    """A two-way contact by whoever took an episode redeems it; a contact that reached nobody extends their time."""
    for episode in _concerned(turn, fact):
        if is_proof(episode, fact):
            _redeem(turn, episode, fact)
        elif is_attempt(episode, fact):
            _count_attempt(turn, episode, fact)


def ring_on_contact(turn: Turn[Fact], fact: AccountFact) -> None:
    """The customer tried again, and whoever took the episode did not answer."""
    for episode in _concerned(turn, fact):
        _ring_if_unanswered(turn, episode, fact)


def _ring_if_unanswered(turn: Turn[Fact], episode: Episode, fact: AccountFact) -> bool:
    """Whether it rang."""
    cause = ring_of_contact(episode, fact)
    signal = turn.book.main_signal(episode) if cause is not None else None
    if cause is None or signal is None or turn.book.is_for_information(episode):
        return False
    turn.explain("contact", "The customer tried again meanwhile.", episode_id=episode.episode_id)
    ring(turn, episode, signal, cause, something_new=True)
    return True


def make_up_for_contacts(turn: Turn[Fact], id: UUID, closed_at: datetime) -> bool:
    """Contacts reported while an episode was closed count once it is open again: attempts, a talk, and that
    the customer tried again. Whether it rang for that."""
    _count_missed_attempts(turn, turn.state.episodes[id])
    _redeem_by_earlier_talk(turn, turn.state.episodes[id])
    episode = turn.state.episodes[id]
    since = max(closed_at, episode.reached_at or closed_at)
    heard = turn.state.history.lane(LaneName.HEARD_OF).within(since, NEVER)
    concerning = (one for one in heard if episode in _concerned(turn, one))
    return any(_ring_if_unanswered(turn, episode, one) for one in concerning)


def _count_missed_attempts(turn: Turn[Fact], episode: Episode) -> None:
    if episode.acknowledged_at is None:
        return
    tried = turn.state.history.lane(LaneName.TRIED).within(episode.acknowledged_at, NEVER)
    mine = [one for one in tried if is_try(episode, one) and episode in _concerned(turn, one)]
    latest = [one for one, later in pairwise(mine) if later.at > one.at + SAME_ATTEMPT] + mine[-1:]
    for missed in latest[episode.attempts :]:
        if is_attempt(episode, missed):
            _note_attempt(turn, turn.state.episodes[episode.episode_id])


def _redeem_by_earlier_talk(turn: Turn[Fact], episode: Episode) -> None:
    if episode.acknowledged_at is None or episode.reached_at is not None:
        return
    talks = turn.state.history.lane(LaneName.TWO_WAY).within(episode.acknowledged_at, NEVER)
    proofs = (one for one in talks if is_proof(episode, one))
    proof = next((one for one in proofs if episode in _concerned(turn, one)), None)
    if proof is not None:
        _redeem(turn, episode, proof)


def _redeem(turn: Turn[Fact], episode: Episode, fact: AccountFact) -> None:
    if episode.reached_at is not None:
        return
    assert episode.acknowledged_by is not None
    keep_episode(turn, reached(episode, fact.at, turn.now))
    words = f"{episode.acknowledged_by} talked with the customer: the acknowledgement is redeemed."
    about = {"episode_id": episode.episode_id, "who": episode.acknowledged_by}
    turn.explain("reached", words, policy_path=f"acknowledgement.redeem_within.{episode.severity.value}", **about)
    channel = ContactChannel(fact.channel or "other")
    told = CustomerReached(
        episode=episode.episode_id,
        order=episode.order_id,
        by=episode.acknowledged_by,
        at=fact.at,
        channel=channel,
    )
    turn.publish(told, discriminator=episode.episode_id)


def _count_attempt(turn: Turn[Fact], episode: Episode, fact: AccountFact) -> None:
    if _is_counted(turn, episode, fact):
        words = "It is the attempt that was heard of already."
        turn.explain("attempt", words, episode_id=episode.episode_id, who=episode.acknowledged_by)
    else:
        _note_attempt(turn, episode)


def _note_attempt(turn: Turn[Fact], episode: Episode) -> None:
    version, _ = turn.book.policy_for(turn.book.order_of(episode))
    person = turn.book.people.get(episode.acknowledged_by or "")
    tried = attempted(episode, person, talk_of(turn, episode), turn.now)
    keep_episode(turn, tried)
    longer = tried.deadline_at != episode.deadline_at
    more = f"more time, until {clock(tried.deadline_at)}." if longer and tried.deadline_at else "no more time for it."
    words = f"Attempt {tried.attempts} reached nobody: {more}"
    about = {"episode_id": episode.episode_id, "who": episode.acknowledged_by, "policy_version": version}
    turn.explain("attempt", words, policy_path="acknowledgement.attempts, acknowledgement.attempt_extends", **about)


def _is_counted(turn: Turn[Fact], episode: Episode, fact: AccountFact) -> bool:
    near = turn.state.history.lane(LaneName.TRIED).from_to(fact.at - SAME_ATTEMPT, fact.at + SAME_ATTEMPT)
    others = (one for one in near if one.fact_id != fact.fact_id and is_attempt(episode, one))
    return any(known.episode_id == episode.episode_id for one in others for known in _concerned(turn, one))


def _concerned(turn: Turn[Fact], fact: AccountFact) -> list[Episode]:
    """Open episodes that this contact may be about: its order's, its case's order's, or without any name all.

    An order that the account does not have is no name: what names it went to another order, so a talk proves as much.
    """
    if fact.kind not in (FactKind.CONTACT, FactKind.CUSTOMER_REACHED):
        return []
    case = turn.book.case_of(fact.account_id, fact.case_id)
    orders = turn.state.orders
    named = next((one for one in (fact.order_id, case.order_id if case else None) if one in orders), None)
    if named is None:
        return turn.state.open_by_id()
    episode = turn.state.open_episodes.get(named)
    return [episode] if episode is not None else []
