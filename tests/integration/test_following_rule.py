"""The list of other people's episodes agrees with the rule about who may follow one."""

from uuid import UUID

from services.escalation.store.followed import followed
from services.escalation.store.inbox import FOLLOWS, HAS_A_PART, Wanted
from shared.ids import SalespersonId
from tests.inbox import Site
from tests.inbox_desk import Desk, done, open_desk

_RULE = f"""
    select episode_id from escalation.episodes e where closed_at is null and {FOLLOWS} and {HAS_A_PART} is not true
"""
_RESPONSIBLE = "select responsible from escalation.episodes where order_id = '4711'"


async def followers(site: Site) -> set[str]:
    """The people whose list is not empty; each list is checked against the rule."""
    found = set()
    for person in ("anna", "ben", "mona", "dora", "carl"):
        listed: set[UUID] = {
            row.episode_id for row in await followed(site.service.pool, SalespersonId(person), Wanted())
        }
        assert listed == {row[0] for row in await site.service.pool.fetch(_RULE, person)}, person
        found |= {person} if listed else set()
    return found


async def test_the_list_has_exactly_the_episodes_that_its_reader_may_follow(site: Site) -> None:
    seller = await open_desk(site)
    await site.hire("mona", "Mona Adler", manager="dora")
    await site.hire("dora", "Dora Lang")
    await site.trouble("carl", order="4800", account="c-80")
    assert await followers(site) == {"mona", "dora"}
    assert done(await seller.press("not-mine"))
    assert await followers(site) == {"mona", "dora"}, "a person notified before may still acknowledge"
    responsible = await site.service.pool.fetchval(_RESPONSIBLE)
    next_one = Desk(await site.signed_in(responsible), UUID(seller.path.rpartition("/")[2]))
    assert done(await next_one.press("acknowledge"))
    assert await followers(site) == {"anna", "mona", "dora"} - {responsible}
