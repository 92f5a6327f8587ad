"""What `handoff review` counts: the cheapest of the changes that catch a loss, and who was asked before it."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from services.escalation.domain.entities import Delivery
from services.escalation.domain.policy.document import shipped
from services.escalation.replaying.asks import Ask, Asks
from services.escalation.replaying.candidates import Candidate
from services.escalation.replaying.review import Judged, catching
from shared.contracts.escalation import SignalKind

AT = datetime(2026, 5, 4, 9, 30, tzinfo=UTC)


def judged(line: str, *, hours_before: float | None, more_notifications: int, step: int = 1) -> Judged:
    ask = None if hours_before is None else asked(hours_before)
    return Judged(Candidate(line, "1", "2", step, shipped()), ask, more_notifications)


def asked(hours_before: float) -> Ask:
    return Ask(AT - timedelta(hours=hours_before), "4711", "anna", SignalKind.CASE_STUCK)


@pytest.mark.parametrize(
    ("candidates", "expected"),
    [
        ([judged("late", hours_before=None, more_notifications=0)], []),
        (
            [
                judged("dear", hours_before=9, more_notifications=3),
                judged("cheap", hours_before=1, more_notifications=1),
            ],
            ["cheap", "dear"],
        ),
        (
            [
                judged("quarter", hours_before=9, more_notifications=1, step=2),
                judged("half", hours_before=1, more_notifications=1),
            ],
            ["half", "quarter"],
        ),
        (
            [
                judged("later", hours_before=1, more_notifications=1),
                judged("earlier", hours_before=2, more_notifications=1),
            ],
            ["earlier", "later"],
        ),
        (
            [
                judged("first", hours_before=1, more_notifications=1),
                judged("second", hours_before=1, more_notifications=1),
            ],
            ["first", "second"],
        ),
        (
            [
                judged("more", hours_before=1, more_notifications=0),
                judged("fewer", hours_before=1, more_notifications=-1),
            ],
            ["fewer", "more"],
        ),
    ],
    ids=["never", "fewest", "smaller step", "earlier", "order of the document", "fewer than today"],
)
def test_the_cheapest_makes_the_fewest_notifications(candidates: list[Judged], expected: list[str]) -> None:
    assert [one.candidate.path for one in catching(candidates, None)] == expected


@pytest.mark.parametrize(("hours_before", "is_of_use"), [(2, False), (2.01, False), (2.02, True), (1, False)])
def test_if_todays_policy_notifies_in_time_a_change_must_notify_earlier(
    hours_before: float, *, is_of_use: bool
) -> None:
    found = catching([judged("one", hours_before=hours_before, more_notifications=0)], asked(2))
    assert [one.candidate.path for one in found] == (["one"] if is_of_use else [])


def delivery(number: int, state: str = "pending", **more: object) -> Delivery:
    values: dict[str, object] = {"recipient": "anna", "channel": "email", "try_at": AT, "changed_at": AT}
    return Delivery(UUID(int=number), UUID(int=9), state=state, **(values | more))  # type: ignore[arg-type]


EARLIER = AT - timedelta(minutes=5)


@pytest.mark.parametrize(
    ("deliveries", "expected"),
    [
        ([delivery(1)], [AT]),
        ([delivery(1, "sent", changed_at=AT + timedelta(hours=1))], [AT]),
        ([delivery(1, "cancelled", reason="closed", changed_at=EARLIER)], []),
        ([delivery(1, "cancelled", reason="closed", changed_at=AT)], [AT]),
        ([delivery(1, "cancelled", reason="acknowledged", changed_at=EARLIER)], [EARLIER]),
        ([delivery(1, "cancelled", reason="closed", changed_at=EARLIER), delivery(2)], [AT]),
    ],
    ids=["waiting", "sent", "over before it was due", "over then", "acknowledged before", "another message"],
)
def test_nobody_is_asked_by_a_message_that_is_cancelled_before_it_is_due(
    deliveries: list[Delivery], expected: list[datetime]
) -> None:
    messages = {one.delivery_id: one for one in deliveries}
    asks = Asks([Ask(AT, "4711", "anna", SignalKind.CASE_STUCK, tuple(messages))])
    assert [one.at for one in asks.made(messages)] == expected
