"""The timeline over HTTP: its content, and its readers."""

from collections.abc import AsyncIterator
from functools import partial
from uuid import UUID

import httpx2
import pytest
from pydantic import SecretStr

from services.escalation.api import timeline_router
from services.escalation.app import reading_policies, signed_in
from services.escalation.domain.duty_buttons import DutyButton
from services.escalation.domain.own_facts import AcknowledgePressed, EpisodeButton
from services.escalation.inbox import InboxDependencies, create_inbox
from services.escalation.inbox.sessions import Sessions
from shared.http.application import bare_app
from shared.http.reader_keys import ReaderKeys
from shared.ids import AccountId
from shared.inputs import Input, InputKind
from shared.metrics import create_metrics
from tests.builders import ACCOUNT, SELLER, case_opened, contact_made, event_of
from tests.inbox import Site, inbox_site
from tests.servers import MakeDatabase

KEY = "a-reader-of-timelines"
PATH = f"/accounts/{ACCOUNT}/timeline"


@pytest.fixture
async def site(database: MakeDatabase) -> AsyncIterator[Site]:
    async with inbox_site(await database("escalation")) as made:
        pool = made.service.pool

        async def nothing(*_: object) -> None: ...

        async def not_pressed(
            button: EpisodeButton | DutyButton, account: AccountId, round: str | None = None
        ) -> None: ...

        inbox = create_inbox(
            InboxDependencies(
                pool, reading_policies(pool), not_pressed, nothing, made.public_url, create_metrics("escalation")
            )
        )
        readers = ReaderKeys.read(SecretStr(f'["{KEY}"]'))
        sessions = Sessions(pool, made.public_url)
        app = bare_app("escalation", [inbox, timeline_router(pool, readers, partial(signed_in, sessions))])
        yield Site(made.service, made.public_url, app, [])


async def read(browser: httpx2.AsyncClient, key: str | None = KEY) -> httpx2.Response:
    return await browser.get(PATH, headers={"Authorization": f"Bearer {key}"} if key else {})


async def test_a_timeline_lists_events_and_actions_in_order(site: Site) -> None:
    await site.hire()
    await site.sell()
    await site.receive(contact_made("unanswered", case=None), minutes_ago=30, about=ACCOUNT)
    episode: UUID = await site.request_refund(minutes_ago=6, amount_minor=129_900, words="I want my money back")
    entries = (await read(site.browser())).json()["entries"]
    assert [entry["what"] for entry in entries] == [
        "Order 4711 placed",
        "Phone call from the customer, not answered by us",
        "Refund of €1,299.00 requested",
        "Episode raised",
        "Save window opened",
        "Alert raised",
    ]
    assert entries[2]["words"] == "I want my money back"
    assert entries[5]["who"] == SELLER
    assert entries[5]["why"].startswith("You sold order 4711")
    assert entries[5]["episode"] == str(episode)


async def test_a_timeline_needs_a_key_or_a_session(site: Site) -> None:
    await site.trouble()
    for key in (None, "", "another-key"):
        answer = await read(site.browser(), key)
        assert answer.status_code == 401
        assert answer.headers["www-authenticate"] == "Bearer"


@pytest.mark.parametrize("account", ["%00", "a%09b", "x" * 201])
async def test_an_invalid_account_id_is_refused_with_a_reason(site: Site, account: str) -> None:
    answer = await site.browser().get(f"/accounts/{account}/timeline", headers={"Authorization": f"Bearer {KEY}"})
    assert answer.status_code == 400
    (error,) = answer.json()["errors"]
    assert (error["field"], error["code"]) == ("account_id", "invalid_field")
    assert "control characters" in error["reason"] or "200 characters" in error["reason"]


async def test_an_account_id_may_have_a_slash_in_it(site: Site) -> None:
    await site.receive(contact_made("unanswered", case=None), about="shop/17")
    answer = await site.browser().get("/accounts/shop%2F17/timeline", headers={"Authorization": f"Bearer {KEY}"})
    assert len(answer.json()["entries"]) == 1


async def test_a_salesperson_reads_only_their_own_customers_timelines(site: Site) -> None:
    await site.trouble()
    await site.hire("eve", "Eve Other")
    assert (await read(await site.signed_in(), key=None)).status_code == 200
    assert (await read(await site.signed_in("eve"), key=None)).status_code == 404


async def test_a_salesperson_reads_nothing_of_the_customers_other_orders(site: Site) -> None:
    await site.trouble()
    await site.sell("bens-order", by="ben")
    await site.receive(case_opened("bens-case", order="bens-order", title="Ben's secret"), minutes_ago=5, about=ACCOUNT)
    await site.receive(contact_made("answered", case="bens-case", words="Only for Ben."), minutes_ago=4, about=ACCOUNT)
    await site.receive(contact_made("answered", case=None, words="For everybody."), minutes_ago=3, about=ACCOUNT)
    theirs = (await read(await site.signed_in(), key=None)).text
    assert "For everybody." in theirs
    assert "I want my money back." in theirs
    for foreign in ("bens-order", "secret", "Only for Ben."):
        assert foreign not in theirs
    everything = (await read(site.browser())).text
    assert "Only for Ben." in everything


async def test_erased_facts_stay_in_the_timeline_without_their_words(site: Site) -> None:
    await site.trouble()
    await site.service.pool.execute("update shared.journal set body = null")
    entries = (await read(site.browser())).json()["entries"]
    assert [entry["what"] for entry in entries][:2] == ["Erased at the customer's request"] * 2
    assert all(entry["words"] is None for entry in entries)


async def test_an_acknowledgement_stays_in_the_timeline_after_another_alert(site: Site) -> None:
    episode = await site.trouble()
    press = AcknowledgePressed(episode=episode, by=SELLER)
    event = event_of(press, subject=ACCOUNT, source="inbox")
    await site.service.receive(Input(event, press.model_dump_json().encode(), b"", InputKind.BUTTON))
    await site.request_refund(minutes_ago=0)
    entries = (await read(site.browser())).json()["entries"]
    assert [(entry["what"], entry["who"]) for entry in entries if entry["what"] == "Acknowledged"] == [
        ("Acknowledged", SELLER)
    ]


async def test_a_salesperson_does_not_see_actions_on_other_peoples_episodes(site: Site) -> None:
    await site.trouble()
    await site.hire("eve", "Eve Other")
    await site.sell("4712", by="eve")
    await site.request_refund("4712", case="case-2")
    entries = (await read(await site.signed_in("eve"), key=None)).json()["entries"]
    assert {entry["who"] for entry in entries} == {None, "eve"}
