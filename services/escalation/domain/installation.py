"""An installation's settings beside the policy: the desk, and the waiting times for late input."""

from dataclasses import dataclass
from datetime import timedelta

from shared.ids import SalespersonId


@dataclass(frozen=True, slots=True)
class Installation:
    """The settings. `max_alert_age` replaces the policy's `age.ring_within`; zero: no signal is too old to notify.

    `device_key` is the fingerprint of the key that notifies devices: only those that subscribed with it count. None: no
    device counts.
    """

    desk: SalespersonId
    max_alert_age: timedelta | None = None
    device_key: str | None = None
    order_wait: timedelta = timedelta(minutes=15)
    salesperson_wait: timedelta = timedelta(minutes=15)
    salesperson_recheck: timedelta = timedelta(minutes=1)
