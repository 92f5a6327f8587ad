"""Bad input in operators' tools: it is listed, shown and replayed, and harms neither them nor their terminals."""

import asyncio
import re
from urllib.parse import quote

import httpx2
import pytest

from tests.hostile.ways_in import Streamed
from tests.stories import Company

_APPLIED = "select count(*) from shared.ledger where outcome = 'applied'"
_TOLD = "select distinct subject from shared.journal where type like 'orders.%' or type like 'support.%'"

pytestmark = pytest.mark.usefixtures("streamed", "answered", "spoiled")


async def test_dead_letters_are_listed_with_one_reason_each(company: Company) -> None:
    count = await company.pools["orders"].fetchval("select count(*) from shared.dead_letters")
    status, printed = await company.handoff("dead-letters", "list", "orders", "--limit", "100000")
    assert (status, len(printed.splitlines())) == (0, 3 * count)


async def test_a_dead_letter_is_shown_without_a_character_that_a_terminal_obeys(
    company: Company, streamed: Streamed
) -> None:
    letter = streamed.letter("escapes for a terminal")
    status, printed = await company.handoff("dead-letters", "show", "orders", str(letter["id"]))
    assert status == 0
    assert re.search(r"[^\n\t -~]", printed) is None
    assert r"header    x\x1b[2J: \x1b[2J\x1b]0;" in printed
    assert printed.count("\ncode ") == 2, "its own line, and one in the body"


async def test_a_replay_of_an_unchanged_dead_letter_is_still_not_applied(company: Company) -> None:
    orders = company.pools["orders"]
    letters, applied = (
        await orders.fetchval("select count(*) from shared.dead_letters"),
        await orders.fetchval(_APPLIED),
    )
    status, printed = await company.handoff("dead-letters", "replay", "orders", "--all")
    tried = [line for line in printed.splitlines() if re.match(r"[0-9a-f-]{36}  ", line)]
    assert [line for line in tried if not re.match(r"\S+  (still \w+: |duplicate$)", line)] == []
    assert (status, len(tried)) == (1, letters)
    assert await orders.fetchval(_APPLIED) == applied


async def test_the_timeline_of_every_account_can_be_read(company: Company) -> None:
    accounts = [row["subject"] for row in await company.pools["escalation"].fetch(_TOLD)]
    assert accounts
    headers = {"Authorization": "Bearer local-reader-key"}
    async with httpx2.AsyncClient(base_url=company.machine.service("escalation").url, headers=headers) as reader:
        paths = [f"/accounts/{quote(account, safe='')}/timeline" for account in accounts]
        answers = await asyncio.gather(*(reader.get(path) for path in paths))
    assert {answer.status_code for answer in answers} == {200}
