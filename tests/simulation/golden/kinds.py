"""The kinds of decisions that escalation makes, and those that a history reached. Start at `known`."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from enum import StrEnum
from typing import Any

import orjson

from services.escalation.domain.decisions.registry import DECISIONS_BY_RULE
from services.escalation.domain.entities import DeadlineFor, SignalEnd
from services.escalation.domain.own_facts import OWN_FACTS
from shared.contracts import escalation
from shared.contracts.catalog import CATALOG
from shared.contracts.escalation import EpisodeResult, RingCause, SignalKind, Step
from tests.simulation.golden.rows import Rows
from tests.simulation.tables import ALERTS, DECISIONS, EPISODES, JOURNAL, OUTBOX, SIGNALS, Row

_ENUMERATED: Mapping[str, type[StrEnum]] = {
    "cause": RingCause,
    "clock": DeadlineFor,
    "ended": SignalEnd,
    "result": EpisodeResult,
    "signal": SignalKind,
    "step": Step,
}


def known() -> frozenset[str]:
    """Every existing kind, as its category and its name: `rule rang`, `event escalation.alert_raised`."""
    kinds = {f"{category} {member.value}" for category, enum in _ENUMERATED.items() for member in enum}
    kinds |= {f"rule {rule}" for rule in DECISIONS_BY_RULE}
    kinds |= {f"event {type}" for type, fact in CATALOG.items() if fact.__module__.startswith(escalation.__name__)}
    kinds |= {f"fact {type}" for type in OWN_FACTS}
    return frozenset(kinds)


def reached(rows: Rows) -> frozenset[str]:
    """The kinds that a history reached. Beyond the known ones: the policy lines by which each rule decided (`under`),
    and the codes of refused buttons (`refusal`)."""
    found = set[str]()
    for table, kinds_of in _KINDS_OF.items():
        for versions in rows.versions[table].values():
            for row in filter(None, versions):
                found.update(kinds_of(row))
    found.update(f"refusal {rejection.code}" for _, rejection in rows.refused)
    return frozenset(found)


def _of_decision(row: Row) -> Iterator[str]:
    yield f"rule {row['rule']}"
    yield f"under {row['rule']} {row['policy_path'] or '-'}"


def _of_event(row: Row) -> Iterator[str]:
    yield f"event {dict(orjson.loads(row['headers']))['ce_type']}"


def _of_input(row: Row) -> Iterator[str]:
    if row["type"] in OWN_FACTS:
        yield f"fact {row['type']}"


def _columns(**categories: str) -> Callable[[Mapping[str, Any]], Iterable[str]]:
    return lambda row: [f"{category} {row[name]}" for name, category in categories.items() if row[name] is not None]


_KINDS_OF: Mapping[str, Callable[[Row], Iterable[str]]] = {
    DECISIONS: _of_decision,
    OUTBOX: _of_event,
    JOURNAL: _of_input,
    ALERTS: _columns(cause="cause", step="step"),
    EPISODES: _columns(deadline_for="clock", step="step", result="result"),
    SIGNALS: _columns(kind="signal", ended="ended"),
}
