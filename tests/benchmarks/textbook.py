"""The textbook service: a subscriber a message, a session and a commit an event, a publish an event.

`python -m tests.benchmarks.textbook`. What the manuals of FastStream and SQLModel show, on the same tables. It loses
and doubles what such a service loses and doubles; it keeps no ledger, no outbox and no locks.
"""

import asyncio
import os
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from faststream import FastStream
from faststream.kafka import KafkaBroker, KafkaMessage
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from services.escalation.tables import Alert, Case, Delivery, Episode, Order, Salesperson, Signal
from shared.tables import Journal

_SIGNALS = {
    "support.contact_dead_ended": "contact_dead_ended",
    "support.refund_requested": "refund_requested",
    "support.cancellation_requested": "cancellation_requested",
    "support.response_overdue": "response_overdue",
    "support.case_reopened": "case_reopened",
}
_TOPICS = ("orders.sales.v1", "salespeople.v1", "support.cases.v1")


class Textbook:
    """Escalation without the plumbing."""

    def __init__(self, engine: AsyncEngine, broker: KafkaBroker, out: str) -> None:
        self._engine = engine
        self._broker = broker
        self._out = out

    async def handle(self, body: dict[str, Any], message: KafkaMessage) -> None:
        """One event, one commit, then what it caused is published."""
        head = {name: value for name, value in message.headers.items() if isinstance(value, str)}
        caused: list[dict[str, Any]] = []
        async with AsyncSession(self._engine) as session:
            known = select(Journal).where(Journal.source == head["ce_source"], Journal.event_id == head["ce_id"])
            if (await session.exec(known)).first() is not None:
                return
            await self._apply(session, head, body, caused)
            session.add(_journal(head, message.body))
            await session.commit()
        for fact in caused:
            await self._broker.publish(fact, topic=self._out, key=head["ce_subject"].encode())

    async def _apply(
        self, session: AsyncSession, head: dict[str, str], body: dict[str, Any], caused: list[dict[str, Any]]
    ) -> None:
        account, type = head["ce_subject"], head["ce_type"]
        if type == "orders.order_placed":
            session.add(_order(account, body))
        elif type == "orders.salesperson_changed":
            person = await session.get(Salesperson, account)
            if person is not None:
                person.phone = body.get("phone")
        elif type == "support.case_opened":
            session.add(Case(account_id=account, case_id=body["case"], order_id=body.get("order")))
        elif type in _SIGNALS:
            await self._signal(session, head, body, caused)

    async def _signal(
        self, session: AsyncSession, head: dict[str, str], body: dict[str, Any], caused: list[dict[str, Any]]
    ) -> None:
        account, kind, now = head["ce_subject"], _SIGNALS[head["ce_type"]], datetime.now(UTC)
        latest = select(Order).where(Order.account_id == account).order_by(col(Order.sold_at).desc())
        order = (await session.exec(latest)).first()
        signal = Signal(**_signal(account, kind, now, body))
        session.add(signal)
        if order is None:
            return
        open_ones = select(Episode).where(Episode.order_id == order.order_id, col(Episode.closed_at).is_(None))
        episode = (await session.exec(open_ones)).first() or _episode(order, now)
        episode.rings += 1
        session.add(episode)
        await session.flush()
        signal.episode_id = episode.episode_id
        seller = await session.get(Salesperson, order.sold_by or "desk")
        assert seller is not None
        alert = _alert(episode, signal, seller, now)
        session.add(alert)
        await session.flush()
        for channel, state in (("inbox", "sent"), ("email", "skipped")):
            session.add(_delivery(alert, channel, state, now))
        caused.append({"episode": str(episode.episode_id), "order": order.order_id, "kind": kind})
        caused.append({"alert": str(alert.alert_id), "recipient": alert.recipient, "kind": kind})


def _signal(account: str, kind: str, now: datetime, body: dict[str, Any]) -> dict[str, Any]:
    ids = {"signal_id": uuid4(), "account_id": account, "case_id": body.get("case")}
    found = {"fact_id": uuid4(), "policy_version": 1, "by_silence": False}
    return {**ids, **found, "kind": kind, "at": now, "seen_at": now, "words": body.get("words")}


def _journal(head: dict[str, str], body: bytes) -> Journal:
    fields: dict[str, Any] = {
        "source": head["ce_source"],
        "event_id": head["ce_id"],
        "kind": "record",
        "type": head["ce_type"],
        "subject": head["ce_subject"],
        "at": datetime.fromisoformat(head["ce_time"]),
        "decided_at": datetime.now(UTC),
        "digest": b"",
        "body": body,
    }
    return Journal(**fields)


def _order(account: str, body: dict[str, Any]) -> Order:
    customer = body.get("customer") or {}
    fields: dict[str, Any] = {
        "order_id": body["order"],
        "account_id": account,
        "sold_by": body.get("sold_by"),
        "sold_at": datetime.fromisoformat(body["sold_at"]),
        "amount_minor": body["amount_minor"],
        "currency": body["currency"],
        "bought": ", ".join(line["product"] for line in body["lines"]),
        "customer_name": customer.get("name"),
        "customer_phone": customer.get("phone"),
        "customer_email": customer.get("email"),
        "products": [line["product"] for line in body["lines"]],
        "seen_at": datetime.now(UTC),
    }
    return Order(**fields)


def _episode(order: Order, now: datetime) -> Episode:
    fields: dict[str, Any] = {
        "episode_id": uuid4(),
        "account_id": order.account_id,
        "order_id": order.order_id,
        "salesperson": order.sold_by,
        "responsible": order.sold_by or "desk",
        "raised_at": now,
        "changed_at": now,
        "severity": "high",
        "policy_version": 1,
        "rang": True,
        "rings": 0,
        "step": "seller",
        "repeats": 0,
        "attempts": 0,
    }
    return Episode(**fields)


def _alert(episode: Episode, signal: Signal, seller: Salesperson, now: datetime) -> Alert:
    fields: dict[str, Any] = {
        "alert_id": uuid4(),
        "account_id": episode.account_id,
        "episode_id": episode.episode_id,
        "signal_id": signal.signal_id,
        "recipient": seller.salesperson_id,
        "because": "seller",
        "why_you": f"You closed order {episode.order_id}.",
        "raised_at": now,
        "ring": episode.rings,
        "step": "seller",
        "cause": "signal",
        "severity": episode.severity,
        "policy_version": 1,
    }
    return Alert(**fields)


def _delivery(alert: Alert, channel: str, state: str, now: datetime) -> Delivery:
    fields: dict[str, Any] = {
        "delivery_id": uuid4(),
        "alert_id": alert.alert_id,
        "recipient": alert.recipient,
        "channel": channel,
        "state": state,
        "attempts": 0,
        "unknown_count": 0,
        "try_at": now,
        "changed_at": now,
    }
    return Delivery(**fields)


async def main() -> None:
    prefix = os.environ["TOPIC_PREFIX"]
    engine = create_async_engine(
        os.environ["ESCALATION_DATABASE_URL"].replace("postgresql://", "postgresql+asyncpg://")
    )
    broker = KafkaBroker(os.environ["KAFKA_BOOTSTRAP_SERVERS"], logger=None, allow_auto_create_topics=False)
    service = Textbook(engine, broker, f"{prefix}escalation.episodes.v1")
    topics = [prefix + topic for topic in _TOPICS]
    broker.subscriber(*topics, group_id=f"{prefix}textbook-{os.getpid()}", auto_offset_reset="earliest")(service.handle)
    await FastStream(broker, logger=None).run()


if __name__ == "__main__":
    asyncio.run(main())
