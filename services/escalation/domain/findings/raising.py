"""How rules make a finding: of a fact that is a signal by itself, and of a silence that lasted too long."""

from datetime import datetime
from uuid import UUID

from services.escalation.domain.facts import AccountFact
from services.escalation.domain.findings.clearing import CLEARINGS, Clearing, ended_by
from services.escalation.domain.findings.finding import Finding
from services.escalation.domain.findings.history import History
from shared.contracts.escalation import SignalKind
from shared.ids import derived


def by_itself(history: History, kind: SignalKind, fact: AccountFact) -> Finding:
    """A fact that is a signal, at its own time."""
    return found(history, kind, fact, at=fact.at, signal_id=own_id(kind, fact))


def own_id(kind: SignalKind, fact: AccountFact) -> UUID:
    return derived("signal", fact.fact_id, kind.value)


def found(
    history: History, kind: SignalKind, cause: AccountFact, *, at: datetime, signal_id: UUID, by_silence: bool = False
) -> Finding:
    """A signal that began with `cause` and came into being at `at`, with what ended it later."""
    ended = ended_by(history, CLEARINGS[kind], cause, at)
    return Finding(signal_id, kind, at, cause, cause.case_id, history.order_of(cause), by_silence, ended)


def unbroken(
    history: History, clearing: Clearing, cause: AccountFact, *, until: datetime, since: datetime | None = None
) -> bool:
    """Whether nothing that would end a silence happened later than its cause (or `since`), until then."""
    broken = ended_by(history, clearing, cause, cause.at if since is None else since)
    return broken is None or broken.at > until
