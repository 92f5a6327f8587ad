"""Finds the required actions in a status. Waiting facts alone need none: a fact may precede its subject's opening."""

from collections.abc import Iterator, Sequence

from services.cli.status.figures import Episodes, ServiceStatus, Stored

OUTBOX_SECONDS = 60
TIMERS_SECONDS = 60
SET_ASIDE_SECONDS = 3600
PENDING_SECONDS = 300


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
        yield f"{stored.outbox.count:,} events are not published, the oldest for {span(stored.outbox.oldest_seconds)}"
    if stored.dead_letters.count:
        listed = f"`handoff dead-letters list {one.service}` lists them"
        yield f"{stored.dead_letters.count:,} dead letters are not replayed: {listed}"
    if stored.set_aside.oldest_seconds > SET_ASIDE_SECONDS:
        yield f"{stored.set_aside.count:,} accounts are set aside, one for {span(stored.set_aside.oldest_seconds)}"
    if stored.timers_overdue.oldest_seconds > TIMERS_SECONDS:
        overdue = span(stored.timers_overdue.oldest_seconds)
        yield f"{stored.timers_overdue.count:,} timers are overdue, one for {overdue}"


def _of_episodes(episodes: Episodes) -> Iterator[str]:
    if episodes.exhausted:
        yield f"{episodes.exhausted:,} episodes: everyone on the escalation path was notified and no one responded"
    if episodes.nobody_to_ask:
        yield f"{episodes.nobody_to_ask:,} episodes: there is no one to notify"
    for stuck in episodes.deliveries_stuck:
        yield f"{stuck.count:,} e-mails are not sent: {stuck.reason}; `handoff deliveries list` lists them"
    if not episodes.deliveries_stuck and episodes.deliveries_pending.oldest_seconds > PENDING_SECONDS:
        pending, oldest = episodes.deliveries_pending.count, span(episodes.deliveries_pending.oldest_seconds)
        yield f"{pending:,} e-mails are not sent, the oldest for {oldest}: check the mail server"


def span(seconds: float) -> str:
    """A span of time, in its two largest units at most."""
    minutes, hours, days = int(seconds // 60), int(seconds // 3600), int(seconds // 86_400)
    if days:
        return f"{days} d {hours % 24} h"
    if hours:
        return f"{hours} h {minutes % 60} min"
    return f"{minutes} min" if minutes else f"{int(seconds)} s"
