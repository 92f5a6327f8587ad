"""Counts what a committed transaction raised, for the metrics of signals and alerts."""

from datetime import datetime
from uuid import UUID

from services.escalation.domain.rules import Rules
from shared.contracts.escalation import AlertRaised, EpisodeRaised, EpisodeSignalled
from shared.metrics import Metrics
from shared.transaction import Transaction


def count_alerts(rules: Rules, metrics: Metrics, tx: Transaction) -> None:
    """Signals by kind, those too old to ring, and how long each alert took since its signal happened."""
    happened_at: dict[UUID, datetime] = {}
    for outgoing in tx.outgoing:
        fact = outgoing.envelope.data
        if isinstance(fact, (EpisodeRaised, EpisodeSignalled)):
            happened_at[fact.signal] = fact.at
            metrics.alerts.signals.labels(fact.kind.value).inc()
            if rules.too_old_to_ring(tx.now - fact.at):
                metrics.alerts.signals_too_old.inc()
        if isinstance(fact, AlertRaised) and fact.signal in happened_at:
            metrics.alerts.latency.observe(max(0.0, (tx.now - happened_at[fact.signal]).total_seconds()))
