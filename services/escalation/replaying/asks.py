"""Notes, while an account is replayed, who was asked to respond to trouble of an order, and when. Start at `Asks`."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from services.escalation.domain.channels import SENDING
from services.escalation.domain.decisions.notifying import Notified
from services.escalation.domain.decisions.taking import Acknowledged
from services.escalation.domain.draft import DecisionMade, Draft
from services.escalation.domain.entities import Delivery
from services.escalation.replaying.figures import SORTS
from shared.contracts.escalation import SignalKind

_UNSENT = ("pending", "held")


@dataclass(frozen=True, slots=True)
class Ask:
    """A person is asked to respond to a signal of an order. `at` is when the first message to them is due, which is not
    before they may be notified."""

    at: datetime
    order_id: str
    person: str
    kind: SignalKind
    messages: tuple[UUID, ...] = ()


@dataclass(slots=True)
class Asks:
    """The alerts of a replay that expect a response and have a message. Devices of the past are not known, so an alert
    to a person without an e-mail address asks nobody."""

    _noted: list[Ask] = field(default_factory=list)

    def note(self, draft: Draft[Any]) -> None:
        """Note the alerts that one event caused."""
        for effect in draft.effects:
            match effect:
                case DecisionMade(decision=Notified() as notified) if _expects_response(notified):
                    self._note(notified)

    def _note(self, notified: Notified) -> None:
        due = [one for one in notified.deliveries if one.channel in SENDING and one.state in _UNSENT]
        if due:
            alert, order_id = notified.alert, notified.episode.order_id
            at, messages = min(one.try_at for one in due), tuple(one.delivery_id for one in due)
            self._noted.append(Ask(at, order_id, alert.recipient, notified.signal.kind, messages))

    def made(self, deliveries: Mapping[UUID, Delivery]) -> list[Ask]:
        """The alerts that asked a person after all, by time; `deliveries` are in their last state.

        If every message was cancelled before it was due, nobody was asked, unless the person had acknowledged it.
        """
        found = []
        for ask in self._noted:
            called_off = [_called_off(deliveries[id], ask.at) for id in ask.messages]
            if all(called_off):
                if any(one.reason != Acknowledged.cancels for one in called_off if one):
                    continue
                ask = replace(ask, at=min(one.changed_at for one in called_off if one))
            found.append(ask)
        return sorted(found, key=lambda one: (one.at, one.person))


def _expects_response(notified: Notified) -> bool:
    return notified.alert.cause in SORTS and not notified.times.informs


def _called_off(delivery: Delivery, due_at: datetime) -> Delivery | None:
    """The delivery, if it was cancelled before it was due."""
    return delivery if delivery.state == "cancelled" and delivery.changed_at < due_at else None
