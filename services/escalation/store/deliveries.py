"""Reads the rows for a message about one alert, and measures deliveries. `claims` decides which message is next."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

import asyncpg

from services.escalation.domain.channels import Addresses, ChannelDefinition
from services.escalation.domain.deliveries import GIVE_UP_AFTER_UNKNOWN, RESEND_UNKNOWN_AFTER
from services.escalation.domain.happenings import SignalRow
from services.escalation.domain.words import Risk, money
from services.escalation.store.claims import NEEDLESS, ClaimedDelivery
from services.escalation.store.letter_parts import LetterParts, parts_of
from services.escalation.store.policies import KnownPolicies
from services.escalation.store.signals_shown import signals_shown
from services.escalation.store.stories import Story, stories_of
from services.escalation.store.upward_notices import failing_people
from shared.database import Connection, Pool
from shared.ids import SalespersonId
from shared.metrics import Metrics

FACTS_READ = 30
MOVING_STATES = ("pending", "sending", "held", "unknown")

_LETTERS = """
    select a.alert_id, a.account_id, a.episode_id, a.why_you, p.email, p.phone, p.chat,
           o.order_id, o.bought, o.amount_minor, o.currency, o.customer_name, o.customer_phone
    from escalation.alerts a
    join escalation.episodes e on e.episode_id = a.episode_id
    join escalation.orders o on o.order_id = e.order_id
    join escalation.salespeople p on p.salesperson_id = a.recipient
    where a.alert_id = any($1::uuid[])
"""
# The outcome is unknown: the process that was sending has not reported in time. If an acknowledgement has the episode
# locked at this moment, its deliveries are left for later.
_GIVE_UP_ON_SILENT_ATTEMPTS = f"""
    update escalation.deliveries d
    set state = case when silent.needless then 'cancelled' when d.unknown_count + 1 >= $2 then 'failed'
                else 'unknown' end,
        unknown_count = unknown_count + 1, reason = 'the attempt never came back',
        try_at = shared.app_now() + $1, changed_at = shared.app_now()
    from (
        select d.delivery_id, {NEEDLESS} is not null as needless
        from escalation.deliveries d
        join escalation.alerts a on a.alert_id = d.alert_id join escalation.episodes e on e.episode_id = a.episode_id
        where d.state = 'sending' and d.try_at <= (select shared.app_now())
        for update of d skip locked for share of e skip locked
    ) silent
    where d.delivery_id = silent.delivery_id
    returning d.delivery_id
"""
# Ended deliveries are not counted: their number keeps growing, and this runs every few seconds.
_STATES = """
    select state, count(d.state) as deliveries
    from unnest($1::text[]) as states (state) left join (
        select d.state from escalation.deliveries d where d.state in ('pending', 'sending', 'held', 'unknown')
    ) d using (state)
    group by state
"""
_OLDEST = """
    select coalesce(extract(epoch from shared.app_now() - min(a.raised_at)), 0)::float8
    from escalation.deliveries d join escalation.alerts a on a.alert_id = d.alert_id where d.state = 'pending'
"""
_WAITING = """
    select count(*) as waiting,
           coalesce(extract(epoch from shared.app_now() - min(seen_at)), 0)::float8 as oldest
    from escalation.signals where episode_id is null and ended is null
"""
_NOBODY_TO_NOTIFY = "select count(*) from escalation.episodes where closed_at is null and nobody_since is not null"


@dataclass(frozen=True, slots=True)
class Letter:
    """The content of a message about one alert. `address` is the recipient's on the channel; devices are looked up only
    when it is sent. `repeat` tells that it may have arrived before. `signals` are the newest and `main`, the subject;
    `left_out` counts the others. Without `main` no signal stands."""

    delivery_id: UUID
    alert_id: UUID
    repeat: bool
    account_id: str
    episode_id: UUID
    order_id: str
    why_you: str
    address: str | None
    bought: str
    amount: str
    customer_name: str | None
    customer_phone: str | None
    signals: Sequence[SignalRow]
    main: Risk | None
    left_out: int
    now: datetime
    parts: LetterParts
    story: Story = field(default_factory=Story)


async def letters(
    pool: Pool, claimed: Sequence[ClaimedDelivery], channel: ChannelDefinition, policies: KnownPolicies, now: datetime
) -> list[Letter]:
    """The letters of deliveries that are sent alone, with the current state of their episodes."""
    if not claimed:
        return []
    alerts = {row["alert_id"]: row for row in await pool.fetch(_LETTERS, [one.alert_id for one in claimed])}
    async with pool.acquire() as connection:
        versions = await policies.current(connection)
    shown = await signals_shown(pool, [row["episode_id"] for row in alerts.values()], versions)
    parts = await parts_of(pool, list(alerts), shown, versions, now)
    signals = {episode: said.signals for episode, said in shown.items()}
    stories = await _stories(pool, alerts.values(), parts, signals)
    found = []
    for delivery in claimed:
        alert = dict(alerts[delivery.alert_id])
        alert_id, amount = alert.pop("alert_id"), money(alert.pop("amount_minor"), alert.pop("currency"))
        addresses = Addresses(alert.pop("email"), alert.pop("phone"), alert.pop("chat"), has_device=True)
        said = shown[alert["episode_id"]]
        found.append(
            Letter(
                delivery_id=delivery.delivery_id,
                alert_id=alert_id,
                repeat=delivery.repeat,
                address=channel.address(addresses),
                amount=amount,
                now=now,
                parts=parts[alert_id],
                signals=said.signals,
                main=said.main,
                left_out=said.left_out,
                story=stories[alert_id],
                **alert,
            )
        )
    return found


async def _stories(
    pool: Pool,
    alerts: Collection[asyncpg.Record],
    parts: Mapping[UUID, LetterParts],
    signals: Mapping[UUID, Sequence[SignalRow]],
) -> Mapping[UUID, Story]:
    """The history for each alert, as its recipient may read it."""
    of_recipients = defaultdict[SalespersonId, list[asyncpg.Record]](list)
    for alert in alerts:
        of_recipients[parts[alert["alert_id"]].recipient].append(alert)
    found = dict[UUID, Story]()
    for recipient, theirs in of_recipients.items():
        stories = await stories_of(pool, recipient, {alert["episode_id"]: FACTS_READ for alert in theirs}, signals)
        found |= {alert["alert_id"]: stories[alert["episode_id"]] for alert in theirs}
    return found


async def give_up_on_silent_attempts(pool: Pool, metrics: Metrics) -> None:
    """Mark deliveries as unknown that have been `sending` for too long."""
    given_up = await pool.fetch(_GIVE_UP_ON_SILENT_ATTEMPTS, RESEND_UNKNOWN_AFTER, GIVE_UP_AFTER_UNKNOWN)
    metrics.alerts.unknown_deliveries.inc(len(given_up))


async def sample(connection: Connection, metrics: Metrics) -> None:
    """Measure open deliveries, signals that wait for their order, and episodes with nobody to notify."""
    for row in await connection.fetch(_STATES, MOVING_STATES):
        metrics.queues.deliveries.labels(row["state"]).set(row["deliveries"])
    metrics.queues.deliveries_oldest_pending_age.set(await connection.fetchval(_OLDEST))
    waiting = await connection.fetchrow(_WAITING)
    assert waiting is not None
    metrics.queues.waiting_signals.set(waiting["waiting"])
    metrics.queues.waiting_signals_oldest_age.set(waiting["oldest"])
    metrics.queues.failing_addresses.set(len(await failing_people(connection)))
    metrics.queues.nobody_to_ask.set(await connection.fetchval(_NOBODY_TO_NOTIFY))
