"""An office on one database: every kind of person, and every kind of episode that some people may not see. Start at
`office_on`; `SEES` says who sees what.

All data of a customer carries a canary of the episode, so that an answer that reveals one is recognised.
"""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Any
from uuid import UUID, uuid4

import httpx2
from fastapi import FastAPI

from services.escalation import app
from services.escalation.domain import own_facts
from services.escalation.domain.own_facts import EpisodeButton
from services.escalation.settings import EscalationSettings
from shared.contracts.escalation import EpisodeResult
from shared.contracts.order_parts import Customer, Line
from shared.messaging.cluster import Cluster
from shared.metrics import create_metrics
from shared.service import Health, Resources
from tests.builders import ZONE
from tests.escalation import button
from tests.inbox import Site, form_token, inbox_site

_NO_OFFER = UUID(int=0)
READER_KEY = "the-key-of-a-reader-0001"
PUBLISHER_KEY = "the-key-of-a-publisher-1"
LATER = "2026-11-25T12:00"
"""Two hours after the office opens, in everyone's zone."""


class Access(IntEnum):
    """A person's rights on an episode."""

    NONE = 0
    READS = 1
    PART = 2


_PART, _READS = Access.PART, Access.READS
SEES: Mapping[str, Mapping[str, Access]] = {
    "ringing": {"anna": _PART, "mona": _READS, "vera": _READS},
    "passed on": {"anna": _PART, "ben": _PART, "mona": _READS, "vera": _READS},
    "held": {"anna": _READS, "ben": _PART, "mona": _READS, "vera": _READS},
    "offered": {"anna": _PART, "clara": _PART, "mona": _READS, "vera": _READS},
    "asked": {"anna": _PART, "mona": _PART, "vera": _READS},
    "closed": {"anna": _READS, "ben": _PART, "mona": _READS, "vera": _READS},
    "of another team": {"olga": _PART, "otto": _READS},
    "with the desk": {"desk": _PART},
    "of who left": {"otto": _READS},
    "of who moved": {"otto": _READS},
}
"""The rights of signed-in people on the standing episodes; no one else sees any."""

SELLERS: Mapping[str, str | None] = {
    **dict.fromkeys(SEES, "anna"),
    "of another team": "olga",
    "with the desk": None,
    "of who left": "dave",
    "of who moved": "ria",
}
"""The seller of each episode's order."""

RESPONSIBLE = {
    "ringing": "anna",
    "passed on": "ben",
    "held": "ben",
    "offered": "anna",
    "asked": "anna",
    "of another team": "olga",
    "with the desk": "desk",
}
"""The reader of the customer's timeline while the episode stands."""

SIGNED_IN = ("anna", "ben", "clara", "nina", "mona", "vera", "olga", "otto", "desk")
"""A seller, a colleague who is notified and has other episodes, one who is offered some, one without a part; the
manager of these four and the manager's manager; a seller and a manager of another team; the desk."""

SIGNED_OUT = ("nobody", "a made-up cookie", "who left", "who moved", "who signed out", "a reader", "a publisher")
"""The two keys come without a cookie."""

WHO = (*SIGNED_IN, *SIGNED_OUT)
_TEAM: Mapping[str, Mapping[str, str]] = {
    "vera": {},
    "mona": {"manager": "vera"},
    "ben": {"manager": "mona"},
    "clara": {"manager": "mona"},
    "nina": {"manager": "mona"},
    "anna": {"manager": "mona", "backup": "ben"},
    "otto": {},
    "olga": {"manager": "otto"},
    "dave": {"manager": "otto"},
    "ria": {"manager": "otto"},
    "desk": {},
}
_TABLES = """
    select format('select %L, md5(coalesce(string_agg(t::text, chr(10) order by t::text), %L)) from %I.%I t',
                  schemaname || '.' || tablename, '', schemaname, tablename)
    from pg_tables where schemaname in ('escalation', 'shared')
"""


@dataclass(frozen=True)
class Trouble:
    """An episode, with its order and account."""

    situation: str
    episode: UUID
    order: str
    account: str
    offer: UUID = _NO_OFFER

    def access_of(self, who: str) -> Access:
        return SEES.get(self.situation, {}).get(who, Access.NONE)

    @property
    def canary(self) -> str:
        """Part of the customer's name, address and words, and of the product's name."""
        return canary_of(self.order)


def canary_of(order: str) -> str:
    return f"Zq{order.replace('-', '')}qZ"


