"""Columns that several statements read, and values from rows: text in a table becomes the enum that it stands for."""

from collections.abc import Mapping
from dataclasses import fields
from enum import StrEnum
from typing import Any

from services.escalation.domain import deliveries
from services.escalation.domain.entities import Alert, DeadlineFor, Episode, Signal, SignalEnd
from services.escalation.domain.offers import Offer, OfferState
from services.escalation.domain.results import Result, ResultState
from services.escalation.domain.save_windows import SaveWindow
from shared.contracts.escalation import EpisodeResult, RingCause, SaveWindowEnd, Severity, SignalKind, Step

BESIDE_THE_LADDER = tuple(cause.value for cause in deliveries.BESIDE_THE_LADDER)
"""The causes of alerts that are no turn on the escalation path, for statements."""

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


def given_minor(episode: str, currency: str) -> str:
    """What was given away in an episode, in minor units of this currency; both as columns."""
    return f"""
    (select coalesce(sum(given.agreed_minor), 0)::bigint from escalation.offers given
     where given.episode_id = {episode} and given.currency = {currency})
    """


GIVEN_MINOR = f"{given_minor('e.episode_id', 'o.currency')} as given_minor"
"""The column of an episode `e` of an order `o`, in the order's currency."""


def above(people: str) -> str:
    """Whether the reader, $1, is above one of these people, at any distance. Circles of managers are harmless."""
    return f"""
    exists (
        with recursive above (id) as (
            select manager from escalation.salespeople where salesperson_id in ({people})
            union
            select p.manager from above join escalation.salespeople p on p.salesperson_id = above.id
        )
        select from above where id = $1)
    """


_EPISODE_FIELDS = tuple(column.name for column in fields(Episode))


def episode_of(row: Any) -> Episode:
    """An episode from its row."""
    clocks = {"deadline_for": DeadlineFor, "stopped_deadline_for": DeadlineFor}
    kinds = {"severity": Severity, "step": Step, "result": EpisodeResult, **clocks}
    return Episode(**_with_kinds({name: row[name] for name in _EPISODE_FIELDS}, kinds))


def signal_of(row: Any) -> Signal:
    """A signal from its row, with its words or without."""
    return Signal(**_with_kinds(dict(row), {"kind": SignalKind, "ended": SignalEnd}))


def result_of(row: Any) -> Result:
    """A result from its row."""
    return Result(**_with_kinds(dict(row), {"state": ResultState, "severity": Severity, "because": SignalKind}))


def alert_of(row: Any) -> Alert:
    """An alert from its row."""
    return Alert(**_with_kinds(dict(row), {"step": Step, "cause": RingCause, "severity": Severity}))


def offer_of(row: Any) -> Offer:
    """An offer from its row, with its words or without."""
    return Offer(**_with_kinds(dict(row), {"state": OfferState, "asked_step": Step}))


def window_of(row: Any) -> SaveWindow:
    """A save window from its row."""
    return SaveWindow(**_with_kinds(dict(row), {"ended": SaveWindowEnd}))


def _with_kinds(row: dict[str, Any], kinds: Mapping[str, type[StrEnum]]) -> dict[str, Any]:
    return row | {name: kind(row[name]) for name, kind in kinds.items() if row[name] is not None}
