"""Loads the rows that a batch of events needs, one query per table, and saves changes, one statement per table."""

from collections.abc import Iterable, Sequence
from dataclasses import fields
from datetime import datetime
from operator import attrgetter
from typing import Any

from services.escalation import tables
from services.escalation.domain.changes import Changes
from services.escalation.domain.entities import (
    DecisionRow,
    Delivery,
    Salesperson,
)
from services.escalation.domain.installation import Installation
from services.escalation.domain.needed import deliveries_meant, episodes_meant, people_needed
from services.escalation.domain.own_facts import RulesChanged
from services.escalation.domain.policy.versions import Policies
from services.escalation.domain.signals.find import detections
from services.escalation.domain.signals.silences import silence_of
from services.escalation.domain.unit_of_work import UnitOfWork
from services.escalation.store import address_notices, new_policies, sign_outs, win_backs
from services.escalation.store.histories import FACT_COLUMNS
from services.escalation.store.known_accounts import PERSONAL, KnownAccounts, save_versions
from services.escalation.store.rejudging import AMEND, amended_history_of, awaited_of
from services.escalation.store.rows import BESIDE_THE_LADDER, HAS_DEVICE_OF_KEY, alert_of
from shared.contracts.envelope import Envelope, Fact
from shared.database import BulkCopy, BulkStatement, Connection, bulk_upsert

_NOTIFIED = "select distinct episode_id, recipient from escalation.alerts where episode_id = any($1::uuid[])"
# Everyone connected to these people by manager, successor or backup, circles included.
_PEOPLE = f"""
    with recursive needed (id) as (
        select unnest($1::text[])
        union
        select above.id from needed
        join escalation.salespeople p on p.salesperson_id = needed.id
        cross join lateral (values (p.manager), (p.successor), (p.backup)) as above (id)
        where above.id is not null
    )
    select p.*, {HAS_DEVICE_OF_KEY} from escalation.salespeople p join needed on needed.id = p.salesperson_id
"""
# Also those held of the same alerts: a message that fails releases those that wait for a response to it.
_DELIVERIES = """
    select * from escalation.deliveries where delivery_id = any($1::uuid[] || array(
        select held.delivery_id
        from unnest($1::uuid[]) as meant (delivery_id) join escalation.deliveries d using (delivery_id)
        cross join lateral (
            select h.delivery_id from escalation.deliveries h
            where h.alert_id = d.alert_id and h.state = 'held' offset 0
        ) held
    )) for update
"""
_ALERTS = "select * from escalation.alerts where alert_id = any($1::uuid[])"
_CANCEL_DELIVERIES = f"""
    update escalation.deliveries set state = 'cancelled', reason = cancelled.because, changed_at = cancelled.at
    from unnest($1::uuid[], $2::text[], $3::timestamptz[]) as cancelled (episode_id, because, at)
    join escalation.alerts using (episode_id)
    where alerts.alert_id = deliveries.alert_id and deliveries.state in ('pending', 'held', 'unknown')
      and (alerts.cause not in {BESIDE_THE_LADDER!r} or cancelled.because = 'closed')
"""
_CANCEL_APPROVALS = """
    update escalation.deliveries set state = 'cancelled', reason = 'approval_over', changed_at = $2
    from escalation.alerts
    where alerts.episode_id = any($1::uuid[]) and alerts.cause = 'approval'
      and alerts.alert_id = deliveries.alert_id and deliveries.state in ('pending', 'held', 'unknown')
"""
_CONCERNED = """
    select responsible as person, account_id from escalation.episodes
    where closed_at is null and responsible = any($1::text[])
    union
    select offered_to, account_id from escalation.episodes where closed_at is null and offered_to = any($1::text[])
    union
    select asked, account_id from escalation.offers where state = 'pending' and asked = any($1::text[])
    union
    select d.recipient, a.account_id from escalation.deliveries d join escalation.alerts a using (alert_id)
    where d.recipient = any($1::text[]) and d.state in ('pending', 'held', 'unknown')
"""
_CANCEL_MAIL = """
    update escalation.deliveries set state = 'cancelled', reason = 'left', changed_at = $3
    from unnest($1::text[], $2::text[]) as gone (account_id, person)
    join escalation.alerts on alerts.account_id = gone.account_id and alerts.recipient = gone.person
    where alerts.alert_id = deliveries.alert_id and deliveries.state in ('pending', 'held', 'unknown')
"""

