"""Tricks with the forms, sessions, addresses and headers of the pages: each is refused, and nothing changes."""

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote

import pytest
from starlette.types import Message

from tests.hostile.inbox_routes import BUTTONS, FORMS, PAGES, ROWS, For, Row
from tests.hostile.office import Office
from tests.hostile.test_inbox_matrix import ask, ids_of, send, unchanged
from tests.inbox import token_of

SESSION_FORMS = [row for row in FORMS if row.of is not For.ANYBODY]
each_form = pytest.mark.parametrize("row", SESSION_FORMS, ids=str)
FROM_ELSEWHERE: tuple[Mapping[str, str], ...] = (
    {"sec-fetch-site": "cross-site"},
    {"sec-fetch-site": "same-site"},
    {"sec-fetch-site": "none"},
    {"sec-fetch-site": "cross-site", "origin": "http://inbox.test"},
    {"origin": "http://evil.example"},
    {"origin": "http://inbox.test.evil.example"},
    {"origin": "http://inbox.test:8080"},
    {"origin": "https://inbox.test"},
    {"origin": "null"},
    {"origin": ""},
)
PAGE_POLICY = re.compile(r"default-src 'none'.*frame-ancestors 'none'")
RENAMED = ("X-HTTP-Method-Override", "X-Method-Override", "X-Original-URL", "X-Rewrite-URL", "X-Forwarded-Path")
PATHS = (
    "/{name}/",
    "//{name}",
    "/./{name}",
    "/x/../{name}",
    "/%2e/{name}",
    "/x/%2e%2e/{name}",
    "/{name};a=b",
    "/{name}%3fx",
    "/{name}%20",
    "/{name}%00",
    "/{upper}",
    "/inbox/../{name}",
    "/{name}.html",
    "/{name}%23x",
    "\\{name}",
)


@each_form
async def test_a_form_without_the_token_of_its_own_session_does_nothing(office: Office, row: Row) -> None:
    own, ids = office.tokens["anna"], ids_of(office.standing["ringing"])
    async with unchanged(office):
        for token in ("", "guessed", office.tokens["mona"], office.tokens["who moved"], own[:-1], own.swapcase()):
            assert (await send(office, row, "anna", ids, csrf_token=token)).status_code == 403


@pytest.mark.parametrize("row", FORMS, ids=str)
async def test_a_form_of_another_site_does_nothing_though_it_has_the_token(office: Office, row: Row) -> None:
    ids, anna = ids_of(office.standing["ringing"]), office.browsers["anna"]
    form = {"csrf_token": office.tokens["anna"], **row.form}
    async with unchanged(office):
        for headers in FROM_ELSEWHERE:
            refused = await anna.post(row.path.format_map(ids), data=form, headers=headers)
            assert refused.status_code == 403, headers


@each_form
async def test_a_form_in_the_address_or_of_another_kind_does_nothing(office: Office, row: Row) -> None:
    path, anna = row.path.format_map(ids_of(office.standing["ringing"])), office.browsers["anna"]
    form = {"csrf_token": office.tokens["anna"], **row.form}
    async with unchanged(office):
        shown = [200] if row.path in {page.path for page in PAGES} else []
        assert (await anna.get(path, params=form)).status_code in (303, 404, 405, *shown)
        assert (await anna.post(path, params=form, data={"a": "b"})).status_code == 403
        assert (await anna.post(path, json=form)).status_code == 403
        for kind in ("text/plain", "multipart/form-data", "", "application/x-www-form-urlencoded-2"):
            assert (await anna.post(path, data=form, headers={"content-type": kind})).status_code == 403


async def test_a_session_chosen_by_an_attacker_is_not_used(office: Office) -> None:
    victim, chosen = office.browser(), "chosen-by-mallory"
    victim.cookies.set("handoff", chosen)
    answer = await victim.post("/sign-in", data={"token": token_of(await office.site.link_for("nina"))})
    cookies = answer.headers.get_list("set-cookie")
    assert len(cookies) == 1
    assert chosen not in cookies[0]
    mallory = office.browser(cookie=f"handoff={chosen}")
    assert (await mallory.get("/")).status_code == 303
    both = office.browser(cookie=f"handoff={chosen}; handoff=%22; __Host-handoff={chosen}")
    assert (await both.get("/")).status_code == 303


async def test_signing_in_over_another_persons_session_replaces_it(office: Office) -> None:
    known = dict(office.tokens)
    browser = await office.sign_in("nina")
    office.tokens |= known  # others continue with the session she had
    await browser.post("/sign-in", data={"token": token_of(await office.site.link_for("olga"))})
    page = (await browser.get("/")).text
    assert office.standing["of another team"].canary in page
    assert office.standing["ringing"].canary not in page


async def test_only_the_answer_to_a_link_sets_a_cookie(office: Office) -> None:
    for row in ROWS:
        answer = await send(office, row, "nobody", ids_of(office.standing["ringing"]))
        assert "set-cookie" not in answer.headers, row


async def test_a_form_of_an_earlier_state_does_nothing(office: Office) -> None:
    """Anna acknowledges it, passes it on, and gets it back: none of her old forms counts any more."""
    about, pages = await office.trouble("ringing"), dict[str, str]()
    (acknowledge,) = [row for row in BUTTONS if row.path.endswith("/acknowledge")]
    (not_mine,) = [row for row in BUTTONS if row.path.endswith("/not-mine")]
    for row in (acknowledge, not_mine):
        page = (await office.browsers["anna"].get(f"/episodes/{about.episode}")).text
        found = re.search(r'name="round" value="([^"]+)"', page)
        assert found
        pages[str(row)] = found[1]
        assert (await send(office, row, "anna", ids_of(about), round=found[1])).status_code == 303
    async with unchanged(office):
        for row in (acknowledge, not_mine):
            answer = await send(office, row, "anna", ids_of(about), round=pages[str(row)])
            assert answer.status_code in (303, 409)
    (taken,) = [await ask(office, acknowledge, "ben", about)]
    assert taken.status_code == 303
    async with unchanged(office):
        for row in (acknowledge, not_mine):
            assert (await send(office, row, "anna", ids_of(about), round=pages[str(row)])).status_code == 409


