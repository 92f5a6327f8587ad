"""The page of a case for support agents: who gets a link, what it opens, and for how long."""

from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from urllib.parse import parse_qs, urlsplit

import httpx2
import pytest

from shared.contracts.catalog import CATALOG
from tests.builders import (
    ACCOUNT,
    AT,
    OTHER_ACCOUNT,
    account_reassigned,
    case_opened,
    case_resolved,
    contact_made,
    input_of,
    order_delivered,
    order_placed,
    refund_paid,
    refund_requested,
    sale_corrected,
)
from tests.case_pages import KEY, OTHER_KEY, SITE, CaseDesk, case_desk, window
from tests.inbox import words_of
from tests.servers import MakeDatabase

HOSTILE = (
    "../../etc/passwd",
    "a/page-links",
    "%2e%2e%2f",
    "<script>alert(1)</script>",
    "{{ 7 * 7 }}",
    "'; drop table support.cases; --",
    "‮txt.exe",
    "a.b.c",
    "é" * 200,
    "?link=x#y",
)
BROKEN_CLOCK = """
    create or replace function shared.app_now() returns timestamptz language sql
    as $$ select make_timestamptz(0, 0, 0, 0, 0, 0) $$
"""


@pytest.fixture
async def desk(database: MakeDatabase) -> AsyncIterator[CaseDesk]:
    async with case_desk(await database("support")) as desk:
        yield desk


def code_of(answer: httpx2.Response) -> str:
    code: str = answer.json()["errors"][0]["code"]
    return code


async def test_an_agent_reads_who_calls_and_everything_about_the_customer_without_a_key(desk: CaseDesk) -> None:
    now = await desk.service.now()
    await desk.service.receive(
        input_of(case_opened("CS-1", order="4711", title="Wrong size"), at=now - timedelta(hours=3)),
        input_of(refund_requested("CS-1", words="I want my money back."), at=now - timedelta(hours=2)),
        input_of(contact_made(case="CS-2", words="Where is my parcel?"), at=now - timedelta(hours=1)),
        input_of(contact_made(case="CS-1", words="Not about this customer"), subject=OTHER_ACCOUNT),
    )
    url = await desk.url_of("CS-1")
    before = await desk.read(url)
    assert (before.status_code, "set-cookie" in before.headers) == (200, False)
    shown = words_of(before.text)
    for words in (
        "Case CS-1",
        "Wrong size",
        "I want my money back.",
        "Where is my parcel?",
    ):
        assert words in shown
    assert "Not about this customer" not in shown
    assert "Nothing is known about a call. Handle the case as usual." in shown
    await desk.service.receive(input_of(window(now + timedelta(hours=2)), subject=ACCOUNT, at=now))
    assert "A colleague will call you." in words_of((await desk.read(url)).text)
    assert "Anna Berg" not in (await desk.read(url)).text
    await desk.service.receive(input_of(window(now + timedelta(hours=2), acknowledged=True), subject=ACCOUNT, at=now))
    assert "Anna Berg will call you by" in words_of((await desk.read(url)).text)


async def test_the_history_is_one_over_all_services_without_what_concerns_salespeople_alone(desk: CaseDesk) -> None:
    facts = (
        order_placed("4711", sold_at=AT - timedelta(days=30)),
        order_delivered("4711"),
        refund_paid("4711", amount_minor=5_000),
        sale_corrected("ben", "4711", reason="Anna was on leave"),
        account_reassigned("carla"),
    )
    published = [CATALOG[fact.type.replace(".inbound.", ".")].model_validate(fact.model_dump()) for fact in facts]
    await desk.service.receive(case_opened("CS-1", order="4711"), *(input_of(fact) for fact in published))
    shown = words_of((await desk.read(await desk.url_of("CS-1"))).text)
    for words in ("Case CS-1 opened", "Order 4711 delivered", "Refund of €50.00 paid", "4 April 2026, 09:30 · Orders"):
        assert words in shown
    assert not any(words in shown for words in ("on leave", "ben", "carla", "Seller"))


@pytest.mark.parametrize("case", ["CS-1", "Größe 7/3", "é", 'a "b" <c>'])
async def test_an_old_case_of_a_busy_account_keeps_its_history(desk: CaseDesk, case: str) -> None:
    own = input_of(case_opened(case, title="The old one"), at=AT)
    newer = [input_of(contact_made(case=None), at=AT + timedelta(minutes=number)) for number in range(1, 502)]
    await desk.service.receive(own, *newer)
    of_case = words_of((await desk.read(await desk.url_of(case))).text).split("This customer")[0]
    assert f"Case {case} opened" in of_case
    assert "Older facts" not in of_case


