"""Counts and logs the refusals and unread members of committed transactions."""

from shared.logs import get_logger
from shared.messaging.naming import named
from shared.metrics import Metrics
from shared.transaction import Transaction

log = get_logger(__name__)


def count_inputs(metrics: Metrics, tx: Transaction) -> None:
    """Count the dead letters of a committed transaction, and its events with members that no code reads.

    A record that became a dead letter is logged with the data to find its publisher, and without its content. A refused
    request is logged with its response.
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
