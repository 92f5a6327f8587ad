"""Support's pages of cases on a real database, as its own application serves them. Start at `case_desk`."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from urllib.parse import quote
from uuid import UUID

import httpx2
from fastapi import FastAPI

from services.support import app
from services.support.handlers import handle
from services.support.settings import SupportSettings
from shared.contracts.escalation import SaveWindowOpened
from shared.messaging.cluster import Cluster
from shared.metrics import create_metrics
from shared.service import Health, Resources
from tests.services import ServiceUnderTest, running

KEY = "a-reader-of-case-pages"
OTHER_KEY = "another-reader-of-pages"
SITE = "https://support.example"


@dataclass(frozen=True)
class CaseDesk:
    """Support, and the application that serves it."""

    service: ServiceUnderTest
    app: FastAPI

    def client(self) -> httpx2.AsyncClient:
        return httpx2.AsyncClient(transport=httpx2.ASGITransport(app=self.app), base_url=SITE)

    async def link_to(self, case: str, *, key: str = KEY, **query: str) -> httpx2.Response:
        """The response to a help desk that asks for a link."""
        async with self.client() as client:
            path = f"/cases/{quote(case, safe='')}/page-links"
            return await client.post(path, params=query, headers={"Authorization": f"Bearer {key}"})

    async def url_of(self, case: str, **query: str) -> str:
        answer = await self.link_to(case, **query)
        assert answer.status_code == 200, answer.text
        url: str = answer.json()["url"]
        return url

    async def failing(self, url: str, method: str = "GET") -> httpx2.Response:
        """The response of the server to a request that fails."""
        transport = httpx2.ASGITransport(app=self.app, raise_app_exceptions=False)
        async with httpx2.AsyncClient(transport=transport, base_url=SITE) as client:
            return await client.request(method, url)

    async def read(self, url: str) -> httpx2.Response:
        """The page as a frame gets it: without cookie or key."""
        async with self.client() as client:
            return await client.get(url)

    def with_settings(self, **settings: str) -> "CaseDesk":
        """The same tables behind an application with these settings."""
        return replace(self, app=_app(self.service, **settings))


@asynccontextmanager
async def case_desk(database_url: str, **settings: str) -> AsyncIterator[CaseDesk]:
    async with running(database_url, "support", handle) as service:
        yield CaseDesk(service, _app(service, **settings))


def _app(service: ServiceUnderTest, **settings: str) -> FastAPI:
    given: dict[str, Any] = {"reader_keys": f'["{KEY}"]', **settings}
    metrics = create_metrics("support")
    resources = Resources(service.pool, service.processor, Cluster("127.0.0.1:1"), metrics)
    return app.service(SupportSettings(**given)).web(resources, Health())


def window(until: datetime, **changes: Any) -> SaveWindowOpened:
    """A save window about case CS-1 of order 4711, which nobody has acknowledged."""
    about = {
        "episode": UUID(int=1),
        "order": "4711",
        "case": "CS-1",
        "who": "anna",
        "name": "Anna Berg",
        "until": until,
    }
    return SaveWindowOpened(**{**about, "acknowledged": False, "zone": "Europe/Berlin", **changes})
