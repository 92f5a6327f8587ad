"""Figures for other programs: as JSON values, and as lines of CSV. Times are whole seconds, money is in minor units."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from services.escalation.domain.figures.episodes import Outcome
from services.escalation.domain.figures.figures import Figures, Outcomes, Times


def json_values(found: Figures) -> dict[str, Any]:
    """The figures as JSON values."""
    return {
        "alerts": found.rings,
        "to_acknowledge": _times(found.acknowledgement),
        "to_talk": _times(found.talk),
        "customer_waited": _times(found.customers_wait),
        "requests": _outcomes(found.requests),
        "episodes": _outcomes(found.episodes),
        "money_minor": _sums(found),
        "not_ours_to_save": found.not_ours,
    }


def csv_lines(by: str, groups: Sequence[tuple[str, int, Figures]]) -> Iterator[list[str | int]]:
    """The names of columns, then a line for each group with its name and number of sellers. Empty cells: not known."""
    currencies = sorted({one for _, _, found in groups for money in _sums(found).values() for one in money})
    named = ("to_acknowledge", "to_talk", "customer_waited")
    parts = ("count", "median_seconds", "p90_seconds", "open", "longest_open_seconds")
    ends = ("total", "attempted", *Outcome)
    yield [
        by,
        "sellers",
        "alerts",
        *(f"{name}_{part}" for name in named for part in parts),
        *(f"{name}_{end}" for name in ("requests", "episodes") for end in ends),
        *(f"money_minor_{name}_{one}" for name in ("at_risk", "kept", "lost", "given_away") for one in currencies),
        "not_ours_to_save",
    ]
    for name, sellers, found in groups:
        times = [_times(one) for one in (found.acknowledgement, found.talk, found.customers_wait)]
        outcomes = [_outcomes(one) for one in (found.requests, found.episodes)]
        yield [
            plain(name),
            sellers,
            found.rings,
            *(_cell(one[part]) for one in times for part in parts),
            *(one[end] for one in outcomes for end in ends),
            *(money.get(one, 0) for money in _sums(found).values() for one in currencies),
            found.not_ours,
        ]


def plain(text: str) -> str:
    """A text that no spreadsheet takes for a formula."""
    return f"'{text}" if text[:1] in ("=", "+", "-", "@", "\t", "\r") else text


def _cell(number: int | None) -> str | int:
    return "" if number is None else number


def _sums(found: Figures) -> Mapping[str, Mapping[str, int]]:
    money = found.money
    return {"at_risk": money.at_risk, "kept": money.kept, "lost": money.lost, "given_away": money.given_away}


def _outcomes(found: Outcomes) -> dict[str, int]:
    ended = {outcome.value: count for outcome, count in found.by_outcome.items()}
    return {"total": found.total, "attempted": found.attempted, **ended}


def _times(times: Times) -> dict[str, int | None]:
    spans = {"median": times.median, "p90": times.p90, "longest_open": times.longest_open}
    seconds = {f"{name}_seconds": None if one is None else int(one.total_seconds()) for name, one in spans.items()}
    return {"count": times.count, "open": times.open, **seconds}
