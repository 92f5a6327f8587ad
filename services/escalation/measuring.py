"""Counts what a committed transaction decided, for the metrics of signals and alerts."""

from services.escalation.domain.notes import AlertMade, SignalMatched
from shared.contracts.escalation import RingCause
from shared.metrics import Metrics
from shared.transaction import Transaction

_FOR_A_SIGNAL = (RingCause.SIGNAL, RingCause.SEVERITY)


def count_alerts(metrics: Metrics, tx: Transaction) -> None:
    """Signals by kind, those too old to ring, and how long each alert for a signal took since it happened."""
    for note in tx.notes:
        if isinstance(note, SignalMatched):
            metrics.alerts.signals.labels(note.signal.kind.value).inc()
            if note.too_old:
                metrics.alerts.signals_too_old.inc()
        elif isinstance(note, AlertMade) and note.cause in _FOR_A_SIGNAL:
            metrics.alerts.latency.observe(max(0.0, (tx.now - note.signal.at).total_seconds()))
