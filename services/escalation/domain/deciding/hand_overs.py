"""Hand-overs: a colleague is asked to take an episode over, is notified, and accepts or lets the request lapse."""

from dataclasses import replace

from services.escalation.domain.calendar import calendar_of
from services.escalation.domain.clocks import NEVER, notifiable_at
from services.escalation.domain.deciding.alerts import Notification, send_alert
from services.escalation.domain.deciding.preferences import may_be_contacted, note_no_shared_hour, talk_of
from services.escalation.domain.decisions.handing_over import HandedOver, HandOverOffered
from services.escalation.domain.decisions.notifying import Times
from services.escalation.domain.draft import Draft
from services.escalation.domain.entities import Episode, Salesperson
from services.escalation.domain.ladder_step import LadderStep, colleague
from services.escalation.domain.next_step import NextStep
from services.escalation.domain.own_facts import HandOverAcceptPressed, HandOverPressed
from services.escalation.domain.rescues import NotNow, asked_to_take_over, handed_over, talk_waived
from shared.contracts.envelope import Fact
from shared.contracts.escalation import RingCause

_LONGEST = "acknowledgement.longest_hand_over"


def ask_to_take_over(draft: Draft[HandOverPressed], episode: Episode) -> None:
    """Ask a colleague to take an episode over; the giver keeps it until the colleague accepts. Raises NotNow."""
    fact = draft.fact
    ladder_step = _ladder_step(draft, episode)
    _, policy = draft.work.policy_for(draft.work.order_of(episode))
    person, order = draft.work.people[fact.to], draft.work.order_of(episode)
    notified_at = notifiable_at(person, order, episode.severity, policy, draft.now)
    times = Times(draft.now if notified_at == NEVER else notified_at, fact.until, _LONGEST)
    asked = asked_to_take_over(episode, fact.to, fact.until, policy, draft.now, notified_at=times.notified_at)
    asked = replace(asked, rings=episode.rings + 1)
    withdraw_hand_over(draft, episode, "somebody else is asked")
    draft.decide(HandOverOffered(asked, fact.by, fact.to))
    signal = draft.work.main_signal(episode)
    assert signal is not None, "an episode without a standing signal is closed"
    notification = Notification(NextStep(ladder_step, times.notified_at), signal, RingCause.HANDED_OVER)
    send_alert(draft, asked, notification, times)


def accept_hand_over(draft: Draft[HandOverAcceptPressed], episode: Episode) -> None:
    """Take over an episode as asked; the clock for the proof starts again."""
    assert episode.acknowledged_by is not None
    by, giver = draft.fact.by, episode.acknowledged_by
    accepted = handed_over(episode, draft.work.people.get(by, by), talk_of(draft, episode), draft.now)
    if not may_be_contacted(draft, episode):
        accepted = talk_waived(accepted)
    withdraw_hand_over(draft, episode, "accepted")
    why_you = f"{draft.work.name_of(giver)} handed order {episode.order_id} over to you."
    draft.decide(HandedOver(replace(accepted, why_you=why_you), giver))
    note_no_shared_hour(draft, accepted)


def withdraw_hand_over(draft: Draft[Fact], episode: Episode, because: str) -> None:
    """Cancel the message to the colleague. Someone has the episode, so no other notification is pending."""
    if episode.offered_to is not None:
        draft.work.cancel_deliveries(episode.episode_id, because, draft.now)


def is_away(draft: Draft[Fact], episode: Episode, person: Salesperson) -> bool:
    """Whether this person is away now."""
    _, policy = draft.work.policy_for(draft.work.order_of(episode))
    return calendar_of(person, policy.company).away_on(draft.now) is not None


def _ladder_step(draft: Draft[HandOverPressed], episode: Episode) -> LadderStep:
    """The step of the colleague whom the giver chose. Raises NotNow."""
    people, fact = draft.work.people, draft.fact
    to = people.get(fact.to)
    if to is None or not to.active:
        raise NotNow("nobody_of_this_name", "choose a current colleague.")
    why_you = f"{draft.work.name_of(fact.by)} asks you to take over order {episode.order_id}."
    ladder_step = colleague(to, "handed_over", why_you)
    assert ladder_step is not None, "they are active"
    if is_away(draft, episode, to):
        raise NotNow("colleague_away", f"{to.name} is away; choose someone else.")
    return ladder_step
