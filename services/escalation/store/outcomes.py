"""The columns of an episode's result, for pages, and of the save that relapsed by it."""

from collections.abc import Sequence
from typing import Any

from services.escalation.domain.relapses import SavedBefore
from services.escalation.store.rows import given_minor

OUTCOME_COLUMNS = """
    outcome.state as outcome, outcome.proof_due_at, outcome.because as disproof, outcome.because_at as disproved_at,
    outcome.won_by
"""
OUTCOME_JOIN = "left join escalation.results outcome on outcome.episode_id = e.episode_id"
"""Joins the result of an episode `e`; it has none while it is open, or if no later fact can contradict its close."""


def saved_before(may_see: str) -> str:
    """The column of an episode `e`: the last save that relapsed by it, with the fields of `SavedBefore` in their order;
    null if there is none. `may_see` is the condition under which the reader may see an episode `e`.
    """
    return f"""
    (select row(saved.episode_id, saved.closed_at, saved.by, saver.name, closed_before.reason,
                {given_minor("saved.episode_id", "sold.currency")}, sold.currency,
                exists (select from escalation.episodes e where e.episode_id = saved.episode_id and {may_see}))
     from escalation.results saved
     join escalation.episodes closed_before on closed_before.episode_id = saved.episode_id
     left join escalation.orders sold on sold.order_id = saved.order_id
     left join escalation.salespeople saver on saver.salesperson_id = saved.by
     where saved.account_id = e.account_id and saved.follow_up = e.episode_id and saved.state = 'relapsed'
     order by saved.closed_at desc, saved.episode_id limit 1
    ) as saved_before
    """


def saved_before_of(columns: Sequence[Any] | None) -> SavedBefore | None:
    """The save in this column."""
    return None if columns is None else SavedBefore(*columns)
