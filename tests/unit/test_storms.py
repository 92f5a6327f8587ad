"""What one person is sent: single alerts, one list instead of many, and never nothing."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.escalation.domain.deliveries import after_attempt
from services.escalation.domain.entities import Delivery
from services.escalation.domain.own_facts import Attempt, DeliveryAttempted
from services.escalation.domain.policy.model import Storms
from services.escalation.domain.storms import Due, Recent, SaleAtRisk, ranked, sort_out, span_in_words
from services.escalation.domain.words.lists import amounts, answer_until, time_left
from shared.contracts.escalation import Severity

NOW = datetime(2026, 5, 4, 9, 30, tzinfo=UTC)
SECOND, MINUTE = timedelta(seconds=1), timedelta(minutes=1)
STORMS = Storms(window=MINUTE, alerts=3)
LIST, OTHER = UUID(int=1_000), UUID(int=1_001)


def pending(*numbers: int, list_id: UUID | None = None) -> list[Due]:
    return [Due(UUID(int=number), "pending", 0, NOW, list_id) for number in numbers]


def held(*numbers: int, list_id: UUID | None = None) -> list[Due]:
    return [replace(one, state="held") for one in pending(*numbers, list_id=list_id)]


def unknown(*numbers: int, list_id: UUID | None = None) -> list[Due]:
    return [replace(one, state="unknown", attempts=1) for one in pending(*numbers, list_id=list_id)]


def single(seconds_ago: int) -> Recent:
    return Recent(NOW - seconds_ago * SECOND, is_list=False)


def a_list(seconds_ago: int) -> Recent:
    return Recent(NOW - seconds_ago * SECOND, is_list=True)


@dataclass
class Expected:
    """Numbers of deliveries: those that go alone, those of each list, those held and for how many seconds."""

    alone: list[int] = field(default_factory=list)
    lists: list[list[int]] = field(default_factory=list)
    held: list[int] = field(default_factory=list)
    held_seconds: int | None = None
    expired: list[int] = field(default_factory=list)


@pytest.mark.parametrize(
    ("due", "recent", "expected"),
    [
        pytest.param(pending(1, 2), [], Expected([1, 2]), id="a few go one by one"),
        pytest.param(pending(1, 2, 3), [], Expected([1, 2, 3]), id="as many as are allowed go one by one"),
        pytest.param(
            pending(1, 2, 3, 4, 5), [], Expected([1, 2, 3], held=[4, 5], held_seconds=60), id="the first go at once"
        ),
        pytest.param(
            pending(1, 2), [single(50), single(20)], Expected([1], held=[2], held_seconds=10), id="some went before"
        ),
        pytest.param(
            pending(1), [single(50)] * 3, Expected(held=[1], held_seconds=10), id="one too many waits for the window"
        ),
        pytest.param(pending(1), [single(60)] * 3, Expected([1]), id="a window that ended does not count"),
        pytest.param(held(1, 2, list_id=LIST), [], Expected(lists=[[1, 2]]), id="what was held for a list is one"),
        pytest.param(
            held(1, 2, list_id=LIST) + pending(3, 4),
            [single(59)] * 3,
            Expected(lists=[[1, 2, 3, 4]]),
            id="with the rest",
        ),
        pytest.param(held(1, list_id=LIST), [], Expected([1]), id="one alone is no list"),
        pytest.param(
            held(1, list_id=LIST),
            [single(59)] * 3,
            Expected(held=[1], held_seconds=1),
            id="nor goes it before its time",
        ),
        pytest.param(held(1, 2, 3, 4), [], Expected(lists=[[1, 2, 3, 4]]), id="a morning's worth is one list"),
        pytest.param(held(1, 2, 3), [], Expected([1, 2, 3]), id="a few in the morning go one by one"),
        pytest.param(
            held(1, 2, list_id=LIST) + pending(3),
            [a_list(20)],
            Expected(held=[1, 2, 3], held_seconds=40),
            id="after a list nothing goes before the next window",
        ),
        pytest.param(
            unknown(1, 2, list_id=LIST) + unknown(3, list_id=OTHER) + unknown(4) + pending(5),
            [a_list(5)],
            Expected([4], [[1, 2], [3]], held=[5], held_seconds=55),
            id="what may have arrived goes again as the same message",
        ),
        pytest.param(
            pending(1, 2, list_id=LIST), [], Expected(lists=[[1, 2]]), id="a list that was put off is tried as a list"
        ),
        pytest.param(
            [replace(one, overtaken=True) for one in held(1)] + held(2), [], Expected([2], expired=[1]), id="overtaken"
        ),
        pytest.param(
            [replace(one, overtaken=True) for one in pending(1)], [], Expected([1]), id="put off for long, and kept"
        ),
    ],
)
def test_what_is_due_becomes(due: list[Due], recent: list[Recent], expected: Expected) -> None:
    verdict = sort_out(due, recent, STORMS, NOW)
    alone = [message.deliveries[0] for message in verdict.messages if message.list_id is None]
    lists = [message.deliveries for message in verdict.messages if message.list_id is not None]
    until = verdict.held_until - NOW if verdict.held_until else None
    assert expected == Expected(
        _numbers(alone),
        [_numbers(one) for one in lists],
        _numbers(verdict.held),
        int(until.total_seconds()) if until else None,
        _numbers(verdict.expired),
    )


def test_why_something_is_held_is_said() -> None:
    assert sort_out(pending(1, 2, 3, 4), [], STORMS, NOW).because == "in a list: more than 3 alerts within a minute"
    later = sort_out(pending(1), [a_list(5)], STORMS, NOW)
    assert later.because == "in the next list: the last one was sent within a minute"


def test_a_list_sent_again_is_the_same_and_the_next_one_another() -> None:
    (first,) = sort_out(held(1, 2, list_id=LIST), [], STORMS, NOW).messages
    (again,) = sort_out(unknown(1, 2, list_id=first.list_id), [], STORMS, NOW + 5 * MINUTE).messages
    assert again.list_id == first.list_id
    put_off = [replace(one, attempts=1) for one in pending(1, 2, list_id=first.list_id)]
    (other,) = sort_out(put_off, [], STORMS, NOW).messages
    assert other.list_id != first.list_id


@pytest.mark.parametrize(
    ("span", "words"),
    [
        (MINUTE, "a minute"),
        (90 * MINUTE, "90 minutes"),
        (60 * MINUTE, "an hour"),
        (120 * MINUTE, "2 hours"),
        (timedelta(days=1), "a day"),
        (timedelta(days=14), "14 days"),
    ],
)
def test_a_span_in_words(span: timedelta, words: str) -> None:
    assert span_in_words(span) == words


def test_the_gravest_and_most_urgent_come_first() -> None:
    def sale(number: int, severity: Severity, minutes: int | None, amount: int = 100) -> SaleAtRisk:
        deadline = None if minutes is None else NOW + minutes * MINUTE
        return SaleAtRisk(UUID(int=number), "c-1", "4711", None, "Pump", amount, "EUR", severity, deadline, is_new=True)

    in_order = [
        sale(1, Severity.CRITICAL, 90),
        sale(2, Severity.HIGH, 5),
        sale(3, Severity.HIGH, 30, amount=900),
        sale(4, Severity.HIGH, 30, amount=200),
        sale(5, Severity.HIGH, None, amount=9_000),
        sale(6, Severity.WATCH, 1),
    ]
    assert ranked(in_order[::-1]) == in_order


@pytest.mark.parametrize(
    ("by_currency", "words"),
    [
        ({"EUR": 4_820_000}, "€48,200"),
        ({"EUR": 4_820_050}, "€48,200.50"),
        ({"USD": 100, "EUR": 5_000_000, "JPY": 900}, "€50,000, ¥900 and $1"),
        ({"USD": 1, "EUR": 2, "JPY": 3, "CHF": 4, "SEK": 5}, "SEK0.05, CHF0.04, ¥3 and 2 more currencies"),
    ],
)
def test_amounts_are_told_by_currency(by_currency: dict[str, int], words: str) -> None:
    assert amounts(by_currency) == words


@pytest.mark.parametrize(
    ("minutes", "until", "left"),
    [
        (180, "answer until 14:30", "3 h left"),
        (25, "answer until 11:55", "25 min left"),
        (24 * 60, "answer until 5 May, 11:30", "1 day left"),
        (-10, "answer was due 11:20", None),
    ],
)
def test_time_is_told_on_the_readers_clock(minutes: int, until: str, left: str | None) -> None:
    deadline = NOW + minutes * MINUTE
    assert (answer_until(deadline, "Europe/Berlin", NOW), time_left(deadline, NOW)) == (until, left)
    assert (answer_until(None, "Europe/Berlin", NOW), time_left(None, NOW)) == ("no time set", None)


@dataclass
class Person:
    """One person's deliveries on one channel, sent by a server that answers as it likes."""

    now: datetime = NOW
    deliveries: dict[UUID, Delivery] = field(default_factory=dict)
    begun: list[tuple[datetime, UUID | None, frozenset[UUID]]] = field(default_factory=list)
    accepted: Counter[UUID] = field(default_factory=Counter)

    def arrive(self, number: int, *, held_for: timedelta | None = None) -> None:
        for _ in range(number):
            id = UUID(int=len(self.deliveries) + 1)
            state = "pending" if held_for is None else "held"
            try_at = self.now + (held_for or timedelta())
            self.deliveries[id] = Delivery(id, id, "anna", "email", state, try_at, self.now)

    def look(self, answer: Attempt | None) -> None:
        """Claim what is due and send it; None: the process ends while it sends."""
        self._give_up()
        due = [
            Due(one.delivery_id, one.state, one.attempts, one.try_at, one.list_id)
            for one in self.deliveries.values()
            if one.state in ("pending", "held", "unknown") and one.try_at <= self.now
        ]
        verdict = sort_out(due, self._recent(), STORMS, self.now)
        placed = [one.delivery_id for message in verdict.messages for one in message.deliveries]
        placed += [one.delivery_id for one in (*verdict.held, *verdict.expired)]
        assert sorted(placed) == sorted(one.delivery_id for one in due), "each in exactly one place"
        for held in verdict.held:
            assert verdict.held_until is not None
            assert self.now < verdict.held_until <= self.now + STORMS.window
            self._change(held, state="held", list_id=held.list_id or LIST, try_at=verdict.held_until)
        for message in verdict.messages:
            self.begun.append((self.now, message.list_id, frozenset(one.delivery_id for one in message.deliveries)))
            for one in message.deliveries:
                self._change(
                    one, state="sending", attempts=one.attempts + 1, list_id=message.list_id, try_at=self.now + MINUTE
                )
            if answer is not None:
                self._end(message.deliveries, answer)

    def _end(self, sent: Sequence[Due], answer: Attempt) -> None:
        for one in sent:
            delivery = self.deliveries[one.delivery_id]
            fact = DeliveryAttempted(delivery=one.delivery_id, attempt=delivery.attempts, result=answer)
            changed = after_attempt(delivery, fact, self.now)
            assert changed is not None
            self.deliveries[one.delivery_id] = changed
            self.accepted[one.delivery_id] += answer is Attempt.ACCEPTED

    def _give_up(self) -> None:
        for delivery in list(self.deliveries.values()):
            if delivery.state == "sending" and delivery.try_at <= self.now:
                again_at = self.now + MINUTE
                self.deliveries[delivery.delivery_id] = replace(
                    delivery, state="unknown", try_at=again_at, changed_at=self.now
                )

    def _recent(self) -> list[Recent]:
        messages = {
            one.list_id or one.delivery_id: Recent(one.changed_at, one.list_id is not None)
            for one in self.deliveries.values()
            if one.state in ("sending", "sent", "unknown")
        }
        return list(messages.values())

    def _change(self, due: Due, **changes: object) -> None:
        delivery = self.deliveries[due.delivery_id]
        self.deliveries[due.delivery_id] = replace(delivery, changed_at=self.now, **changes)  # type: ignore[arg-type]


