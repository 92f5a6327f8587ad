"""E-mails for every eye: names, headings and landmarks in order, and text with contrast, light and dark."""

from email.message import EmailMessage
from uuid import UUID

import pytest

from tests.browser.conftest import DESK, PHONE, Visits
from tests.browser.test_inbox_for_everyone import CONTRASTS, FAULTS
from tests.builders import AT
from tests.escalation import letters
from tests.integration.test_letters_like_pages import mailed, reported

pytestmark = pytest.mark.browser


async def mails(visits: Visits) -> dict[str, EmailMessage]:
    await reported(visits.site)
    made = letters()
    link = made.sign_in(address="anna@sales.example", name="Anna", url="http://x.example", message=UUID(int=1), now=AT)
    return {"alert": await mailed(visits.site), "sign-in": link.message}


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [PHONE, DESK])
async def test_emails_are_well_structured_and_readable(visits: Visits, size: tuple[int, int], scheme: str) -> None:
    page = await (await visits.context(size, scheme=scheme)).new_page()
    for name, message in (await mails(visits)).items():
        html = message.get_body(("html",))
        assert html is not None
        await page.set_content(html.get_content())
        assert await page.evaluate(FAULTS) == [], name
        assert await page.evaluate(CONTRASTS) == [], name
        assert await page.evaluate("document.documentElement.scrollWidth") <= size[0], name