@pytest.mark.parametrize("row", BUTTONS, ids=str)
async def test_values_that_no_page_sends_are_refused_or_ignored(office: Office, row: Row) -> None:
    """The first episode is another person's, so nothing may change; the person's own is closed, so only
    an undo could change it."""
    who = "anna" if "closed: ben" in row.allowed else "ben"
    texts = ("\0", "\x1b[2J", "\u202e", "x" * 15_000, "0001-01-01T00:00", "9999-12-31T23:59", "\ud7ff", "-1", "%00")
    async with unchanged(office):
        for text in texts:
            fields = dict.fromkeys((*row.form, "round", "return_to", "next"), text)
            answer = await send(office, row, who, ids_of(office.standing["closed"]), **fields)
            assert answer.status_code in (409, 413, 422), text[:20]
            answer = await send(office, row, "ben", ids_of(office.standing["of another team"]), **fields)
            assert answer.status_code in (404, 413), text[:20]


@pytest.mark.parametrize("row", [*PAGES, *SESSION_FORMS], ids=str)
async def test_neither_a_host_nor_a_forwarding_header_signs_a_stranger_in(office: Office, row: Row) -> None:
    path = row.path.format_map(ids_of(office.standing["ringing"]))
    headers = {
        "host": "evil.example",
        "x-forwarded-host": "evil.example",
        "forwarded": "for=127.0.0.1;host=evil.example",
        "x-forwarded-for": "127.0.0.1",
        "x-real-ip": "127.0.0.1",
        "x-forwarded-user": "anna",
        "remote-user": "anna",
        "x-forwarded-email": "anna@sales.example",
        "authorization": "Basic YW5uYTphbm5h",
    }
    async with unchanged(office):
        method = "HEAD" if row.path == "/live" else row.method
        answer = await office.browsers["nobody"].request(
            method, path, headers=headers, data=dict(row.form) if method == "POST" else None
        )
        assert answer.status_code in (200, 303, 401, 403)
        assert (answer.status_code == 200) == (row.path == "/sign-in")
        assert "evil.example" not in answer.text + str(answer.headers)


async def test_an_emailed_link_leads_to_our_own_address_for_any_host_header(office: Office) -> None:
    site = office.site
    evil = {"host": "evil.example", "x-forwarded-host": "evil.example", "x-forwarded-proto": "https"}
    await site.browser().post("/sign-in/link", data={"email": "vera@sales.example"}, headers=evil)
    person, link = site.sent_links[-1]
    assert person.salesperson_id == "vera"
    assert link.startswith(f"{site.public_url}/sign-in?token=")


async def test_no_other_spelling_of_a_path_bypasses_the_sign_in(office: Office) -> None:
    id = str(office.standing["ringing"].episode)
    async with unchanged(office):
        for name in (f"episodes/{id}", "closed", "live", f"accounts/{office.standing['ringing'].account}/timeline"):
            for path in PATHS:
                spelled = path.format(name=name, upper=name.upper())
                status, body = await answered(office, spelled)
                assert status in (303, 400, 401, 404), spelled
                assert office.standing["ringing"].canary not in body
        for header in RENAMED:
            answer = await office.browsers["nobody"].post(
                "/sign-in", data={"token": "x"}, headers={header: f"/episodes/{id}"}
            )
            assert answer.status_code == 410
            answer = await office.browsers["anna"].get(f"/episodes/{id}", headers={header: "DELETE"})
            assert answer.status_code == 200


@pytest.mark.parametrize("who", ["anna", "nobody"])
async def test_every_answer_has_its_security_headers(office: Office, who: str) -> None:
    asked = [await send(office, row, who, ids_of(office.standing["of another team"])) for row in (*PAGES, *BUTTONS)]
    asked += [await office.browsers[who].request(method, "/nowhere") for method in ("GET", "POST", "TRACE")]
    asked += [await office.browsers[who].post("/sign-in", data={"token": "x" * 20_000})]
    for answer in asked:
        headers = answer.headers
        assert PAGE_POLICY.search(headers["content-security-policy"]), answer.request.url
        assert "unsafe" not in headers["content-security-policy"]
        assert headers["x-frame-options"] == "DENY"
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "no-referrer"
        assert headers["cache-control"] == "no-store"
        assert headers["cross-origin-opener-policy"] == "same-origin"
        assert headers["cross-origin-resource-policy"] == "same-origin"
        assert "server" not in headers
        assert not any(name.startswith("access-control-") for name in headers)


async def answered(office: Office, path: str) -> tuple[int, str]:
    """The status and the body of an anonymous request for a path exactly as given, decoded as the server does."""
    said: list[Message] = []

    async def receive() -> Message:
        return {"type": "http.disconnect"}

    async def send_on(message: Message) -> None:
        said.append(message)

    scope: dict[str, Any] = {
        "type": "http",
        "http_version": "1.1",
        "scheme": "http",
        "method": "GET",
        "path": unquote(path),
    }
    scope |= {"raw_path": path.encode(), "query_string": b"", "headers": [(b"host", b"inbox.test")], "root_path": ""}
    await office.app(scope, receive, send_on)
    body = b"".join(message.get("body", b"") for message in said[1:])
    return said[0]["status"], body.decode("utf-8", "replace")
