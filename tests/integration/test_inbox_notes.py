"""Notes: who reads them and where, that typed text is not lost, and where they must never appear."""

import re
from datetime import timedelta
from html import unescape
from uuid import UUID

import pytest

from services.escalation.domain.written import LONGEST_NOTE
from tests.inbox import Site, words_of
from tests.inbox_desk import Desk, at_in, done, state, taken

SAID = "She wants a call after six, ask for her mother."


async def _desk_of(site: Site, person: str) -> Desk:
    return Desk(await site.signed_in(person), (await state(site))["episode_id"])


async def _story(desk: Desk) -> str:
    """The story on the episode's own page."""
    return (await desk.page()).rpartition("What happened")[2]


@pytest.mark.parametrize(
    ("action", "fields", "title"),
    [
        ("not-reached", {}, "{} could not reach the customer by phone"),
        ("reached", {"channel": "in_person"}, "{} reached the customer in person"),
        ("close", {"ending": "lost:price"}, "Note: closed"),
    ],
)
async def test_a_note_is_in_the_story_for_holder_and_manager(
    site: Site, action: str, fields: dict[str, str], title: str
) -> None:
    desk = await taken(site)
    assert done(await desk.press(action, **fields, note=SAID))
    page = await _story(desk)
    assert re.search(re.escape(f"{title.format('You')} just now") + rf" \([^)]*\) {SAID} (Handoff|You)", page)
    assert page.count(SAID) == 1
    page = await _story(await _desk_of(site, "mona"))
    assert re.search(
        re.escape(f"{title.format('Anna Berg')} just now") + rf" \([^)]*\) {SAID} (Handoff|Anna Berg)", page
    )
    assert page.count("the customer in person") + page.count("the customer by phone") + page.count("Note: ") == 1


async def test_the_last_entry_is_the_talk_and_not_the_attempt_before_it(site: Site) -> None:
    desk = await taken(site)
    assert done(await desk.press("not-reached", note=SAID))
    await site.service.move_clock(timedelta(minutes=1))
    assert done(await desk.press("reached", channel="phone"))
    await site.service.move_clock(timedelta(minutes=1))
    assert done(await desk.press("close", ending="saved:concession"))
    assert done(await desk.press("reopen"))
    story = await _story(desk)
    talk, attempt = "You reached the customer by phone", "You could not reach the customer by phone"
    assert story.index(talk) < story.index(attempt) < story.index("Refund of")
    assert re.search(talk + r" 1 min ago \([^)]*\) Handoff · \d\d:\d\d", story)


async def test_the_new_holder_reads_the_givers_note_first(site: Site) -> None:
    desk = await taken(site)
    until = await at_in(site, hours=2)
    assert done(await desk.press("hand-over", to="ben", at=until, note=SAID))
    ben = await _desk_of(site, "ben")
    for why in ("asks you to take over order 4711.", "handed order 4711 over to you."):
        page = await ben.page()
        assert "Note from Anna Berg " + SAID in page
        assert page.rindex("Note from Anna Berg") < page.rindex(why)
        await ben.press("accept")
    assert (await state(site))["acknowledged_by"] == "ben"
    sellers = await desk.page()
    assert "You sold this order." in sellers
    assert "Note: hand-over just now" in sellers
    assert "Note from" not in sellers


async def test_no_one_outside_the_line_reads_a_note(site: Site) -> None:
    await site.hire("vera", "Vera Sand", email="vera@sales.example")
    desk = await taken(site)
    assert done(await desk.press("not-reached", note=SAID))
    vera = await _desk_of(site, "vera")
    assert (await vera.browser.get(vera.path)).status_code == 404


async def test_a_refused_form_keeps_the_typed_text(site: Site) -> None:
    desk = await taken(site)
    answer = await desk.press("close", ending="", note=SAID)
    assert answer.status_code == 422
    assert "Choose how it ended and why." in words_of(answer.text)
    kept = re.findall(r"<textarea[^>]*>\s*([^<]+)</textarea>", answer.text)
    assert kept == [SAID]
    assert await site.service.rows("escalation.notes") == []


async def test_a_form_sent_too_late_keeps_the_typed_text_too(site: Site) -> None:
    desk = await taken(site)
    form = await desk.form()
    assert done(await desk.press("close", ending="lost:price"))
    answer = await desk.send("not-reached", form, note=SAID)
    assert answer.status_code == 409
    page = words_of(answer.text)
    assert re.search(r"You closed it at \d\d:\d\d\. Not saved yet\. You wrote: " + re.escape(SAID), page)


async def test_a_notes_limit_is_stated_in_words_and_counts_the_stored_text(site: Site) -> None:
    desk = await taken(site)
    answer = await desk.press("not-reached", note="ä" * (LONGEST_NOTE + 1))
    assert answer.status_code == 422
    assert "This note has 1001 characters; at most 1000 are allowed." in words_of(answer.text)
    assert done(await desk.press("not-reached", note="ä\r\n" * (LONGEST_NOTE // 2)))


@pytest.mark.parametrize(
    ("hostile", "shown"),
    [
        ("<script>alert(1)</script>", "<script>alert(1)</script>"),
        ("a\x00b\x1b[31mc\x9bd", "a b [31mc d"),
        ("\u202egnp.exe\u202c", "gnp.exe"),
        ("اتصلت بها", "اتصلت بها"),
        ("one\r\ntwo\r\n\r\n\r\n\r\nthree", "one\ntwo\n\nthree"),
    ],
)
async def test_any_note_is_shown_as_text_in_its_own_direction(site: Site, hostile: str, shown: str) -> None:
    desk = await taken(site)
    assert done(await desk.press("not-reached", note=hostile))
    html = (await desk.browser.get(desk.path)).text
    assert shown in [unescape(one) for one in re.findall(r'<blockquote dir="auto">([^<]+)</blockquote>', html)]


async def test_an_empty_note_is_not_stored(site: Site) -> None:
    desk = await taken(site)
    assert done(await desk.press("not-reached", note=" \r\n\t\u202e "))
    assert await site.service.rows("escalation.notes") == []


async def test_a_note_sent_twice_is_stored_once(site: Site) -> None:
    desk = await taken(site)
    form = await desk.form()
    for _ in range(2):
        assert done(await desk.send("not-reached", form, note=SAID))
    (note,) = await site.service.rows("escalation.notes")
    assert (note["by"], note["about"], note["words"]) == ("anna", "attempt", SAID)
    assert isinstance(note["note_id"], UUID)


async def test_a_refused_button_leaves_no_note(site: Site) -> None:
    desk = await taken(site)
    past = await at_in(site, hours=-1)
    assert (await desk.press("hand-over", to="ben", at=past, note=SAID)).status_code == 409
    assert await site.service.rows("escalation.notes") == []


async def test_a_note_is_in_no_published_event_no_decision_and_no_log(
    site: Site, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    desk = await taken(site)
    assert done(await desk.press("hand-over", to="ben", at=await at_in(site, hours=2), note=SAID))
    assert done(await desk.press("reached", note=SAID))
    assert done(await desk.press("close", ending="lost:price", note=SAID))
    await site.wait(timedelta(minutes=1))
    for table in ("shared.outbox", "escalation.decisions", "escalation.facts", "escalation.alerts"):
        assert SAID not in str(await site.service.rows(table)), table
    written = capsys.readouterr()
    assert SAID not in caplog.text + written.out + written.err
