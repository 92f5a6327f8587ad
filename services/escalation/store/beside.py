"""The columns of what has a time of its own beside an episode's clock, for pages: the pending request to approve an
offer, and the open save window."""

BESIDE_COLUMNS = """
    request.offer_id as approval_id, request.by as approval_by, asker.name as approval_by_name,
    request.asked as approval_asked, approver.name as approval_asked_name,
    request.amount_minor as approval_minor, request.currency as approval_currency,
    request.until as approval_until, request.what as approval_what, save_window.until as save_window_until
"""
BESIDE_JOIN = """
    left join escalation.offers request on request.episode_id = e.episode_id and request.state = 'pending'
    left join escalation.salespeople asker on asker.salesperson_id = request.by
    left join escalation.salespeople approver on approver.salesperson_id = request.asked
    left join escalation.save_windows save_window
        on save_window.episode_id = e.episode_id and save_window.ended is null
"""
"""Joins both to an episode `e`; there is at most one of each."""
