"""Salespeople in orders, kept and published, on real Postgres."""

from datetime import date

import orjson

from shared.contracts.orders import SalespersonChanged
from shared.contracts.people_parts import Away, Day, Successor, WorkingHours
from tests.builders import SELLER, input_of, minutes, salesperson_changed
from tests.services import ServiceUnderTest

WORKDAYS = (Day.MONDAY, Day.TUESDAY, Day.WEDNESDAY, Day.THURSDAY, Day.FRIDAY)


async def test_a_salesperson_is_kept_whole_and_published_under_their_own_key(orders: ServiceUnderTest) -> None:
    fact = salesperson_changed(
        manager="mona",
        chat="@anna",
        active=False,
        working_hours=(WorkingHours(days=WORKDAYS, start="09:00", end="17:30"),),
        successor=Successor(salesperson="ben", since=date(2026, 7, 1)),
        backup="clara",
        away=(Away(since=date(2026, 5, 11), until=date(2026, 5, 22)),),
        days_off=(date(2026, 6, 5), date(2026, 6, 8)),
        country="DE",
        region="BY",
        rings_off_hours=True,
    )
    await orders.receive(fact)

    row = await orders.row("orders.salespeople")
    assert (row["salesperson_id"], row["name"], row["manager"]) == (SELLER, "Anna Berg", "mona")
    assert (row["active"], row["successor"], row["successor_since"]) == (False, "ben", date(2026, 7, 1))
    assert orjson.loads(row["away"]) == [{"since": "2026-05-11", "until": "2026-05-22"}]
    assert orjson.loads(row["days_off"]) == ["2026-06-05", "2026-06-08"]
    assert (row["backup"], row["country"], row["region"], row["rings_off_hours"]) == ("clara", "DE", "BY", True)
    (event,) = await orders.published()
    assert (event.type, event.subject) == ("orders.salesperson_changed", SELLER)
    assert event.data.model_dump() == fact.model_dump()
    assert await orders.pool.fetchval("select topic from shared.outbox") == "salespeople.v1"


async def test_a_night_shift_is_kept_as_reported_and_published_in_its_parts(orders: ServiceUnderTest) -> None:
    night = WorkingHours(days=(Day.FRIDAY,), start="22:00", end="06:00")
    late = WorkingHours(days=(Day.MONDAY,), start="14:00", end="24:00")
    await orders.receive(salesperson_changed(working_hours=(night, late)))
    row = await orders.row("orders.salespeople")
    assert [(one["start"], one["end"]) for one in orjson.loads(row["working_hours"])] == [
        ("22:00", "06:00"),
        ("14:00", "24:00"),
    ]
    (event,) = await orders.published()
    assert isinstance(event.data, SalespersonChanged)
    assert [(one.days, one.start, one.end) for one in event.data.working_hours] == [
        ((Day.FRIDAY,), "22:00", "23:59"),
        ((Day.SATURDAY,), "00:00", "06:00"),
        ((Day.MONDAY,), "14:00", "23:59"),
    ]


async def test_two_changes_in_one_batch_are_both_published_and_the_later_stays(orders: ServiceUnderTest) -> None:
    """An older one that arrives afterwards changes nothing."""
    await orders.receive(
        input_of(salesperson_changed("First")),
        input_of(salesperson_changed("Second"), at=minutes(2)),
    )
    await orders.receive(input_of(salesperson_changed("Older"), at=minutes(1)))
    assert [event.data.name for event in await orders.published()] == ["First", "Second"]
    assert (await orders.row("orders.salespeople"))["name"] == "Second"
