"""Nobody to ask: the ladder has nobody left on it, for the desk is nobody. It is shown as that, and looked at again."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

from services.escalation.domain.decisions.notifying import NobodyToAsk, Skipped
from services.escalation.domain.draft import Draft
from services.escalation.domain.entities import Episode
from services.escalation.domain.ladder import Rung
from services.escalation.domain.own_facts import SomebodySought
from shared.contracts.envelope import Fact

SOUGHT_AGAIN_AFTER = timedelta(hours=1)
"""Somebody of the line may have come meanwhile. That the desk came is heard of at once."""


def show_nobody(draft: Draft[Fact], episode: Episode, ladder: Sequence[Rung]) -> None:
    """An episode that is nobody's: explained once, counted as long as it lasts, and looked at again."""
    desk = draft.book.rules.desk
    if episode.nobody_since is None:
        for rung in ladder:
            draft.decide(Skipped(episode, rung))
        draft.decide(NobodyToAsk(episode, desk))
    alone = replace(episode, responsible=None, why_you=None, nobody_since=episode.nobody_since or draft.now)
    draft.keep_with_clock(replace(alone, deadline_at=None, deadline_for=None, changed_at=draft.now))
    again = SomebodySought(episode=episode.episode_id)
    due_at = draft.now + SOUGHT_AGAIN_AFTER
    draft.set_timer(again, due_at=due_at, awaits=f"salesperson:{desk}")
