"""The results of closed episodes, and what later facts say about them, by the times of the events alone.

Start at `judged`. The order of the reports makes a difference only in the two cases that decision 39 names.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from itertools import islice
from typing import ClassVar, Protocol
from uuid import UUID

from services.escalation.domain.detections.history import History
from services.escalation.domain.detections.indexes import IndexName
from services.escalation.domain.detections.offers import is_within_offers
from services.escalation.domain.facts import FactKind
from services.escalation.domain.policy.results import Disproof, Saved
from services.escalation.domain.signals.delivery_late import is_overdue
from shared.contracts.escalation import Severity, SignalKind
from shared.contracts.fact import Fact
from shared.contracts.fields import Id


class ResultState(StrEnum):
    """The outcome of an episode that a person closed.

    A save is provisional, then proven or relapsed; a loss may be won back; a false alarm may prove to be missed.
    `undone`: the close was undone, so there is no result.
    """

    PROVISIONAL = "provisional"
    PROVEN = "proven"
    RELAPSED = "relapsed"
    LOST = "lost"
    WON_BACK = "won_back"
    FALSE_ALARM = "false_alarm"
    MISSED = "missed"
    UNDONE = "undone"


SAVES = frozenset({ResultState.PROVISIONAL, ResultState.PROVEN, ResultState.RELAPSED})
LOSSES = frozenset({ResultState.LOST, ResultState.WON_BACK})
FALSE_ALARMS = frozenset({ResultState.FALSE_ALARM, ResultState.MISSED})
CHECKED = SAVES | FALSE_ALARMS
"""The states of results that later facts about the same order can disprove."""


class ProofDue(Fact):
    """The time in which facts could disprove the result of an episode is over."""

    type: ClassVar[str] = "escalation.timer.proof_due"
    topic: ClassVar[str] = ""
    episode: UUID
    order: Id


@dataclass(frozen=True, slots=True)
class Result:
    """The result of one episode, closed by a person. `began_at` is the time of its first signal; `severity` and
    `causes`, the kinds of its signals with the main one first, are those at the close.

    Until `proof_due_at` facts can disprove it; `proof_was_due`: all input up to then was read. `because`,
    `because_at` and `because_id` are the first disproof by event time: the kind of signal that it counts as, its
    time and its id. `won_by` is the order that won the customer back, sold at `because_at`. `follow_up` is the
    episode that a relapse opened or joined. `shares_fate_of` is the later save of the order that decides for both.
    """

    episode_id: UUID
    account_id: str
    order_id: str
    state: ResultState
    by: str
    began_at: datetime
    closed_at: datetime
    changed_at: datetime
    severity: Severity
    causes: str
    proof_due_at: datetime | None = None
    proof_was_due: bool = False
    because: SignalKind | None = None
    because_at: datetime | None = None
    because_id: UUID | None = None
    won_by: str | None = None
    follow_up: UUID | None = None
    shares_fate_of: UUID | None = None

    @property
    def kinds(self) -> tuple[SignalKind, ...]:
        """The kinds of the episode's signals, the main one first."""
        return tuple(SignalKind(kind) for kind in self.causes.split())


def causes_text(kinds: Sequence[SignalKind]) -> str:
    """Kinds in their stored form, each once."""
    return " ".join(dict.fromkeys(kind.value for kind in kinds))


@dataclass(frozen=True, slots=True)
class Disproved:
    """What disproves a result: the kind of signal that it is, its time, and the id of its fact or signal."""

    kind: SignalKind
    at: datetime
    id: UUID


class Evidence(Protocol):
    """What is known about an order since its episodes were closed."""

    @property
    def history(self) -> History:
        """The facts of the order's account."""

    def signals_after(self, order_id: str, kind: SignalKind, after: datetime) -> Iterator[tuple[datetime, UUID]]:
        """Signals of this kind about an order that arose later than this, by time; none that was withdrawn, none that
        is for information, and none of an episode that was raised before this."""


def judged(
    results: Sequence[Result],
    evidence: Evidence,
    rule_of: Callable[[Result], Saved],
) -> list[Result]:
    """The results of one order, sorted by their closes, as all facts known so far imply.

    While a save is provisional, a later save of the order decides for both. A disproof dated up to that later close
    still counts for the earlier save alone.
    """
    out: list[Result] = []
    later: Result | None = None
    for result in reversed(results):
        new = result
        if result.state in CHECKED:
            found = disproof(result, evidence, rule_of(result))
            shares = result.state in SAVES and _decides_for(later, result)
            if shares and later is not None and (found is None or found.at > later.closed_at):
                new = _sharing(result, later)
            else:
                new = _as_found(result, found)
            later = new if new.state in SAVES else later
        out.append(new)
    return out[::-1]


