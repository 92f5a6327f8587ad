"""The checker of runs with faults has its own rules of results; in any story of closes both find the same outcomes."""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from random import Random
from typing import Any

import pytest

from services.escalation.domain import results as service
from services.escalation.domain.result_index import ResultIndex
from shared.contracts.escalation import Severity
from tests.simulation.proving import faults_of_results
from tests.simulation.results import Story
from tests.simulation.stories_of_closes import random_story
from tests.simulation.tables import RESULTS

_STORIES = 100


def test_checker_and_service_agree_on_the_results_of_any_story() -> None:
    reached = Counter[str]()
    for seed in range(_STORIES):
        story = random_story(Random(seed), Story())
        assert (seed, list(faults_of_results(story.database))) == (seed, [])
        reached += Counter(row["state"] for row in story.database.tables[RESULTS].values())
    assert reached.keys() == {state.value for state in service.ResultState}


def _a_relapse_is_as_severe_as_any_episode(_index: ResultIndex, _episode: Any) -> Severity | None:
    return None


def _every_disproof_counts_from_the_close(original: Callable[..., Any], result: service.Result, *rest: Any) -> Any:
    return original(replace(result, began_at=result.closed_at), *rest)


def _no_save_shares_a_fate(_later: service.Result | None, _result: service.Result) -> bool:
    return False


_RULES = "services.escalation.domain.results"
_PLANTED: Mapping[str, Any] = {
    "services.escalation.domain.result_index.ResultIndex.least_severity": _a_relapse_is_as_severe_as_any_episode,
    f"{_RULES}.disproof": partial(_every_disproof_counts_from_the_close, service.disproof),
    f"{_RULES}._decides_for": _no_save_shares_a_fate,
    f"{_RULES}.is_within_offers": lambda _history, _paid: False,
    f"{_RULES}.is_overdue": lambda _history, _order, _at: False,
    "services.escalation.domain.deciding.results.won_back": lambda loss, **_sale: loss,
}


@pytest.mark.parametrize("rule", _PLANTED)
def test_a_broken_rule_is_found(rule: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rule, _PLANTED[rule])
    assert any(list(faults_of_results(random_story(Random(seed), Story()).database)) for seed in range(_STORIES))
