"""The signals in a message about an episode: the main one, and the newest with the customer's words."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from uuid import UUID

import asyncpg

from services.escalation.domain.entities import products_in
from services.escalation.domain.happenings import SignalRow
from services.escalation.domain.main_signal import all_for_information, main_signal
from services.escalation.domain.policy.model import Policy
from services.escalation.domain.policy.versions import Policies
from services.escalation.domain.words import Risk, cut
from services.escalation.store.risks import RISK_COLUMNS, risk_of
from shared.database import Pool

_MOST = 10
_WORDS_LENGTH = 300

_STANDING = f"""
    select s.episode_id, s.fact_id, s.by_silence, {RISK_COLUMNS}
    from escalation.signals s
    join escalation.episodes e on e.episode_id = s.episode_id
    join escalation.orders o on o.order_id = e.order_id
    where s.episode_id = any($1::uuid[]) and s.ended is null
    order by s.at, s.signal_id
"""
_WORDS = """
    select signal_id, left(words, $2) as words from escalation.signals
    where signal_id = any($1::uuid[]) and words is not null
"""


@dataclass(frozen=True, slots=True)
class ShownSignals:
    """The standing signals of an episode: `risks` are all of them, `signals` those a message shows, by time, and
    `left_out` counts the others. `main` is None where none stands."""

    risks: Sequence[Risk] = ()
    main: Risk | None = None
    signals: Sequence[SignalRow] = ()
    left_out: int = 0
    for_information: bool = False


async def signals_shown(pool: Pool, episodes: Collection[UUID], policies: Policies) -> Mapping[UUID, ShownSignals]:
    """The signals of each episode; an episode without standing signals has an empty entry."""
    rows = defaultdict[UUID, list[asyncpg.Record]](list)
    for row in await pool.fetch(_STANDING, list(episodes)):
        rows[row["episode_id"]].append(row)
    shown = {episode: _shown(known, policies) for episode, known in rows.items()}
    ids = [one.risk.signal_id for said in shown.values() for one in said.signals]
    by_signal = (
        {row["signal_id"]: row["words"] for row in await pool.fetch(_WORDS, ids, _WORDS_LENGTH + 1)} if ids else {}
    )
    return {episode: _with_words(shown.get(episode, ShownSignals()), by_signal) for episode in episodes}


def _shown(rows: Sequence[asyncpg.Record], policies: Policies) -> ShownSignals:
    risks, policy = [risk_of(row, policies) for row in rows], _policy(rows[0], policies)
    main = main_signal(risks, policy)
    newest = risks[-_MOST:]
    said = [
        SignalRow(risk, row["fact_id"], by_silence=row["by_silence"])
        for risk, row in zip(risks, rows, strict=True)
        if risk is main or risk in newest
    ]
    return ShownSignals(risks, main, said, len(risks) - len(said), all_for_information(risks, policy))


def _with_words(shown: ShownSignals, by_signal: Mapping[UUID, str]) -> ShownSignals:
    said = [replace(one, words=_cut(by_signal.get(one.risk.signal_id))) for one in shown.signals]
    return replace(shown, signals=said)


def _policy(row: asyncpg.Record, policies: Policies) -> Policy:
    return policies.for_order(policies.latest, row["segment"], products_in(row["products"]))


def _cut(text: str | None) -> str | None:
    return cut(text, _WORDS_LENGTH) if text else None