def _decides_for(later: Result | None, result: Result) -> bool:
    return later is not None and result.proof_due_at is not None and later.closed_at <= result.proof_due_at


def _sharing(result: Result, later: Result) -> Result:
    return replace(
        result,
        state=later.state,
        because=later.because,
        because_at=later.because_at,
        because_id=later.because_id,
        shares_fate_of=later.shares_fate_of or later.episode_id,
    )


def _as_found(result: Result, found: Disproved | None) -> Result:
    if result.state in FALSE_ALARMS:
        state = ResultState.MISSED if found else ResultState.FALSE_ALARM
    elif found:
        state = ResultState.RELAPSED
    else:
        state = ResultState.PROVEN if result.proof_was_due else ResultState.PROVISIONAL
    kind, at, id = (found.kind, found.at, found.id) if found else (None, None, None)
    return replace(result, state=state, because=kind, because_at=at, because_id=id, shares_fate_of=None)


def disproof(result: Result, evidence: Evidence, rule: Saved) -> Disproved | None:
    """The first fact, by the time of its event, that disproves a result."""
    found = _found(result, evidence, rule.disproofs(result.kinds))
    return min(found, key=lambda one: (one.at, one.id), default=None)


def line_of_disproof(result: Result, rule: Saved) -> str:
    """The line of the policy by which a disproof counts: of a kind of signal of the episode, or of all others."""
    names = _names_of(result)
    if any(kind not in rule.disproved_by_kind for kind in result.kinds) and names.intersection(rule.disproved_by):
        return DISPROVED_BY
    own = next((kind for kind in result.kinds if names.intersection(rule.disproved_by_kind.get(kind, ()))), None)
    return DISPROVED_BY if own is None else f"{_DISPROVED_BY_KIND}.{own.value}"


def _names_of(result: Result) -> set[Disproof]:
    """What the policy may call the disproof of a result."""
    assert result.because is not None
    if result.because in EXECUTIONS:
        return {Disproof(result.because.value)}
    if result.because_id in (result.episode_id, result.shares_fate_of):
        return {Disproof.NOT_DELIVERED}
    is_rating = result.because is SignalKind.SATISFACTION_LOW
    return {Disproof.SAME_TROUBLE} | ({Disproof.SATISFACTION_LOW} if is_rating else set())


def _found(result: Result, evidence: Evidence, disproofs: frozenset[Disproof]) -> Iterator[Disproved]:
    """The first disproof of each kind."""
    until = result.proof_due_at
    assert until is not None, "every result that is checked has a time limit"
    history, order = evidence.history, result.order_id
    if Disproof.ORDER_CANCELLED in disproofs:
        cancelled = history.index(IndexName.OF_ORDER, order, FactKind.ORDER_CANCELLED).within(result.began_at, until)
        yield from (Disproved(SignalKind.ORDER_CANCELLED, one.at, one.fact_id) for one in islice(cancelled, 1))
    if Disproof.REFUND_PAID in disproofs:
        paid = history.index(IndexName.OF_ORDER, order, FactKind.REFUND_PAID).within(result.began_at, until)
        beyond = (one for one in paid if one.amount_minor and not is_within_offers(history, one))
        yield from (Disproved(SignalKind.REFUND_PAID, one.at, one.fact_id) for one in islice(beyond, 1))
    kinds = set(result.kinds) if Disproof.SAME_TROUBLE in disproofs else set()
    kinds |= {SignalKind.SATISFACTION_LOW} if Disproof.SATISFACTION_LOW in disproofs else set()
    for kind in kinds - EXECUTIONS:
        at, id = next(evidence.signals_after(order, kind, result.closed_at), (None, None))
        if at is not None and id is not None and at <= until:
            yield Disproved(kind, at, id)
    if Disproof.NOT_DELIVERED in disproofs and result.proof_was_due and is_overdue(history, order, until):
        yield Disproved(SignalKind.DELIVERY_LATE, until, result.episode_id)


DISPROVED_BY, _DISPROVED_BY_KIND = "results.saved.disproved_by", "results.saved.disproved_by_kind"
EXECUTIONS = frozenset({SignalKind.REFUND_PAID, SignalKind.ORDER_CANCELLED})
"""Kinds of signals that carry out what the customer asked for."""


def won_back(result: Result, *, order_id: str, sold_at: datetime) -> Result:
    """A loss, as a new sale to the customer leaves it: the first order sold after the close wins the customer back."""
    known = result.because_at
    if result.state not in LOSSES or sold_at <= result.closed_at:
        return result
    if known is not None and (known, result.won_by or "") <= (sold_at, order_id):
        return result
    return replace(result, state=ResultState.WON_BACK, because_at=sold_at, won_by=order_id)
