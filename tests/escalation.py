"""Story verbs for escalation's handlers on a real database: sell, report, move the clock, see who was alerted."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from email.message import EmailMessage
from typing import Any
from uuid import UUID

from services.escalation.channels.channel import Ended
from services.escalation.channels.email import EmailChannel
from services.escalation.channels.letters import Letters
from services.escalation.channels.notices import report_lost_devices, send_due_notices
from services.escalation.channels.sender import Sender
from services.escalation.channels.smtp import Mail, MailServer
from services.escalation.domain.delivery_facts import Attempt
from services.escalation.domain.installation import Installation
from services.escalation.domain.own_facts import OWN_FACTS, AcknowledgePressed, EpisodeButton
from services.escalation.handlers import handling
from shared.contracts import support
from shared.contracts.catalog import CATALOG
from shared.contracts.envelope import Fact
from shared.contracts.support_inbound import ContactMade
from shared.ids import SalespersonId
from shared.inputs import Input, InputKind, Report
from shared.metrics import Metrics, create_metrics
from shared.rounds import fire_all
from tests.builders import ACCOUNT, AT, contact_made, event_of, input_of
from tests.services import ServiceUnderTest, running

DESK = "desk"
NO_LIMIT = Installation(desk=SalespersonId(DESK), max_alert_age=timedelta(0))
READ_THROUGH = """
    insert into shared.offsets (topic, partition, next_offset, read_through_at)
    values ('everything', 0, 0, shared.app_now())
    on conflict (topic, partition) do update set read_through_at = excluded.read_through_at
