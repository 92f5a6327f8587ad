"""The order in which somebody's episodes are listed, by the page and by the mail of many: one expression for both."""

DUE_AT = """
    (case when e.deadline_for = 'redeem' then least(e.deadline_at, e.appointment_at) else e.deadline_at end)
"""
"""When something is due of an episode `e`: the call that the customer was promised goes before the end of the time to
reach them."""

_CALL_IS_NEXT = "(e.deadline_for is not distinct from 'redeem' and coalesce(e.appointment_at <= e.deadline_at, false))"

RANKED = f"""
    e.acknowledged_at is not null and not {_CALL_IS_NEXT},
    array_position(array['critical', 'high', 'watch'], e.severity), {DUE_AT} nulls last, o.amount_minor desc nulls last,
    (select max(s.at) from escalation.signals s where s.episode_id = e.episode_id) desc nulls last, e.episode_id
"""
"""Of episodes `e` with orders `o`: first those that nobody has taken, or whose holder has been reminded of the call
that was promised; of these the gravest, then what is due first, the largest amount, and the latest signal."""
