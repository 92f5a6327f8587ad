"""Reads the histories of episodes' customers, for readers who may see them: facts, salespeople's reports of answers,
actions of the people who had an episode, and their notes. Pages and mails use it."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias
from uuid import UUID

import asyncpg

from services.escalation.domain.detections.history import History
from services.escalation.domain.facts import SAID, AccountFact, FactKind
from services.escalation.domain.happenings import ActionRow, CustomerHistory, SaidRow, SignalRow
from services.escalation.domain.owed import OWED_KINDS, still_owed
from services.escalation.domain.own_facts import (
    AppointmentLogged,
    AttemptLogged,
    CustomerReachedLogged,
    SnoozePressed,
)
from services.escalation.domain.written import NoteAbout, NoteRow
from services.escalation.store.facts import PUBLISHED_TYPES, newest, orders_of_cases, published_event
from services.escalation.store.histories import FACT_COLUMNS, facts_of
from services.escalation.store.inbox import MAY_SEE
from shared.contracts.escalation import SignalKind
from shared.database import Pool
from shared.ids import SalespersonId

_BUTTONS = {one.type: one for one in (AttemptLogged, CustomerReachedLogged, AppointmentLogged, SnoozePressed)}
_RULES = ("attempt", "reached", "appointment", "snoozed")

# The facts with which signals that are shown began are read at any age.
_FACTS = f"""
    with asked as materialized (
        select e.episode_id, e.account_id, e.order_id, wanted.most
        from unnest($2::uuid[], $3::int[]) as wanted (episode_id, most) join escalation.episodes e using (episode_id)
        where {MAY_SEE}
    )
    select asked.episode_id, j.source, j.event_id, j.type, j.subject, j.at, j.body
    from asked cross join lateral (
        select * from (
            {newest("asked.account_id", types="$4", limit="asked.most", orders="array[asked.order_id]")}
        ) newest
        union
        select b.source, b.event_id, b.type, b.subject, b.at, b.body, b.position
        from unnest($5::uuid[], $6::uuid[]) as began (episode_id, fact_id)
        join escalation.facts f on f.fact_id = began.fact_id and f.account_id = asked.account_id
        join shared.journal b on b.subject = asked.account_id and b.at = f.at and b.type = any($4::text[])
        where began.episode_id = asked.episode_id
    ) j
    where j.body is not null
    order by j.at desc, j.position desc
"""
_SAID = f"""
    select e.episode_id, f.fact_id, f.kind, f.at, f.number, f.agent, f.what, p.name as agent_name
    from escalation.episodes e join escalation.facts f on f.account_id = e.account_id and f.order_id = e.order_id
    left join escalation.salespeople p on p.salesperson_id = f.agent
    where e.episode_id = any($2::uuid[]) and f.kind in {tuple(kind.value for kind in SAID)!r} and {MAY_SEE}
    order by f.at, f.fact_id
"""
# A refused press made no decision. Attempts and talks reported by telephony are among the facts already.
_ACTIONS = f"""
    select d.episode_id, d.at, d.who, p.name, d.cause_type, j.body
    from escalation.decisions d join escalation.episodes e on e.episode_id = d.episode_id
    left join escalation.salespeople p on p.salesperson_id = d.who
    left join shared.journal j on j.source = d.cause_source and j.event_id = d.cause_id
    where d.episode_id = any($2::uuid[]) and d.rule = any($3::text[]) and d.cause_type = any($4::text[]) and {MAY_SEE}
    order by d.position
"""
_NOTES = f"""
    select n.episode_id, n.at, n.by, p.name, n.about, n.words
    from escalation.notes n join escalation.episodes e on e.episode_id = n.episode_id
    left join escalation.salespeople p on p.salesperson_id = n.by
    where n.episode_id = any($2::uuid[]) and {MAY_SEE}
    order by n.at, n.note_id
"""
_OWED = f"""
    select {", ".join(f"f.{name}" for name in FACT_COLUMNS)}
    from escalation.episodes e join escalation.facts f on f.account_id = e.account_id and f.order_id = e.order_id
    where e.episode_id = $2 and f.kind in {tuple(kind.value for kind in OWED_KINDS)!r} and {MAY_SEE}
    order by f.at, f.fact_id