@dataclass
class Office:
    """The pages as a process serves them, everyone's browser, and the standing episodes."""

    site: Site
    app: FastAPI
    browsers: dict[str, httpx2.AsyncClient] = field(default_factory=dict)
    tokens: dict[str, str] = field(default_factory=dict)
    standing: dict[str, Trouble] = field(default_factory=dict)
    digests: str = ""

    def browser(self, **headers: str) -> httpx2.AsyncClient:
        transport = httpx2.ASGITransport(app=self.app)
        return httpx2.AsyncClient(transport=transport, base_url=self.site.public_url, headers=headers)

    async def sign_in(self, person: str) -> httpx2.AsyncClient:
        """A browser in which this person is signed in. The token of its forms is kept under the person's name."""
        link = await self.site.link_for(person)
        browser = self.browser()
        answer = await browser.post("/sign-in", data={"token": link.partition("token=")[2]})
        assert answer.status_code == 303, answer.text
        self.tokens[person] = form_token((await browser.get("/")).text)
        return browser

    async def stored(self) -> Mapping[str, str]:
        """Each table with the digest of its rows."""
        if not self.digests:
            self.digests = " union all ".join(row[0] for row in await self.site.service.pool.fetch(_TABLES))
        return {row[0]: row[1] for row in await self.site.service.pool.fetch(self.digests)}

    async def trouble(self, situation: str) -> Trouble:
        """A new episode of a customer of its own in this situation."""
        tag = uuid4().hex[:8]
        seller = SELLERS[situation]
        order, account = f"o-{tag}", f"c-{tag}"
        canary = canary_of(order)
        customer = Customer(name=f"Name {canary}", email=f"{canary}@customer.example", zone=ZONE.key)
        lines = (Line(product=f"Product {canary}"),)
        await self.site.sell(order, account=account, by=seller, customer=customer, lines=lines)
        episode = await self.site.request_refund(order, account=account, words=f"Words {canary}", case=f"case-{tag}")
        for kind, by, says in _PRESSES.get(situation, ()):
            report = await self.site.service.receive(button(kind, episode, by, account=account, **says))
            assert not report.rejected, (situation, kind, report.rejected)
        offer = await self.site.service.pool.fetchval(_OFFER, episode)
        return Trouble(situation, episode, order, account, offer or _NO_OFFER)


_OFFER = "select offer_id from escalation.offers where episode_id = $1"
_AT_NOON = "2026-11-25T11:00:00Z"
_Press = tuple[type[EpisodeButton], str, Mapping[str, Any]]
_HELD: tuple[_Press, ...] = (
    (own_facts.AcknowledgePressed, "anna", {}),
    (own_facts.HandOverPressed, "anna", {"to": "ben", "until": _AT_NOON}),
    (own_facts.HandOverAcceptPressed, "ben", {}),
)
_CLOSES = {"result": EpisodeResult.LOST, "reason": "price"}
_PRESSES: Mapping[str, tuple[_Press, ...]] = {
    "passed on": ((own_facts.NotMinePressed, "anna", {}),),
    "held": _HELD,
    "offered": (_HELD[0], (own_facts.HandOverPressed, "anna", {"to": "clara", "until": _AT_NOON})),
    "asked": (_HELD[0], (own_facts.ApprovalAsked, "anna", {"what": "A larger credit", "amount_minor": 60_000})),
    "closed": (*_HELD, (own_facts.ClosePressed, "ben", _CLOSES)),
    "of who left": ((own_facts.AcknowledgePressed, "dave", {}), (own_facts.ClosePressed, "dave", _CLOSES)),
}


@asynccontextmanager
async def office_on(database_url: str) -> AsyncIterator[Office]:
    """The office, with everyone signed in who can be, and the sessions of the others ended."""
    async with inbox_site(database_url, public_url="http://inbox.test") as site:
        office = Office(site, _pages(site))
        for person, of in _TEAM.items():
            await site.hire(person, person.title(), email=f"{person}@sales.example", **of)
        for situation in SEES:
            office.standing[situation] = await office.trouble(situation)
        for person in (*SIGNED_IN, "dave", "ria"):
            office.browsers[person] = await office.sign_in(person)
        await _end_sessions(office)
        yield office


def _pages(site: Site) -> FastAPI:
    """All of escalation's routes, as in its process."""
    settings = EscalationSettings(
        reader_keys=f'["{READER_KEY}"]', inbox_url=site.public_url, smtp_url="smtp://127.0.0.1:9"
    )
    service = site.service
    cluster, metrics = Cluster("nobody.invalid:9092"), create_metrics("escalation")
    return app.service(settings).web(Resources(service.pool, service.processor, cluster, metrics), Health(not_ready=[]))


async def _end_sessions(office: Office) -> None:
    """One left, one has another address, one signed out, and the rest never had a session."""
    site, browsers = office.site, office.browsers
    await site.hire("dave", "Dave", email="dave@sales.example", manager="otto", active=False)
    await site.hire("ria", "Ria", email="ria@elsewhere.example", manager="otto")
    out = await office.sign_in("anna")
    kept = dict(out.cookies)
    assert (await out.post("/sign-out", data={"csrf_token": office.tokens["anna"]})).status_code == 200
    office.tokens["who signed out"] = office.tokens["anna"]
    out.cookies.update(kept)
    again = await browsers["anna"].get("/")
    office.tokens["anna"] = form_token(again.text)
    browsers["who signed out"] = out
    for person, name in (("dave", "who left"), ("ria", "who moved")):
        browsers[name], office.tokens[name] = browsers.pop(person), office.tokens.pop(person)
    browsers["nobody"] = office.browser()
    browsers["a made-up cookie"] = office.browser(cookie=f"handoff={office.tokens['anna']}")
    browsers["a reader"] = office.browser(authorization=f"Bearer {READER_KEY}")
    browsers["a publisher"] = office.browser(authorization=f"Bearer {PUBLISHER_KEY}")
