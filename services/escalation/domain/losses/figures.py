"""Figures of losses: numbers, money and agreement, as a whole and by group. Start at `figures`."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from services.escalation.domain.loss_class import LossClass
from services.escalation.domain.losses.columns import Columns, LossRow, Pair, agrees
from shared.contracts.escalation import SaleContribution

NOT_KNOWN = "not_known"
NO_SEGMENT = "no_segment"


class By(StrEnum):
    """What losses are grouped by. `class` puts the three columns side by side, class by class."""

    REASON = "reason"
    CLASS = "class"
    PRODUCT = "product"
    SEGMENT = "segment"
    MONTH = "month"


@dataclass(frozen=True, slots=True)
class CountedLoss:
    """A loss with its columns. `counts_money`: it is the latest loss of its order, so its amount counts once."""

    row: LossRow
    columns: Columns
    counts_money: bool


@dataclass(frozen=True, slots=True)
class Agreement:
    """In how many of the losses that can be compared two columns agree."""

    agree: int
    compared: int

    @property
    def share(self) -> float | None:
        return self.agree / self.compared if self.compared else None


@dataclass(frozen=True, slots=True)
class Tally:
    """A number of losses, and the money of their orders in minor units by currency."""

    losses: int
    money: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Figures:
    """The figures of one group of losses.

    `seller`, `customer` and `events` have tallies by class; `events` by the main class, so that each loss counts once,
    and `events_any` by every class that holds. The customer's unknown reasons are `not_known`. The answers to yes-or-no
    questions are by "yes", "no" and `not_known`.
    """

    all: Tally
    seller: Mapping[str, Tally]
    customer: Mapping[str, Tally]
    events: Mapping[str, Tally]
    events_any: Mapping[str, Tally]
    agreement: Mapping[Pair, Agreement]
    contributed: Mapping[str, int]
    may_call_again: Mapping[str, int]


def counted(losses: Sequence[tuple[LossRow, Columns]]) -> list[CountedLoss]:
    """The losses, in the order of their closes; an order that was lost several times counts its money with the last."""
    last = {row.order_id: row.episode_id for row, _ in sorted(losses, key=lambda one: one[0].closed_at)}
    return [CountedLoss(row, known, last[row.order_id] == row.episode_id) for row, known in losses]


def figures(losses: Sequence[CountedLoss]) -> Figures:
    """The figures of these losses."""
    return Figures(
        all=_tally(losses),
        seller=_tallies(losses, lambda one: (one.columns.seller,)),
        customer=_tallies(losses, lambda one: (one.columns.customer or NOT_KNOWN,)),
        events=_tallies(losses, lambda one: one.columns.shown[:1]),
        events_any=_tallies(losses, lambda one: one.columns.shown),
        agreement={pair: _agreement(pair, losses) for pair in Pair},
        contributed=_answers(losses, [*SaleContribution], lambda one: one.row.contributed),
        may_call_again=_answers(losses, ["yes", "no"], _may_call_again),
    )


def grouped(losses: Sequence[CountedLoss], by: By) -> Mapping[str, Figures]:
    """The figures by reason, product, segment or month, the largest group first; months in their order.

    An order with several products counts for each of them. There are no groups by class: a loss has three of them.
    """
    groups: dict[str, list[CountedLoss]] = {}
    for one in losses:
        for name in _GROUPS[by](one.row):
            groups.setdefault(name, []).append(one)
    names = sorted(groups) if by is By.MONTH else sorted(groups, key=lambda name: (-len(groups[name]), name))
    return {name: figures(groups[name]) for name in names}


_GROUPS: Mapping[By, Callable[[LossRow], Iterable[str]]] = {
    By.REASON: lambda row: (row.reason,),
    By.CLASS: lambda _: (),
    By.PRODUCT: lambda row: dict.fromkeys(row.products),
    By.SEGMENT: lambda row: (row.segment or NO_SEGMENT,),
    By.MONTH: lambda row: (f"{row.closed_at:%Y-%m}",),
}


def _tally(losses: Iterable[CountedLoss]) -> Tally:
    known, money = list(losses), Counter[str]()
    for one in known:
        if one.counts_money:
            money[one.row.currency] += one.row.amount_minor
    return Tally(len(known), dict(sorted(money.items())))


def _tallies(losses: Sequence[CountedLoss], of: Callable[[CountedLoss], Iterable[str]]) -> Mapping[str, Tally]:
    names = [*LossClass, NOT_KNOWN]
    return {str(name): _tally(one for one in losses if name in of(one)) for name in names}


def _agreement(pair: Pair, losses: Iterable[CountedLoss]) -> Agreement:
    compared = [found for one in losses if (found := agrees(pair, one.columns)) is not None]
    return Agreement(sum(compared), len(compared))


def _answers(
    losses: Iterable[CountedLoss], known: Iterable[str], of: Callable[[CountedLoss], str | None]
) -> Mapping[str, int]:
    given = Counter(of(one) or NOT_KNOWN for one in losses)
    return {str(name): given[name] for name in (*known, NOT_KNOWN)}


def _may_call_again(one: CountedLoss) -> str | None:
    return {True: "yes", False: "no", None: None}[one.row.may_call_again]
