"""A loss from the customer's request to the figures: the close form, the page, `handoff losses`, and the undo."""

import asyncio

from typer.testing import CliRunner

from services.cli.main import app
from tests.builders import ACCOUNT, ORDER, contact_made, refund_paid
from tests.inbox import Site, inbox_site, words_of
from tests.inbox_desk import Desk, done
from tests.servers import MakeDatabase

SAID = "She has bought elsewhere."
WORDS = "Nobody called me back."
ANSWER = "Called them <b>back</b>."


async def test_a_loss_has_three_reasons_on_the_page_and_in_the_figures(database: MakeDatabase) -> None:
    url = await database("escalation")
    async with inbox_site(url) as site:
        await _lose(site, url)


async def _lose(site: Site, url: str) -> None:
    await site.hire()
    await site.sell()
    episode = await site.request_refund(words=WORDS, reason_code="no_response")
    desk = Desk(await site.signed_in(), episode)
    assert done(await desk.press("acknowledge"))
    answers = {"could_have": ANSWER, "contributed": "unknown_duty", "may_call_again": "no"}
    too_long = await desk.press("close", ending="lost:price", **(answers | {"could_have": "ä" * 1001}))
    assert too_long.status_code == 422
    assert "This answer has 1001 characters; at most 1000 are allowed." in words_of(too_long.text)
    huge = await desk.press("close", ending="lost:price", **(answers | {"could_have": "a" * 100_000}))
    assert huge.status_code == 413
    assert done(await desk.press("close", ending="lost:price", note=SAID, **(answers | {"could_have": f"\0{ANSWER}"})))

    page = await desk.page()
    left = page[page.index("Why they left") :]
    assert "Seller says Too expensive" in left
    assert SAID in left
    assert "Customer says Nobody reached them" in left
    assert WORDS in left
    assert "Reported as “no response”" in left
    assert "Events show Nobody reached them" in left
    assert f"What could we have done? {ANSWER}" in left, "as text"
    assert "May we call again? No" in left
    figures = await _losses(url)
    assert "1 loss" in figures
    assert "Seller and events agree in 0 of 1 (0%)." in figures
    assert not [one for one in (WORDS, ANSWER, SAID, ACCOUNT) if one in figures], "no words of people"
    detail = await _losses(url, "--order", ORDER)
    assert not [one for one in (WORDS, ANSWER, SAID, "Too expensive (price)", "(no_response)") if one not in detail]

    assert await _losses(url, "--order", "4799") == "No one closed an episode of order 4799 as lost.\n"
    await site.receive(contact_made("answered", direction="outbound"), minutes_ago=-0.01)
    assert "Customer and events agree in 1 of 1 (100%)." in await _losses(url), "a talk after the close changes nothing"
    assert done(await desk.press("reopen"))
    assert await site.service.rows("escalation.losses") == []
    assert await _losses(url) == "No losses.\n"
    await site.receive(refund_paid(amount_minor=1_490_000), minutes_ago=-0.02)
    paid = await _losses(url, "--order", ORDER)
    assert paid.startswith(f"No one closed order {ORDER} as lost, but a refund was paid on ")
    assert paid.endswith(f" UTC: see `handoff review {ORDER}`.\n")


async def _losses(url: str, *options: str) -> str:
    command = ["losses", "--escalation-database", url, *options]
    result = await asyncio.to_thread(CliRunner().invoke, app, command)
    assert result.exit_code == 0, result.output
    return result.output
