"""How customers want to be treated, and what that asks of whoever took their episodes."""

from dataclasses import replace

from services.escalation.domain.clocks import Talk, no_hour_in_common
from services.escalation.domain.entities import Clock, Episode
from services.escalation.domain.plays import may_write
from services.escalation.domain.reasoning import clock, no_common_hour_words
from services.escalation.domain.rescues import bound, excused
from services.escalation.handlers.clocks import keep_episode
from services.escalation.handlers.turn import Turn
from shared.contracts.envelope import Fact
from shared.contracts.support import ContactPreferenceChanged
from shared.contracts.support_inbound import ContactPreference


def note_preference(turn: Turn[ContactPreferenceChanged]) -> None:
    """The latest such fact counts. It changes what is due on open episodes, and what their pages show."""
    account, at = turn.book.account(turn.account_id), turn.event.time
    if account.preference_at is not None and account.preference_at > at:
        return
    before = may_write(ContactPreference(account.preference))
    turn.book.put_account(replace(account, preference=turn.fact.preference.value, preference_at=at))
    for episode in turn.state.open_by_id():
        shown = replace(episode, changed_at=turn.now)
        owes_a_talk = episode.acknowledged_by is not None and episode.reached_at is None
        if owes_a_talk and before != may_be_contacted(turn, episode):
            shown = _excuse(turn, shown) if before else _bind(turn, shown)
        keep_episode(turn, shown)


def may_be_contacted(turn: Turn[Fact], episode: Episode) -> bool:
    """Whether there is a talk to be had with the customer of an episode."""
    return may_write(ContactPreference(turn.book.account(episode.account_id).preference))


def talk_of(turn: Turn[Fact], episode: Episode) -> Talk:
    """The talk that is due of whoever takes an episode."""
    order = turn.book.order_of(episode)
    preference = ContactPreference(turn.book.account(episode.account_id).preference)
    _, policy = turn.book.policy_for(order)
    return Talk(order, policy, by_phone=preference is not ContactPreference.DO_NOT_CALL)


def tell_of_hours(turn: Turn[Fact], episode: Episode) -> None:
    """Say so where the clock of a talk cannot go by the hours of whoever took it."""
    person = turn.book.people.get(episode.acknowledged_by or "")
    if episode.deadline_for is not Clock.REDEEM or person is None:
        return
    if no_hour_in_common(person, episode.severity, talk_of(turn, episode), turn.now):
        about = {"episode_id": episode.episode_id, "who": person.salesperson_id}
        turn.explain("no_hour_in_common", no_common_hour_words(person.name), policy_path="customers", **about)


def _excuse(turn: Turn[ContactPreferenceChanged], episode: Episode) -> Episode:
    words = "The customer must not be contacted any more: no talk is due."
    turn.explain("excused", words, episode_id=episode.episode_id, who=episode.acknowledged_by)
    return excused(episode)


def _bind(turn: Turn[ContactPreferenceChanged], episode: Episode) -> Episode:
    due = bound(episode, turn.book.people.get(episode.acknowledged_by or ""), talk_of(turn, episode), turn.now)
    until = f" until {clock(due.deadline_at)}" if due.deadline_at else ""
    words = f"The customer may be contacted again: a talk is due{until}."
    path = f"acknowledgement.redeem_within.{episode.severity.value}"
    turn.explain("bound", words, episode_id=episode.episode_id, who=episode.acknowledged_by, policy_path=path)
    return due
