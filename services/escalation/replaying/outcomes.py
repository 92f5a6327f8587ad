"""The outcomes of an account's orders, as far as the journal knows them. They happened under the policy in force."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from services.escalation.domain.account_state import AccountState
from services.escalation.replaying.journaled import Journaled
from shared.contracts import orders
from shared.contracts.escalation import EpisodeResult


class Ending(StrEnum):
    """The end of an order. Lost: cancelled, paid back, or closed as lost. Saved: closed as saved, and not lost.
    Well: closed without need for a rescue, or the customer reached the expected outcome; and not lost."""

    LOST = "lost"
    SAVED = "saved"
    WELL = "well"


@dataclass(frozen=True, slots=True)
class Outcome:
    """An ending, and when it was first known from an event or a close."""

    ending: Ending
    at: datetime


_BY_RESULT: Final[Mapping[EpisodeResult, Ending]] = {
    EpisodeResult.LOST: Ending.LOST,
    EpisodeResult.SAVED: Ending.SAVED,
    EpisodeResult.FALSE_ALARM: Ending.WELL,
    EpisodeResult.CAUSE_GONE: Ending.WELL,
}
"""An episode that was for information says nothing."""
_FIRST_OF: Final = (Ending.LOST, Ending.SAVED, Ending.WELL)


def outcomes_of(lived: AccountState, inputs: Iterable[Journaled]) -> dict[str, Outcome]:
    """The outcome of each order that has one: a loss before a save, a save before anything else; the earliest of it."""
    known: dict[str, dict[Ending, datetime]] = {}
    for order, outcome in (*_reported(inputs), *_closed(lived)):
        at = known.setdefault(order, {}).get(outcome.ending, outcome.at)
        known[order][outcome.ending] = min(at, outcome.at)
    return {
        order: next(Outcome(ending, endings[ending]) for ending in _FIRST_OF if ending in endings)
        for order, endings in known.items()
        if order in lived.orders
    }


def _reported(inputs: Iterable[Journaled]) -> list[tuple[str, Outcome]]:
    found = []
    for one in inputs:
        fact = one.event.data
        if isinstance(fact, orders.OrderCancelled | orders.RefundPaid):
            found.append((fact.order, Outcome(Ending.LOST, one.event.time)))
        elif isinstance(fact, orders.OutcomeReported) and fact.reached:
            found.append((fact.order, Outcome(Ending.WELL, one.event.time)))
    return found


def _closed(lived: AccountState) -> list[tuple[str, Outcome]]:
    return [
        (one.order_id, Outcome(_BY_RESULT[one.result], one.closed_at))
        for one in lived.episodes.values()
        if one.closed_at is not None and one.result is not None and one.result in _BY_RESULT
    ]
