"""The definition of a kind of signal; one module of this package defines each kind. Start at `SignalDefinition`."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias
from uuid import UUID

from services.escalation.domain.detections.detection import Clearing, Detection, ended_by
from services.escalation.domain.detections.history import History
from services.escalation.domain.detections.parts import Part
from services.escalation.domain.detections.scope import Scope
from services.escalation.domain.detections.thresholds import ThresholdsAt
from services.escalation.domain.facts import AccountFact, FactKind
from services.escalation.domain.risk import Risk
from shared.contracts.escalation import SignalKind
from shared.ids import derived

FindRule: TypeAlias = Callable[[History, Scope, ThresholdsAt], Iterator[Detection]]
"""Finds the signals of one kind that an account's facts imply, within a scope."""


@dataclass(frozen=True, slots=True)
class SecondCause:
    """A second cause of a kind, settled by other facts than the first.

    `label` is such a signal's name in a list; `lead` begins the sentence about its settlement: "Since the sale".
    """

    label: str
    lead: str
    settled_by: Clearing


@dataclass(frozen=True, slots=True)
class SignalDefinition:
    """Everything about one kind of signal but its thresholds, which are the policy's (`policy/signal_rules.py`).

    In words: `label` for lists, `counted` for one signal and for several, `headline` for the beginning of a sentence
    that the time follows, `raised_when` for the page of signals. `label_of` and `counted_of` are for kinds with signals
    of another name.

    In rules: `starts_with` are the kinds of facts that a signal begins with, `settled_by` its ends, `part` the place
    where it is looked for (`silent_part` if it is made of silence), `find` the rule. `counts` is the kind of facts that
    make one signal together.

    In severity: `of_its_own` is False for a kind that only carries out or announces another trouble; beside that
    trouble it does not raise the severity. `bad_contact` marks kinds that make a later request more severe.

    `examples` has one line each: a title, facts of one account with their hours, and from when until when the signals
    stand. A test runs them with the shipped thresholds and working time at all hours.
    """

    kind: SignalKind
    label: str
    counted: tuple[str, str]
    headline: Callable[[Risk], str]
    raised_when: str
    starts_with: tuple[FactKind, ...]
    settled_by: Clearing
    part: Part
    find: FindRule
    examples: str
    silent_part: Part | None = None
    second_cause: SecondCause | None = None
    counts: FactKind | None = None
    label_of: Callable[[Risk], str | None] | None = None
    counted_of: Callable[[Risk], tuple[str, str] | None] | None = None
    of_its_own: bool = True
    bad_contact: bool = False

    def own_id(self, fact: AccountFact) -> UUID:
        """The id of the signal that one fact is or begins."""
        return derived("signal", fact.fact_id, self.kind.value)

    def by_itself(self, history: History, fact: AccountFact) -> Detection:
        """The detection of a fact that is itself a signal, at its own time."""
        return self.found(history, fact, at=fact.at)

    def found(
        self,
        history: History,
        cause: AccountFact,
        *,
        at: datetime,
        signal_id: UUID | None = None,
        by_silence: bool = False,
    ) -> Detection:
        """The detection of a signal that began with `cause` and arose at `at`, with the fact that ended it later."""
        ended = ended_by(history, self.settled_by, cause, at)
        known = signal_id or self.own_id(cause)
        return Detection(known, self.kind, at, cause, cause.case_id, history.order_of(cause), by_silence, ended)

    def unbroken(self, history: History, cause: AccountFact, *, until: datetime, since: datetime | None = None) -> bool:
        """Whether no fact that settles it happened later than its cause (or `since`), until then."""
        return unbroken(history, self.settled_by, cause, until=until, since=since)

    def is_on(self, fact: AccountFact, thresholds: ThresholdsAt) -> bool:
        """Whether the policy in force at a fact raises this kind."""
        return thresholds(fact.at).signals.of(self.kind).enabled


def unbroken(
    history: History, clearing: Clearing, cause: AccountFact, *, until: datetime, since: datetime | None = None
) -> bool:
    """Whether no fact that ends a silence happened later than its cause (or `since`), until then."""
    broken = ended_by(history, clearing, cause, cause.at if since is None else since)
    return broken is None or broken.at > until
