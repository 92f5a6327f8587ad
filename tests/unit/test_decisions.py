"""Every decision is listed, states its basis, and names lines that the policy has."""

import itertools
import string
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from services.escalation.domain.decisions.decision import ChangesEpisode, Decision, OfEpisode, SetsClock
from services.escalation.domain.decisions.labels import LABELS
from services.escalation.domain.decisions.offering import OfOffer
from services.escalation.domain.decisions.registry import DECISIONS, DECISIONS_BY_RULE, names_of
from services.escalation.domain.decisions.results import CheckedResult, OfResult
from services.escalation.domain.decisions.save_windows import AnnouncesWindow, OfWindow
from services.escalation.domain.decisions.signals import OfSignal, SignalAdded, SignalEnded
from services.escalation.domain.decisions.taking import ChangesHolder, OfHolder
from services.escalation.domain.decisions.win_backs import OfWinBack
from services.escalation.domain.policy.document import read, shipped_text
from shared.contracts.escalation import LADDER, REQUESTS, EpisodeResult, Severity, SignalKind

SHARED = {
    OfResult,
    CheckedResult,
    Decision,
    OfEpisode,
    ChangesEpisode,
    SetsClock,
    OfHolder,
    ChangesHolder,
    OfSignal,
    SignalAdded,
    SignalEnded,
    OfOffer,
    OfWinBack,
    OfWindow,
    AnnouncesWindow,
}
"""The parts of decisions, which are no decisions themselves."""
_FILLED_WITH = {
    "severity": [one.value for one in Severity],
    "step": [one.value for one in LADDER],
    "kind": [one.value for one in SignalKind],
    "request": [one.value for one in REQUESTS],
    "result": [one.value for one in EpisodeResult if one is not EpisodeResult.INFORMED],
    "currency": ["EUR", "USD"],
    "cause": [kind.value for kind in read(shipped_text()).results.saved.disproved_by_kind],
}


def _below(of: type[Decision]) -> Iterator[type[Decision]]:
    for one in of.__subclasses__():
        yield one
        yield from _below(one)


def _lines(template: str) -> Iterator[str]:
    names = [name for _, name, _, _ in string.Formatter().parse(template) if name]
    for values in itertools.product(*(_FILLED_WITH[name] for name in names)):
        yield from template.format(**dict(zip(names, values, strict=True))).split(", ")


def test_every_decision_is_listed() -> None:
    """By name, because a dataclass with slots is another class than the one it was made from."""
    names = {one.__qualname__ for one in _below(Decision)}
    assert names - {one.__qualname__ for one in SHARED} == {one.__qualname__ for one in DECISIONS}
    assert len(set(DECISIONS)) == len(DECISIONS)


@pytest.mark.parametrize("decision", [one for one in DECISIONS if one.rule is not None], ids=lambda one: one.__name__)
def test_every_recorded_decision_has_a_sentence(decision: type[Decision]) -> None:
    assert decision.sentence is not Decision.sentence


@pytest.mark.parametrize("rule", sorted(DECISIONS_BY_RULE))
def test_decisions_with_one_stored_name_have_the_same_label(rule: str) -> None:
    mine = [one for one in DECISIONS if one.rule == rule]
    assert len({(one.outcome, one.timeline, one.color) for one in mine}) == 1


def test_every_rule_has_a_label_of_its_own_that_fits_the_column() -> None:
    assert LABELS.keys() == DECISIONS_BY_RULE.keys()
    assert len(set(LABELS.values())) == len(LABELS)
    assert [label for label in LABELS.values() if len(label) > 15 or "_" in label] == []


@pytest.mark.parametrize(
    "template", sorted({line for one in DECISIONS for line in one.policy_lines}), ids=lambda line: line
)
def test_every_line_that_a_decision_names_is_in_the_shipped_policy(template: str) -> None:
    document: Mapping[str, Any] = read(shipped_text()).model_dump(mode="json")
    missing = [line for line in _lines(template) if not _is_in(document, line)]
    assert not missing


def test_unrecorded_decisions_have_no_stored_name() -> None:
    nameless = next(one for one in DECISIONS if one.rule is None)
    with pytest.raises(TypeError, match="without a rule"):
        names_of(nameless)


def _is_in(document: Mapping[str, Any], line: str) -> bool:
    place: Any = document
    for name in line.split("."):
        if not isinstance(place, Mapping) or name not in place:
            return False
        place = place[name]
    return True
