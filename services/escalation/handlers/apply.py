"""Writes the decisions about an event: the only place where a decision becomes a record, an event and a timer."""

from typing import Any

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


def write_effects(tx: Transaction, draft: Draft[Any]) -> None:
    """Add a draft's effects to the transaction, in their order; its rows are saved with the batch's."""
    for effect in draft.effects:
        match effect:
            case DecisionMade(cause, decision):
                _write(tx, draft.work, cause, decision)
            case TimerSet(cause, fact, due_at, awaits, made_of_silence):
                tx.set_timer(fact, cause=cause, due_at=due_at, awaits=awaits, made_of_silence=made_of_silence)
            case TimerTakenBack(fact, account_id):
                tx.cancel_timer(fact, account_id)
            case TimersHurried(awaited):
                tx.hurry_timers(awaited)
            case Rejected(cause, code, reason):
                tx.reject(cause, code, reason)


def _write(tx: Transaction, work: UnitOfWork, cause: Envelope[Fact], decision: Decision) -> None:
    if decision.rule is not None:
        work.changes.decisions.append(_record(tx, work, cause, decision))
    published = decision.publishes()
    if published is not None:
        at = decision.happened_at or tx.now
        tx.publish(published, cause=cause, time=at, discriminator=decision.discriminator)
    if isinstance(decision, Notified | SignalAdded):
        tx.observed.append(decision)


def _record(tx: Transaction, work: UnitOfWork, cause: Envelope[Fact], decision: Decision) -> DecisionRow:
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
