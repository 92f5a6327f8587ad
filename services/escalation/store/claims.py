"""Claims the deliveries to send next. All due deliveries of a person are decided on together, under that person's lock.

Two processes that claim at the same time never split one person's deliveries, nor use a window twice. Claimed
deliveries are `sending` before anything is sent. If the process dies in between, the row stays `sending` and becomes
`unknown` after the timeout.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeAlias
from uuid import UUID

from services.escalation.domain.channels import SHOWING
from services.escalation.domain.policy.model import Storms
from services.escalation.domain.storms import (
    MOST_IN_A_LIST,
    OVERTAKEN,
    Due,
    Message,
    Recent,
    Verdict,
    list_id,
    sort_out,
)
from services.escalation.store.rows import BESIDE_THE_LADDER
from shared.contracts.escalation import RingCause
from shared.database import Connection, Pool

SENDING_LIMIT = timedelta(seconds=60)
_LOOKED_AT = 1_000

_RECIPIENTS = """
    select recipient from (
        select d.recipient, d.try_at from escalation.deliveries d
        where d.state in ('pending', 'held', 'unknown') and d.channel = $1 and d.try_at <= (select shared.app_now())
        order by d.try_at limit $2
    ) due
    group by recipient order by min(try_at) limit $3
"""
# `now` is read after the locks are taken.
_LOCK = """
    select coalesce(array_agg(salesperson_id), '{}') as recipients, shared.app_now() as now
    from (
        select salesperson_id from escalation.salespeople where salesperson_id = any($1::text[])
        for no key update skip locked
    ) locked
"""
NEEDLESS = f"""
    case when e.closed_at is not null then 'closed'
         when exists (select from escalation.salespeople p where p.salesperson_id = d.recipient and not p.active)
              then 'left'
         when a.cause = 'approval' then case when not exists (
             select from escalation.offers o
             where o.episode_id = a.episode_id and o.state = 'pending' and o.asked = d.recipient
         ) then 'approval_over' end
         when a.cause in {BESIDE_THE_LADDER!r} then null
         when a.cause = 'handed_over' then case when e.offered_to is distinct from d.recipient then 'offer_over' end
         when a.cause = 'appointment' then case when e.acknowledged_by is distinct from d.recipient then 'passed_on' end
         when e.acknowledged_at is not null then 'acknowledged' end
"""
"""Why nobody needs delivery `d` of alert `a` of episode `e` any more; null if it is needed.

The reasons of `domain.deliveries.needless`, and `left` for a recipient who has left the company: the claim holds the
lock of the recipient's row."""

_BESIDE = (*BESIDE_THE_LADDER, RingCause.APPOINTMENT.value)
"""Causes of alerts that overtake no other and that no other overtakes."""

# The statement that locks the rows also checks whether they are needless. An acknowledgement or a close changes the
# same rows, so it is either seen here or waits until they are claimed. Each `offset` keeps the planner from turning
# this into a join, which read every alert before the first analysis.
_DUE = f"""
    select due.*
    from unnest($1::text[]) as locked (recipient) cross join lateral (
        select d.recipient, d.delivery_id, d.state, d.attempts, d.unknown_count, d.try_at, d.list_id, d.alert_id,
               a.account_id, a.episode_id, a.traceparent, e.overtaken, e.over
        from escalation.deliveries d
        cross join lateral (
            select a.account_id, a.episode_id, a.traceparent, a.ring, a.cause from escalation.alerts a
            where a.alert_id = d.alert_id offset 0
        ) a
        cross join lateral (
            select a.ring < e.rings and a.cause not in {_BESIDE!r} and exists (
                       select from escalation.alerts later where later.episode_id = a.episode_id
                       and later.ring > a.ring and later.cause not in {_BESIDE!r}) as overtaken,
                   {NEEDLESS} as over
            from escalation.episodes e where e.episode_id = a.episode_id offset 0
        ) e
        where d.recipient = locked.recipient and d.channel = $2 and d.state in ('pending', 'held', 'unknown')
          and d.try_at <= $3
        order by d.state <> 'unknown', d.try_at limit $4
        for update of d skip locked
    ) due
"""
# Written out as in the index of sent deliveries: with a parameter the planner cannot tell that the index applies.
_IS_SENT = " and ".join(f"channel <> '{name}'" for name in SHOWING)
_RECENT = f"""
    select recipient, max(changed_at) as at, list_id is not null as is_list
    from escalation.deliveries
    where recipient = any($1::text[]) and channel = $2 and changed_at > $3
      and {_IS_SENT} and state in ('sending', 'sent', 'unknown')
    group by recipient, coalesce(list_id, delivery_id), list_id is not null
"""
_MARK = """
    update escalation.deliveries d
    set state = marked.state, list_id = marked.list_id, try_at = marked.try_at, changed_at = $1,
        attempts = d.attempts + case when marked.state = 'sending' then 1 else 0 end,
        reason = case when marked.state = 'sending' and d.state <> 'held' then d.reason else marked.reason end
    from unnest($2::uuid[], $3::text[], $4::uuid[], $5::timestamptz[], $6::text[])
        as marked (delivery_id, state, list_id, try_at, reason)
    where d.delivery_id = marked.delivery_id
"""


