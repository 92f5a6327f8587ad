"""An installation's settings beside the policy: the desk, and the waiting times for late input."""

from dataclasses import dataclass
from datetime import timedelta

from shared.ids import SalespersonId

RULES_VERSION = 4
"""Counted up with every change of the rules in code by which the same facts imply other signals or episodes. Decisions
carry it, and `handoff rejudge` applies it to earlier decisions. 1: all decisions without a version."""


@dataclass(frozen=True, slots=True)
class Rules:
    """The settings. `max_alert_age` replaces the policy's `age.ring_within`; zero: no signal is too old to notify."""

    desk: SalespersonId
    max_alert_age: timedelta | None = None
    order_wait: timedelta = timedelta(minutes=15)
    salesperson_wait: timedelta = timedelta(minutes=15)
    salesperson_recheck: timedelta = timedelta(minutes=1)
