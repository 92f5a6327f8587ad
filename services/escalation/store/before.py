"""The person who had an episode before an alert notified the next, as a join for statements that read alerts."""

from datetime import datetime

from services.escalation.domain.decisions.notifying import Unanswered, Unavailable
from services.escalation.domain.decisions.registry import names_of
from services.escalation.domain.decisions.taking import Expired, PassedOn
from services.escalation.domain.reader import Reader
from services.escalation.domain.words import Before

_WENT_ON = names_of(Unanswered, Expired, PassedOn, Unavailable)
"""Decisions by which an episode goes from one person to the next."""


def join_before(alert: str) -> str:
    """Joins `before` (who, name, notified_at, had_until) to a row `alert` (episode_id, raised_at, cause)."""
    return f"""
    left join lateral (
        select d.who, p.name, case when d.rule = '{Expired.rule}' then d.at end as had_until, (
            select max(a.raised_at) from escalation.alerts a
            where a.episode_id = d.episode_id and a.recipient = d.who and a.raised_at < d.at) as notified_at
        from escalation.decisions d left join escalation.salespeople p on p.salesperson_id = d.who
        where d.episode_id = {alert}.episode_id and d.rule in {_WENT_ON!r} and d.at <= {alert}.raised_at
        order by d.position desc limit 1
    ) before on {alert}.cause in ('step', 'unredeemed', 'not_mine', 'unavailable', 'repeat')
    """


BEFORE_COLUMNS = """
    before.who as before_who, before.name as before_name, before.notified_at as before_notified_at,
    before.had_until as before_had_until
"""


def before_of(
    who: str | None, name: str | None, notified_at: datetime | None, had_until: datetime | None, reader: Reader
) -> Before | None:
    """The previous person in words for this reader; None if there was nobody."""
    if who is None:
        return None
    at = reader.moment(notified_at).at if notified_at else None
    until = reader.moment(had_until).clock if had_until else None
    return Before(name or who, at, is_reader=reader.is_me(who), until=until)