async def test_a_link_is_for_its_minutes_only(desk: CaseDesk) -> None:
    await desk.service.receive(case_opened("CS-1"))
    answer = (await desk.link_to("CS-1")).json()
    left = datetime.fromisoformat(answer["expires_at"]) - await desk.service.now()
    assert timedelta(minutes=14) < left <= timedelta(minutes=15)
    await desk.service.move_clock(timedelta(minutes=13))
    assert (await desk.read(answer["url"])).status_code == 200
    await desk.service.move_clock(timedelta(minutes=2))
    expired = await desk.read(answer["url"])
    assert (expired.status_code, "CS-1" in expired.text) == (410, False)
    shorter = desk.with_settings(page_link_lifetime="60")
    await shorter.service.move_clock(timedelta(seconds=0))
    left = datetime.fromisoformat((await shorter.link_to("CS-1")).json()["expires_at"]) - await desk.service.now()
    assert left <= timedelta(minutes=1)


async def test_without_a_valid_link_the_page_does_not_say_whether_a_case_exists(desk: CaseDesk) -> None:
    await desk.service.receive(case_opened("CS-1"))
    (text,) = parse_qs(urlsplit(await desk.url_of("CS-1")).query)["link"]
    other_end = "AA" if text[-2:] != "AA" else "BB"
    altered = [
        text[:-2] + other_end,
        "x" + text,
        text + "x",
        text.split(".")[0],
        "",
        "CS-1",
        "é",
        "%ff%00",
        "%ed%b3%bf",
    ]
    answers = [await desk.read(f"{SITE}/case-page?link={one}") for one in altered]
    answers += [
        await desk.read(f"{SITE}/case-page{query}") for query in ("", "?case=CS-1", f"?LINK={text}", f"?{text}")
    ]
    assert {answer.status_code for answer in answers} == {403}
    assert len({answer.text for answer in answers}) == 1
    assert "CS-1" not in answers[0].text


async def test_a_link_ends_with_the_key_of_its_reader(desk: CaseDesk) -> None:
    await desk.service.receive(case_opened("CS-1"))
    both = desk.with_settings(reader_keys=f'["{KEY}", "{OTHER_KEY}"]')
    by_old, by_new = [(await both.link_to("CS-1", key=key)).json()["url"] for key in (KEY, OTHER_KEY)]
    assert [(await both.read(url)).status_code for url in (by_old, by_new)] == [200, 200]
    rotated = desk.with_settings(reader_keys=f'["{OTHER_KEY}"]')
    assert [(await rotated.read(url)).status_code for url in (by_old, by_new)] == [403, 200]


async def test_only_a_reader_gets_a_link(desk: CaseDesk) -> None:
    await desk.service.receive(case_opened("CS-1"))
    for case in ("CS-1", "no case"):
        refused = await desk.link_to(case, key="a-key-that-is-not-ours")
        assert (refused.status_code, code_of(refused)) == (401, "unauthorized")
        assert refused.headers["www-authenticate"] == "Bearer"
    async with desk.client() as client:
        assert (await client.post("/cases/CS-1/page-links")).status_code == 401
        assert (await client.get("/cases/CS-1/page-links")).status_code == 405
        assert (await client.post("/case-page")).status_code == 405


async def test_a_case_of_several_accounts_or_of_none_needs_its_account(desk: CaseDesk) -> None:
    await desk.service.receive(case_opened("CS-1"), input_of(case_opened("CS-1"), subject=OTHER_ACCOUNT))
    assert code_of(await desk.link_to("CS-1")) == "conflict"
    assert code_of(await desk.link_to("CS-2")) == "not_found"
    assert f"Account {OTHER_ACCOUNT}" in words_of(
        (await desk.read(await desk.url_of("CS-1", account=OTHER_ACCOUNT))).text
    )
    for case, account in (("CS-2", ACCOUNT), ("CS-1", "c-99"), ("cs-1", ACCOUNT)):
        assert code_of(await desk.link_to(case, account=account)) == "not_found"
    await desk.service.receive(refund_requested("CS-2"))
    assert (await desk.link_to("CS-2", account=ACCOUNT)).status_code == 200
    await desk.service.receive(
        input_of(window(await desk.service.now() + timedelta(hours=1), case="CS-3"), subject=ACCOUNT)
    )
    assert f"Account {ACCOUNT}" in words_of((await desk.read(await desk.url_of("CS-3"))).text)


@pytest.mark.parametrize("case", HOSTILE)
async def test_a_hostile_id_opens_its_own_case_as_text(desk: CaseDesk, case: str) -> None:
    await desk.service.receive(case_opened(case, title=case), case_resolved("CS-1"))
    answer = await desk.read(await desk.url_of(case, account=ACCOUNT))
    assert answer.status_code == 200
    assert "<script" not in answer.text
    assert "\u202e" not in answer.text
    shown = words_of(answer.text)
    assert "49" not in shown.split("Opened")[0]
    assert shown.count("Case ") >= 2


