"""Makes a `Risk`, the data for words, from a signal's row."""

from datetime import date
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from services.escalation.domain.entities import products_in
from services.escalation.domain.policy.versions import Policies
from services.escalation.domain.stakes import Amount, is_executed, named_amount
from services.escalation.domain.words import Risk
from shared.contracts.escalation import SignalKind
from shared.contracts.support_inbound import RefundKind

# The amount paid back since a request, in the request's currency: for signal `s` of episode `e` of order `o`.
PAID_SINCE = """
    case when s.kind = 'refund_requested' then (
        select coalesce(sum(f.amount_minor), 0)::bigint from escalation.facts f
        where f.account_id = s.account_id and f.kind = 'refund_paid' and f.order_id = e.order_id and f.at >= s.at
          and f.currency = coalesce(s.currency, o.currency)
    ) else 0 end
"""
# Whether an order stalled because nobody moved it since its sale: that is what the signal began with.
UNMOVED = """
    s.kind = 'order_stalled' and exists (
        select from escalation.facts f where f.fact_id = s.fact_id and f.kind = 'sold'
    )
"""
# The latest day reported for a late delivery; null once that day is over: no earlier report counts.
EXPECTED = """
    case when s.kind = 'delivery_late' then (
        select case when latest.due_at > shared.app_now() then latest.due_at end
        from (
            select f.due_at from escalation.facts f
            where f.account_id = s.account_id and f.kind in ('delivery_late', 'order_changed')
              and f.order_id = e.order_id and f.due_at is not null
            order by f.at desc, f.fact_id desc limit 1
        ) latest
    ) end
"""
# When a promised answer is due that is due soon: the signal begins with the promise.
DUE = """
    case when s.kind = 'response_due' then (
        select f.due_at from escalation.facts f where f.fact_id = s.fact_id
    ) end
"""
# Whether the customer insists on a request, as `deciding.save_windows` decides it: on its case, on its order, or on
# neither by name.
INSISTED = """
    s.kind in ('refund_requested', 'cancellation_requested') and exists (
        select from escalation.facts f
        left join escalation.cases named on named.account_id = f.account_id and named.case_id = f.case_id
        where f.account_id = s.account_id and f.kind = 'customer_insists' and f.at >= s.at
          and (f.case_id = s.case_id or coalesce(f.order_id, named.order_id) = e.order_id
               or coalesce(f.order_id, named.order_id, f.case_id) is null)
    )
"""
RISK_COLUMNS = f"""
    s.signal_id, s.kind, s.at, s.amount_minor, s.currency, s.refund_kind,
    o.amount_minor as order_minor, o.currency as order_currency, {PAID_SINCE} as paid_minor, {UNMOVED} as unmoved,
    s.kind = 'contact_dead_ended' and s.by_silence as unanswered,
    {INSISTED} as insisted, {EXPECTED} as expected_at, {DUE} as due_at,
    o.customer_zone, o.segment, coalesce(o.products, '[]') as products
"""


def risk_of(row: Any, policies: Policies) -> Risk:
    """The risk of a row of RISK_COLUMNS."""
    kind, currency = SignalKind(row["kind"]), row["order_currency"]
    requested = named_amount(row["amount_minor"], row["currency"], currency)
    order = Amount(row["order_minor"], currency) if currency is not None else None
    more, executed = False, False
    if kind is SignalKind.REFUND_REQUESTED and order is not None:
        more = requested is not None and requested.currency == order.currency and requested.minor > order.minor
        executed = is_executed(requested, order, row["paid_minor"])
    refund = RefundKind(row["refund_kind"]) if row["refund_kind"] else None
    return Risk(
        kind,
        row["at"],
        row["signal_id"],
        requested,
        refund,
        more_than_order=more,
        executed=executed,
        unmoved=row["unmoved"],
        unanswered=row["unanswered"],
        expected_on=_expected_on(row, policies),
        contacts=_contacts(row, policies) if kind is SignalKind.CONTACT_REPEATED else None,
        due_at=row["due_at"],
        insisted=row["insisted"],
    )


def _contacts(row: Any, policies: Policies) -> int:
    """The number of the policy in force at the last of these contacts."""
    return policies.at(row["at"]).policy.signals.contact_repeated.contacts


def _expected_on(row: Any, policies: Policies) -> date | None:
    """The day in the customer's zone, or in the policy's if theirs is unknown."""
    if row["expected_at"] is None:
        return None
    policy = policies.for_order(policies.latest, row["segment"], products_in(row["products"]))
    try:
        zone = ZoneInfo(row["customer_zone"] or policy.customers.zone)
    except (ZoneInfoNotFoundError, ValueError):
        zone = ZoneInfo(policy.customers.zone)
    day: date = row["expected_at"].astimezone(zone).date()
    return day
