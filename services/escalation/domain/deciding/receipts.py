"""Handles reports of channels: results of attempts, returned messages, and failing addresses."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

from services.escalation.domain.deciding.upward import notify_upward
from services.escalation.domain.decisions.care import AlertSent
from services.escalation.domain.deliveries import (
    APPROVAL_OVER,
    NotResendable,
    after_attempt,
    cancelled,
    needless,
    released,
    resent,
    returned,
)
from services.escalation.domain.delivery_facts import (
    AddressFailed,
    AddressWorks,
    Attempt,
    DeliveryAttempted,
    DeliveryResent,
    DeliveryReturned,
)
from services.escalation.domain.devices import LastDeviceGone
from services.escalation.domain.draft import Draft
from services.escalation.domain.entities import Alert, Delivery
from services.escalation.domain.notices import NoticeKind
from shared.contracts.mailboxes import is_same_address

_SUBSCRIBES_WITHIN = timedelta(hours=1)
"""A browser whose subscription has ended often makes another one by itself."""
NOT_NEEDED = {
    "closed": "its episode is closed",
    "acknowledged": "its episode has been acknowledged",
    APPROVAL_OVER: "the request for approval is over",
    "offer_over": "the hand-over it announced is over",
    "passed_on": "its recipient no longer has the episode",
}


def _needless(draft: Draft[Any], alert: Alert) -> str | None:
    """Why nobody needs this alert any more, if so."""
    request = draft.state.pending_offers.get(alert.episode_id)
    return needless(alert, draft.state.episodes.get(alert.episode_id), request.asked if request else None)


def record_attempt(draft: Draft[DeliveryAttempted]) -> None:
    """Record the result of a delivery attempt. The first accepted attempt sets the time at which the alert was sent."""
    work, fact = draft.work, draft.fact
    delivery = work.deliveries.get(fact.delivery)
    changed = after_attempt(delivery, fact, draft.now) if delivery else None
    if changed is None:
        return
    alert = work.alerts[changed.alert_id]
    because = _needless(draft, alert)
    if because is not None:  # since when it has been `sending`
        changed = cancelled(changed, because, draft.now)
    draft.keep(changed)
    if because is None:
        _release(draft, changed)
    if fact.result is Attempt.ACCEPTED:
        _note_first_sending(draft, changed)
    if fact.refused_address is not None:
        _report_address(draft, changed, fact.refused_address)


def _release(draft: Draft[DeliveryAttempted], ended: Delivery) -> None:
    """Send at once what waited for a response to a message that has failed."""
    for delivery in list(draft.work.deliveries.values()):
        changed = released(delivery, ended, draft.now)
        if changed is not None:
            draft.keep(changed)


def record_return(draft: Draft[DeliveryReturned]) -> None:
    """Record a returned message: it did not reach its recipient."""
    delivery = draft.work.deliveries.get(draft.fact.delivery)
    changed = returned(delivery, draft.fact.reason, draft.now) if delivery else None
    if changed is not None:
        draft.keep(changed)


def send_again(draft: Draft[DeliveryResent]) -> None:
    """Send a delivery at once, if it is still needed."""
    delivery = draft.work.deliveries.get(draft.fact.delivery)
    if delivery is None:
        draft.reject("unknown_delivery", "there is no such delivery")
        return
    alert = draft.work.alerts[delivery.alert_id]
    because = _needless(draft, alert)
    if because is not None:
        draft.reject("not_needed", NOT_NEEDED[because])
        return
    try:
        draft.keep(resent(delivery, draft.now))
    except NotResendable as refused:
        draft.reject("not_resendable", str(refused))


def _report_address(draft: Draft[DeliveryAttempted], delivery: Delivery, address: str) -> None:
    """Report that an address fails or works. A person is changed under their own lock, not under the account's."""
    failed = AddressFailed(address=address, reason=delivery.reason or "refused")
    draft.set_timer_of(delivery.recipient, failed, due_at=draft.now)


def _note_first_sending(draft: Draft[DeliveryAttempted], delivery: Delivery) -> None:
    alert = draft.work.alerts[delivery.alert_id]
    if alert.sent_at is not None:
        return
    draft.decide(AlertSent(replace(alert, sent_at=draft.now), delivery))


def note_failing_address(draft: Draft[AddressFailed]) -> None:
    """Mark an address as failing if it is still the person's. A new address clears the mark; see `directory`."""
    person = draft.work.people.get(draft.event.subject)
    if person is None or not is_same_address(person.email, draft.fact.address):
        return
    if person.email_failed_at is not None:
        return
    draft.keep(replace(person, email_failed_at=draft.now, email_failed_because=draft.fact.reason))
    notify_upward(draft, person, NoticeKind.ADDRESS_FAILED)  # the note of /readyz informs operators in any case


def note_working_address(draft: Draft[AddressWorks]) -> None:
    """Clear the mark of an address that works again."""
    person = draft.work.people.get(draft.event.subject)
    if person is None or person.email_failed_at is None:
        draft.reject("not_failing", "no e-mail to this person is known to have bounced")
        return
    draft.keep(replace(person, email_failed_at=None, email_failed_because=None))


def note_last_device_gone(draft: Draft[LastDeviceGone]) -> None:
    """Notify the person's manager: no phone rings any more, and who lost a phone may not know."""
    person = draft.work.people.get(draft.event.subject)
    if person is not None and person.active:
        notify_upward(draft, person, NoticeKind.LAST_DEVICE_GONE, after=_SUBSCRIBES_WITHIN)