@pytest.mark.parametrize(
    ("query", "field"),
    [({"zone": "Mars/Olympus"}, "zone"), ({"account": "x" * 201}, "account"), ({"account": ""}, "account")],
)
async def test_a_bad_parameter_is_named(desk: CaseDesk, query: dict[str, str], field: str) -> None:
    refused = await desk.link_to("CS-1", **query)
    assert (refused.status_code, refused.json()["errors"][0]["field"]) == (400, field)


async def test_times_are_in_the_zone_that_the_help_desk_names(desk: CaseDesk) -> None:
    await desk.service.receive(case_opened("CS-1"))
    assert "4 May 2026, 09:30" in words_of((await desk.read(await desk.url_of("CS-1"))).text)
    there = words_of((await desk.read(await desk.url_of("CS-1", zone="Asia/Tokyo"))).text)
    assert "4 May 2026, 18:30" in there
    assert "(Asia/Tokyo)" in there


async def test_no_site_may_frame_the_page_unless_a_setting_names_it(desk: CaseDesk) -> None:
    await desk.service.receive(case_opened("CS-1"))
    framed = desk.with_settings(frame_ancestors="https://Desk.example.com, https://*.help.example:8443")
    for one, ancestors, options in (
        (desk, "'none'", "DENY"),
        (framed, "https://desk.example.com https://*.help.example:8443", None),
    ):
        for url, status in ((await one.url_of("CS-1"), 200), (f"{SITE}/case-page", 403)):
            answer = await one.read(url)
            policy = answer.headers["content-security-policy"]
            assert (answer.status_code, policy.endswith(f"frame-ancestors {ancestors}")) == (status, True)
            assert answer.headers.get("x-frame-options") == options
            assert "unsafe" not in policy
            assert answer.headers["referrer-policy"] == "no-referrer"
            assert answer.headers["cache-control"] == "no-store"
        assert (await one.read(f"{SITE}/docs")).headers["x-frame-options"] == "DENY"


async def test_the_address_of_a_link_is_the_sites_or_that_of_the_request(desk: CaseDesk) -> None:
    await desk.service.receive(case_opened("CS-1"))
    assert (await desk.url_of("CS-1")).startswith(f"{SITE}/case-page?link=")
    named = desk.with_settings(support_url="https://on-call.example:8443/")
    assert (await named.url_of("CS-1")).startswith("https://on-call.example:8443/case-page?link=")


async def test_a_damaged_fact_is_left_out_and_counted(desk: CaseDesk) -> None:
    await desk.service.receive(
        case_opened("CS-1"), contact_made(case="CS-1", words="Hello?"), contact_made(case="CS-2")
    )
    await desk.service.pool.execute(
        "update shared.journal set body = substr(body, 1, length(body) - 2) || $1 where type like '%contact_made'",
        b"\xff",
    )
    of_case, of_account = words_of((await desk.read(await desk.url_of("CS-1"))).text).split("This customer")
    assert "Case CS-1 opened" in of_case
    assert "1 stored fact is damaged and is not shown here." in of_case
    assert "2 stored facts are damaged and are not shown here." in of_account


@pytest.mark.parametrize(
    ("method", "path", "fault", "status"),
    [
        ("GET", "/case-page", "alter table support.cases rename to gone", 503),
        ("GET", "/case-page", BROKEN_CLOCK, 500),
        ("GET", "/case-page", "update shared.rescues set zone = 'Mars/Olympus'", 500),
        ("POST", "/case-page", "select", 405),
        ("GET", "/case-page/", "select", 404),
    ],
)
async def test_an_error_is_a_page_that_the_frame_shows(
    desk: CaseDesk, method: str, path: str, fault: str, status: int
) -> None:
    framed = desk.with_settings(frame_ancestors="https://desk.example.com")
    until = await desk.service.now() + timedelta(hours=1)
    await desk.service.receive(case_opened("CS-1"), input_of(window(until, acknowledged=True), subject=ACCOUNT))
    url = await framed.url_of("CS-1")
    await desk.service.pool.execute(fault)
    answer = await framed.failing(url.replace("/case-page", path), method)
    assert (answer.status_code, answer.headers["content-type"]) == (status, "text/html; charset=utf-8")
    assert answer.headers["content-security-policy"].endswith("frame-ancestors https://desk.example.com")
    assert "x-frame-options" not in answer.headers
    assert (answer.headers["cache-control"], answer.headers["referrer-policy"]) == ("no-store", "no-referrer")
    assert answer.headers.get("allow") == ("GET" if status == 405 else None)
    unframed = await desk.failing(f"{SITE}/nothing")
    assert (unframed.status_code, unframed.headers["x-frame-options"]) == (404, "DENY")
    assert unframed.json()["errors"][0]["code"] == "not_found"


async def test_without_a_database_the_page_says_so(desk: CaseDesk) -> None:
    await desk.service.receive(case_opened("CS-1"))
    url = await desk.url_of("CS-1")
    await desk.service.pool.close()
    answer = await desk.read(url)
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "2")
    assert "cannot reach its database" in words_of(answer.text)
