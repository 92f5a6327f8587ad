"""Bugs planted into the real code, each of a kind that developers make: the histories must find every one."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from itertools import count
from typing import Any

import pytest

from services.escalation import app
from services.escalation.domain import win_backs
from services.escalation.domain.account_state import AccountState
from services.escalation.domain.deciding import (
    SUBSCRIPTIONS,
    alerts,
    episodes,
    follow_ups,
    people,
    receipts,
    reconciling,
    results,
)
from services.escalation.domain.deciding.notifying import notify_next
from services.escalation.domain.decisions.closing import Closed, Reopened
from services.escalation.domain.decisions.win_backs import WinBackEnded
from services.escalation.domain.draft import Draft
from services.escalation.domain.duties import Duty, DutyKind
from services.escalation.domain.entities import Episode
from services.escalation.domain.own_facts import EpisodeDue
from services.escalation.domain.severity import assess_severity
from services.escalation.domain.unit_of_work import UnitOfWork
from services.escalation.store.known_accounts import KnownAccounts
from shared import journal, timers
from shared.contracts.escalation import RingCause
from shared.database import DATABASE_ERRORS
from shared.ids import derived
from shared.inputs import Batch
from shared.messaging import relay
from shared.transaction import InputProcessor, Transaction
from tests.simulation.consuming import Consumer
from tests.simulation.workers import Relay, Sender

Plant = Callable[[pytest.MonkeyPatch], None]


def mark_before_sending(patch: pytest.MonkeyPatch) -> None:
    async def round(process: Relay) -> None:
        async with process.pool.acquire() as connection:
            rows = await connection.fetch(relay._UNPUBLISHED, 20, 0, [])
            await process.mark(connection, [row["id"] for row in rows])
            await process.publish(rows)

    patch.setattr(Relay, "round", round)


def count_every_delivery_of_an_event(patch: pytest.MonkeyPatch) -> None:
    async def nothing_seen(*_arguments: Any) -> dict[tuple[str, str], bytes]:
        return {}

    patch.setattr(journal, "digests", nothing_seen)


def fire_timers_without_the_lock(patch: pytest.MonkeyPatch) -> None:
    async def due_keys(connection: Any, limit: int, **of: Any) -> list[str]:
        return list(await timers.due_accounts(connection, limit, **of))

    patch.setattr(timers, "lock_due", due_keys)


def ask_the_time_before_claiming(patch: pytest.MonkeyPatch) -> None:
    async def fire_timers(processor: InputProcessor, limit: int = 200, **_of: Any) -> int:
        async with processor._transaction(set()) as tx:
            tx.now = await tx.connection.fetchval("select shared.app_now()")
            held = await timers.lock_due(tx.connection, limit)
            fired = await timers.claim(tx.connection, held, limit, processor.own_facts, processor.service)
            await processor._process(tx, Batch(fired), whole=False)
            return len(fired)

    patch.setattr(InputProcessor, "fire_timers", fire_timers)


def silence_that_is_not_waited_for(patch: pytest.MonkeyPatch) -> None:
    set_timer = Transaction.set_timer

    def impatient(tx: Transaction, fact: Any, **about: Any) -> None:
        set_timer(tx, fact, **{**about, "made_of_silence": False})

    patch.setattr(Transaction, "set_timer", impatient)


def acknowledge_without_silencing(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(UnitOfWork, "cancel_deliveries", lambda *_arguments: None)


def severity_that_falls(patch: pytest.MonkeyPatch) -> None:
    def risen(_draft: Any, episode: Episode, _signal: Any, assessed: Any) -> tuple[Episode, bool]:
        return replace(episode, severity=assessed.severity), assessed.severity.rank > episode.severity.rank

    patch.setattr(episodes, "_risen", risen)
    patch.setattr(results, "assess_severity", _of_the_latest_alone)


def _of_the_latest_alone(signals: Sequence[Any], order: Any, policy: Any) -> Any:
    return assess_severity(signals[-1:], order, policy)


def late_timer_of_a_closed_episode(patch: pytest.MonkeyPatch) -> None:
    """The timer is not cancelled, and its handler does not check whether the episode is closed."""

    def ring_whatever_it_is(draft: Any) -> None:
        notify_next(draft, draft.state.episodes[draft.fact.episode], RingCause.STEP)

    patch.setattr(Closed, "sets_clock", False)
    table: Any = SUBSCRIPTIONS
    patch.setitem(table, EpisodeDue, (ring_whatever_it_is,))


def close_without_stopping_the_clock(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Closed, "sets_clock", False)


def undo_a_close_without_starting_the_clock(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Reopened, "sets_clock", False)


def alert_id_without_its_ring(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(alerts, "derived", lambda kind, *cause: derived(kind, cause[0] if kind == "alert" else cause))


def press_again_as_another_press(patch: pytest.MonkeyPatch) -> None:
    """A commit without an answer counts as failed, so the press is repeated under another id."""
    numbers = count()
    patch.setattr(app, "derived", lambda kind, *cause: derived(kind, *cause, next(numbers)))


def send_again_where_the_receipt_was_lost(patch: pytest.MonkeyPatch) -> None:
    report = Sender._report

    async def report_or_send_again(sender: Sender, receipts: list[Any]) -> None:
        try:
            await sender.processor.apply(Batch(receipts))
        except DATABASE_ERRORS:
            sender.ground.mail.take([receipt.envelope.data.delivery for receipt in receipts])
            await report(sender, receipts)

    patch.setattr(Sender, "_report", report_or_send_again)


def go_on_after_a_failed_batch(patch: pytest.MonkeyPatch) -> None:
    async def stay(*_arguments: Any) -> None:
        return None

    patch.setattr(Consumer, "_rewind", stay)


def never_withdraw(patch: pytest.MonkeyPatch) -> None:
    end_or_move = reconciling._end_or_move

    def keep(draft: Any, signal: Any, detection: Any) -> None:
        if detection is not None:
            end_or_move(draft, signal, detection)

    patch.setattr(reconciling, "_end_or_move", keep)


def swallow_what_joins_an_acknowledged_episode(patch: pytest.MonkeyPatch) -> None:
    join = episodes.join

    def join_unless_acknowledged(draft: Any, order: Any, signal: Any) -> None:
        known = draft.state.open_episodes.get(order.order_id)
        if known is None or known.acknowledged_at is None:
            join(draft, order, signal)

    patch.setattr(episodes, "join", join_unless_acknowledged)


def check_in_that_is_not_due(patch: pytest.MonkeyPatch) -> None:
    def always(_by: str, sale: Any, *_arguments: Any) -> list[Duty]:
        return [Duty(DutyKind.CHECK_IN, sale.order.order_id, sale.order.sold_at)]

    patch.setattr(follow_ups, "duties_of", always)


def believe_what_is_in_memory(patch: pytest.MonkeyPatch) -> None:
    """A process trusts its memory of an account that another process has changed in the meantime."""

    async def load(known: KnownAccounts, connection: Any, accounts: Sequence[str]) -> dict[str, AccountState]:
        states = {id: state for id in accounts if (state := known._take(id)) is not None}
        return states | await careful(known, connection, [id for id in accounts if id not in states])

    careful = KnownAccounts.load
    patch.setattr(KnownAccounts, "load", load)


def leave_what_somebody_has_when_they_leave(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(people, "_recheck_acknowledged", lambda *_arguments: None)
    patch.setattr(people, "_recheck_notified", lambda *_arguments: None)


def notify_people_without_a_device(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(alerts, "_has_address", lambda *_arguments: True)


def mail_that_never_waits(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(alerts, "_response_awaited_until", lambda *_arguments: None)


def mail_that_waits_for_a_notification_that_failed(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(receipts, "_release", lambda *_arguments: None)


def win_back_that_waits_for_few_requests(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(win_backs, "ENOUGH_REQUESTS", 0)


def win_back_that_ends_without_a_record(patch: pytest.MonkeyPatch) -> None:
    def end_silently(draft: Any, decision: Any) -> None:
        if isinstance(decision, WinBackEnded):
            draft.keep(decision.win_back)
        else:
            decide(draft, decision)

    decide = Draft.decide
    patch.setattr(Draft, "decide", end_silently)


PLANTED: Mapping[str, Plant] = {
    plant.__name__: plant
    for plant in (
        mark_before_sending,
        count_every_delivery_of_an_event,
        fire_timers_without_the_lock,
        ask_the_time_before_claiming,
        silence_that_is_not_waited_for,
        acknowledge_without_silencing,
        severity_that_falls,
        late_timer_of_a_closed_episode,
        close_without_stopping_the_clock,
        undo_a_close_without_starting_the_clock,
        alert_id_without_its_ring,
        press_again_as_another_press,
        send_again_where_the_receipt_was_lost,
        go_on_after_a_failed_batch,
        never_withdraw,
        swallow_what_joins_an_acknowledged_episode,
        check_in_that_is_not_due,
        leave_what_somebody_has_when_they_leave,
        believe_what_is_in_memory,
        notify_people_without_a_device,
        mail_that_never_waits,
        mail_that_waits_for_a_notification_that_failed,
        win_back_that_waits_for_few_requests,
        win_back_that_ends_without_a_record,
    )
}
