"""Every kind of signal is known in every place that lists kinds: product, policy, checker,
simulation, benchmark, tests, page.
"""

import tomllib
from collections.abc import Iterable, Iterator, Mapping
from inspect import Parameter, signature

import pytest

from services.cli.signals_page import PAGE
from services.escalation.domain.facts import FactKind, remembered
from services.escalation.domain.policy.document import shipped_text
from services.escalation.domain.policy.signal_rules import Signals
from services.escalation.domain.signals import SIGNALS
from shared.contracts import orders, support
from shared.contracts.escalation import SignalKind
from shared.contracts.order_parts import Promise
from tests import builders
from tests.benchmarks.floor_decide import KINDS as FLOOR
from tests.benchmarks.floor_decide import NOT_IN_THE_BACKLOG
from tests.faults.checker.endings import ENDS
from tests.faults.checker.findings import RULES
from tests.simulation.golden.blocks import REACHED

NEEDED: Mapping[str, object] = {"reassignments": 3, "rating": 1, "reached": False, "due_at": builders.AT}
"""Values for members that a builder requires."""
_MORE: Mapping[str, Mapping[str, object]] = {
    "order_placed": {"promises": (Promise(what="Training", due_at=builders.AT),)}
}
_AS_PUBLISHED = {name: one for module in (orders, support) for name, one in vars(module).items() if name[0].isupper()}


def built() -> Iterator[FactKind]:
    """The facts remembered of the events that `tests/builders.py` builds."""
    for name, build in vars(builders).items():
        if getattr(build, "__module__", None) != builders.__name__ or not callable(build):
            continue
        members = signature(build).parameters.values()
        needed = [one.name for one in members if one.default is Parameter.empty and one.kind is not one.VAR_KEYWORD]
        if set(needed) <= set(NEEDED):
            reported = build(**{one: NEEDED[one] for one in needed}, **_MORE.get(name, {}))
            published = _AS_PUBLISHED.get(type(reported).__name__)
            if published is not None:
                event = builders.event_of(published.model_validate(reported.model_dump()))
                yield from (fact.kind for fact in remembered(event))


def places() -> dict[str, set[str]]:
    """The places that must know all kinds of signals, with those they know."""
    events = set(built())
    return {
        "a module in services/escalation/domain/signals, listed in its __init__.py": {kind.value for kind in SIGNALS},
        "thresholds in services/escalation/domain/policy/signal_rules.py": set(Signals.model_fields),
        "lines in the shipped policy": set(tomllib.loads(shipped_text())["signals"]),
        "a rule in tests/faults/checker/findings.py": set(RULES),
        "an end in tests/faults/checker/endings.py": set(ENDS),
        "histories that reach it (tests/simulation/golden/reached.txt; python -m tests.simulation.golden --write)": {
            line.rpartition(" ")[2] for line in REACHED.read_text("utf-8").splitlines() if " signal " in line
        },
        "a place in tests/benchmarks/floor_decide.py, or among what is not in the backlog": FLOOR | NOT_IN_THE_BACKLOG,
        "a builder in tests/builders.py of an event that it starts with": {
            kind.value for kind, signal in SIGNALS.items() if events.intersection(signal.starts_with)
        },
        "a row on docs/signals.md": {
            kind.value for kind in SignalKind if f"`{kind.value}` |" in PAGE.read_text("utf-8")
        },
    }


def gaps(known: Mapping[str, Iterable[str]]) -> list[str]:
    return [f"{kind.value} lacks {place}" for place, kinds in known.items() for kind in SignalKind if kind not in kinds]


def test_every_kind_is_known_in_every_place() -> None:
    missing = gaps(places())
    assert not missing, "\n".join(missing)


@pytest.mark.parametrize("kind", SignalKind)
def test_a_removed_kind_is_named_with_all_missing_places(kind: SignalKind) -> None:
    known = {place: kinds - {kind.value} for place, kinds in places().items()}
    named = [gap for gap in gaps(known) if gap.startswith(f"{kind.value} ")]
    assert named == [f"{kind.value} lacks {place}" for place in known]
