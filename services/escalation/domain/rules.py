"""What an installation sets, beside the policy: who is the desk, and how long the spine waits for what comes late."""

from dataclasses import dataclass
from datetime import timedelta

from shared.ids import SalespersonId

RULES_VERSION = 4
"""Counted up with every change of the rules in code by which the same facts amount to other signals or episodes.
What was decided carries it, and `handoff rejudge` applies it to what was decided before. 1: all that has none."""


@dataclass(frozen=True, slots=True)
class Rules:
    """`max_alert_age` takes the place of the policy's `age.ring_within`; zero means: no signal is too old to ring."""

    desk: SalespersonId
    max_alert_age: timedelta | None = None
    order_wait: timedelta = timedelta(minutes=15)
    salesperson_wait: timedelta = timedelta(minutes=15)
    salesperson_recheck: timedelta = timedelta(minutes=1)
