"""A changed rule is detected: by its version, and by the page that lists the other places to change."""

import re

from services.escalation.domain.rules_version import RULES_VERSION
from shared.contracts.escalation import SignalKind
from tests.architecture.rules_digests import current, written
from tests.architecture.sources import ROOT, modules

PAGE = (ROOT / "docs" / "changing-a-rule.md").read_text("utf-8")
NAMED = set(re.findall(r"`([a-z_]+/[\w./-]*|README\.md)`", PAGE))


def test_a_changed_rule_states_whether_the_same_facts_amount_to_the_same_signals() -> None:
    assert written() == current(), (
        "The rules in code changed. If the same facts now amount to other signals or episodes, count RULES_VERSION up "
        "in services/escalation/domain/rules_version.py and run: python -m tests.architecture.rules_digests. "
        "If not: python -m tests.architecture.rules_digests --same-signals. docs/changing-a-rule.md has the rest."
    )


def test_the_version_of_the_rules_is_the_recorded_one() -> None:
    assert written()["rules_version"] == RULES_VERSION


def test_every_place_that_the_page_names_exists() -> None:
    assert NAMED
    assert [path for path in sorted(NAMED) if not (ROOT / path).exists()] == []


def test_the_page_names_every_module_that_lists_each_kind_of_signal() -> None:
    names = [re.compile(rf"\bSignalKind\.{kind.name}\b|\b{kind.value}: \w+ = |\"{kind.value}\"") for kind in SignalKind]
    said = {
        one.path
        for one in modules("services", "shared", "tests/faults/checker", "tests/benchmarks")
        if all(name.search(one.text) for name in names)
    }
    assert said
    assert said - NAMED == set()
