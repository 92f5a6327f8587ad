"""Stories about part-time, night and missing working hours: who is notified while others are off work."""

from datetime import UTC, datetime, timedelta

import pytest

from services.escalation.domain.own_facts import ClosePressed, CustomerReachedLogged, ReopenPressed
from shared.contracts.escalation import EpisodeResult
from shared.contracts.orders import DayHours
from shared.contracts.people_parts import Away, Day
from tests.builders import order_placed, refund_requested, salesperson_changed
from tests.escalation import DESK, Escalation, button, dead_end, reported
from tests.team import HOUR, MINUTE, happens, open_episode, person, presses, rung

WEEK, WEEKEND = tuple(Day)[:5], tuple(Day)[5:]
OFFICE = {"working_hours": (DayHours(days=WEEK, start="09:00", end="17:00"),)}
WEEKENDS = {"working_hours": (DayHours(days=WEEKEND, start="08:00", end="20:00"),)}
SATURDAY, MONDAY = datetime(2026, 12, 5, 12, tzinfo=UTC), datetime(2026, 12, 7, 10, tzinfo=UTC)
NEXT_SATURDAY = datetime(2026, 12, 12, 8, tzinfo=UTC)


async def begins(escalation: Escalation, at: datetime) -> None:
    """Anna sells, Ben is her backup on weekends, Mia manages both during office hours."""
    await escalation.receive(
        person("anna", manager="mia", backup="ben", **OFFICE),
        person("ben", manager="mia", **WEEKENDS),
        person("mia", **OFFICE),
        person(DESK, **OFFICE),
        order_placed(),
    )
    await escalation.move_clock(at - await escalation.now())


async def skips(escalation: Escalation) -> list[str]:
    return [
        row["words"] for row in await escalation.rows("escalation.decisions", "position") if row["rule"] == "skipped"
    ]


async def test_a_critical_alert_on_a_saturday_goes_to_a_person_who_works_then(escalation: Escalation) -> None:
    await begins(escalation, SATURDAY)
    await happens(escalation, dead_end())
    await happens(escalation, refund_requested())
    assert (await open_episode(escalation))["severity"] == "critical"
    assert {who for who, *_ in await rung(escalation)} == {"ben"}
    assert "Skipped the seller: Anna is not at work before Monday 7 December, 09:00 (UTC)." in await skips(escalation)
    states = {row["recipient"]: row["state"] for row in await escalation.rows("escalation.deliveries", "channel desc")}
    assert states["ben"] == "pending"


async def test_a_person_skipped_for_their_hours_is_notified_once_when_at_work(
    escalation: Escalation,
) -> None:
    await begins(escalation, MONDAY)
    await happens(escalation, refund_requested())
    await escalation.wait(16 * MINUTE)
    await escalation.acknowledge("mia")
    await presses(escalation, CustomerReachedLogged, "mia")
    await escalation.wait(NEXT_SATURDAY - await escalation.now() + MINUTE)
    assert (await rung(escalation))[-1] == ("ben", "backup", "informed")
    assert (await escalation.alerts())[-1]["why_you"].endswith("you are Anna's backup.")
    episode = await open_episode(escalation)
    assert (episode["responsible"], episode["acknowledged_by"], episode["deadline_at"]) == ("mia", "mia", None)
    await escalation.send_mail()
    mail = next(str(mail.get_body(("plain",))) for mail in escalation.mail.received if mail["To"].startswith("ben"))
    assert "For your information" in mail
    assert "Acknowledge by" not in mail
    await escalation.wait(timedelta(days=7))
    assert [cause for who, _, cause in await rung(escalation) if who == "ben"] == ["informed"]


async def test_a_person_who_starts_work_while_it_is_closed_is_notified_after_an_undo(escalation: Escalation) -> None:
    await begins(escalation, MONDAY)
    await happens(escalation, refund_requested())
    await escalation.wait(16 * MINUTE)
    await escalation.acknowledge("mia")
    await presses(escalation, CustomerReachedLogged, "mia")
    await escalation.wait(NEXT_SATURDAY - await escalation.now() - MINUTE)
    await presses(escalation, ClosePressed, "mia", result="saved", reason="problem_solved")
    await escalation.wait(2 * MINUTE)
    (episode,) = await escalation.episodes()
    assert "ben" not in {who for who, *_ in await rung(escalation)}
    assert (await escalation.receive(button(ReopenPressed, episode["episode_id"], "mia"))).rejected == []
    await escalation.wait(10 * MINUTE)
    assert (await rung(escalation))[-1] == ("ben", "backup", "informed")


