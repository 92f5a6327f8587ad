"""Stories on a running machine: verbs that publish over Kafka, press buttons, and wait for the result.

Start at `company_at_work`; each `Story` has an account, an order and a seller that no other story uses.
"""

import asyncio
import os
import uuid
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import asyncpg
import httpx2
import orjson

from deploy.local.machine import HANDOFF, SERVICES, Machine, Ports
from deploy.local.mail_sink import MailSink
from deploy.local.ports import free_ports
from deploy.local.processes import PROJECT
from deploy.local.service import Service
from deploy.local.stored_mail import StoredMail, messages
from services.cli.demo.cast import where_it_is_noon
from services.escalation.inbox import make_sign_in_link
from shared.contracts.envelope import Envelope, Fact
from shared.contracts.order_parts import Customer
from shared.contracts.support_inbound import ContactMade, RefundRequested
from shared.database import Pool
from shared.ids import SalespersonId
from shared.messaging.cluster import Cluster
from shared.messaging.publisher import Publisher
from tests.builders import contact_made, event_of, order_placed, refund_requested, salesperson_changed
from tests.databases import Databases
from tests.inbox import form_token
from tests.waiting import eventually, until

PUBLISHER_KEY = "the-key-of-all-systems-0001"
SHOP_KEY = "the-key-of-the-shop-alone-1"
_COMMAND_SECONDS = 60
_MOVE_CLOCK = """
    insert into shared.clock (single, ahead) values (true, $1)
    on conflict (single) do update set ahead = clock.ahead + $1
"""
_ALERTS = """
    select a.recipient, a.because, a.why_you, a.episode_id, s.kind, d.delivery_id, d.state as mail_state, d.attempts
    from escalation.alerts a
    join escalation.signals s on s.signal_id = a.signal_id
    join escalation.deliveries d on d.alert_id = a.alert_id and d.channel = 'email'
    where a.account_id = $1 order by a.raised_at, a.alert_id
"""
_KNOWN = """
    select (select count(*) from escalation.orders where order_id = $1)
         + (select count(*) from escalation.salespeople where salesperson_id = $2)
"""


@dataclass(frozen=True)
class Alert:
    """An alert and the state of its e-mail."""

    recipient: str
    because: str
    why_you: str
    episode_id: uuid.UUID
    kind: str
    delivery_id: uuid.UUID
    mail_state: str
    attempts: int


@dataclass(frozen=True)
class Company:
    """Three services as processes, a mail server of their own, and access to them."""

    machine: Machine
    environment: Mapping[str, str]
    cluster: Cluster
    mail_server: MailSink
    mail_folder: Path
    publisher: Publisher
    pools: Mapping[str, Pool]

    def story(self) -> "Story":
        tag = uuid.uuid4().hex[:8]
        return Story(self, account=f"c-{tag}", order=f"o-{tag}", seller=f"anna-{tag}")

    async def publish(self, *events: Envelope[Fact]) -> None:
        await self.publisher.publish(events)

    async def handoff(self, *arguments: str) -> tuple[int, str]:
        """Run a `handoff` command as a person would. Returns its exit status and output."""
        process = await asyncio.create_subprocess_exec(
            *HANDOFF,
            *arguments,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            env=dict(self.environment),
            cwd=PROJECT,
        )
        try:
            printed, _ = await asyncio.wait_for(process.communicate(), _COMMAND_SECONDS)
        finally:
            if process.returncode is None:
                process.kill()
        return process.returncode or 0, printed.decode()

    async def everybody_at_work(self) -> None:
        """Wait until each service is ready (again)."""
        await asyncio.gather(*(eventually(partial(_is_ready, self.machine.service(name)), True) for name in SERVICES))

    async def move_clock(self, by: timedelta) -> None:
        """Move the services' clock ahead, permanently."""
        for pool in self.pools.values():
            await pool.execute(_MOVE_CLOCK, by)

    async def now(self) -> datetime:
        now: datetime = await self.pools["escalation"].fetchval("select shared.app_now()")
        return now


