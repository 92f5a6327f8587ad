"""The inbox on a real database, fed by escalation's own handlers. Start at `inbox_site`, then play stories on it."""

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from html import unescape
from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import UUID

import httpx2
import uvicorn
from fastapi import FastAPI

from services.escalation import app
from services.escalation.channels.web_push.devices import PushSender
from services.escalation.domain.duty_buttons import DutyButton
from services.escalation.domain.installation import Installation
from services.escalation.domain.own_facts import OWN_FACTS, EpisodeButton
from services.escalation.handlers import handling
from services.escalation.inbox import InboxDependencies, create_inbox, make_sign_in_link, show_errors
from services.escalation.store.sessions import Person
from shared.contracts.catalog import CATALOG
from shared.contracts.envelope import Fact
from shared.http.application import bare_app
from shared.ids import AccountId, SalespersonId
from shared.messaging.cluster import Cluster
from shared.metrics import Metrics, create_metrics
from shared.rounds import fire_all
from shared.service import Resources
from tests.builders import (
    ACCOUNT,
    ORDER,
    SELLER,
    input_of,
    order_placed,
    refund_requested,
    salesperson_changed,
)
from tests.services import ServiceUnderTest, running

_READ_THROUGH = """
    insert into shared.offsets (topic, partition, next_offset, read_through_at)
    values ('everything', 0, 0, shared.app_now())
    on conflict (topic, partition) do update set read_through_at = excluded.read_through_at
"""
INSTALLATION = Installation(desk=SalespersonId("desk"), max_alert_age=timedelta(days=3))


@dataclass(frozen=True)
class Site:
    """The inbox and the service behind it."""

    service: ServiceUnderTest
    public_url: str
    app: FastAPI
    sent_links: list[tuple[Person, str]]
    acknowledged: list[UUID] = field(default_factory=list)
    metrics: Metrics = field(default_factory=lambda: create_metrics("escalation"))

    def browser(self) -> httpx2.AsyncClient:
        """A browser without JavaScript, which keeps cookies and follows no redirect by itself."""
        transport = httpx2.ASGITransport(app=self.app)
        return httpx2.AsyncClient(transport=transport, base_url=self.public_url)

    async def link_for(self, person: str, next_path: str = "/") -> str:
        return await make_sign_in_link(
            self.service.pool, SalespersonId(person), base_url=self.public_url, next_path=next_path
        )

    async def signed_in(self, person: str = SELLER) -> httpx2.AsyncClient:
        """A browser in which this person has signed in."""
        browser = self.browser()
        answer = await browser.post("/sign-in", data={"token": token_of(await self.link_for(person))})
        assert answer.status_code == 303, answer.text
        return browser

    async def receive(self, fact: Fact, *, minutes_ago: float = 0, about: str | None = None) -> None:
        """Apply a fact as orders or support publish it."""
        at = await self.service.now() - timedelta(minutes=minutes_ago)
        published = CATALOG[fact.type.replace(".inbound.", ".")].model_validate(fact.model_dump())
        await self.service.receive(input_of(published, subject=about, at=at))

    async def hire(self, person: str = SELLER, name: str = "Anna Berg", **changes: Any) -> None:
        await self.receive(salesperson_changed(name, **changes), about=person)

    async def sell(
        self, order: str = ORDER, *, account: str = ACCOUNT, by: str | None = SELLER, **changes: Any
    ) -> None:
        sold_at = await self.service.now() - timedelta(days=202)
        placed = order_placed(order, sold_by=by, sold_at=sold_at, **changes)
        await self.receive(placed, minutes_ago=202 * 1440, about=account)

    async def request_refund(
        self, order: str = ORDER, *, account: str = ACCOUNT, minutes_ago: float = 6, **changes: Any
    ) -> UUID:
        """Returns the episode that the request opens or joins."""
        asked = refund_requested(order=order, **changes)
        await self.receive(asked, minutes_ago=minutes_ago, about=account)
        episode: UUID = await self.service.pool.fetchval(
            "select episode_id from escalation.episodes where order_id = $1", order
        )
        return episode

    async def trouble(self, person: str = SELLER, *, order: str = ORDER, account: str = ACCOUNT) -> UUID:
        """Put this person's sale at risk."""
        await self.hire(person)
        await self.sell(order, account=account, by=person)
        return await self.request_refund(order, account=account)

    async def wait(self, by: timedelta) -> None:
        """Let time pass without other inputs, and process everything that becomes due."""
        await self.service.move_clock(by)
        await self.service.pool.execute(_READ_THROUGH)
        await fire_all(self.service.processor)


@asynccontextmanager
async def inbox_site(
    database_url: str,
    *,
    public_url: str = "http://inbox.test",
    poll_seconds: float = 0.1,
    sender: PushSender | None = None,
) -> AsyncIterator[Site]:
    """The inbox on this database; with a sender, devices can receive notifications."""
    installation = replace(INSTALLATION, device_key=sender.key.fingerprint if sender else None)
    async with running(database_url, "escalation", handling(installation), OWN_FACTS) as service:
        sent_links: list[tuple[Person, str]] = []
        pressed: list[UUID] = []

        resources = Resources(
            service.pool, service.processor, Cluster("nobody.invalid:9092"), create_metrics("escalation")
        )

        async def press(button: EpisodeButton | DutyButton, account: AccountId, round: str | None = None) -> None:
            if isinstance(button, EpisodeButton):
                pressed.append(button.episode)
            await app.press(resources, button, account, round)

        async def send(person: Person, url: str) -> None:
            sent_links.append((person, url))

        inbox = InboxDependencies(
            service.pool,
            app.reading_policies(service.pool),
            press,
            send,
            public_url,
            resources.metrics,
            poll_seconds,
            None if sender is None else app.notifications(sender, service.pool),
        )
        pages = show_errors(bare_app("On call", [create_inbox(inbox)]))
        site = Site(service, public_url, pages, sent_links, pressed, resources.metrics)
        await service.begin_at(10)  # an hour when customers may be called, whenever the tests run
        yield site


@asynccontextmanager
async def served(app: FastAPI, port: int = 0) -> AsyncIterator[str]:
    """The app behind a real web server. Yields its address."""
    config = uvicorn.Config(
        app, host="127.0.0.1", port=port, log_config=None, timeout_graceful_shutdown=1, lifespan="off"
    )
    server = uvicorn.Server(config)
    running_server = asyncio.create_task(server.serve())
    while not server.started:  # noqa: ASYNC110 - uvicorn sets no event
        await asyncio.sleep(0.01)
    (listening,) = server.servers[0].sockets
    try:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
    finally:
        server.should_exit = True
        await running_server


def token_of(link: str) -> str:
    (token,) = parse_qs(urlsplit(link).query)["token"]
    return token


def form_token(page: str) -> str:
    """The hidden token in a page's forms."""
    found = re.search(r'name="csrf_token" value="([^"]+)"', page)
    assert found is not None
    return found[1]


def words_of(page: str) -> str:
    """A page without its markup."""
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", page)).split())
