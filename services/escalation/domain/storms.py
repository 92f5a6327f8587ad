"""Limits what one person is sent: single alerts, or one ranked list instead of many. Start at `sort_out`.

The policy limits the single alerts to a person on a channel within a window. Further deliveries are held until the
window ends, and are then sent as one list. After a list nothing is sent until another window is over; later deliveries
are in the next list. A storm therefore produces one list a window. No episode is dropped:
a held delivery expires only if a newer alert of its episode overtook it.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby
from uuid import UUID

from services.escalation.domain.policy.model import Storms
from shared.contracts.escalation import Severity
from shared.ids import derived

MOST_IN_A_LIST = 1_000
"""The number of deliveries decided on at once and ended in one transaction. Further ones go in another list."""
NAMED_IN_A_LIST = 50
_UNITS = {"a day": timedelta(days=1), "an hour": timedelta(hours=1), "a minute": timedelta(minutes=1)}
OVERTAKEN = "a newer alert was raised before this one was sent"


@dataclass(frozen=True, slots=True)
class Due:
    """A delivery that is due, in its current state.

    `overtaken` tells that its episode notified again since. For `list_id` see Delivery.
    """

    delivery_id: UUID
    state: str
    attempts: int
    try_at: datetime
    list_id: UUID | None = None
    overtaken: bool = False

    @property
    def gathered(self) -> bool:
        """Whether it waited: until the end of a window, or until its recipient is to be notified."""
        return self.state == "held" or self.list_id is not None


@dataclass(frozen=True, slots=True)
class Recent:
    """A message that this person has received, or may have received."""

    at: datetime
    is_list: bool


@dataclass(frozen=True, slots=True)
class Message:
    """A message to send now: a list, or the alert of its only delivery."""

    list_id: UUID | None
    deliveries: tuple[Due, ...]


@dataclass(frozen=True, slots=True)
class Verdict:
    """The decisions. Each delivery that was due is in exactly one of these fields."""

    messages: tuple[Message, ...] = ()
    held: tuple[Due, ...] = ()
    held_until: datetime | None = None
    because: str | None = None
    expired: tuple[Due, ...] = ()


def sort_out(due: Sequence[Due], recent: Sequence[Recent], storms: Storms, now: datetime) -> Verdict:
    """Decide on all deliveries due for one person on one channel; `recent` are the messages of the last window.

    A message that may have arrived is always sent again as the same message.
    """
    ordered = sorted(due, key=lambda one: (one.try_at, one.delivery_id))
    expired = tuple(one for one in ordered if one.state == "held" and one.overtaken)
    again = tuple(_again([one for one in ordered if one.state == "unknown"]))
    waiting = [one for one in ordered if one.state != "unknown" and one not in expired]
    lately = [one for one in recent if one.at + storms.window > now]
    messages, held = _share(waiting, lately, storms)
    if not held:
        return Verdict((*again, *messages), expired=expired)
    until, because = _hold(lately, storms, now)
    return Verdict((*again, *messages), tuple(held), until, because, expired)


def list_id(first: Due) -> UUID:
    """The id of a list: its first delivery and that delivery's attempt. A delivery is in one message at a time."""
    return derived("list", first.delivery_id, first.attempts + 1)


def _again(doubtful: Sequence[Due]) -> Iterator[Message]:
    alone = [one for one in doubtful if one.list_id is None]
    yield from (Message(None, (one,)) for one in alone)
    listed = sorted((one for one in doubtful if one.list_id is not None), key=lambda one: str(one.list_id))
    for list_id, deliveries in groupby(listed, key=lambda one: one.list_id):
        yield Message(list_id, tuple(deliveries))


def _share(waiting: Sequence[Due], lately: Sequence[Recent], storms: Storms) -> tuple[Sequence[Message], Sequence[Due]]:
    """The messages to send now, and the deliveries to hold."""
    if not waiting or any(one.is_list for one in lately):
        return (), waiting
    free = max(0, storms.alerts - len(lately))
    meant_for_a_list = any(one.list_id is not None for one in waiting)
    if len(waiting) > 1 and (meant_for_a_list or (len(waiting) > free and any(one.gathered for one in waiting))):
        return (Message(list_id(waiting[0]), tuple(waiting)),), ()
    return tuple(Message(None, (one,)) for one in waiting[:free]), waiting[free:]


def _hold(lately: Sequence[Recent], storms: Storms, now: datetime) -> tuple[datetime, str]:
    """Until when to hold, and why: to the end of the window that began with the oldest single alert or the last
    list."""
    span = span_in_words(storms.window)
    lists = [one.at for one in lately if one.is_list]
    if lists:
        return max(lists) + storms.window, f"grouped into the next list: the last list was sent within {span}"
    began = min((one.at for one in lately), default=now)
    return began + storms.window, f"grouped into a list: more than {storms.alerts} alerts within {span}"


def span_in_words(span: timedelta) -> str:
    """A span of whole minutes in its largest unit: "a minute", "90 minutes", "2 hours"."""
    for unit, length in _UNITS.items():
        if span >= length and not span % length:
            number = span // length
            return unit if number == 1 else f"{number} {unit.split()[1]}s"
    return f"{span.total_seconds():.0f} seconds"


@dataclass(frozen=True, slots=True)
class SaleAtRisk:
    """A line of a list: an open episode with its order.

    `call_at` is the time of a promised call; `is_new` tells that it notified since the last message.
    """

    episode_id: UUID
    account_id: str
    order_id: str
    customer_name: str | None
    bought: str
    amount_minor: int
    currency: str
    severity: Severity
    deadline_at: datetime | None
    call_at: datetime | None
    is_new: bool