@dataclass(frozen=True)
class Story:
    """One customer with one sale, and its seller."""

    company: Company
    account: str
    order: str
    seller: str

    def address(self, person: str | None = None) -> str:
        return f"{person or self.seller}@sales.example"

    async def hire(self, person: str | None = None, name: str = "Anna Berg", **changes: Any) -> None:
        """Publish a salesperson: the seller unless another is named."""
        person = person or self.seller
        fact = salesperson_changed(name, **({"email": self.address(person)} | changes))
        await self.company.publish(event_of(fact, subject=person, at=datetime.now(UTC)))

    async def sell(self, *, days_ago: float = 30, **changes: Any) -> None:
        sold_at = datetime.now(UTC) - timedelta(days=days_ago)
        of_story = {"sold_by": self.seller, "sold_at": sold_at, "customer": customer_at_noon()}
        fact = order_placed(self.order, **(of_story | changes))
        await self.company.publish(event_of(fact, subject=self.account, at=sold_at))

    async def known(self) -> None:
        """Wait until escalation knows the sale and its seller: they travel on other topics than the trouble."""
        pool = self.company.pools["escalation"]
        await eventually(lambda: pool.fetchval(_KNOWN, self.order, self.seller), 2)

    async def fail_contact(self, **changes: Any) -> Envelope[ContactMade]:
        """A contact ends in a dead end."""
        fact = contact_made("dead_end", case=None, **changes)
        return await self._happens(fact)

    async def request_refund(self, **changes: Any) -> Envelope[RefundRequested]:
        fact = refund_requested(case=None, **changes)
        return await self._happens(fact)

    async def alerts(self) -> list[Alert]:
        return [Alert(**row) for row in await self.company.pools["escalation"].fetch(_ALERTS, self.account)]

    async def expect_alert_for(
        self, person: str | None = None, *, mail: str = "sent", count: int = 1, within_seconds: float = 20
    ) -> Alert:
        """The latest of this many alerts, once its e-mail is in this state; it must be for this person."""
        alerts = await until(
            self.alerts,
            lambda alerts: len(alerts) == count and alerts[-1].mail_state == mail,
            wanted=f"{count} alerts, the last with its mail {mail}",
            within_seconds=within_seconds,
        )
        assert alerts[-1].recipient == (person or self.seller)
        return alerts[-1]

    async def mails(self, person: str | None = None) -> list[StoredMail]:
        """The e-mails that have arrived for this person."""
        stored = await asyncio.to_thread(messages, self.company.mail_folder)
        return [mail for mail in stored if self.address(person) in mail.recipients]

    @asynccontextmanager
    async def signed_in(self, person: str | None = None) -> AsyncIterator[httpx2.AsyncClient]:
        """A browser without JavaScript in which this person has pressed the button of a sign-in link."""
        base_url = self.company.machine.environment["INBOX_URL"]
        pool = self.company.pools["escalation"]
        link = await make_sign_in_link(pool, SalespersonId(person or self.seller), base_url=base_url)
        (token,) = parse_qs(urlsplit(link).query)["token"]
        async with httpx2.AsyncClient(base_url=base_url) as browser:
            answer = await browser.post("/sign-in", data={"token": token})
            assert answer.status_code == 303, answer.text
            yield browser

    async def page(self, person: str | None = None) -> str:
        """This person's inbox."""
        async with self.signed_in(person) as browser:
            return (await browser.get("/")).text

    async def acknowledge(self, alert: Alert) -> None:
        """The alert's recipient presses the button."""
        async with self.signed_in(alert.recipient) as browser:
            form = {"csrf_token": form_token((await browser.get("/")).text)}
            answer = await browser.post(f"/episodes/{alert.episode_id}/acknowledge", data=form)
            assert answer.status_code == 303, answer.text

    async def post(
        self, service: str, fact: Fact, *, at: datetime | None = None, key: str = PUBLISHER_KEY, source: str = "shop"
    ) -> httpx2.Response:
        """Send a fact to a service's `POST /events` in binary mode, as curl does."""
        subject = self.seller if fact.about == "salesperson" else self.account
        headers = {
            "Authorization": f"Bearer {key}",
            "Content-Type": "application/json",
            "ce-specversion": "1.0",
            "ce-id": str(uuid.uuid4()),
            "ce-source": source,
            "ce-type": fact.type,
            "ce-subject": subject,
            "ce-time": (at or datetime.now(UTC)).isoformat(),
        }
        async with httpx2.AsyncClient(base_url=self.company.machine.service(service).url) as client:
            return await client.post("/events", content=fact.model_dump_json(exclude_none=True), headers=headers)

    async def rescue(self, service: str) -> str | None:
        """What this service lets an agent say about the account, if a colleague calls."""
        headers = {"Authorization": "Bearer local-reader-key"}
        async with httpx2.AsyncClient(base_url=self.company.machine.service(service).url) as client:
            rescues = (await client.get(f"/accounts/{self.account}/rescue", headers=headers)).json()["rescues"]
            return rescues[0]["say"] if rescues else None

    async def _happens(self, fact: Any) -> Envelope[Any]:
        event = event_of(fact, subject=self.account, at=datetime.now(UTC))
        await self.company.publish(event)
        return event


