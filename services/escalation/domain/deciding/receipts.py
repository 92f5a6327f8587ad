"""Handles reports of channels: results of attempts, returned messages, and failing addresses."""

from dataclasses import replace
from datetime import timedelta

from services.escalation.domain.decisions.care import AlertSent
from services.escalation.domain.deliveries import (
    NotResendable,
    after_attempt,
    cancelled,
    needless,
    released,
    resent,
    returned,
)
from services.escalation.domain.devices import LastDeviceGone
from services.escalation.domain.draft import Draft
from services.escalation.domain.entities import Delivery, Salesperson
from services.escalation.domain.notices import Notice, NoticeKind
from services.escalation.domain.own_facts import (
    AddressFailed,
    AddressWorks,
    Attempt,
    DeliveryAttempted,
    DeliveryResent,
    DeliveryReturned,
)
from shared.contracts.fact import Fact
from shared.contracts.mailboxes import can_be_written_to, is_same_address
from shared.ids import derived

_SUBSCRIBES_WITHIN = timedelta(hours=1)
"""A browser whose subscription has ended often makes another one by itself."""
_NAMES_OF_IDS = {NoticeKind.ADDRESS_FAILED: "address failed", NoticeKind.LAST_DEVICE_GONE: "last device gone"}
NOT_NEEDED = {
    "closed": "its episode is closed",
    "acknowledged": "its episode has been acknowledged",
    "offer_over": "the hand-over it announced is over",
    "passed_on": "its recipient no longer has the episode",
}


def record_attempt(draft: Draft[DeliveryAttempted]) -> None:
    """Record the result of a delivery attempt. The first accepted attempt sets the time at which the alert was sent."""
    work, fact = draft.work, draft.fact
    delivery = work.deliveries.get(fact.delivery)
    changed = after_attempt(delivery, fact, draft.now) if delivery else None
    if changed is None:
        return
    alert = work.alerts[changed.alert_id]
    because = needless(alert, draft.state.episodes.get(alert.episode_id))
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
    because = needless(alert, draft.state.episodes.get(alert.episode_id))
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
    _notify_upward(draft, person, NoticeKind.ADDRESS_FAILED)  # the note of /readyz informs operators in any case


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
        _notify_upward(draft, person, NoticeKind.LAST_DEVICE_GONE, after=_SUBSCRIBES_WITHIN)


def _notify_upward(
    draft: Draft[Fact], person: Salesperson, kind: NoticeKind, *, after: timedelta = timedelta(0)
) -> None:
    """Send one notice about this person up the line, unless mail reaches nobody there, or there is no need by then."""
    recipient = _notice_recipient(draft, person)
    if recipient is None:
        return
    draft.work.changes.upward_notices.append(
        Notice(
            notice_id=derived(_NAMES_OF_IDS[kind], person.salesperson_id, draft.now.isoformat()),
            kind=kind,
            recipient=recipient.salesperson_id,
            about=person.salesperson_id,
            try_at=draft.now + after,
            changed_at=draft.now,
        )
    )


def _notice_recipient(draft: Draft[Fact], person: Salesperson) -> Salesperson | None:
    """The nearest person up the line whom mail reaches, else the desk."""
    seen, above = {person.salesperson_id}, person.manager
    while above is not None and above not in seen:
        seen.add(above)
        leader = draft.work.people.get(above)
        if leader is not None and _is_reached(leader):
            return leader
        above = leader.manager if leader else None
    desk = draft.work.people.get(draft.work.installation.desk)
    return desk if desk is not None and desk.salesperson_id not in seen and _is_reached(desk) else None


def _is_reached(person: Salesperson) -> bool:
    return person.active and can_be_written_to(person.email or "") and person.email_failed_at is None
