"""Results of closed episodes: on the pages, as an account is read again, and in the notices to saver and manager."""

import re
from dataclasses import replace
from datetime import timedelta
from email.message import EmailMessage

from services.escalation.domain.own_facts import OWN_FACTS, AcknowledgePressed, ClosePressed, OfferLogged
from services.escalation.handlers import handling
from shared.contracts.escalation import EpisodeResult
from shared.formatting import date_words
from shared.transaction import InputProcessor
from tests.builders import refund_paid, refund_requested
from tests.escalation import NO_LIMIT, Escalation, dead_end, reported
from tests.inbox import Site, words_of
from tests.inbox_desk import Desk, done, taken
from tests.team import HOUR, MINUTE, happens, open_episode, presses

_MONTH = timedelta(days=30)


async def test_a_save_is_provisional_then_disproved_and_the_next_one_proven(site: Site) -> None:
    desk = await taken(site)
    assert done(await desk.press("close", ending="saved:problem_solved"))
    today = (await site.service.now()).date()
    until = date_words(today + _MONTH, today)
    assert f"Saved, not yet proven (until {until})" in await desk.page()
    assert f"Saved, not yet proven (until {until})." in words_of((await desk.browser.get("/closed")).text)
    await site.receive(refund_paid())
    assert f"Came back: refund paid on {date_words(today, today)}" in await desk.page()
    relapse = await site.service.row("(select * from escalation.episodes where closed_at is null) relapse")
    assert (f"/episodes/{relapse['follows']}", relapse["severity"]) == (desk.path, "critical")
    again = Desk(desk.browser, relapse["episode_id"])
    page = await again.page()
    assert re.search(
        r"You closed it as saved at \S+ \(we solved the problem\), but that did not last\. Earlier episode", page
    )
    assert f'<a href="{desk.path}">Earlier episode</a>' in (await again.browser.get(again.path)).text
    assert done(await again.press("acknowledge"))
    assert done(await again.press("close", ending="saved:problem_solved"))
    await site.wait(_MONTH)
    browser = await site.signed_in()
    assert "Proven. Thank you, Anna Berg." in await Desk(browser, relapse["episode_id"]).page()
    assert "Came back" in await Desk(browser, relapse["follows"]).page()


async def test_the_manager_and_the_former_saver_are_informed_by_mail(team: Escalation) -> None:
    """Also if the process reads the account again in between."""
    await happens(team, refund_requested())
    await presses(team, AcknowledgePressed, "anna")
    await presses(team, ClosePressed, "anna", result=EpisodeResult.SAVED, reason="problem_solved")
    await team.wait(_MONTH)
    await team.send_notices()
    await happens(team, dead_end(case=None, order="4711"))
    await team.wait(HOUR + MINUTE)
    assert await presses(team, AcknowledgePressed, "ben") == []
    forgotten = replace(team, processor=InputProcessor(team.pool, "escalation", handling(NO_LIMIT), OWN_FACTS))
    await forgotten.receive(reported(refund_paid(), at=await team.now() - timedelta(days=1)))
    relapse = await open_episode(team)
    assert (relapse["acknowledged_by"], relapse["severity"]) == ("ben", "critical")
    await team.send_notices()
    thanks, news = team.mail.received
    assert (thanks["To"], thanks["Subject"]) == ("carla@sales.example", "Anna saved order 4711")
    assert (news["To"], news["Subject"]) == ("anna@sales.example", "Not saved after all: order 4711")
    assert "That did not last: refund paid on" in str(news.get_body(("plain",)))


async def test_the_alerts_of_a_relapse_say_who_saved_it_why_and_what_was_given_away(team: Escalation) -> None:
    """The earlier episode is a link only for people who may see it."""
    await happens(team, refund_requested())
    await presses(team, AcknowledgePressed, "anna")
    saved = await open_episode(team)
    assert await presses(team, OfferLogged, "anna", what="A credit.", amount_minor=2_000) == []
    await presses(team, ClosePressed, "anna", result=EpisodeResult.SAVED, reason="concession")
    await happens(team, refund_paid())
    await team.wait(HOUR)
    await team.send_mail()
    said = {str(mail["To"]).split("@")[0]: _bodies(mail) for mail in team.mail.received}
    why = (
        r"closed it as saved \S.* \(we agreed on a discount or a credit; €20\.00 given away\), but that did not last\."
    )
    for who, closer in (("anna", "You"), ("ben", "Anna")):
        assert all(re.search(f" {closer} {why}", body) for body in said[who]), said[who]
    plain, html = said["anna"]
    assert f"Earlier episode: http://inbox.example/episodes/{saved['episode_id']}" in plain
    assert f'/episodes/{saved["episode_id"]}">Earlier episode</a>' in html
    assert not any("Earlier episode" in body for body in said["ben"])


def _bodies(mail: EmailMessage) -> list[str]:
    bodies = (mail.get_body((kind,)) for kind in ("plain", "html"))
    return [" ".join(str(body.get_content()).split()) for body in bodies if body is not None]
