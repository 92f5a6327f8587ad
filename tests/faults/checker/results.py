"""What later facts say about closed episodes, computed from all facts at once. Start at `outcomes`.

A save is proven when its time is up, unless a fact disproves it first. Money paid back and a cancelled order count
after the episode's first signal, other trouble after its close. While a save is provisional, a later save of the order
decides for both. A new sale wins back a customer who was lost.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeAlias
from uuid import UUID

from tests.faults.checker.account_facts import Facts
from tests.faults.checker.facts import Fact
from tests.faults.checker.order_findings import is_overdue
from tests.faults.checker.rescuing import SEVERITIES

_EXECUTIONS = ("order_cancelled", "refund_paid")
Arose: TypeAlias = tuple[str, str, datetime, datetime]
"""A signal that was not withdrawn and is not for information: its order, kind and time, and when its episode was
raised."""


@dataclass(frozen=True, slots=True)
class Close:
    """An episode that a person closed: as "saved" or "lost", or as "false_alarm" because nothing was wrong.

    `kinds` are those of its signals, and of the earlier saves for which this one decides. `due` is when its time is up;
    `is_up`: its timer has fired.
    """

    episode: UUID
    order: str
    result: str
    at: datetime
    began: datetime
    kinds: frozenset[str]
    due: datetime | None
    is_up: bool


@dataclass(frozen=True, slots=True)
class Outcome:
    """`because` are the kinds of what disproves it first, at the time `since`; `won_by` is the order that won the
    customer back at that time, `shares` the later save that decides for both."""

    state: str
    because: frozenset[str] = frozenset()
    since: datetime | None = None
    won_by: str | None = None
    shares: UUID | None = None


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of one account in the end. `offers` are (order, currency, time, amount) of the offers agreed,
    `sales` (time, order, when reported) of all orders that renew nothing; `rule` is the policy's `results.saved`."""

    facts: Facts
    signals: Sequence[Arose]
    offers: Sequence[tuple[str, str, datetime, int]]
    sales: Sequence[tuple[datetime, str, datetime]]
    rule: Mapping[str, Any]


def outcomes(closes: Sequence[Close], known: Known) -> dict[UUID, Outcome]:
    """By episode, the outcome of each close of an account that was not undone."""
    found = dict[UUID, Outcome]()
    for close in sorted(closes, key=lambda one: (one.at, one.episode), reverse=True):
        if close.result == "lost":
            found[close.episode] = _of_loss(close, known)
        elif close.result == "false_alarm":
            wrong = _disproof(close, known)
            found[close.episode] = Outcome("missed", *wrong) if wrong else Outcome("false_alarm")
        else:
            later = [one for one in closes if (one.order, one.result) == (close.order, "saved")]
            found[close.episode] = _of_save(close, _next(close, later), found, known)
    return found


def least_severity(disproved: Sequence[str]) -> str:
    """The least severity of an episode by which saves of these severities are disproved: one level above them."""
    return SEVERITIES[min(max(SEVERITIES.index(one) for one in disproved) + 1, 2)]


def _of_loss(close: Close, known: Known) -> Outcome:
    """A sale that the closer could know of wins nobody back, even if a clock ahead dates it later."""
    after = (sale for sale in known.sales if sale[0] > close.at and sale[2] >= close.at)
    first = min(after, default=None)
    return Outcome("lost") if first is None else Outcome("won_back", since=first[0], won_by=first[1])


def _next(close: Close, saves: Sequence[Close]) -> Close | None:
    """The next save of the order, if it came before the time of this one was up."""
    following = (one for one in saves if (one.at, one.episode) > (close.at, close.episode))
    later = min(following, key=lambda one: (one.at, one.episode), default=None)
    return later if later is not None and close.due is not None and later.at <= close.due else None


def _of_save(close: Close, later: Close | None, found: Mapping[UUID, Outcome], known: Known) -> Outcome:
    wrong = _disproof(close, known)
    if later is not None and (wrong is None or wrong[1] > later.at):
        fate = found[later.episode]
        return Outcome(fate.state, fate.because, fate.since, shares=fate.shares or later.episode)
    if wrong is not None:
        return Outcome("relapsed", *wrong)
    return Outcome("proven" if close.is_up else "provisional")


def _disproof(close: Close, known: Known) -> tuple[frozenset[str], datetime] | None:
    """The kinds of what disproves it first, and when."""
    every = list(_disproofs(close, known))
    first = min((at for at, _ in every), default=None)
    return None if first is None else (frozenset(kind for at, kind in every if at == first), first)


def _disproofs(close: Close, known: Known) -> Iterator[tuple[datetime, str]]:
    assert close.due is not None, "what is checked has a time limit"
    by_kind, others = known.rule["disproved_by_kind"], known.rule["disproved_by"]
    counts = {name for kind in close.kinds for name in by_kind.get(kind, others)}
    for fact in known.facts.of(*counts.intersection(_EXECUTIONS)):
        carried_out = fact.kind == "order_cancelled" or (fact.amount and not _was_offered(fact, known))
        if carried_out and fact.order == close.order and close.began < fact.at <= close.due:
            yield fact.at, fact.kind
    troubles = set(close.kinds) if "same_trouble" in counts else set[str]()
    troubles |= counts & {"satisfaction_low"}
    for order, kind, at, raised_at in known.signals:
        # The closer knew of the signals of an episode raised before, even if a clock ahead dates them later.
        came_after = close.at < raised_at and close.at < at <= close.due
        if order == close.order and kind in troubles.difference(_EXECUTIONS) and came_after:
            yield at, kind
    if "not_delivered" in counts and close.is_up and is_overdue(known.facts, close.order, close.due):
        yield close.due, "delivery_late"


def _was_offered(paid: Fact, known: Known) -> bool:
    """Whether the refunds since the first offer before this one are at most what was offered before it."""
    currency = paid.data.get("currency")
    before = [one for one in known.offers if one[:2] == (paid.order, currency) and one[2] < paid.at]
    first = min((at for _, _, at, _ in before), default=paid.at)
    refunds = [
        one.amount or 0
        for one in known.facts.of("refund_paid")
        if (one.order, one.data.get("currency")) == (paid.order, currency) and first < one.at <= paid.at
    ]
    return bool(before) and sum(refunds) <= sum(amount for *_, amount in before)
