"""Counts what a committed transaction decided, for the metrics of signals and alerts."""

from services.escalation.domain.notes import AlertMade, SignalMatched
from services.escalation.domain.rules import Rules
from shared.metrics import Metrics
from shared.transaction import Transaction


def count_alerts(rules: Rules, metrics: Metrics, tx: Transaction) -> None:
    """Signals by kind, those too old to ring, and how long each alert took since its signal happened."""
    for note in tx.notes:
        if isinstance(note, SignalMatched):
            signal = note.signal
            metrics.alerts.signals.labels(signal.kind.value).inc()
            if rules.too_old_to_ring(signal.seen_at - signal.at):
                metrics.alerts.signals_too_old.inc()
        elif isinstance(note, AlertMade):
            metrics.alerts.latency.observe(max(0.0, (tx.now - note.signal.at).total_seconds()))
