"""Writes the decisions about an event: the only place where a decision becomes a record, an event and a timer."""

from datetime import datetime
from typing import Any, Protocol

from services.escalation.domain.decisions.decision import Decision
from services.escalation.domain.decisions.notifying import Notified
from services.escalation.domain.decisions.signals import SignalAdded
from services.escalation.domain.draft import DecisionMade, Draft, Rejected, TimerSet, TimersHurried, TimerTakenBack
from services.escalation.domain.entities import DecisionRow
from services.escalation.domain.rules_version import RULES_VERSION
from services.escalation.domain.unit_of_work import UnitOfWork
from shared.contracts.envelope import Envelope, Fact
from shared.contracts.escalation import RingCause
from shared.ids import derived
from shared.metrics import Metrics
from shared.transaction import Transaction

_FOR_A_SIGNAL = (RingCause.SIGNAL, RingCause.SEVERITY)


class Effects(Protocol):
    """Where the effects of a decision go: `shared.transaction.Transaction`, or a replay of the journal."""

    now: datetime
    observed: list[object]

    def publish(self, fact: Fact, *, cause: Envelope[Fact], time: datetime, discriminator: object) -> None: ...

    def set_timer(
        self, fact: Fact, *, cause: Envelope[Fact], due_at: datetime, awaits: str | None, made_of_silence: bool
    ) -> None: ...

    def cancel_timer(self, fact: Fact, subject: str) -> None: ...

    def hurry_timers(self, awaited: str) -> None: ...

    def reject(self, event: Envelope[Fact], code: str, reason: str, /) -> None: ...


def write_effects(tx: Effects, draft: Draft[Any]) -> None:
    """Add a draft's effects to the transaction or the replay, in their order; its rows are saved with the batch's."""
    for effect in draft.effects:
        if isinstance(effect, DecisionMade):
            _write(tx, draft.work, effect.cause, effect.decision)
        else:
            _carry_out(tx, effect)


def write_all_but_decisions(tx: Effects, draft: Draft[Any]) -> None:
    """Add a draft's other effects: for a replay that keeps no record and publishes nothing."""
    for effect in draft.effects:
        if not isinstance(effect, DecisionMade):
            _carry_out(tx, effect)


def _carry_out(tx: Effects, effect: TimerSet | TimerTakenBack | TimersHurried | Rejected) -> None:
    match effect:
        case TimerSet(cause, fact, due_at, awaits, made_of_silence):
            tx.set_timer(fact, cause=cause, due_at=due_at, awaits=awaits, made_of_silence=made_of_silence)
        case TimerTakenBack(fact, account_id):
            tx.cancel_timer(fact, account_id)
        case TimersHurried(awaited):
            tx.hurry_timers(awaited)
        case Rejected(cause, code, reason):
            tx.reject(cause, code, reason)


def _write(tx: Effects, work: UnitOfWork, cause: Envelope[Fact], decision: Decision) -> None:
    if decision.rule is not None:
        work.changes.decisions.append(_record(tx, work, cause, decision))
    published = decision.publishes()
    if published is not None:
        at = decision.happened_at or tx.now
        tx.publish(published, cause=cause, time=at, discriminator=decision.discriminator)
    if isinstance(decision, Notified | SignalAdded):
        tx.observed.append(decision)


def _record(tx: Effects, work: UnitOfWork, cause: Envelope[Fact], decision: Decision) -> DecisionRow:
    assert decision.rule is not None
    assert decision.sentence is not None, "what has a rule has a sentence"
    identity = (cause.source, f"{cause.id} at {tx.now.isoformat()}")
    version = decision.policy_version
    return DecisionRow(
        decision_id=derived("decision", *identity, work.next_record(identity)),
        account_id=cause.subject,
        at=tx.now,
        rule=decision.rule,
        words=decision.sentence,
        policy_version=work.policies.latest.version if version is None else version,
        episode_id=decision.episode_id,
        signal_id=decision.signal_id,
        who=decision.who,
        policy_path=decision.policy_line,
        cause_type=cause.type,
        cause_source=cause.source,
        cause_id=cause.id,
        rules_version=RULES_VERSION,
    )


def count_decisions(metrics: Metrics, tx: Transaction) -> None:
    """Count for a committed transaction: signals by kind, signals too old to notify, and for each signal's alert the
    seconds since it happened."""
    for decision in tx.observed:
        if isinstance(decision, SignalAdded):
            metrics.alerts.signals.labels(decision.signal.kind.value).inc()
            if decision.too_old:
                metrics.alerts.signals_too_old.inc()
        elif isinstance(decision, Notified) and decision.alert.cause in _FOR_A_SIGNAL:
            metrics.alerts.latency.observe(max(0.0, (tx.now - decision.signal.at).total_seconds()))
