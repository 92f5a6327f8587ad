"""Groups of episodes, none of them small enough to be the figures of a few people. Start at `cells`.

Each episode is in exactly one cell. So the total less any of the cells shown is a sum of other cells shown, and reveals
nothing about a group smaller than these.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from services.escalation.domain.figures.episodes import CountedEpisode, EpisodeRow

SEVERAL_PRODUCTS = "several_products"
NO_PRODUCT = "no_product"
NO_SEGMENT = "no_segment"
NO_TEAM = "no_team"


class By(StrEnum):
    """What episodes are grouped by. A team is everyone with the same manager; a month is that in which the episode was
    raised, in UTC."""

    TEAM = "team"
    CAUSE = "cause"
    PRODUCT = "product"
    SEGMENT = "segment"
    MONTH = "month"


@dataclass(frozen=True, slots=True)
class Cell:
    """Episodes of one group, or of several small groups that are shown as one."""

    names: tuple[str, ...]
    sellers: frozenset[str]
    episodes: tuple[CountedEpisode, ...]


def cells(
    episodes: Sequence[CountedEpisode], by: By, managers: Mapping[str, str | None], smallest: int
) -> tuple[Cell, ...]:
    """The groups, each with at least `smallest` distinct sellers: the smallest is joined with the next larger one, a
    month with the following one, until none is too small. None at all if everything together is too small.

    `managers` are those of sellers. Months come in their order, other groups the largest first.
    """
    groups: dict[str, list[CountedEpisode]] = {}
    for one in episodes:
        groups.setdefault(_GROUP[by](one.row, managers), []).append(one)
    found = [Cell((name,), _sellers(groups[name]), tuple(groups[name])) for name in sorted(groups)]
    while len(found) > 1 and min(_size(one) for one in found) < smallest:
        found = _with_smallest_joined(found, by)
    if found and _size(found[0]) < smallest:
        return ()
    return tuple(found if by is By.MONTH else sorted(found, key=lambda one: (-len(one.episodes), one.names)))


def is_large_enough(episodes: Sequence[CountedEpisode], smallest: int) -> bool:
    """Whether figures of all these episodes together may be shown to other people than their sellers."""
    return len(_sellers(episodes)) >= smallest


def _with_smallest_joined(found: Sequence[Cell], by: By) -> list[Cell]:
    ordered = list(found) if by is By.MONTH else sorted(found, key=lambda one: (_size(one), one.names))
    place = min(range(len(ordered)), key=lambda index: (_size(ordered[index]), index))
    first = min(place, len(ordered) - 2)
    one, other = ordered[first], ordered[first + 1]
    names = tuple(sorted(one.names + other.names))
    joined = Cell(names, one.sellers | other.sellers, one.episodes + other.episodes)
    return [*ordered[:first], joined, *ordered[first + 2 :]]


def _size(cell: Cell) -> int:
    return len(cell.sellers)


def _sellers(episodes: Sequence[CountedEpisode]) -> frozenset[str]:
    return frozenset(one.row.seller for one in episodes if one.row.seller is not None)


def _product(row: EpisodeRow, _: Mapping[str, str | None]) -> str:
    products = dict.fromkeys(row.products)
    return SEVERAL_PRODUCTS if len(products) > 1 else next(iter(products), NO_PRODUCT)


_GROUP: Mapping[By, Callable[[EpisodeRow, Mapping[str, str | None]], str]] = {
    By.TEAM: lambda row, managers: managers.get(row.seller or "") or NO_TEAM,
    By.CAUSE: lambda row, _: row.cause.value,
    By.PRODUCT: _product,
    By.SEGMENT: lambda row, _: row.segment or NO_SEGMENT,
    By.MONTH: lambda row, _: f"{row.raised_at:%Y-%m}",
}
