"""A real Chromium with the inbox open in it."""

import re
import shutil
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.async_api import Browser, BrowserContext, ConsoleMessage, Page, Request, async_playwright, expect

from deploy.local.ports import free_ports
from tests.browser.service_worker import Worker, worker_in
from tests.builders import SELLER
from tests.devices import Devices, devices_on
from tests.inbox import Site, inbox_site, served
from tests.servers import MakeDatabase

PHONE = (390, 844)
DESK = (1280, 800)
expect.set_options(timeout=30_000)
MINE = re.compile(r"^(Yours|You are handling this)$")
"""What row and page say of an episode that the reader has acknowledged."""


@dataclass
class Watched:
    """A browser's errors, and its requests to other sites."""

    host: str
    complaints: list[str] = field(default_factory=list)
    strangers: list[str] = field(default_factory=list)

    def complained(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            self.complaints.append(message.text)

    def asked(self, request: Request) -> None:
        if urlsplit(request.url).netloc != self.host:
            self.strangers.append(request.url)


@dataclass
class Visits:
    """Opens pages of one site, each in a browser context of its own."""

    site: Site
    browser: Browser
    stack: AsyncExitStack
    server: AsyncExitStack
    watched: Watched

    async def context(
        self, size: tuple[int, int] = DESK, *, scheme: str = "light", scripts: str = "on"
    ) -> BrowserContext:
        width, height = size
        context = await self.browser.new_context(
            viewport={"width": width, "height": height},
            color_scheme="dark" if scheme == "dark" else "light",
            java_script_enabled=scripts == "on",
            base_url=self.site.public_url,
        )
        context.set_default_timeout(30_000)
        context.on("console", self.watched.complained)
        context.on("request", self.watched.asked)
        context.on("weberror", lambda error: self.watched.complaints.append(str(error.error)))
        self.stack.push_async_callback(context.close)
        return context

    async def sign_in(self, context: BrowserContext, person: str = SELLER, *, next_path: str = "/") -> Page:
        """Open a sign-in link and press the button."""
        page = await context.new_page()
        await page.goto(await self.site.link_for(person, next_path))
        await page.get_by_role("button", name="Sign in").click()
        await page.wait_for_url(f"**{next_path}")
        return page

    async def open(self, size: tuple[int, int] = DESK, *, next_path: str = "/", scheme: str = "light") -> Page:
        return await self.sign_in(await self.context(size, scheme=scheme), next_path=next_path)

    async def start_server(self) -> None:
        port = urlsplit(self.site.public_url).port or 0
        await self.server.enter_async_context(served(self.site.app, port))

    async def stop_server(self) -> None:
        await self.server.aclose()


@pytest.fixture(scope="session")
async def chromium() -> AsyncIterator[Browser]:
    """The installed Chromium; no browser is ever downloaded."""
    program = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if program is None:
        pytest.skip("no Chromium is installed: run `apt-get install chromium` for the browser tests")
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        yield browser
        await browser.close()


@pytest.fixture
async def visits(chromium: Browser, database: MakeDatabase) -> AsyncIterator[Visits]:
    """The inbox behind a web server, with Anna hired, and browsers to visit it."""
    async with visiting(chromium, await database("escalation")) as visits:
        await visits.site.hire()
        yield visits


@asynccontextmanager
async def visiting(browser: Browser, database_url: str) -> AsyncIterator[Visits]:
    (port,) = free_ports(1)
    async with (
        inbox_site(database_url, public_url=f"http://127.0.0.1:{port}") as site,
        visits_of(browser, site) as visits,
    ):
        yield visits


@asynccontextmanager
async def visiting_devices(browser: Browser, database_url: str, folder: Path) -> AsyncIterator[tuple[Visits, Devices]]:
    """Visits to a site whose people can receive notifications, with Anna hired."""
    (port,) = free_ports(1)
    async with (
        devices_on(database_url, folder, public_url=f"http://127.0.0.1:{port}") as devices,
        visits_of(browser, devices.site) as visits,
    ):
        await devices.site.hire()
        yield visits, devices


@pytest.fixture
async def worker(chromium: Browser, database: MakeDatabase, tmp_path: Path) -> AsyncIterator[Worker]:
    """The service worker of a browser of Anna's, with the page of devices open."""
    async with visiting_devices(chromium, await database("escalation"), tmp_path) as (visits, devices):
        yield await worker_in(visits, devices)


@asynccontextmanager
async def visits_of(browser: Browser, site: Site) -> AsyncIterator[Visits]:
    """A web server in front of a site."""
    async with AsyncExitStack() as server, AsyncExitStack() as stack:
        visits = Visits(site, browser, stack, server, Watched(urlsplit(site.public_url).netloc))
        await visits.start_server()
        yield visits