ANSWERS = st.sampled_from([Attempt.ACCEPTED, Attempt.ACCEPTED, Attempt.PUT_OFF, Attempt.UNKNOWN, None])
STEPS = st.tuples(st.integers(0, 8), st.sampled_from([None, None, MINUTE, 30 * MINUTE]), st.integers(0, 90), ANSWERS)


@settings(max_examples=300, deadline=None)
@given(st.lists(STEPS, max_size=30))
def test_whatever_comes_and_whatever_the_server_says_all_of_it_is_sent(
    steps: list[tuple[int, timedelta | None, int, Attempt | None]],
) -> None:
    person = Person()
    for number, held_for, seconds, answer in steps:
        person.arrive(number, held_for=held_for)
        person.look(answer)
        person.now += seconds * SECOND
    for _ in range(200):
        person.look(Attempt.ACCEPTED)
        person.now += 20 * SECOND
    assert {one.state for one in person.deliveries.values()} <= {"sent"}
    assert all(times == 1 for times in person.accepted.values())


@settings(max_examples=300, deadline=None)
@given(st.lists(STEPS, max_size=30))
def test_no_more_single_alerts_than_allowed_reach_a_person_within_a_window(
    steps: list[tuple[int, timedelta | None, int, Attempt | None]],
) -> None:
    person = Person()
    for number, held_for, seconds, answer in steps:
        person.arrive(number, held_for=held_for)
        person.look(Attempt.ACCEPTED if answer is Attempt.PUT_OFF else answer)
        person.now += seconds * SECOND
    first: dict[frozenset[UUID], tuple[datetime, bool]] = {}
    for at, list_id, deliveries in person.begun:
        first.setdefault(deliveries, (at, list_id is not None))
    alone = [at for at, is_list in first.values() if not is_list]
    lists = [at for at, is_list in first.values() if is_list]
    for at in alone:
        assert sum(at <= other < at + STORMS.window for other in alone) <= STORMS.alerts
    for at in lists:
        assert sum(at <= other < at + STORMS.window for other in lists) == 1


def _numbers(due: Sequence[Due]) -> list[int]:
    return [one.delivery_id.int for one in due]
