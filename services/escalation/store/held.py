"""Whether the recipient of an alert has been notified; not while its messages are held."""

from services.escalation.domain.channels import SENDING


def join_to_unsent(alert_id: str) -> str:
    """Joins `unsent`, which has a row while no message about this alert has left on any channel: until when the first
    of them is held (`held_until`), and whether all were `called_off` before their time."""
    return f"left join lateral ({_unsent(alert_id)}) unsent on true"


def held_until(alert_id: str) -> str:
    """The column `held_until`, null unless the message about this alert is held."""
    return f"(select unsent.held_until from ({_unsent(alert_id)}) unsent) as held_until"


def _unsent(alert_id: str) -> str:
    return f"""
    select min(d.try_at) filter (where d.state = 'held') as held_until,
           bool_and(d.try_at > d.changed_at) filter (where d.state = 'cancelled') as called_off
    from escalation.deliveries d
    where d.alert_id = {alert_id} and d.channel = any(array{list(SENDING)!r})
    having bool_and(d.state in ('held', 'skipped', 'cancelled', 'expired'))
    """
