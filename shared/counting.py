"""What committed transactions refused or left unread, for metrics and log."""

from shared.logs import get_logger
from shared.messaging.naming import named
from shared.metrics import Metrics
from shared.transaction import Transaction

log = get_logger(__name__)


def count_inputs(metrics: Metrics, tx: Transaction) -> None:
    """What a committed transaction refused as dead letters, and which of its events have members that nobody reads.

    A record that became a dead letter is logged with what its publisher can be found by, and nothing of what it says. A
    refused request is logged where it is answered.
    """
    for rejection in tx.dead_letters:
        metrics.consumer.dead_letters.labels(rejection.code).inc()
        if rejection.position is not None:
            topic, partition, offset = rejection.position
            place = {"topic": topic, "partition": partition, "offset": offset}
            why = {"code": rejection.code, "reason": rejection.reason}
            log.warning(
                "a record was kept as a dead letter", **named(rejection.raw), **why, **place, dead_letter=rejection.id
            )
    for wire_type in tx.with_unknown_members:
        metrics.consumer.unknown_members.labels(wire_type).inc()
