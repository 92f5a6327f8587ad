"""After an upgrade: what an account's facts amount to by the rules of today. Nobody is rung. Start at `rejudge`."""

from dataclasses import replace

from services.escalation.domain.decisions.severities import SeverityCorrected
from services.escalation.domain.draft import Draft
from services.escalation.domain.entities import Episode
from services.escalation.domain.own_facts import RulesChanged
from services.escalation.domain.severity import graveness
from services.escalation.handlers.endings import ask_no_more
from services.escalation.handlers.judging import judge_anew


def rejudge(draft: Draft[RulesChanged]) -> None:
    """Raise, end and correct the signals of an account, then its open episodes."""
    judge_anew(draft)
    for episode in draft.state.open_by_id():
        _correct_severity(draft, episode)
        if draft.book.is_for_information(episode):
            ask_no_more(draft, draft.state.episodes[episode.episode_id])


def _correct_severity(draft: Draft[RulesChanged], episode: Episode) -> None:
    """The severity of what stands now, also a lower one: the rules that made it so do not count any more. Who was told
    a deadline keeps it."""
    order = draft.book.order_of(episode)
    version, policy = draft.book.policy_for(order)
    grave = graveness(draft.book.telling(episode), order, policy)
    if grave.severity is episode.severity:
        return
    corrected = replace(episode, severity=grave.severity, policy_version=version, changed_at=draft.now)
    draft.decide(SeverityCorrected(corrected, episode.severity, grave))
