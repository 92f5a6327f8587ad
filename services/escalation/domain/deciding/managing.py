"""What a manager does with an episode of the team: assign it to a colleague, or take it over."""

from dataclasses import replace
from datetime import datetime

from services.escalation.domain.clocks import NEVER, notifiable_at
from services.escalation.domain.deciding.alerts import Notification, raise_alert, send_alert
from services.escalation.domain.deciding.hand_overs import is_away, withdraw_hand_over
from services.escalation.domain.deciding.preferences import may_be_contacted, note_no_shared_hour, talk_of
from services.escalation.domain.decisions.managing import Reassigned, TakenOver
from services.escalation.domain.decisions.notifying import Times
from services.escalation.domain.draft import Draft
from services.escalation.domain.entities import Episode
from services.escalation.domain.ladder_step import LadderStep, colleague
from services.escalation.domain.next_step import NextStep
from services.escalation.domain.notification_causes import notified_anew
from services.escalation.domain.own_facts import EpisodeButton, ReassignPressed, TakeOverPressed
from services.escalation.domain.rescues import NotNow, handed_over, talk_waived
from services.escalation.domain.teams import is_above
from shared.contracts.escalation import RingCause, Severity


def manages(draft: Draft[EpisodeButton], episode: Episode) -> bool:
    """Whether the presser is above the person who has an episode, or was notified of it last, in today's directory."""
    return is_above(draft.work.people, draft.fact.by, episode.responsible)


def why_not_managed(draft: Draft[EpisodeButton], episode: Episode) -> tuple[str, str]:
    """The code and the reason why the presser may not, as no manager of the person who has it."""
    if episode.responsible is None:
        return "with_nobody", "nobody has been notified of this yet, so it cannot be taken from anyone."
    if episode.responsible == draft.fact.by:
        return "with_yourself", "this is with you; acknowledge it in your inbox, or hand it over."
    name = draft.work.name_of(episode.responsible)
    return "not_their_manager", f"this is with {name} now, and you are not {name}'s manager in the directory."


def reassign(draft: Draft[ReassignPressed], episode: Episode) -> None:
    """Notify a colleague in place of the person who has it, whose acknowledgement ends. Raises NotNow."""
    assert episode.responsible is not None, "the presser is above this person"
    ladder_step, signal = _chosen(draft, episode), draft.work.main_signal(episode)
    assert signal is not None, "an episode without a standing signal is closed"
    if draft.fact.note is None:
        raise NotNow("reason_missing", "enter a reason, which your colleague can read.")
    draft.decide(Reassigned(episode, draft.fact.by, draft.fact.to, episode.responsible))
    free = replace(notified_anew(episode, draft.now), exhausted_at=None, repeats=0)
    to_notify = NextStep(ladder_step, _notified_at(draft, episode, draft.fact.to, episode.severity))
    raise_alert(draft, free, Notification(to_notify, signal, RingCause.REASSIGNED))


def take_over(draft: Draft[TakeOverPressed], episode: Episode) -> None:
    """Acknowledge an episode in place of the person who has it, who is notified for information."""
    by, giver = draft.fact.by, episode.responsible
    assert giver is not None, "the presser is above this person"
    taken = handed_over(episode, draft.work.people.get(by, by), talk_of(draft, episode), draft.now)
    if not may_be_contacted(draft, episode):
        taken = talk_waived(taken)
    withdraw_hand_over(draft, episode, "taken over")
    why_you = f"You took order {episode.order_id} over from {draft.work.name_of(giver)}."
    taken = replace(taken, why_you=why_you)
    draft.decide(TakenOver(taken, giver))
    note_no_shared_hour(draft, taken)
    _inform(draft, taken, giver)


def _chosen(draft: Draft[ReassignPressed], episode: Episode) -> LadderStep:
    """The step of the colleague whom the manager chose. Raises NotNow."""
    people, fact = draft.work.people, draft.fact
    to = people.get(fact.to)
    if to is None or not to.active:
        raise NotNow("nobody_of_this_name", "choose a current colleague.")
    if fact.to == fact.by:
        raise NotNow("reassigned_to_oneself", "take this over instead of assigning it to yourself.")
    if fact.to == episode.responsible:
        raise NotNow("has_it_already", f"{to.name} already has this; choose someone else.")
    if is_away(draft, episode, to):
        raise NotNow("colleague_away", f"{to.name} is away; choose someone else.")
    giver = draft.work.name_of(episode.responsible or "")
    ladder_step = colleague(
        to, "reassigned", f"{draft.work.name_of(fact.by)} assigned order {episode.order_id} to you, not {giver}."
    )
    assert ladder_step is not None, "they are active"
    return ladder_step


def _inform(draft: Draft[TakeOverPressed], taken: Episode, giver: str) -> None:
    """Tell the person who had it that their manager has taken it over, during their working hours."""
    signal, name = draft.work.main_signal(taken), draft.work.name_of(draft.fact.by)
    step = colleague(draft.work.people.get(giver), "taken_over", f"{name} has taken over order {taken.order_id}.")
    if step is None or signal is None:
        return
    notified_at = _notified_at(draft, taken, giver, Severity.WATCH)
    counted = replace(taken, rings=taken.rings + 1)
    notification = Notification(NextStep(step, notified_at), signal, RingCause.TAKEN_OVER)
    send_alert(draft, counted, notification, Times(notified_at, None, None))


def _notified_at(
    draft: Draft[ReassignPressed] | Draft[TakeOverPressed], episode: Episode, person: str, severity: Severity
) -> datetime:
    order = draft.work.order_of(episode)
    _, policy = draft.work.policy_for(order)
    at = notifiable_at(draft.work.people.get(person), order, severity, policy, draft.now)
    return draft.now if at == NEVER else at
