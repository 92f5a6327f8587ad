"""What channels report back: attempts to deliver, and messages that came back. What operators have sent again."""

from dataclasses import replace

from services.escalation.domain.decisions.care import AlertSent
from services.escalation.domain.deliveries import (
    NotResendable,
    after_attempt,
    cancelled,
    needless,
    resent,
    returned,
)
from services.escalation.domain.draft import Draft
from services.escalation.domain.entities import Delivery
from services.escalation.domain.own_facts import (
    AddressFailed,
    Attempt,
    DeliveryAttempted,
    DeliveryResent,
    DeliveryReturned,
)

NOT_NEEDED = {
    "closed": "its episode is closed",
    "acknowledged": "somebody has acknowledged its episode",
    "offer_over": "the hand-over that it told of is over",
    "passed_on": "its recipient does not have the episode any more",
}


def record_attempt(draft: Draft[DeliveryAttempted]) -> None:
    """An attempt to deliver ended; the first one accepted is when the alert was sent."""
    book, fact = draft.book, draft.fact
    delivery = book.deliveries.get(fact.delivery)
    changed = after_attempt(delivery, fact, draft.now) if delivery else None
    if changed is None:
        return
    alert = book.alerts[changed.alert_id]
    because = needless(alert, draft.state.episodes.get(alert.episode_id))
    if because is not None:  # since when this was being sent
        changed = cancelled(changed, because, draft.now)
    draft.keep(changed)
    if fact.result is Attempt.ACCEPTED:
        _tell_of_first_sending(draft, changed)
    if fact.refused_address is not None:
        _tell_of_address(draft, changed, fact.refused_address)


def record_return(draft: Draft[DeliveryReturned]) -> None:
    """A message came back: it reached nobody."""
    delivery = draft.book.deliveries.get(draft.fact.delivery)
    changed = returned(delivery, draft.fact.reason, draft.now) if delivery else None
    if changed is not None:
        draft.keep(changed)


def send_again(draft: Draft[DeliveryResent]) -> None:
    """Send a delivery at once, if somebody needs it still."""
    delivery = draft.book.deliveries.get(draft.fact.delivery)
    if delivery is None:
        draft.reject("unknown_delivery", "there is no such delivery")
        return
    alert = draft.book.alerts[delivery.alert_id]
    because = needless(alert, draft.state.episodes.get(alert.episode_id))
    if because is not None:
        draft.reject("not_needed", NOT_NEEDED[because])
        return
    try:
        draft.keep(resent(delivery, draft.now))
    except NotResendable as refused:
        draft.reject("not_resendable", str(refused))


def _tell_of_address(draft: Draft[DeliveryAttempted], delivery: Delivery, address: str) -> None:
    """A person is changed under their own lock, not under the account's."""
    failed = AddressFailed(address=address, reason=delivery.reason or "refused")
    draft.set_timer_of(delivery.recipient, failed, due_at=draft.now)


def _tell_of_first_sending(draft: Draft[DeliveryAttempted], delivery: Delivery) -> None:
    alert = draft.book.alerts[delivery.alert_id]
    if alert.sent_at is not None:
        return
    draft.decide(AlertSent(replace(alert, sent_at=draft.now), delivery))
