"""The episodes that figures count, with their outcomes and the times until a person acted. Start at `counted`."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TypeAlias
from uuid import UUID

from services.escalation.domain.calendar import WorkingTime
from services.escalation.domain.results import ResultState
from shared.contracts.escalation import EpisodeResult, SignalKind

CalendarOf: TypeAlias = Callable[[str | None], WorkingTime]
"""The working time of a person; the company's for nobody, or a person who is not in the directory."""


class Outcome(StrEnum):
    """The outcome of an episode, as far as facts show it. Each episode has exactly one.

    A save is provisional until it is proven, or relapsed. A false alarm stays one here even if it was missed: that is
    for the closer's own figures.
    """

    OPEN = "open"
    PROVISIONAL = "provisional"
    PROVEN = "proven"
    RELAPSED = "relapsed"
    LOST = "lost"
    WON_BACK = "won_back"
    FALSE_ALARM = "false_alarm"
    CAUSE_GONE = "cause_gone"


@dataclass(frozen=True, slots=True)
class EpisodeRow:
    """An episode as figures read it. `cause` is the kind of its first signal that was not withdrawn, at `began_at`.

    `seller` is the person who closed the order. `requested`: the customer asked for money back or to cancel.
    `not_ours`: there was nothing for a seller to save. `tried`: someone called, talked with the customer or offered
    something.
    `rings` counts alerts that asked for a response; the first was raised at `notified_at`. `acknowledged_*` and
    `talked_*` are the first acknowledgement and the first talk. Money is in minor units of the order's currency.
    """

    episode_id: UUID
    order_id: str
    seller: str | None
    responsible: str | None
    cause: SignalKind
    began_at: datetime
    raised_at: datetime
    closed_at: datetime | None
    result: EpisodeResult | None
    state: ResultState | None
    requested: bool
    not_ours: bool
    tried: bool
    rings: int
    notified_at: datetime | None
    acknowledged_at: datetime | None
    acknowledged_by: str | None
    talked_at: datetime | None
    talked_by: str | None
    at_stake_minor: int
    given_minor: int
    currency: str | None
    segment: str | None
    products: tuple[str, ...]

    @property
    def outcome(self) -> Outcome:
        if self.closed_at is None:
            return Outcome.OPEN
        if self.state is not None and self.state.value in _OF_STATE:
            return _OF_STATE[self.state.value]
        assert self.result is not None, "every closed episode has a result"
        return _OF_RESULT.get(self.result, Outcome.CAUSE_GONE)


_OF_STATE = {one.value: one for one in Outcome} | {ResultState.MISSED.value: Outcome.FALSE_ALARM}
_OF_RESULT = {
    EpisodeResult.SAVED: Outcome.PROVISIONAL,
    EpisodeResult.LOST: Outcome.LOST,
    EpisodeResult.FALSE_ALARM: Outcome.FALSE_ALARM,
}
"""The outcomes of closes that no later fact is compared with: a close before results were kept, or another reason."""

AT_RISK = (Outcome.OPEN, Outcome.PROVISIONAL)
GONE = (Outcome.LOST, Outcome.WON_BACK, Outcome.RELAPSED)
_WITH_MONEY = (*AT_RISK, Outcome.PROVEN, *GONE)


@dataclass(frozen=True, slots=True)
class CountedEpisode:
    """An episode with its times; None: not yet, or never.

    `to_acknowledge` and `to_talk` are working time of the person who acted, from the first alert; `customer_waited` is
    day and night, from the first trouble until the talk. `counts_money`: it is the latest episode of its order that
    puts money at stake, so that an order counts once.
    """

    row: EpisodeRow
    outcome: Outcome
    counts_money: bool
    to_acknowledge: timedelta | None
    to_talk: timedelta | None
    customer_waited: timedelta | None


def counted(rows: Sequence[EpisodeRow], calendar_of: CalendarOf) -> list[CountedEpisode]:
    """The episodes with their outcomes and times."""
    outcomes = [row.outcome for row in rows]
    latest: dict[str, EpisodeRow] = {}
    for row, outcome in zip(rows, outcomes, strict=True):
        if outcome in _WITH_MONEY and not row.not_ours:
            known = latest.get(row.order_id)
            if known is None or (known.raised_at, known.episode_id) < (row.raised_at, row.episode_id):
                latest[row.order_id] = row
    return [
        _counted(row, outcome, calendar_of, counts_money=latest.get(row.order_id) is row)
        for row, outcome in zip(rows, outcomes, strict=True)
    ]


def _counted(row: EpisodeRow, outcome: Outcome, calendar_of: CalendarOf, *, counts_money: bool) -> CountedEpisode:
    to_acknowledge = to_talk = waited = None
    if row.notified_at is not None and row.acknowledged_at is not None:
        to_acknowledge = calendar_of(row.acknowledged_by).worked(row.notified_at, row.acknowledged_at)
    if row.talked_at is not None:
        to_talk = calendar_of(row.talked_by).worked(row.notified_at or row.raised_at, row.talked_at)
        waited = max(row.talked_at - row.began_at, timedelta(0))
    return CountedEpisode(row, outcome, counts_money, to_acknowledge, to_talk, waited)
