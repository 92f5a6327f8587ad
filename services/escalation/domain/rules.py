"""The thresholds and waits that escalation decides by."""

from dataclasses import dataclass
from datetime import timedelta

from shared.ids import SalespersonId


@dataclass(frozen=True, slots=True)
class Rules:
    """`max_alert_age` of zero means: no signal is too old to ring."""

    desk: SalespersonId
    max_alert_age: timedelta = timedelta(days=3)
    order_wait: timedelta = timedelta(minutes=15)
    salesperson_wait: timedelta = timedelta(minutes=15)
    salesperson_recheck: timedelta = timedelta(minutes=1)
    bounces_after_reassignments: int = 3

    def too_old_to_ring(self, age: timedelta) -> bool:
        """Whether a signal of this age, when first seen, must not ring anybody."""
        return timedelta(0) < self.max_alert_age < age