_SAVE_ACCOUNTS = bulk_upsert(tables.Account)
_SAVE_ORDERS = bulk_upsert(tables.Order, keep=PERSONAL)
_SAVE_PEOPLE = bulk_upsert(tables.Salesperson)
_SAVE_CASES = bulk_upsert(tables.Case)
_SAVE_EPISODES = bulk_upsert(tables.Episode)
_SAVE_OFFERS = bulk_upsert(tables.Offer, keep=frozenset({"what"}))
_SAVE_SIGNALS = bulk_upsert(tables.Signal, keep=frozenset({"words"}))
_SAVE_ALERTS = bulk_upsert(tables.Alert)
_SAVE_DELIVERIES = bulk_upsert(tables.Delivery)
_SAVE_RESULTS = bulk_upsert(tables.Result)
_SAVE_WINDOWS = bulk_upsert(tables.SaveWindow)
_SAVE_NOTES = bulk_upsert(tables.Note)
_SAVE_LOSSES = bulk_upsert(tables.Loss)
_UNDO_LOSSES = "delete from escalation.losses where episode_id = any($1::uuid[])"
_SAVE_WIN_BACKS = bulk_upsert(tables.WinBack)
_SAVE_NOTICES = bulk_upsert(tables.Notice)
_ADD_FACTS = BulkCopy("escalation", "facts", FACT_COLUMNS)
_ADD_DECISIONS = BulkCopy("escalation", "decisions", tuple(column.name for column in fields(DecisionRow)))


async def load(
    connection: Connection,
    events: Sequence[Envelope[Fact]],
    installation: Installation,
    policies: Policies,
    known: KnownAccounts,
) -> UnitOfWork:
    """The unit of work of a batch whose accounts are locked."""
    accounts = list({event.subject for event in events if event.data.about == "account"})
    work = UnitOfWork(installation, policies, await known.load(connection, accounts) if accounts else {})
    await _load_amended(connection, work, events)
    await _load_people(connection, work, events)
    await _load_concerned(connection, work, events)
    await _load_deliveries(connection, work, events)
    await _load_notified(connection, work, events)
    await win_backs.load(connection, work, events)
    return work


async def save(connection: Connection, work: UnitOfWork, now: datetime) -> None:
    """Save the changes; tables that others refer to come first."""
    changes = work.changes
    await _save_reported(connection, changes)
    await _save(connection, _SAVE_EPISODES, changes.episodes.values())
    await _cancel(connection, changes, now)  # once the episode is locked, so no attempt becomes `unknown` in between
    await _save(connection, _SAVE_OFFERS, changes.offers.values())
    await _save(connection, _SAVE_SIGNALS, changes.signals.values())
    await _save(connection, _SAVE_ALERTS, changes.alerts.values())
    await _save(connection, _SAVE_DELIVERIES, changes.deliveries.values())
    await _save(connection, _SAVE_RESULTS, changes.results.values())
    await _save(connection, _SAVE_WINDOWS, changes.windows.values())
    await _save_written(connection, changes)
    await _save(connection, _SAVE_NOTICES, changes.upward_notices)
    await _add(connection, _ADD_DECISIONS, changes.decisions)
    await new_policies.save(connection, changes.policies)
    await sign_outs.end_all(connection, changes.signed_out, now)
    await address_notices.add(connection, changes.notices)
    await save_versions(connection, work)


async def _save_written(connection: Connection, changes: Changes) -> None:
    """Save what people wrote, their notes and answers about losses, and the calls that follow losses."""
    await _save(connection, _SAVE_NOTES, changes.notes)
    await _save(connection, _SAVE_LOSSES, filter(None, changes.losses.values()))
    await _save(connection, _SAVE_WIN_BACKS, changes.win_backs.values())
    undone = [episode for episode, loss in changes.losses.items() if loss is None]
    if undone:
        await connection.execute(_UNDO_LOSSES, undone)


