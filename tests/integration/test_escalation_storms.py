"""A mass failure: the first alerts are sent at once, the rest as one ranked list for each person,
and nothing is dropped.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from datetime import timedelta
from email.message import EmailMessage
from typing import Any
from uuid import UUID

import pytest

from services.escalation.domain.delivery_facts import Attempt
from services.escalation.domain.policy.document import digest, shipped_text
from shared.contracts.order_parts import Customer
from shared.metrics import create_metrics
from tests.builders import minutes, order_placed, refund_requested, salesperson_changed
from tests.escalation import Escalation, reported
from tests.waiting import eventually

ALONE = 5
SECOND, MINUTE = timedelta(seconds=1), timedelta(minutes=1)
_SECONDS_FOR_A_THOUSAND = 120.0


@pytest.fixture(autouse=True)
async def sums(escalation: Escalation) -> AsyncIterator[None]:
    """Each alert always has one delivery on each channel, in one state."""
    yield
    await _nothing_is_dropped(escalation)


async def test_a_thousand_signals_on_forty_sellers_are_forty_lists_and_the_first_few_of_each(
    escalation: Escalation,
) -> None:
    await _count_within_ten_minutes(escalation)  # a busy machine takes longer than one
    await _sell(escalation, sellers=40, each=25)
    await _fail(escalation, range(1_000))
    async with escalation.sending():
        await eventually(
            lambda: _states(escalation), {"sent": 40 * ALONE, "held": 40 * 20}, within_seconds=_SECONDS_FOR_A_THOUSAND
        )
        await _nothing_is_dropped(escalation)
        await escalation.move_clock(10 * MINUTE)
        await eventually(lambda: _states(escalation), {"sent": 1_000}, within_seconds=_SECONDS_FOR_A_THOUSAND)
    mails = Counter(message["To"] for message in escalation.mail.received)
    assert len(mails) == 40
    assert set(mails.values()) == {ALONE + 1}
    lists = [message for message in escalation.mail.received if "sales at risk" in message["Subject"]]
    assert len(lists) == 40
    assert {row["list_id"] for row in await _email(escalation) if row["list_id"]} == {_id(one) for one in lists}
    assert (await escalation.published_types()).count("escalation.alert_sent") == 1_000


async def test_a_storm_limit_drops_no_email(escalation: Escalation) -> None:
    await _storm(escalation, 30)
    held = [row for row in await _email(escalation) if row["state"] == "held"]
    assert {row["reason"] for row in held} == {"grouped into a list: more than 5 alerts within a minute"}
    assert len(held) == 25
    await escalation.move_clock(MINUTE / 2)  # the clock also runs by itself, and a busy machine takes its time
    await _send(escalation)
    assert len(escalation.mail.received) == ALONE
    await escalation.move_clock(MINUTE / 2)
    await _send(escalation)
    assert await _states(escalation) == {"sent": 30}
    assert len(escalation.mail.received) == ALONE + 1


async def test_the_list_ranks_all_open_episodes_and_marks_new_ones(escalation: Escalation) -> None:
    await _storm(escalation, 8)
    await _after_the_window(escalation)
    subject, plain, html = _read(escalation.mail.received[-1])
    assert subject.startswith("8 sales at risk, 3 new: €4,208 · first Customer 7, refund requested, acknowledge by ")
    for body in (plain, html):
        assert body.count("NEW") == 3
        names = [body.index(f"Customer {n}") for n in range(7, -1, -1)]
        assert names == sorted(names), "of equal severity and urgency: the largest amount first"
        assert "€533" in body
        for episode in await escalation.episodes():
            assert f"http://inbox.example/episodes/{episode['episode_id']}" in body
        assert "+49 30" not in body
        assert "I want my money back." not in body


async def test_later_alerts_are_in_the_next_list_after_the_next_window(escalation: Escalation) -> None:
    await _storm(escalation, 10)
    await _after_the_window(escalation)
    sent = len(escalation.mail.received)
    await _sell(escalation, sellers=1, each=13)
    await _fail(escalation, range(10, 13))
    await _send(escalation)
    assert len(escalation.mail.received) == sent, "the last list is not a minute old"
    await _after_the_window(escalation)
    (another,) = escalation.mail.received[sent:]
    subject, plain, _ = _read(another)
    assert subject.startswith("13 sales at risk, 3 new")
    assert plain.count("NEW") == 3
    await _after_the_window(escalation)
    assert len(escalation.mail.received) == sent + 1, "no list without a new alert"


async def test_two_senders_at_once_send_one_list_and_no_more_single_emails_than_allowed(escalation: Escalation) -> None:
    await _sell(escalation, sellers=2, each=20)
    await _fail(escalation, range(40))
    async with escalation.sending(), escalation.sending(), escalation.sending():
        await eventually(lambda: _states(escalation), {"sent": 2 * ALONE, "held": 30})
        await escalation.move_clock(MINUTE)
        await eventually(lambda: _states(escalation), {"sent": 40})
    assert Counter(message["To"] for message in escalation.mail.received) == {
        "s0@sales.example": ALONE + 1,
        "s1@sales.example": ALONE + 1,
    }


@pytest.mark.parametrize("answer", [ConnectionError("the process ended here"), Attempt.UNKNOWN])
async def test_a_list_of_unknown_outcome_is_sent_again_as_the_same_message(escalation: Escalation, answer: Any) -> None:
    await _storm(escalation, 10)
    await escalation.move_clock(MINUTE)
    escalation.mail.answers = [answer]
    await _send(escalation)
    assert (await _states(escalation))["sent"] == ALONE
    await _nothing_is_dropped(escalation)
    for _ in range(2):
        await _after_the_window(escalation)
    assert await _states(escalation) == {"sent": 10}
    first, second = escalation.mail.received[ALONE:]
    assert first["Message-ID"] == second["Message-ID"]
    assert "may have received this message before" in _read(second)[1]
    listed = [row for row in await _email(escalation) if row["list_id"]]
    assert {(row["attempts"], row["unknown_count"]) for row in listed} == {(2, 1)}


async def test_a_refused_list_has_failed_for_all_its_deliveries(escalation: Escalation) -> None:
    await _storm(escalation, 10)
    await escalation.move_clock(MINUTE)
    escalation.mail.answers = [Attempt.REFUSED]
    await _send(escalation)
    assert await _states(escalation) == {"sent": ALONE, "failed": 5}


async def test_a_channel_put_off_for_an_hour_keeps_everything(escalation: Escalation) -> None:
    await _sell(escalation, sellers=1, each=60)
    escalation.mail.answers = [Attempt.PUT_OFF] * 10_000
    for minute in range(60):
        await _fail(escalation, range(minute, minute + 1))
        if minute == 10:
            await _fail(escalation, range(11, 40))
        await _send(escalation)
        await _nothing_is_dropped(escalation)
        await escalation.move_clock(MINUTE)
    assert "sent" not in await _states(escalation)
    escalation.mail.answers, escalation.mail.received = [], []
    for _ in range(25):
        await _after_the_window(escalation)
    assert await _states(escalation) == {"sent": len(await escalation.alerts())}


async def test_an_alert_acknowledged_while_held_is_in_no_list(escalation: Escalation) -> None:
    await _storm(escalation, 10)
    held = [row["alert_id"] for row in await _email(escalation) if row["state"] == "held"]
    taken = next(row for row in await escalation.alerts() if row["alert_id"] in held)
    await escalation.press(taken["episode_id"], "s0", account=taken["account_id"])
    await _after_the_window(escalation)
    assert await _states(escalation) == {"sent": 9, "cancelled": 1}
    subject, plain, _ = _read(escalation.mail.received[-1])
    assert subject.startswith("9 sales at risk, 4 new")
    assert str(taken["episode_id"]) not in plain


async def test_a_held_delivery_overtaken_by_a_later_alert_expires_and_the_later_is_listed(
    escalation: Escalation,
) -> None:
    await _storm(escalation, 10)
    await escalation.receive(reported(refund_requested("k-2"), subject="c-9", at=minutes(1)))
    await _send(escalation)
    await _after_the_window(escalation)
    assert await _states(escalation) == {"sent": 10, "expired": 1}
    (expired,) = [row for row in await _email(escalation) if row["state"] == "expired"]
    assert expired["reason"] == "a newer alert was raised before this one was sent"
    assert _read(escalation.mail.received[-1])[0].startswith("10 sales at risk, 5 new")


async def test_a_morning_of_held_alerts_is_one_list(escalation: Escalation) -> None:
    await _sell(escalation, sellers=1, each=12)
    await _fail(escalation, range(12))
    held = "state = 'held', reason = 'the recipient is to be notified later'"
    until = "try_at = shared.app_now() + interval '1 hour'"
    await escalation.pool.execute(f"update escalation.deliveries set {held}, {until} where channel = 'email'")
    await _send(escalation)
    assert escalation.mail.received == []
    await escalation.move_clock(60 * MINUTE)
    await _send(escalation)
    (mail,) = escalation.mail.received
    assert mail["Subject"].startswith("12 sales at risk: ")
    assert await _states(escalation) == {"sent": 12}


async def test_a_list_stays_small_despite_long_names_and_names_only_the_first_fifty(
    escalation: Escalation,
) -> None:
    await _storm(escalation, 70)
    names = "customer_name = repeat('<&\U0001f600', 999), bought = repeat('&\U0001f600', 9999)"
    await escalation.pool.execute(f"update escalation.orders set {names}")
    await _after_the_window(escalation)
    mail = escalation.mail.received[-1]
    assert len(bytes(mail)) < 100_000
    for body in _read(mail)[1:]:
        assert body.count("/episodes/") == 50
        assert "and 20 more" in body


async def test_lists_are_counted_with_their_deliveries(escalation: Escalation) -> None:
    await _storm(escalation, 10)
    await escalation.move_clock(MINUTE)
    metrics = create_metrics("escalation")
    await escalation.send_round(escalation.sender(), metrics)
    assert metrics.registry.get_sample_value("handoff_lists_total", {"result": "accepted"}) == 1
    assert metrics.registry.get_sample_value("handoff_alerts_in_lists_total", {"result": "accepted"}) == 5


async def _sell(escalation: Escalation, *, sellers: int, each: int) -> None:
    """Every seller has made this many sales; a higher number has a larger amount."""
    people = [reported(salesperson_changed(email=f"s{n}@sales.example"), subject=f"s{n}") for n in range(sellers)]
    sales = [
        reported(
            order_placed(
                f"o-{n}",
                sold_by=f"s{n % sellers}",
                amount_minor=(519 + 2 * n) * 100,
                customer=Customer(name=f"Customer {n}", phone=f"+49 30 {n}"),
            ),
            subject=f"c-{n}",
            id=f"sale-{n}",
        )
        for n in range(sellers * each)
    ]
    await escalation.receive(*people)
    for first in range(0, len(sales), 500):
        await escalation.receive(*sales[first : first + 500])


async def _fail(escalation: Escalation, customers: range) -> None:
    """Each of these customers requests a refund, once."""
    failures = [reported(refund_requested(), subject=f"c-{n}", id=f"refund-{n}") for n in customers]
    for first in range(0, len(failures), 500):
        await escalation.receive(*failures[first : first + 500])


async def _storm(escalation: Escalation, number: int) -> None:
    """This many alerts to one seller; those that go out at once are sent."""
    await _sell(escalation, sellers=1, each=number)
    await _fail(escalation, range(number))
    await _send(escalation)


async def _send(escalation: Escalation) -> None:
    """Send everything that is due by now."""
    for _ in range(3):
        await escalation.send_mail()
        await asyncio.sleep(0)


async def _count_within_ten_minutes(escalation: Escalation) -> None:
    text = shipped_text().replace('window = "1m"', 'window = "10m"')
    await escalation.pool.execute("update escalation.policies set document = $1, digest = $2", text, digest(text))


async def _after_the_window(escalation: Escalation) -> None:
    await escalation.move_clock(MINUTE + SECOND)
    await _send(escalation)


async def _email(escalation: Escalation) -> list[dict[str, Any]]:
    return [row for row in await escalation.rows("escalation.deliveries") if row["channel"] == "email"]


async def _states(escalation: Escalation) -> dict[str, int]:
    return dict(Counter(row["state"] for row in await _email(escalation)))


async def _nothing_is_dropped(escalation: Escalation) -> None:
    assert (await escalation.deliveries()).total() == 2 * len(await escalation.alerts())


def _id(message: EmailMessage) -> UUID:
    return UUID(message["Message-ID"].strip("<>").partition("@")[0])


def _read(message: EmailMessage) -> tuple[str, str, str]:
    plain, html = message.get_body(("plain",)), message.get_body(("html",))
    assert plain is not None
    assert html is not None
    return message["Subject"], plain.get_content(), html.get_content()
