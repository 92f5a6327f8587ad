"""Laws of one person's alerts for any number of them, at any times, and with any answers of the mail server."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from services.escalation.domain.deliveries import after_attempt
from services.escalation.domain.delivery_facts import Attempt, DeliveryAttempted
from services.escalation.domain.entities import Delivery
from services.escalation.domain.policy.model import Storms
from services.escalation.domain.storms import Due, Recent, sort_out
from tests.examples import examples

NOW = datetime(2026, 5, 4, 9, 30, tzinfo=UTC)
SECOND, MINUTE = timedelta(seconds=1), timedelta(minutes=1)
STORMS = Storms(window=MINUTE, alerts=3)
LIST = UUID(int=1_000)


@dataclass
class Person:
    """One person's deliveries on one channel, sent by a server with arbitrary answers."""

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
        """Claim what is due and send it. None: the process dies while it sends."""
        self._give_up()
        due = [
            Due(one.delivery_id, one.state, one.attempts, one.try_at, one.list_id)
            for one in self.deliveries.values()
            if one.state in ("pending", "held", "unknown") and one.try_at <= self.now
        ]
        verdict = sort_out(due, self._recent(), STORMS, self.now)
        placed = [one.delivery_id for message in verdict.messages for one in message.deliveries]
        placed += [one.delivery_id for one in (*verdict.held, *verdict.expired)]
        assert sorted(placed) == sorted(one.delivery_id for one in due), "each delivery in exactly one place"
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


@examples(300)
@given(st.lists(STEPS, max_size=30))
def test_everything_is_sent_for_any_alerts_and_any_answers(
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


@examples(300)
@given(st.lists(STEPS, max_size=30))
def test_at_most_the_allowed_single_alerts_reach_a_person_within_a_window(
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
