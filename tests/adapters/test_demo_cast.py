"""The demo raises its alerts at any time and place: even at three on a Sunday morning."""

from datetime import UTC, datetime, timedelta

import pytest

from services.cli.demo.cast import (
    AT_WORK,
    CARLA,
    HANA,
    HENRIK,
    LUCIA,
    NAOMI,
    OWEN,
    PETRA,
    TARIQ,
    TOMAS,
    Buyer,
    Seller,
    cafes,
    many_buyers,
)
from services.escalation.domain.calendar import calendar_of
from services.escalation.domain.clocks import notifiable_at
from services.escalation.domain.entities import Order, Salesperson
from services.escalation.domain.policy.document import shipped
from shared.contracts.escalation import Severity

SUNDAY = datetime(2026, 11, 29, tzinfo=UTC)
EVERY_HALF_HOUR = [SUNDAY + timedelta(minutes=30 * half) for half in range(-24, 72)]
WHILE_THE_STORIES_MOVE_TIME = timedelta(hours=3)
BUYERS = (PETRA, OWEN, LUCIA, TARIQ, NAOMI, CARLA, HENRIK, HANA, next(many_buyers()), next(cafes()))


def _person(seller: Seller) -> Salesperson:
    fact = seller.introduced()
    (hours,) = fact.working_hours
    return Salesperson(
        salesperson_id=seller.id,
        changed_at=SUNDAY,
        name=seller.name,
        manager=fact.manager,
        email=fact.email,
        phone=fact.phone,
        chat=None,
        zone=fact.zone,
        working_hours=f"[{hours.model_dump_json()}]",
        active=True,
        successor=None,
        successor_since=None,
        backup=fact.backup,
    )


def _order(buyer: Buyer, now: datetime) -> Order:
    zone = buyer.as_customer(now).zone
    return Order("4701", buyer.id, "sofia.rossi", now, 1, "EUR", "Heat pump", now, customer_zone=zone)


@pytest.mark.parametrize("buyer", BUYERS, ids=lambda buyer: buyer.id)
def test_every_critical_story_raises_an_alert_at_once_at_every_hour(buyer: Buyer) -> None:
    for now in EVERY_HALF_HOUR:
        for later in (now, now + WHILE_THE_STORIES_MOVE_TIME):
            for seller in AT_WORK:
                order = _order(buyer, now)
                assert notifiable_at(_person(seller), order, Severity.CRITICAL, shipped(), later) == later, order


@pytest.mark.parametrize("seller", [*AT_WORK, TOMAS], ids=lambda seller: seller.id)
def test_everyone_in_the_demo_works_day_and_night(seller: Seller) -> None:
    calendar = calendar_of(_person(seller), shipped().company)
    assert all(calendar.is_open(now) for now in EVERY_HALF_HOUR)
    assert calendar.after(SUNDAY, timedelta(minutes=15)) == SUNDAY + timedelta(minutes=15)


def test_customers_are_at_home_while_it_is_day_there() -> None:
    at_ten = datetime(2026, 11, 27, 10, tzinfo=UTC)
    assert PETRA.as_customer(at_ten).zone == "Europe/Berlin"
    assert PETRA.as_customer(at_ten + timedelta(hours=12)).zone != "Europe/Berlin"
