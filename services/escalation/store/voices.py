"""Columns on the seller for a call by another person, for statements that read episodes."""

# Of episode `e`, whose seller is joined as `seller`.
VOICE_COLUMNS = """
    e.salesperson, seller.name as seller_name, seller.active is false as seller_left, exists (
        select from escalation.accounts held
        join escalation.salespeople owner on owner.salesperson_id = held.assigned_to and owner.active
        where held.account_id = e.account_id and held.assigned_to <> e.salesperson
          and held.assigned_since <= (shared.app_now() at time zone 'UTC')::date
    ) as handed_on
"""
