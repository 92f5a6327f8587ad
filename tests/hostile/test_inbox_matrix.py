"""Access control: every person at every route, with the id of everyone's episode, order and customer.

The people and the episodes are in `office`, the routes in `inbox_routes`.
"""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from urllib.parse import quote
from uuid import UUID

import httpx2
import pytest

from tests.builders import order_placed
from tests.hostile.inbox_routes import ASSET, BUTTONS, FORMS, OPEN, PAGES, ROWS, For, Row, routes_of
from tests.hostile.office import RESPONSIBLE, SELLERS, SIGNED_IN, SIGNED_OUT, WHO, Access, Office, Trouble

NOT_THERE = Trouble("not there", UUID("00000000-0000-4000-8000-000000000000"), "o-not-there", "c-not-there")
_OTHERS = "select md5(string_agg(e::text, '' order by episode_id)) from escalation.episodes e where episode_id <> $1"
CELLS = [(row, cell) for row in BUTTONS for cell in row.allowed]

TABLE = [*((row, who) for row in (*PAGES, *FORMS) for who in WHO), *((row, "nobody") for row in OPEN)]


def test_every_route_has_a_row(office: Office) -> None:
    assert {str(row) for row in ROWS} | {ASSET} == set(routes_of(office.app))


@pytest.mark.parametrize(("row", "who"), TABLE, ids=[f"{row} {who}" for row, who in TABLE])
async def test_no_one_gets_more_than_the_table_allows(office: Office, row: Row, who: str) -> None:
    async with unchanged(office):
        for about in _tried(office, row, who):
            answer = await ask(office, row, who, about)
            assert answer.status_code == wanted(row, who, about), about.situation
            check_silence(office, who, about, answer)
            if answer.status_code == 303 and who in SIGNED_OUT:
                assert answer.headers["location"].startswith("/sign-in")
            if row.of is For.READERS and answer.status_code == 200:
                assert about.canary in answer.text


@pytest.mark.parametrize(("row", "cell"), CELLS, ids=[f"{row} {cell}" for row, cell in CELLS])
async def test_a_button_works_for_its_people_and_affects_no_other_episode(office: Office, row: Row, cell: str) -> None:
    situation, who = cell.split(": ")
    about = await office.trouble(situation)
    pool, before = office.site.service.pool, await office.stored()
    others = await pool.fetchval(_OTHERS, about.episode)
    answer = await ask(office, row, who, about)
    assert answer.status_code == row.ok, answer.text
    assert await office.stored() != before
    assert await pool.fetchval(_OTHERS, about.episode) == others


async def test_a_check_in_is_logged_by_the_seller(office: Office) -> None:
    row = next(row for row in FORMS if row.path == "/check-ins")
    site, ago = office.site, timedelta(days=13)
    await site.service.move_clock(-ago)
    await site.receive(order_placed("o-due", sold_by="anna", sold_at=await site.service.now()), about="c-due")
    await site.service.move_clock(ago)
    before = await office.stored()
    assert (await ask(office, row, "anna", replace(NOT_THERE, order="o-due"))).status_code == row.ok
    assert await office.stored() != before


@pytest.mark.parametrize("row", [row for row in (*PAGES, *FORMS) if row.names_something], ids=str)
async def test_an_invalid_id_finds_nothing(office: Office, row: Row) -> None:
    foreign = office.standing["of another team"]
    refused = {200, 422} if row.of is For.SIGNED_IN else {404, 405, 400}
    async with unchanged(office):
        for who in ("anna", "nobody"):
            for value in _no_ids(foreign):
                answer = await send(office, row, who, dict.fromkeys(ids_of(foreign), value))
                assert answer.status_code in (refused if who in SIGNED_IN else {303, 401, 404, 405, 400}), value
                check_silence(office, who, foreign, answer)


