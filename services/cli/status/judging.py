"""Finds the required actions in a status. Waiting facts alone need none: a fact may precede its subject's opening."""

from collections.abc import Iterator, Sequence

from services.cli.status.figures import Episodes, ServiceStatus, Stored
from services.cli.terminal import counted
from services.escalation.domain.channels import CHANNELS

OUTBOX_SECONDS = 60
TIMERS_SECONDS = 60
SET_ASIDE_SECONDS = 3600
PENDING_SECONDS = 300
BROKEN_OFF_TIMES = 5


def needs(services: Sequence[ServiceStatus], episodes: Episodes | None) -> list[str]:
    """The required actions, the most severe first."""
    found = [need for service in services for need in _of_service(service)]
    return found + (list(_of_episodes(episodes)) if episodes else [])


def _of_service(one: ServiceStatus) -> Iterator[str]:
    if one.unreadable is not None:
        yield one.unreadable
    if one.answer.ready is False:
        yield f"{one.service} is not ready: {'; '.join(one.answer.reasons)}"
    yield from (f"{one.service}: {note}" for note in one.answer.notes)
    yield from (f"{one.service}: topic {topic} is gone" for topic, lag in one.answer.lag.items() if lag is None)
    if one.stored is not None:
        yield from (f"{one.service}: {need}" for need in _of_stored(one, one.stored))


def _of_stored(one: ServiceStatus, stored: Stored) -> Iterator[str]:
    for schema, wanted in one.wanted.items():
        found = stored.tables[schema]
        if found != wanted:
            do = "run `handoff migrate`" if found is None or found < wanted else "this command is from an older release"
            yield f"the tables of {schema} are at revision {found or 'none'}, this release has {wanted}: {do}"
    if not stored.processes:
        yield f"no process is running: start one with `handoff run {one.service}`"
    if stored.outbox.oldest_seconds > OUTBOX_SECONDS:
        unpublished, oldest = counted(stored.outbox.count, "event"), span(stored.outbox.oldest_seconds)
        yield f"{unpublished} not published, the oldest for {oldest}: check Kafka and /readyz"
    if stored.dead_letters.count:
        listed = f"see `handoff dead-letters list {one.service}`"
        yield f"{counted(stored.dead_letters.count, 'dead letter')} not replayed: {listed}"
    if stored.set_aside.oldest_seconds > SET_ASIDE_SECONDS:
        aside, longest = counted(stored.set_aside.count, "account"), span(stored.set_aside.oldest_seconds)
        yield f'{aside} set aside, the longest for {longest}: see "Accounts that take too long" in docs/operators.md'
    if stored.timers_overdue.oldest_seconds > TIMERS_SECONDS:
        overdue, oldest = counted(stored.timers_overdue.count, "timer"), span(stored.timers_overdue.oldest_seconds)
        yield f"{overdue} overdue, the oldest by {oldest}: check that its processes are running, and their logs"


def _of_episodes(episodes: Episodes) -> Iterator[str]:
    if episodes.exhausted:
        unanswered = counted(episodes.exhausted, "episode")
        yield f"{unanswered} without a response: everyone on the escalation path was notified"
    if episodes.nobody_to_ask:
        missing = "publish a salesperson_changed event for the sales desk (see DESK)"
        yield f"{counted(episodes.nobody_to_ask, 'episode')} with no one to notify: {missing}"
    for stuck in episodes.deliveries_stuck:
        stuck_messages = counted(stuck.count, CHANNELS[stuck.channel].message, CHANNELS[stuck.channel].messages)
        yield f"{stuck_messages} not sent: {stuck.reason}; see `handoff deliveries list`"
    if episodes.deliveries_delayed.oldest_seconds > PENDING_SECONDS:
        delayed = counted(episodes.deliveries_delayed.count, "message")
        oldest = span(episodes.deliveries_delayed.oldest_seconds)
        yield f"{delayed} not sent, the oldest for {oldest}: see `handoff deliveries list`"
    if episodes.deliveries_broken_off:
        broken_off = counted(episodes.deliveries_broken_off, "message")
        times = f"at least {BROKEN_OFF_TIMES} times"
        yield f"{broken_off} broken off {times}, which may have arrived: see `handoff deliveries list`"


def span(seconds: float) -> str:
    """A span of time, in its two largest units at most."""
    minutes, hours, days = int(seconds // 60), int(seconds // 3600), int(seconds // 86_400)
    if days:
        return f"{days} d {hours % 24} h"
    if hours:
        return f"{hours} h {minutes % 60} min"
    return f"{minutes} min" if minutes else f"{int(seconds)} s"
