"""Accounts' owners in orders, kept and published, on real Postgres."""

from datetime import date

from tests.builders import ACCOUNT, AT, account_reassigned, input_of, minutes
from tests.services import ServiceUnderTest


async def test_an_accounts_owner_is_kept_and_published_with_the_sales(orders: ServiceUnderTest) -> None:
    await orders.receive(account_reassigned("ben", date(2026, 7, 1)))

    row = await orders.row("orders.accounts")
    assert (row["account_id"], row["salesperson"], row["since"]) == (ACCOUNT, "ben", date(2026, 7, 1))
    assert row["reassigned_at"] == AT
    (event,) = await orders.published()
    assert (event.type, event.subject) == ("orders.account_reassigned", ACCOUNT)
    assert dict(event.data) == dict(account_reassigned("ben", date(2026, 7, 1)))
    assert await orders.pool.fetchval("select topic from shared.outbox") == "orders.sales.v1"


async def test_two_reassignments_in_one_batch_are_both_published_and_the_later_stays(orders: ServiceUnderTest) -> None:
    """An older one that arrives afterwards changes nothing."""
    await orders.receive(
        input_of(account_reassigned("ben")),
        input_of(account_reassigned("clara"), at=minutes(2)),
    )
    await orders.receive(input_of(account_reassigned("dora"), at=minutes(1)))
    assert [event.data.salesperson for event in await orders.published()] == ["ben", "clara"]
    assert (await orders.row("orders.accounts"))["salesperson"] == "clara"