async def _save_reported(connection: Connection, changes: Changes) -> None:
    """Save what orders and support reported."""
    await _save(connection, _SAVE_ACCOUNTS, changes.accounts.values())
    await _save(connection, _SAVE_ORDERS, changes.orders.values())
    await _save(connection, _SAVE_PEOPLE, changes.people.values())
    await _save(connection, _SAVE_CASES, changes.cases.values())
    await _add(connection, _ADD_FACTS, changes.facts.values())
    await _save(connection, AMEND, changes.amended.values())


async def _cancel(connection: Connection, changes: Changes, now: datetime) -> None:
    """Cancel stored deliveries that nobody needs any more."""
    if changes.cancelled_deliveries:
        because, instants = zip(*changes.cancelled_deliveries.values(), strict=True)
        await connection.execute(_CANCEL_DELIVERIES, list(changes.cancelled_deliveries), list(because), list(instants))
    if changes.cancelled_approvals:
        await connection.execute(_CANCEL_APPROVALS, sorted(changes.cancelled_approvals), now)
    if changes.left:
        accounts, people = zip(*sorted(changes.left), strict=True)
        await connection.execute(_CANCEL_MAIL, list(accounts), list(people), now)


async def _load_amended(connection: Connection, work: UnitOfWork, events: Sequence[Envelope[Fact]]) -> None:
    """For accounts judged again: the facts as this release remembers them, if their events are kept, and the timers."""
    for account in {event.subject for event in events if isinstance(event.data, RulesChanged)}:
        history, amended = await amended_history_of(connection, account)
        work.state(account).history = history
        work.changes.amended.update(amended)
        silent = [one for one in detections(history, work.thresholds) if one.by_silence]
        work.awaited |= await awaited_of(connection, account, {silence_of(one) for one in silent})


async def _load_people(connection: Connection, work: UnitOfWork, events: Sequence[Envelope[Fact]]) -> None:
    needed = people_needed(events, work.states, work.installation.desk)
    for row in await connection.fetch(_PEOPLE, sorted(needed), work.installation.device_key):
        work.people[row["salesperson_id"]] = Salesperson(**row)


async def _load_deliveries(connection: Connection, work: UnitOfWork, events: Sequence[Envelope[Fact]]) -> None:
    attempted = deliveries_meant(events)
    if not attempted:
        return
    for row in await connection.fetch(_DELIVERIES, attempted):
        work.deliveries[row["delivery_id"]] = Delivery(**row)
    alerts = [delivery.alert_id for delivery in work.deliveries.values()]
    for row in await connection.fetch(_ALERTS, alerts):
        work.alerts[row["alert_id"]] = alert_of(row)


async def _load_concerned(connection: Connection, work: UnitOfWork, events: Sequence[Envelope[Fact]]) -> None:
    changing = sorted({event.subject for event in events if event.data.about == "salesperson"})
    for row in await connection.fetch(_CONCERNED, changing) if changing else ():
        work.concerned[row["person"]].add(row["account_id"])


async def _load_notified(connection: Connection, work: UnitOfWork, events: Sequence[Envelope[Fact]]) -> None:
    meant = episodes_meant(events, work.states)
    for row in await connection.fetch(_NOTIFIED, meant) if meant else ():
        work.notified[row["episode_id"]].add(row["recipient"])


async def _save(connection: Connection, statement: BulkStatement, values: Iterable[Any]) -> None:
    read = attrgetter(*statement.columns)
    await statement.run(connection, [read(value) for value in values])


async def _add(connection: Connection, copy: BulkCopy, values: Iterable[Any]) -> None:
    """Plain inserts are safe: accounts are locked and known rows were filtered out."""
    read = attrgetter(*copy.columns)
    await copy.run(connection, [read(value) for value in values])
