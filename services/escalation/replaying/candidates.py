"""Changes of one value of a policy, each of which may notify a person sooner. Start at `candidates_of`.

docs/review.md lists them for people.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import pairwise
from math import ceil
from typing import Any, Final, TypeAlias

from services.escalation.domain.policy.document import changed
from services.escalation.domain.policy.model import Policy, TeamMode
from services.escalation.domain.policy.signal_rules import SignalRule
from services.escalation.domain.policy.versions import BEGINNING, Policies, PolicyVersion, difference
from shared.contracts.escalation import Severity, SignalKind

LOWERED: Final = (
    "answer_within",
    "contacts",
    "same_conversation_within",
    "no_progress_for",
    "customers_turn_for",
    "reassignments",
    "same_request_within",
    "reached_within",
    "silent_for",
)
"""Settings of a signal that find more with a lower value."""
RAISED: Final = ("within", "warn_before", "at_most")
"""Settings of a signal that find more with a higher value."""
STEPS: Final = (1, 2)
"""A value is halved once or twice; a value that finds more if it is higher is doubled once or twice."""

_Change: TypeAlias = tuple[tuple[str, ...], Any, int]
"""A path, the other value there, and the step."""
_NEXT_SEVERITY: Final = dict(pairwise(Severity))


@dataclass(frozen=True, slots=True)
class Candidate:
    """A policy with one value changed, at `path`, and the value as documents write it. `step` is 2 for the larger of
    two changes of one value, else 1."""

    path: str
    before: str | None
    after: str | None
    step: int
    policy: Policy = field(repr=False, compare=False)

    @property
    def line(self) -> str:
        """The changed line of the policy."""
        return f"{self.path} = {self.after}"


def candidates_of(policy: Policy) -> list[Candidate]:
    """The candidates for a policy, in the order of the document. Values that a policy must not have are left out."""
    found: dict[str, Candidate] = {}
    for path, value, step in _changes(policy):
        other = changed(policy, path, value)
        for change in difference(policy, other) if other is not None else ():
            candidate = Candidate(change.path, change.before, change.after, step, other or policy)
            found.setdefault(candidate.line, candidate)
    return list(found.values())


def _changes(policy: Policy) -> Iterator[_Change]:
    yield from _raised(("age", "ring_within"), policy.age.ring_within)
    for kind in SignalKind:
        yield from _of_signal(("signals", kind.value), policy.signals.of(kind))
    for currency, amount in sorted(policy.rises.large_amount.items()):
        yield from _lowered(("rises", "large_amount", currency), amount)
    yield from _lowered(("rises", "many_signals"), policy.rises.many_signals)
    yield ("rises", "request_after_bad_contact"), True, 1
    for severity in Severity:
        bound = policy.ladder.skip_unless_at_work_within.of(severity)
        yield from _lowered(("ladder", "skip_unless_at_work_within", severity.value), bound)
    yield ("teams", "default"), TeamMode.ON.value, 1
    for manager in sorted(policy.teams.modes):
        yield ("teams", "modes", manager), TeamMode.ON.value, 1


def _of_signal(path: tuple[str, ...], rule: SignalRule) -> Iterator[_Change]:
    """A signal that is off can only be switched on: that alone has an effect."""
    if not rule.enabled:
        yield (*path, "enabled"), True, 1
        return
    if rule.severity in _NEXT_SEVERITY:
        yield (*path, "severity"), _NEXT_SEVERITY[rule.severity].value, 1
    for name in type(rule).model_fields:
        if name in LOWERED:
            yield from _lowered((*path, name), getattr(rule, name))
        elif name in RAISED:
            yield from _raised((*path, name), getattr(rule, name))


def _lowered(path: tuple[str, ...], value: timedelta | int) -> Iterator[_Change]:
    for step in STEPS:
        part = 2**step
        if isinstance(value, timedelta):
            yield path, _written(value / part), step
        else:
            yield path, ceil(value / part), step


def _raised(path: tuple[str, ...], value: timedelta | float) -> Iterator[_Change]:
    """A span is doubled; of a share of the scale, half of the rest is added."""
    for step in STEPS:
        if isinstance(value, timedelta):
            yield path, _written(value * 2**step), step
        else:
            yield path, round(1 - (1 - value) / 2**step, 2), step


def _written(span: timedelta) -> str:
    """A span in whole minutes, rounded up, as every kind of span can be written."""
    minutes = ceil(span / timedelta(minutes=1))
    return f"{minutes}m" if minutes % 60 else f"{minutes // 60}h"


def policies_with(current: Policies, policy: Policy, line: str, start: datetime) -> Policies:
    """The versions under another policy that counts from the start on; `line` says what differs."""
    return candidate_from(current, PolicyVersion(1, BEGINNING, policy, line, "handoff", line), start)


def candidate_from(current: Policies, candidate: PolicyVersion, start: datetime) -> Policies:
    """The versions under the other policy: it counts from the start on, in place of those published since."""
    if start == BEGINNING:
        return Policies((replace(candidate, version=1, since=BEGINNING),))
    before = tuple(one for one in current.versions if one.since < start)
    return Policies((*before, replace(candidate, version=len(before) + 1, since=start)))
