"""What a message says beyond the alert itself: how grave, how long still, the play, and who was passed over."""

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import asyncpg

from services.escalation.domain.calling import Calling, calling
from services.escalation.domain.entities import products_in
from services.escalation.domain.plays import Advice, advice, may_write, must_not_be_called
from services.escalation.domain.policy.model import Customers
from services.escalation.domain.policy.versions import Policies
from services.escalation.domain.stakes import Amount
from services.escalation.domain.words import MUST_NOT_BE_CALLED
from services.escalation.store.signals_shown import Shown
from shared.contracts.escalation import RingCause, Severity
from shared.contracts.support_inbound import ContactPreference
from shared.database import Pool

_PARTS = """
    select a.alert_id, a.episode_id, a.severity, a.cause, coalesce(p.zone, 'UTC') as recipient_zone,
           case when a.cause = 'informed' then null when a.cause = 'handed_over' then e.offered_until
                when e.deadline_for = 'answer' then e.deadline_at end as answer_by,
           o.amount_minor, o.currency, o.segment, o.products, o.customer_email, o.customer_zone, o.customer_country,
           coalesce(account.preference, 'none') as preference
    from escalation.alerts a
    join escalation.episodes e on e.episode_id = a.episode_id
    join escalation.orders o on o.order_id = e.order_id
    left join escalation.accounts account on account.account_id = a.account_id
    left join escalation.salespeople p on p.salesperson_id = a.recipient
    where a.alert_id = any($1::uuid[])
"""
_SKIPPED = """
    select d.episode_id, d.words from escalation.decisions d
    where d.episode_id = any($1::uuid[]) and d.rule = 'skipped' order by d.position
"""


@dataclass(frozen=True, slots=True)
class LetterParts:
    """`skipped` tells of each who was passed over, and why. `for_information`: it asks nothing of its reader.
    `country` is where a number without a country's code is from.

    What may be called when is worked out as it is written: a zone that is none spoils one message, not its neighbours.
    """

    severity: Severity
    cause: RingCause
    recipient_zone: str
    answer_by: datetime | None
    customer_zone: str | None
    customers: Customers
    now: datetime
    not_to_be_called: str | None
    customer_email: str | None
    advice: Advice | None
    skipped: tuple[str, ...]
    for_information: bool = False
    country: str | None = None

    @property
    def calling(self) -> Calling:
        return calling(self.customer_zone, self.customers, self.now)


async def parts_of(
    pool: Pool, alerts: Collection[UUID], shown: Mapping[UUID, Shown], policies: Policies, now: datetime
) -> Mapping[UUID, LetterParts]:
    """These parts for each alert, as its episode stands now; `shown` are the signals of each episode."""
    rows = await pool.fetch(_PARTS, list(alerts))
    skipped = defaultdict[UUID, list[str]](list)
    for row in await pool.fetch(_SKIPPED, list({row["episode_id"] for row in rows})):
        skipped[row["episode_id"]].append(row["words"])
    return {
        row["alert_id"]: _parts(row, shown[row["episode_id"]], tuple(skipped[row["episode_id"]]), policies, now)
        for row in rows
    }


def _parts(
    row: asyncpg.Record, shown: Shown, skipped: tuple[str, ...], policies: Policies, now: datetime
) -> LetterParts:
    policy = policies.for_order(policies.latest, row["segment"], products_in(row["products"]))
    preference = ContactPreference(row["preference"])
    order = Amount(row["amount_minor"], row["currency"])
    told = advice(shown.risks, preference=preference, order=order, policy=policy)
    return LetterParts(
        severity=Severity(row["severity"]),
        cause=RingCause(row["cause"]),
        recipient_zone=row["recipient_zone"],
        answer_by=row["answer_by"],
        customer_zone=row["customer_zone"],
        customers=policy.customers,
        now=now,
        not_to_be_called=must_not_be_called(preference) if preference in MUST_NOT_BE_CALLED else None,
        customer_email=row["customer_email"] if may_write(preference) else None,
        advice=told,
        skipped=tuple(dict.fromkeys(skipped)),
        for_information=shown.for_information,
        country=row["customer_country"] or policy.company.country,
    )