"""


def reported(fact: Fact, *, subject: str | None = None, at: datetime = AT, id: str | None = None) -> Input:
    """An inbound fact as orders or support publishes it."""
    name = fact.type.replace(".inbound.", ".")
    if isinstance(fact, ContactMade) and fact.result.value == "dead_end":
        name = support.ContactDeadEnded.type
    published = CATALOG[name].model_validate_json(fact.model_dump_json())
    return input_of(published, subject=subject, at=at, id=id, source="handoff/tests")


def pressed(episode: UUID, by: str, *, account: str = ACCOUNT) -> Input:
    """A press of *Acknowledge*."""
    return button(AcknowledgePressed, episode, by, account=account)


def button(kind: type[EpisodeButton], episode: UUID, by: str, *, account: str = ACCOUNT, **says: Any) -> Input:
    """A button of the inbox page."""
    fact = kind(episode=episode, by=by, **says)
    event = event_of(fact, subject=account, source="handoff/escalation/inbox")
    return Input(event, fact.model_dump_json().encode(), b"", InputKind.BUTTON)


def dead_end(**changes: Any) -> ContactMade:
    return contact_made("dead_end", **changes)


class FakeMail(MailServer):
    """A mail server that gives these answers in order, and then accepts. It never connects, and so has nothing of the
    real one: reading the authorities that the system trusts takes longer than most tests do."""

    def __init__(self) -> None:
        self.answers: list[Attempt | Ended | BaseException] = []
        self.received: list[EmailMessage] = []
        self.on_sending: Any = None

    async def send(self, mail: Mail) -> Ended:
        self.received.append(mail.message)
        if self.on_sending is not None:
            await self.on_sending()
        answer = self.answers.pop(0) if self.answers else Attempt.ACCEPTED
        if isinstance(answer, BaseException):
            raise answer
        if isinstance(answer, Ended):
            return answer
        return Ended(answer, None if answer is Attempt.ACCEPTED else "as the test wished")


def letters() -> Letters:
    return Letters(sender="oncall@handoff.example", inbox_url="http://inbox.example")


@dataclass(frozen=True)
class Escalation(ServiceUnderTest):
    """Escalation under test; its inputs have been published by orders and support."""

    mail: FakeMail = field(default_factory=FakeMail)

    async def receive(self, *facts: Input | Fact) -> Report:
        """Apply facts in one batch."""
        return await super().receive(*(one if isinstance(one, Input) else reported(one) for one in facts))

    async def read_everything(self) -> None:
        """Mark every input as read to its end by now, so that silences count."""
        await self.pool.execute(READ_THROUGH)

    async def wait(self, ahead: timedelta) -> None:
        """Let time pass without other inputs, and process everything that becomes due."""
        await self.move_clock(ahead)
        await self.read_everything()
        await fire_all(self.processor)

    async def fire(self) -> None:
        await fire_all(self.processor)

    async def acknowledge(self, by: str = "anna", *, account: str | None = None) -> Report:
        """Press *Acknowledge* on the only open episode, or on the account's."""
        episodes = [row for row in await self.episodes() if account in (None, row["account_id"])]
        (episode,) = episodes
        return await self.press(episode["episode_id"], by, account=episode["account_id"])

    async def press(self, episode: UUID, by: str, *, account: str) -> Report:
        return await self.receive(pressed(episode, by, account=account))

    async def send_mail(self) -> None:
        """Send due e-mails, once."""
        await self.send_round(self.sender(), create_metrics("escalation"))

    async def send_notices(self) -> None:
        """Report what was lost, and send due notices, once."""
        await report_lost_devices(self.processor)
        await send_due_notices(EmailChannel(self.mail, letters()), self.processor, create_metrics("escalation"))

    async def send_round(self, sender: Sender[Mail], metrics: Metrics) -> None:
        """Send everything that this sender would start now, to its end."""
        if started := await sender.start_due(self.pool, self.processor, metrics):
            await asyncio.wait(started)

    def sender(self) -> Sender[Mail]:
        return Sender(EmailChannel(self.mail, letters()))

    @asynccontextmanager
    async def sending(self) -> AsyncIterator[None]:
        """E-mail is sent in the background, as in a running service."""
        running_sender = asyncio.create_task(self.sender().run(self.pool, self.processor, create_metrics("escalation")))
        try:
            yield
        finally:
            running_sender.cancel()
            await asyncio.gather(running_sender, return_exceptions=True)

    async def episodes(self) -> list[dict[str, Any]]:
        return await self.rows("escalation.episodes", "order_id")

    async def timers(self) -> list[str]:
        """The types of the timers that are set, one for each."""
        return [row["type"] for row in await self.rows("shared.timers", "type")]

    async def signals(self) -> list[dict[str, Any]]:
        return await self.rows("escalation.signals", "at, kind")

    async def alerts(self) -> list[dict[str, Any]]:
        return await self.rows("escalation.alerts", "raised_at, alert_id")

    async def alerted(self) -> list[tuple[str, str]]:
        """The people alerted, with the rule, in order."""
        return [(row["recipient"], row["because"]) for row in await self.alerts()]

    async def deliveries(self) -> Counter[tuple[str, str]]:
        """The number of deliveries by channel and state."""
        return Counter((row["channel"], row["state"]) for row in await self.rows("escalation.deliveries"))

    async def email(self) -> dict[str, Any]:
        """The only e-mail delivery."""
        (row,) = [row for row in await self.rows("escalation.deliveries") if row["channel"] == "email"]
        return row

    async def sent_facts(self) -> int:
        """How often it was reported that an alert was sent."""
        return (await self.published_types()).count("escalation.alert_sent")

    async def waiting_signals(self) -> int:
        return sum(row["episode_id"] is None for row in await self.signals())

    async def matches(self) -> list[tuple[str, list[str]]]:
        """Each order at risk with the kinds of its signals."""
        kinds: dict[UUID, list[str]] = {}
        for row in await self.signals():
            kinds.setdefault(row["episode_id"], []).append(row["kind"])
        return [(row["order_id"], kinds.get(row["episode_id"], [])) for row in await self.episodes()]


@asynccontextmanager
async def escalation_on(url: str, installation: Installation = NO_LIMIT) -> AsyncIterator[Escalation]:
    """Escalation's handlers on this database, at an hour when customers may be called, whenever the tests run."""
    async with running(url, "escalation", handling(installation), OWN_FACTS) as service:
        await service.begin_at(10)
        yield Escalation(service.pool, service.processor)
