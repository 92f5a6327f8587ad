"""Nobody to ask: the ladder has nobody left on it, for the desk is nobody. It is shown as that, and looked at again."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

from services.escalation.domain.entities import Episode
from services.escalation.domain.ladder import Rung
from services.escalation.domain.own_facts import SomebodySought
from services.escalation.domain.reasoning import skip_words
from services.escalation.handlers.clocks import keep_episode
from services.escalation.handlers.turn import Turn
from shared.contracts.envelope import Fact

SOUGHT_AGAIN_AFTER = timedelta(hours=1)
"""Somebody of the line may have come meanwhile. That the desk came is heard of at once."""


def show_nobody(turn: Turn[Fact], episode: Episode, ladder: Sequence[Rung]) -> None:
    """An episode that is nobody's: explained once, counted as long as it lasts, and looked at again."""
    desk = turn.book.rules.desk
    if episode.nobody_since is None:
        for rung in ladder:
            turn.explain("skipped", skip_words(rung), episode_id=episode.episode_id, who=rung.salesperson_id)
        words = f"There is nobody to ask. It rings as soon as the sales desk, {desk}, is an active salesperson."
        turn.explain("nobody_to_ask", words, episode_id=episode.episode_id)
    alone = replace(episode, responsible=None, why_you=None, nobody_since=episode.nobody_since or turn.now)
    keep_episode(turn, replace(alone, deadline_at=None, deadline_for=None, changed_at=turn.now))
    again = SomebodySought(episode=episode.episode_id)
    due_at = turn.now + SOUGHT_AGAIN_AFTER
    turn.tx.set_timer(again, cause=turn.event, due_at=due_at, awaits=f"salesperson:{desk}")
