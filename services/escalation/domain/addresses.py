"""What a change of somebody's address means for them: who is told of it, and that they sign in anew."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from services.escalation.domain.deliveries import (
    RESEND_UNKNOWN_AFTER,
    pause_before_retry,
)
from services.escalation.domain.entities import Salesperson
from services.escalation.domain.own_facts import Attempt
from shared.contracts.envelope import Envelope, Fact
from shared.ids import derived

GIVE_UP_AFTER_ATTEMPTS = 50


@dataclass(frozen=True, slots=True)
class AddressNotice:
    """A message to one address, that it is somebody's no more (`other` says whether they have another), or is from now
    on. The address is kept until the message has ended."""

    notice_id: UUID
    salesperson_id: str
    address: str | None
    is_new: bool
    other: bool
    made_at: datetime
    state: str
    try_at: datetime
    changed_at: datetime
    attempts: int = 0
    reason: str | None = None


def signs_out(before: Salesperson, after: Salesperson) -> bool:
    """Whether sessions and links end: whoever has them got them by an address that is theirs no more, or has left."""
    return _moved(before.email, after.email) or (before.active and not after.active)


def notices(before: Salesperson, after: Salesperson, cause: Envelope[Fact], now: datetime) -> tuple[AddressNotice, ...]:
    """Who is told of a change of address: the old address and the new one. A first address is nobody's surprise."""
    if before.email is None or not _moved(before.email, after.email):
        return ()
    told = [(before.email, False)] + ([(after.email, True)] if after.email is not None else [])
    return tuple(
        AddressNotice(
            notice_id=derived("address notice", cause.source, cause.id, is_new),
            salesperson_id=after.salesperson_id,
            address=address,
            is_new=is_new,
            other=after.email is not None,
            made_at=now,
            state="pending",
            try_at=now,
            changed_at=now,
        )
        for address, is_new in told
    )


def after_sending(result: Attempt, attempts: int) -> tuple[str, timedelta]:
    """What a notice becomes by an attempt's result, and when it is looked at again while it is pending."""
    if result is Attempt.ACCEPTED:
        return "sent", timedelta(0)
    if result is Attempt.REFUSED or attempts >= GIVE_UP_AFTER_ATTEMPTS:
        return "failed", timedelta(0)
    return "pending", RESEND_UNKNOWN_AFTER if result is Attempt.UNKNOWN else pause_before_retry(attempts)


def _moved(before: str | None, after: str | None) -> bool:
    """Capitals make no other address: sign-in does not look at them either."""
    return (before or "").lower() != (after or "").lower()
