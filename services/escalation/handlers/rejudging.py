"""After an upgrade: what an account's facts amount to by the rules of today. Nobody is rung. Start at `rejudge`."""

from dataclasses import replace

from services.escalation.domain.entities import Episode
from services.escalation.domain.own_facts import RulesChanged
from services.escalation.domain.severity import graveness
from services.escalation.handlers.endings import ask_no_more
from services.escalation.handlers.judging import judge_anew
from services.escalation.handlers.turn import Turn


def rejudge(turn: Turn[RulesChanged]) -> None:
    """Raise, end and correct the signals of an account, then its open episodes."""
    judge_anew(turn)
    for episode in turn.state.open_by_id():
        _correct_severity(turn, episode)
        if turn.book.is_for_information(episode):
            ask_no_more(turn, turn.state.episodes[episode.episode_id])


def _correct_severity(turn: Turn[RulesChanged], episode: Episode) -> None:
    """The severity of what stands now, also a lower one: the rules that made it so do not count any more. Who was told
    a deadline keeps it."""
    order = turn.book.order_of(episode)
    version, policy = turn.book.policy_for(order)
    grave = graveness(turn.book.telling(episode), order, policy)
    if grave.severity is episode.severity:
        return
    corrected = replace(episode, severity=grave.severity, policy_version=version, changed_at=turn.now)
    turn.book.put_episode(corrected)
    words = f"Severity {grave.severity.value}, before {episode.severity.value}: the rules changed ({grave.why})."
    turn.explain("severity", words, episode_id=episode.episode_id, policy_path=grave.policy_path)
