"""A signal computed from an account's facts, with the fact that ended it. Start at `found`."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import groupby
from typing import Any
from uuid import UUID

from tests.faults.checker.account_facts import Facts
from tests.faults.checker.endings import ended
from tests.faults.checker.facts import Fact, derived


@dataclass(frozen=True, slots=True)
class Finding:
    """A signal that began with `cause`; `cleared` is the fact that ended it, `passes` the time at which it ends by
    itself.

    `reported` is the fact that reports the same as this silence; `again` are repetitions of this request.
    """

    id: UUID
    kind: str
    at: datetime
    cause: Fact
    names: str | None
    silence: bool = False
    cleared: Fact | None = None
    passes: datetime | None = None
    reported: Fact | None = None
    again: tuple[Fact, ...] = ()

    @property
    def about(self) -> tuple[str, str | None, str | None]:
        return self.kind, self.cause.case, self.names

    @property
    def expected(self) -> bool:
        """Whether it is raised only once its time has passed and all records up to then are read."""
        return self.silence and self.reported is None

    @property
    def says(self) -> Mapping[str, Any]:
        """What its cause reports, with the amount that was reported last; nothing if the cause is of another kind."""
        if self.kind != self.cause.kind:
            return {}
        amounts = [one.data for one in (self.cause, *self.again) if one.data.get("amount_minor")]
        last = amounts[-1] if amounts else {}
        return {**self.cause.data, **{name: last.get(name) for name in ("amount_minor", "currency")}}

    @property
    def said(self) -> Fact | None:
        """The fact that reports it; None for an unreported silence."""
        return self.reported if self.silence else self.cause

    def stands(self, at: datetime) -> bool:
        return self.cleared is None and (self.passes is None or self.passes > at)


def found(
    facts: Facts, kind: str, cause: Fact, *, at: datetime | None = None, id: UUID | None = None, silence: bool = False
) -> Finding:
    """A signal with the fact that ended it. Its time is the cause's unless `at` is given."""
    at, id = at or cause.at, id or derived("signal", cause.id, kind)
    return Finding(id, kind, at, cause, facts.order_of(cause), silence, ended(facts, kind, cause, at))


def themselves(facts: Facts, kind: str) -> Iterator[Finding]:
    """Facts that are themselves signals of the same kind."""
    yield from (found(facts, kind, fact) for fact in facts.of(kind))


def once(troubles: Iterable[Finding]) -> Iterator[Finding]:
    """Merge detections of one matter that the same fact ends, dated from the earliest, whether reported or found by
    silence."""
    for _, group in groupby(sorted(troubles, key=_trouble), key=lambda one: _trouble(one)[:-1]):
        first, *others = group
        reported = next((one.cause for one in others if not one.silence), None)
        yield replace(first, reported=reported) if first.silence else first


def _trouble(one: Finding) -> tuple[str, str, str, tuple[datetime, UUID]]:
    ended = str(one.cleared.id if one.cleared else one.passes)
    return str(one.cause.case), str(one.names), ended, (one.at, one.id)