"""
_Rows: TypeAlias = Mapping[UUID, Sequence[asyncpg.Record]]


@dataclass(frozen=True, slots=True)
class Story:
    """A history as rows, so that an unreadable one affects only one page or mail.

    `facts` are newest first, the others in their order; erased facts are left out.
    """

    facts: Sequence[asyncpg.Record] = ()
    said: Sequence[asyncpg.Record] = ()
    actions: Sequence[asyncpg.Record] = ()
    notes: Sequence[asyncpg.Record] = ()
    order_of_case: Mapping[str, str] = field(default_factory=dict)
    owed: Sequence[AccountFact] = ()

    def read(self) -> CustomerHistory:
        return CustomerHistory(
            facts=[published_event(row) for row in self.facts],
            said=[_said(row) for row in self.said],
            actions=[_action(row) for row in self.actions],
            notes=[_note(row) for row in self.notes],
            order_of_case=self.order_of_case,
            owed=self.owed,
        )


async def stories_of(
    database: Pool, reader: SalespersonId, episodes: Mapping[UUID, int], signals: Mapping[UUID, Sequence[SignalRow]]
) -> Mapping[UUID, Story]:
    """The histories of the episodes that the reader may see, each with at most the given number of newest facts, and
    the facts with which these of its signals began, if they stand. Where the customer did not get the result they
    wanted, what both sides still owe is read as well, with the sale that says so."""
    ids = list(episodes)
    owed = {id: await _owed(database, reader, id) for id in ids if _is_denied(signals.get(id, ()))}
    began = [(id, one.fact_id) for id in ids for one in signals.get(id, ()) if one.ended is None]
    began += [(id, one.fact_id) for id, promises in owed.items() for one in promises]
    of_signals = [[id for id, _ in began], [fact for _, fact in began]]
    facts = await database.fetch(_FACTS, reader, ids, list(episodes.values()), PUBLISHED_TYPES, *of_signals)
    said = _by_episode(await database.fetch(_SAID, reader, ids))
    actions = _by_episode(await database.fetch(_ACTIONS, reader, ids, _RULES, list(_BUTTONS)))
    notes = _by_episode(await database.fetch(_NOTES, reader, ids))
    cases, published = await orders_of_cases(database, facts), _by_episode(facts)
    return {
        id: Story(
            published.get(id, ()),
            said.get(id, ()),
            actions.get(id, ()),
            notes.get(id, ()),
            _of_account(published.get(id), cases),
            owed.get(id, ()),
        )
        for id in ids
    }


def _is_denied(signals: Sequence[SignalRow]) -> bool:
    return any(one.risk.kind is SignalKind.OUTCOME_DENIED and one.ended is None for one in signals)


async def _owed(database: Pool, reader: SalespersonId, episode: UUID) -> Sequence[AccountFact]:
    facts = list(facts_of(await database.fetch(_OWED, reader, episode)))
    return still_owed(History(facts), facts[0].order_id) if facts and facts[0].order_id else ()


def _by_episode(rows: Sequence[asyncpg.Record]) -> _Rows:
    found = defaultdict[UUID, list[asyncpg.Record]](list)
    for row in rows:
        found[row["episode_id"]].append(row)
    return found


def _of_account(facts: Sequence[asyncpg.Record] | None, cases: Mapping[str, Mapping[str, str]]) -> Mapping[str, str]:
    return cases.get(facts[0]["subject"], {}) if facts else {}


def _said(row: asyncpg.Record) -> SaidRow:
    said = (row["number"], row["agent"], row["agent_name"], row["what"])
    return SaidRow(row["fact_id"], FactKind(row["kind"]), row["at"], *said)


def _action(row: asyncpg.Record) -> ActionRow:
    kind, body = _BUTTONS[row["cause_type"]], row["body"]
    button = None if body is None else kind.model_validate_json(body)
    return ActionRow(row["at"], row["who"], row["name"], kind, button)


def _note(row: asyncpg.Record) -> NoteRow:
    return NoteRow(row["at"], row["by"], row["name"], NoteAbout(row["about"]), row["words"])