@pytest.mark.parametrize("row", [*PAGES, *OPEN], ids=str)
async def test_head_is_answered_like_get_without_a_body(office: Office, row: Row) -> None:
    async with unchanged(office):
        for who in ("anna", "nobody", "a reader"):
            for about in (office.standing["ringing"], office.standing["of another team"], NOT_THERE):
                answer = await send(office, row, who, ids_of(about), method="HEAD")
                assert (answer.status_code, answer.content) == (wanted(row, who, about), b"")


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "PROPFIND", "GET", "POST"])
async def test_no_route_accepts_another_method(office: Office, method: str) -> None:
    taken = {(row.method, row.path) for row in ROWS}
    async with unchanged(office):
        for row in (row for row in ROWS if (method, row.path) not in taken):
            answer = await send(office, row, "anna", ids_of(office.standing["ringing"]), method=method)
            assert answer.status_code == 405, row


@asynccontextmanager
async def unchanged(office: Office) -> AsyncIterator[None]:
    """Asserts that no stored row changes."""
    before = await office.stored()
    yield
    assert await office.stored() == before


def wanted(row: Row, who: str, about: Trouble) -> int:
    """The status of a request according to the tables."""
    if row.of is For.RESPONSIBLE and who != "a reader":
        return 401 if who in SIGNED_OUT else 200 if RESPONSIBLE.get(about.situation) == who else 404
    if row.of in (For.ANYBODY, For.RESPONSIBLE):
        return row.ok
    if who in SIGNED_OUT:
        return 303
    access = about.access_of(who)
    if row.of is For.PARTS and access is not Access.NONE:
        return 409  # allowed presses are tried on an episode of their own
    if row.of is For.SIGNED_IN or (row.of is For.READERS and access is not Access.NONE):
        return row.ok
    return 404


async def ask(office: Office, row: Row, who: str, about: Trouble) -> httpx2.Response:
    """A person's request about an episode, as their page would send it."""
    return await send(office, row, who, ids_of(about))


async def send(
    office: Office, row: Row, who: str, ids: dict[str, str], *, method: str = "", **changes: str
) -> httpx2.Response:
    """A request with these ids and the person's own token, or Anna's if they have none."""
    path = row.path.format_map({name: quote(value, safe="%") for name, value in ids.items()})
    form = {name: value.format_map(ids) for name, value in row.form.items()}
    form |= {"csrf_token": office.tokens.get(who, office.tokens["anna"])} | changes
    method = method or ("HEAD" if row.path == "/live" else row.method)
    return await office.browsers[who].request(method, path, data=form if method == "POST" else None)


def ids_of(about: Trouble) -> dict[str, str]:
    ids = {"episode_id": str(about.episode), "order": about.order, "account_id": about.account}
    return {**ids, "device_id": str(about.episode), "offer": str(about.offer)}


def check_silence(office: Office, who: str, about: Trouble, answer: httpx2.Response) -> None:
    """The answer reveals nothing of an episode that this person may not see, except the id in the request."""
    reported = answer.text + str(answer.headers)
    for other in office.standing.values():
        readable = other.access_of(who) is not Access.NONE or (who == "a reader" and other is about)
        if not readable:
            secrets = {other.canary, str(other.episode), other.order, other.account}
            asked = set() if other is not about else set(ids_of(about).values())
            assert not [secret for secret in secrets - asked if secret in reported], other.situation


def _tried(office: Office, row: Row, who: str) -> Iterator[Trouble]:
    """The episodes to request, except those that this person may really change."""
    if not row.names_something:
        if row.path != "/sign-out" or who in SIGNED_OUT:
            yield NOT_THERE
        return
    few = ("ringing", "of who left", "of who moved", "closed")
    for about in (*office.standing.values(), NOT_THERE):
        does = f"{about.situation}: {who}" in row.allowed or (
            row.of is For.SELLERS and SELLERS.get(about.situation) == who
        )
        if not does and (who in SIGNED_IN or about.situation in few or who == "a reader"):
            yield about


def _no_ids(foreign: Trouble) -> tuple[str, ...]:
    id = str(foreign.episode)
    others = (id.upper(), id.replace("-", ""), f"{{{id}}}", f"urn:uuid:{id}", f"{id}%00", f"{id}%2f", f"{id};x")
    return (*others, "nonsense", "%00", "%0d%0aX: y", "%2e%2e", "..%2fmetrics", "9" * 3_000, "%ff", "' or 1=1 --", "*")
