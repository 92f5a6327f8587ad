"""The page of a case in a frame of a help desk, in a real Chromium."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta

import pytest
from fastapi import FastAPI
from fastapi.responses import HTMLResponse
from playwright.async_api import Browser, Page, expect

from tests.builders import ACCOUNT, case_opened, input_of, refund_requested
from tests.case_pages import CaseDesk, case_desk, window
from tests.inbox import served
from tests.servers import MakeDatabase

LONG = "ÄußerstLangesWortOhneEineLücke" * 12


@dataclass
class Ticket:
    """A help desk's page with the page of a case in a frame."""

    page: Page
    complaints: list[str]


@asynccontextmanager
async def ticket(
    chromium: Browser, desk: CaseDesk, *, may_frame: bool, sandbox: str = "", width: int = 400
) -> AsyncIterator[Ticket]:
    help_desk, frame = FastAPI(), {"url": ""}

    @help_desk.get("/")
    async def ticket_page() -> HTMLResponse:
        icon = '<!doctype html><link rel="icon" href="data:,">'
        return HTMLResponse(f'{icon}<iframe {sandbox} src="{frame["url"]}" width="{width}" height="900">')

    async with served(help_desk) as outside:
        outside = outside.replace("127.0.0.1", "localhost")  # another site than the page's
        framed = desk.with_settings(frame_ancestors=outside if may_frame else "")
        async with served(framed.app) as inside:
            frame["url"] = (await framed.url_of("CS-1", zone="Europe/Berlin")).replace(
                "https://support.example", inside
            )
            context = await chromium.new_context(viewport={"width": 1280, "height": 950}, java_script_enabled=True)
            page = await context.new_page()
            complaints: list[str] = []
            page.on("console", lambda message: complaints.append(message.text))
            await page.goto(outside)
            yield Ticket(page, complaints)
            await context.close()


@pytest.fixture
async def desk(database: MakeDatabase) -> AsyncIterator[CaseDesk]:
    async with case_desk(await database("support")) as desk:
        now = await desk.service.now()
        opened = case_opened("CS-1", order="4711", title=LONG)
        await desk.service.receive(
            input_of(opened, at=now - timedelta(hours=3)),
            input_of(refund_requested("CS-1", words=LONG), at=now - timedelta(hours=2)),
            input_of(window(now + timedelta(hours=2)), subject=ACCOUNT, at=now),
        )
        yield desk


@pytest.mark.browser
@pytest.mark.parametrize("sandbox", ["", "sandbox"])
async def test_a_help_desk_that_is_named_shows_the_page_in_a_frame(
    chromium: Browser, desk: CaseDesk, sandbox: str
) -> None:
    async with ticket(chromium, desk, may_frame=True, sandbox=sandbox) as shown:
        frame = shown.page.frame_locator("iframe")
        await expect(frame.get_by_role("heading", level=1)).to_have_text("Case CS-1")
        await expect(frame.get_by_text("A colleague will call you.")).to_be_visible()
        await expect(frame.locator(".panel").first).to_have_css("border-radius", "12px")
        assert shown.complaints == []


@pytest.mark.browser
async def test_no_other_site_shows_it(chromium: Browser, desk: CaseDesk) -> None:
    async with ticket(chromium, desk, may_frame=False) as shown:
        await expect(shown.page.frame_locator("iframe").get_by_text("A colleague will call you.")).to_have_count(0)
        assert any("frame-ancestors" in one for one in shown.complaints)


@pytest.mark.browser
@pytest.mark.parametrize("width", [360, 400, 768, 1280])
async def test_no_width_needs_a_horizontal_bar(chromium: Browser, desk: CaseDesk, width: int) -> None:
    async with served(desk.app) as inside:
        context = await chromium.new_context(viewport={"width": width, "height": 800}, java_script_enabled=False)
        page = await context.new_page()
        await page.goto((await desk.url_of("CS-1")).replace("https://support.example", inside))
        await expect(page.get_by_role("heading", level=1)).to_have_text("Case CS-1")
        wide = await page.evaluate("document.documentElement.scrollWidth")
        assert wide <= width
        await context.close()
