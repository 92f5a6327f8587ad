"""The result of a back-test as plain values, with the names that `--fail-if` and readers of its JSON use."""

from collections.abc import Iterator, Mapping
from datetime import timedelta
from statistics import median
from typing import Any

from services.escalation.replaying.comparison import Backtest, Listed
from services.escalation.replaying.figures import Figures, NotifiedEpisode, Sort, Spread, hours, spreads
from services.escalation.replaying.outcomes import Ending

CAUGHT = {
    "both": (True, True),
    "only_current": (True, False),
    "only_candidate": (False, True),
    "neither": (False, False),
}
"""Losses by the policies under which a person was notified before."""


def summary(backtest: Backtest) -> dict[str, Any]:
    """All figures, of the policy in force (`current`) and of the other (`candidate`)."""
    current, candidate = backtest.current, backtest.candidate
    return {
        "current": _figures(backtest, current, candidate),
        "candidate": _figures(backtest, candidate, current),
        "losses": _losses(backtest),
        "reactions": {
            "counted": backtest.reactions.counted,
            "dropped": {why.value: count for why, count in sorted(backtest.reactions.dropped.items())},
        },
        "only_current": _listed(backtest.only_current),
        "only_candidate": _listed(backtest.only_candidate),
    }


def numbers(figures: Mapping[str, Any], path: str = "") -> Iterator[tuple[str, float]]:
    """Every number with its path, such as `candidate.signals.case_bounced`."""
    for name, value in figures.items():
        if isinstance(value, Mapping):
            yield from numbers(value, f"{path}{name}.")
        elif isinstance(value, int | float):
            yield f"{path}{name}", value


def _figures(backtest: Backtest, own: Figures, other: Figures) -> dict[str, Any]:
    found: dict[str, Any] = {"episodes": own.episodes}
    for sort in Sort:
        days = {**own.per_day[sort], **other.per_day[sort]}
        people, desk = spreads(own.per_day[sort], days, backtest.terms.installation.desk)
        found[sort.value] = _spread(people)
        found["desk"] = found.get("desk", {}) | {sort.value: _spread(desk)}
    kinds = sorted({*own.signals, *other.signals})
    found["signals"] = {kind.value: own.signals[kind] for kind in kinds}
    found["outcomes"] = _outcomes(own)
    return found


def _spread(spread: Spread) -> dict[str, float]:
    return {"median": spread.median, "p95": spread.p95, "max": spread.max, "total": spread.total}


def _outcomes(own: Figures) -> dict[str, Any]:
    """First notifications by the outcome of the order. Precision: the part of those with a known outcome that were
    about an order that was lost, or saved by a person."""
    known = sum(own.on_outcomes.values())
    needed = own.on_outcomes[Ending.LOST] + own.on_outcomes[Ending.SAVED]
    return {
        **{ending.value: own.on_outcomes[ending] for ending in Ending},
        "ended_well": own.on_outcomes[Ending.SAVED] + own.on_outcomes[Ending.WELL],
        "unknown": own.without_outcome,
        "n": known,
        "precision": round(needed / known, 3) if known else None,
    }


def _losses(backtest: Backtest) -> dict[str, Any]:
    losses, (current, candidate) = backtest.losses, backtest.losses.lead
    return {
        "n": sum(losses.caught.values()),
        **{name: losses.caught[caught] for name, caught in CAUGHT.items()},
        "lead_hours": {"current": _lead(current), "candidate": _lead(candidate)},
        "money_minor": {name: dict(sorted(losses.money.get(caught, {}).items())) for name, caught in CAUGHT.items()},
    }


def _lead(spans: list[timedelta]) -> float | None:
    return hours(timedelta(seconds=median(one.total_seconds() for one in spans))) if spans else None


def _listed(listed: Listed) -> dict[str, Any]:
    return {"n": listed.count, "first": [_plain(one) for one in listed.first]}


def _plain(notified: NotifiedEpisode) -> dict[str, Any]:
    return {
        "episode": notified.episode_id,
        "order": notified.order_id,
        "account": notified.account_id,
        "signal": notified.kind.value,
        "first_notified_at": notified.since,
    }
