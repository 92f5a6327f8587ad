"""Customers' contact preferences, and what they mean for the acknowledgers of their episodes."""

from dataclasses import replace

from services.escalation.domain.clocks import Talk, no_hour_in_common
from services.escalation.domain.decisions.taking import NoSharedHour, TalkRequired, TalkWaived
from services.escalation.domain.draft import Draft
from services.escalation.domain.entities import DeadlineFor, Episode
from services.escalation.domain.plays import may_write
from services.escalation.domain.rescues import talk_required, talk_waived
from shared.contracts.envelope import Fact
from shared.contracts.support import ContactPreferenceChanged
from shared.contracts.support_inbound import ContactPreference


def note_preference(draft: Draft[ContactPreferenceChanged]) -> None:
    """Keep a preference; the latest fact counts. It changes the deadlines of open episodes and their pages."""
    account, at = draft.work.account(draft.account_id), draft.event.time
    if account.preference_at is not None and account.preference_at > at:
        return
    before = may_write(ContactPreference(account.preference))
    draft.keep(replace(account, preference=draft.fact.preference.value, preference_at=at))
    for episode in draft.state.open_by_id():
        shown = replace(episode, changed_at=draft.now)
        owes_a_talk = episode.acknowledged_by is not None and episode.reached_at is None
        if not owes_a_talk or before == may_be_contacted(draft, episode):
            draft.keep_with_clock(shown)
        elif before:
            draft.decide(TalkWaived(talk_waived(shown)))
        else:
            holder = draft.work.people.get(episode.acknowledged_by or "")
            draft.decide(TalkRequired(talk_required(shown, holder, talk_of(draft, episode), draft.now)))


def may_be_contacted(draft: Draft[Fact], episode: Episode) -> bool:
    """Whether the customer of an episode may be contacted at all."""
    return may_write(ContactPreference(draft.work.account(episode.account_id).preference))


def talk_of(draft: Draft[Fact], episode: Episode) -> Talk:
    """The talk that the acknowledger of an episode owes."""
    order = draft.work.order_of(episode)
    preference = ContactPreference(draft.work.account(episode.account_id).preference)
    _, policy = draft.work.policy_for(order)
    return Talk(order, policy, by_phone=preference is not ContactPreference.DO_NOT_CALL)


def note_no_shared_hour(draft: Draft[Fact], episode: Episode) -> None:
    """Record it if the deadline of a talk cannot follow the acknowledger's working hours."""
    person = draft.work.people.get(episode.acknowledged_by or "")
    if episode.deadline_for is not DeadlineFor.REDEEM or person is None:
        return
    if no_hour_in_common(person, episode.severity, talk_of(draft, episode), draft.now):
        draft.decide(NoSharedHour(episode, person.name))
