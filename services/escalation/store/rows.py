"""Columns that several statements read, and values from rows: text in a table becomes the enum that it stands for."""

from collections.abc import Mapping
from dataclasses import fields
from enum import StrEnum
from typing import Any

from services.escalation.domain.entities import Alert, DeadlineFor, Episode, Signal, SignalEnd
from shared.contracts.escalation import EpisodeResult, RingCause, Severity, SignalKind, Step

_HAS = """
    exists (select from escalation.push_devices device
            where device.salesperson_id = p.salesperson_id and device.ended_at is null{}) as has_device
"""
HAS_DEVICE = _HAS.format("")
"""The column of a person `p` that tells whether a browser receives notifications for them."""
HAS_DEVICE_OF_KEY = _HAS.format(" and device.key_fingerprint = $2")
"""The same, of browsers that subscribed with the key of this fingerprint; false for null."""

VOICE_COLUMNS = """
    e.salesperson, seller.name as seller_name, seller.active is false as seller_left, exists (
        select from escalation.accounts held
        join escalation.salespeople owner on owner.salesperson_id = held.assigned_to and owner.active
        where held.account_id = e.account_id and held.assigned_to <> e.salesperson
          and held.assigned_since <= (shared.app_now() at time zone 'UTC')::date
    ) as handed_on
"""
"""The columns of an episode `e`, whose seller is joined as `seller`, for a call by someone else."""

_EPISODE_FIELDS = tuple(column.name for column in fields(Episode))


def episode_of(row: Any) -> Episode:
    """An episode from its row."""
    clocks = {"deadline_for": DeadlineFor, "stopped_deadline_for": DeadlineFor}
    kinds = {"severity": Severity, "step": Step, "result": EpisodeResult, **clocks}
    return Episode(**_with_kinds({name: row[name] for name in _EPISODE_FIELDS}, kinds))


def signal_of(row: Any) -> Signal:
    """A signal from its row, with its words or without."""
    return Signal(**_with_kinds(dict(row), {"kind": SignalKind, "ended": SignalEnd}))


def alert_of(row: Any) -> Alert:
    """An alert from its row."""
    return Alert(**_with_kinds(dict(row), {"step": Step, "cause": RingCause, "severity": Severity}))


def _with_kinds(row: dict[str, Any], kinds: Mapping[str, type[StrEnum]]) -> dict[str, Any]:
    return row | {name: kind(row[name]) for name, kind in kinds.items() if row[name] is not None}
