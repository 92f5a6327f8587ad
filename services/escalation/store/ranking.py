"""The order of a person's episodes on the page and in the list mail: one expression for both."""

DUE_AT = """
    (case when e.deadline_for = 'redeem' then least(e.deadline_at, e.appointment_at) else e.deadline_at end)
"""
"""When something is due of an episode `e`: a promised call takes precedence over the deadline to reach the customer."""

_CALL_IS_NEXT = "(e.deadline_for is not distinct from 'redeem' and coalesce(e.appointment_at <= e.deadline_at, false))"

MOST_URGENT_FIRST = f"""
    array_position(array['critical', 'high', 'watch'], e.severity), date_trunc('minute', {DUE_AT}) nulls last,
    o.amount_minor desc nulls last, {DUE_AT} nulls last
"""
"""The order of episodes `e` with orders `o` that have to be acknowledged, or whose customers have to be reached: by
severity, due time and amount. A due time counts in minutes, as it is shown: in seconds no two would be equal, and the
amount would never count."""

RANKED = f"""
    e.acknowledged_at is not null and not {_CALL_IS_NEXT}, {MOST_URGENT_FIRST},
    (select max(s.at) from escalation.signals s where s.episode_id = e.episode_id) desc nulls last, e.episode_id
"""
"""The order of episodes `e` with orders `o`: first unacknowledged ones and those with a reminder of a promised call;
among these the most urgent first, then by latest signal."""
