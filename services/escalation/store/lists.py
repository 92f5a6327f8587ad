"""Reads the data of a ranked list: all episodes still open for its recipient, with the new ones marked."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from services.escalation.domain.channels import Addresses, ChannelDefinition
from services.escalation.domain.storms import NAMED_IN_A_LIST, SaleAtRisk
from services.escalation.domain.words import Risk
from services.escalation.store.claims import ClaimedDelivery, ClaimedMessage
from services.escalation.store.policies import KnownPolicies
from services.escalation.store.ranking import RANKED
from services.escalation.store.signals_shown import ShownSignals, signals_shown
from shared.contracts.escalation import Severity
from shared.database import Pool
from shared.ids import SalespersonId

_PERSON = "select email, phone, chat, zone from escalation.salespeople where salesperson_id = $1"
# The episodes that this person has not acknowledged, and all episodes of this list.
_SALES = f"""
    select e.episode_id, e.account_id, e.order_id, e.severity, e.deadline_at,
           case e.deadline_for when 'redeem' then e.appointment_at when 'appointment' then e.deadline_at end as call_at,
           o.customer_name, o.bought, o.amount_minor, o.currency
    from (
        select episode_id from escalation.episodes
        where responsible = $1 and closed_at is null and acknowledged_at is null and rings > 0
        union
        select unnest($2::uuid[])
    ) asked
    join escalation.episodes e using (episode_id)
    join escalation.orders o on o.order_id = e.order_id
    order by {RANKED}
"""


@dataclass(frozen=True, slots=True)
class ListedSale:
    """A sale that a list names, with its main signal; None if no signal stands any more."""

    sale: SaleAtRisk
    main: Risk | None
    for_information: bool = False


@dataclass(frozen=True, slots=True)
class ListLetter:
    """Everything a ranked list may say. `sales` are those it names, `total` and `new` count all, `at_risk` is their
    money in minor units by currency. `address` is the recipient's on the channel; devices are looked
    up only when it is sent. `repeat` tells that it may have arrived before."""

    list_id: UUID
    deliveries: Sequence[ClaimedDelivery]
    repeat: bool
    recipient: SalespersonId
    address: str | None
    recipient_zone: str
    sales: Sequence[ListedSale]
    total: int
    new: int
    at_risk: Mapping[str, int]
    now: datetime


async def list_letter(
    pool: Pool, message: ClaimedMessage, channel: ChannelDefinition, known: KnownPolicies, now: datetime
) -> ListLetter:
    """The letter for deliveries that are sent together."""
    assert message.list_id is not None
    covered = {delivery.episode_id for delivery in message.deliveries}
    person = await pool.fetchrow(_PERSON, message.recipient)
    assert person is not None
    sales = [
        SaleAtRisk(**{**row, "severity": Severity(row["severity"])}, is_new=row["episode_id"] in covered)
        for row in await pool.fetch(_SALES, message.recipient, list(covered))
    ]
    named = sales[:NAMED_IN_A_LIST]
    async with pool.acquire() as connection:
        policies = await known.current(connection)
    shown = await signals_shown(pool, [sale.episode_id for sale in named], policies)
    at_risk = Counter[str]()
    for sale in sales:
        at_risk[sale.currency] += sale.amount_minor
    return ListLetter(
        list_id=message.list_id,
        deliveries=message.deliveries,
        repeat=any(delivery.repeat for delivery in message.deliveries),
        recipient=SalespersonId(message.recipient),
        address=channel.address(Addresses(person["email"], person["phone"], person["chat"], has_device=True)),
        recipient_zone=person["zone"],
        sales=[_listed(sale, shown[sale.episode_id]) for sale in named],
        total=len(sales),
        new=len(covered),
        at_risk=at_risk,
        now=now,
    )


def _listed(sale: SaleAtRisk, shown: ShownSignals) -> ListedSale:
    return ListedSale(sale, shown.main, shown.for_information)
