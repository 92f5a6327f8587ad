"""The person an episode was with before an alert asked the next, as a join for statements that read alerts."""

from datetime import datetime

from services.escalation.domain.reader import Reader
from services.escalation.domain.words import Before

_WENT_ON = "('unanswered', 'expired', 'not_mine', 'unavailable')"
"""Decisions by which an episode goes from one person to the next."""


def join_before(alert: str) -> str:
    """Joins `before` (who, name, notified_at) to a row with episode_id, raised_at and cause, named `alert`."""
    return f"""
    left join lateral (
        select d.who, p.name, (
            select max(a.raised_at) from escalation.alerts a
            where a.episode_id = d.episode_id and a.recipient = d.who and a.raised_at < d.at) as notified_at
        from escalation.decisions d left join escalation.salespeople p on p.salesperson_id = d.who
        where d.episode_id = {alert}.episode_id and d.rule in {_WENT_ON} and d.at <= {alert}.raised_at
        order by d.position desc limit 1
    ) before on {alert}.cause in ('step', 'unredeemed', 'not_mine', 'unavailable')
    """


BEFORE_COLUMNS = "before.who as before_who, before.name as before_name, before.notified_at as before_notified_at"


def before_of(who: str | None, name: str | None, notified_at: datetime | None, reader: Reader) -> Before | None:
    """As this reader is to be told of that person; None where there was nobody."""
    if who is None:
        return None
    at = reader.moment(notified_at).clock if notified_at else None
    return Before(name or who, at, is_reader=reader.is_me(who))