async def test_no_one_is_notified_of_an_episode_closed_by_then(escalation: Escalation) -> None:
    await begins(escalation, MONDAY)
    await happens(escalation, refund_requested())
    await escalation.wait(16 * MINUTE)
    await escalation.acknowledge("mia")
    await presses(escalation, ClosePressed, "mia", result=EpisodeResult.SAVED, reason="problem_solved")
    await escalation.wait(timedelta(days=6))
    assert "informed" not in {cause for *_, cause in await rung(escalation)}


async def test_an_absence_reported_in_between_delays_the_notification(escalation: Escalation) -> None:
    await begins(escalation, MONDAY)
    await happens(escalation, refund_requested())
    await escalation.wait(16 * MINUTE)
    away = Away(since=NEXT_SATURDAY.date(), until=NEXT_SATURDAY.date() + timedelta(days=1))
    await escalation.receive(person("ben", manager="mia", away=(away,), **WEEKENDS))
    await escalation.wait(NEXT_SATURDAY - await escalation.now() + HOUR)
    assert "ben" not in {who for who, *_ in await rung(escalation)}
    await escalation.wait(timedelta(days=7))
    assert [cause for who, _, cause in await rung(escalation) if who == "ben"] == ["informed"]


async def test_the_time_for_a_talk_passes_while_the_customer_may_be_called(escalation: Escalation) -> None:
    """Acknowledged at 16:30 in Berlin; the customer is in Sao Paulo, where eight in the morning is noon in Berlin."""
    at = datetime(2026, 12, 7, 15, 30, tzinfo=UTC)
    late = order_placed(amount_minor=50_000, customer={"zone": "America/Sao_Paulo"})
    berlin = {"zone": "Europe/Berlin", **OFFICE}
    await escalation.receive(person("anna", **berlin), person(DESK, **berlin), late)
    await escalation.move_clock(at - await escalation.now())
    await happens(escalation, refund_requested())
    await escalation.acknowledge("anna")
    deadline = (await open_episode(escalation))["deadline_at"]
    assert deadline == pytest.approx(datetime(2026, 12, 8, 14, 30, tzinfo=UTC), abs=MINUTE)


async def test_without_a_desk_an_episode_stays_with_the_last_real_person(escalation: Escalation) -> None:
    await escalation.receive(person("anna"), order_placed(amount_minor=50_000))
    await happens(escalation, refund_requested())
    for _ in range(3):
        await escalation.wait(HOUR + MINUTE)
    assert await rung(escalation) == [
        ("anna", "seller", "signal"),
        ("anna", "seller", "repeat"),
        ("anna", "seller", "repeat"),
        ("anna", "seller", "repeat"),
    ]


async def test_an_episode_without_a_recipient_is_shown_and_alerts_the_desk_when_it_appears(
    escalation: Escalation,
) -> None:
    await escalation.receive(order_placed(sold_by=None, amount_minor=50_000))
    await happens(escalation, refund_requested())
    await happens(escalation, refund_requested(), minutes=1)
    episode = await open_episode(escalation)
    assert (episode["responsible"], episode["deadline_at"], await rung(escalation)) == (None, None, [])
    assert episode["nobody_since"] is not None
    await escalation.wait(timedelta(hours=5))
    rules = [row["rule"] for row in await escalation.rows("escalation.decisions", "position")]
    assert rules.count("nobody_to_ask") == 1
    await escalation.receive(reported(salesperson_changed("Desk", zone="UTC"), subject=DESK))
    await escalation.fire()
    assert await rung(escalation) == [(DESK, "desk", "signal")]
    assert (await open_episode(escalation))["nobody_since"] is None


async def test_a_desk_that_left_counts_as_missing_too(escalation: Escalation) -> None:
    await escalation.receive(person(DESK), order_placed(sold_by=None, amount_minor=50_000))
    await happens(escalation, refund_requested())
    await escalation.receive(person(DESK, active=False))
    await escalation.fire()
    episode = await open_episode(escalation)
    assert (episode["responsible"], episode["nobody_since"] is not None) == (None, True)
    await escalation.receive(person(DESK))
    await escalation.fire()
    assert [who for who, *_ in await rung(escalation)] == [DESK, DESK]