@asynccontextmanager
async def company_at_work(
    kafka: str, databases: Databases, prefix: str, folder: Path, given: Mapping[str, str] = os.environ
) -> AsyncIterator[Company]:
    """All three services on this broker and fresh databases of this server, with a mail server that can be stopped."""
    smtp, push, *ports = free_ports(2 + len(SERVICES))
    mail_server = MailSink(folder / "mail", port=smtp, log=folder / "mail.log")
    cluster = Cluster(kafka, prefix=prefix, partitions=4, replication=1)
    publishers = {
        "all": {"key": PUBLISHER_KEY, "sources": ["*"], "types": ["*"], "rights": ["directory"]},
        "shop": {"key": SHOP_KEY, "sources": ["/shop*"], "types": ["orders.inbound.*"]},
    }
    environment = dict(given) | {
        "KAFKA_BOOTSTRAP_SERVERS": kafka,
        "KAFKA_SESSION_TIMEOUT_MS": "3000",
        "TOPIC_PREFIX": prefix,
        "TOPIC_PARTITIONS": str(cluster.partitions),
        "TOPIC_REPLICATION": str(cluster.replication),
        "SMTP_URL": mail_server.url,
        "PUBLISHER_KEYS": orjson.dumps(publishers).decode(),
        **{f"{name.upper()}_DATABASE_URL": await databases.make(name) for name in SERVICES},
    }
    where = replace(Ports(), services=dict(zip(SERVICES, ports, strict=True)), push=push)
    machine = Machine(folder / "machine", ports=where, given=environment)
    try:
        await mail_server.start()
        async with machine, Publisher(cluster) as publisher:
            pools = {name: await _pool(machine.environment, name) for name in SERVICES}
            whole = environment | dict(machine.environment)
            yield Company(machine, whole, cluster, mail_server, folder / "mail", publisher, pools)
            for pool in pools.values():
                pool.terminate()
    finally:
        await mail_server.stop()


async def _is_ready(service: Service) -> bool:
    try:
        async with httpx2.AsyncClient(base_url=service.url) as client:
            return service.pid is not None and (await client.get("/readyz")).status_code == 200
    except httpx2.HTTPError:
        return False


async def _pool(environment: Mapping[str, str], service: str) -> Pool:
    url = environment[f"{service.upper()}_DATABASE_URL"]
    return await asyncpg.create_pool(url, min_size=1, max_size=4, server_settings={"application_name": "stories"})


def customer_at_noon() -> Customer:
    """A customer who may be called now, whenever the tests run: critical alerts are held until the customer may be."""
    zone = where_it_is_noon(datetime.now(UTC))
    return Customer(name="Petra Weiss", phone="+49 30 901820", email="petra@customer.example", zone=zone)