_OF_DUE = ("delivery_id", "state", "attempts", "try_at", "list_id", "overtaken")
_OF_CLAIMED = ("delivery_id", "alert_id", "account_id", "episode_id", "traceparent")
_Mark: TypeAlias = tuple[UUID, str, UUID | None, datetime, str | None]


@dataclass(frozen=True, slots=True)
class ClaimedDelivery:
    """A delivery being sent. `repeat` tells that it may have arrived before."""

    delivery_id: UUID
    alert_id: UUID
    account_id: str
    episode_id: UUID
    traceparent: str | None
    attempt: int
    repeat: bool


@dataclass(frozen=True, slots=True)
class ClaimedMessage:
    """One message to one person: a list, or the alert of its only delivery."""

    recipient: str
    list_id: UUID | None
    deliveries: tuple[ClaimedDelivery, ...]


async def claim_due(
    pool: Pool, channel: str, limit: int, rule: Callable[[Connection], Awaitable[Storms]]
) -> tuple[Sequence[ClaimedMessage], datetime | None]:
    """Take at most `limit` messages that are due on a channel, and mark their deliveries as `sending`.

    Return the time of the claim too. Deliveries beyond the rule's limit are held; those that a newer alert
    of their episode overtook expire.
    """
    recipients = [row["recipient"] for row in await pool.fetch(_RECIPIENTS, channel, _LOOKED_AT, limit)]
    if not recipients:
        return (), None
    async with pool.acquire() as connection, connection.transaction():
        locked = await connection.fetchrow(_LOCK, recipients)
        assert locked is not None
        ours = [one for one in recipients if one in set(locked["recipients"])]
        claiming = _Claiming(connection, channel, limit, await rule(connection), locked["now"])
        return await claiming.claim(ours), locked["now"]


@dataclass(frozen=True, slots=True)
class _Claiming:
    connection: Connection
    channel: str
    limit: int
    storms: Storms
    now: datetime

    async def claim(self, recipients: Sequence[str]) -> Sequence[ClaimedMessage]:
        """Decide on the due deliveries of these people, whose rows are locked."""
        due, over, known = await self._due(recipients)
        recent = await self._recent(recipients)
        verdicts = {one: sort_out(due[one], recent[one], self.storms, self.now) for one in recipients}
        going = _first_of_each(verdicts, self.limit)
        marks = over + [mark for one in recipients for mark in _marks(verdicts[one], going[one], self.now)]
        if marks:
            await self.connection.execute(_MARK, self.now, *map(list, zip(*marks, strict=True)))
        return [_message(recipient, message, known) for recipient in recipients for message in going[recipient]]

    async def _due(
        self, recipients: Sequence[str]
    ) -> tuple[dict[str, list[Due]], list[_Mark], dict[UUID, ClaimedDelivery]]:
        """The due deliveries of each person, those nobody needs any more (they would block others), and details of the
        first."""
        due: dict[str, list[Due]] = {recipient: [] for recipient in recipients}
        over: list[_Mark] = []
        known: dict[UUID, ClaimedDelivery] = {}
        for row in await self.connection.fetch(_DUE, recipients, self.channel, self.now, MOST_IN_A_LIST):
            if row["over"] is not None:
                over.append((row["delivery_id"], "cancelled", row["list_id"], row["try_at"], row["over"]))
                continue
            due[row["recipient"]].append(Due(**{name: row[name] for name in _OF_DUE}))
            about = {name: row[name] for name in _OF_CLAIMED}
            delivery = ClaimedDelivery(**about, attempt=row["attempts"] + 1, repeat=row["unknown_count"] > 0)
            known[delivery.delivery_id] = delivery
        return due, over, known

    async def _recent(self, recipients: Sequence[str]) -> dict[str, list[Recent]]:
        recent: dict[str, list[Recent]] = {recipient: [] for recipient in recipients}
        since = self.now - self.storms.window
        for row in await self.connection.fetch(_RECENT, recipients, self.channel, since):
            recent[row["recipient"]].append(Recent(row["at"], row["is_list"]))
        return recent


def _first_of_each(verdicts: Mapping[str, Verdict], limit: int) -> dict[str, list[Message]]:
    """At most `limit` messages in all: everyone's first before anyone's second. The others stay due."""
    places = [(place, recipient) for recipient, one in verdicts.items() for place in range(len(one.messages))]
    going: dict[str, list[Message]] = {recipient: [] for recipient in verdicts}
    for place, recipient in sorted(places, key=lambda one: one[0])[:limit]:
        going[recipient].append(verdicts[recipient].messages[place])
    return going


def _marks(verdict: Verdict, going: Sequence[Message], now: datetime) -> list[_Mark]:
    """The new state of each delivery, with its list, the time of the next check, and the reason."""
    back_at = now + SENDING_LIMIT
    sending = [
        (one.delivery_id, "sending", message.list_id, back_at, None) for message in going for one in message.deliveries
    ]
    until = verdict.held_until or now
    held = [(one.delivery_id, "held", one.list_id or list_id(one), until, verdict.because) for one in verdict.held]
    expired = [(one.delivery_id, "expired", one.list_id, one.try_at, OVERTAKEN) for one in verdict.expired]
    return [*sending, *held, *expired]


def _message(recipient: str, message: Message, known: dict[UUID, ClaimedDelivery]) -> ClaimedMessage:
    return ClaimedMessage(recipient, message.list_id, tuple(known[one.delivery_id] for one in message.deliveries))
