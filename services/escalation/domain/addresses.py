"""What a change of a person's address means: both addresses are notified, and the person signs in again."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from services.escalation.domain.deliveries import RESEND_UNKNOWN_AFTER, pause_before_retry
from services.escalation.domain.delivery_facts import Attempt
from services.escalation.domain.entities import Salesperson
from shared.contracts.envelope import Envelope, Fact
from shared.contracts.mailboxes import is_same_address
from shared.ids import derived


@dataclass(frozen=True, slots=True)
class AddressNotice:
    """A notice to an address: it no longer belongs to the person (`other`: they have a new one), or now does.

    The address is erased once the notice has ended.
    """

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
    unknown_count: int = 0
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """A notice's state after an attempt. A pending notice is tried again after the pause."""

    state: str
    unknown_count: int
    pause: timedelta = timedelta(0)


def signs_out(before: Salesperson, after: Salesperson) -> bool:
    """Whether the person's sessions and links end, because their address changed or they have left."""
    return _moved(before.email, after.email) or (before.active and not after.active)


def notices(before: Salesperson, after: Salesperson, cause: Envelope[Fact], now: datetime) -> tuple[AddressNotice, ...]:
    """The notices of a change of address, to the old and the new one. A first address needs no notice."""
    if before.email is None or not _moved(before.email, after.email):
        return ()
    recipients = [(before.email, False)] + ([(after.email, True)] if after.email is not None else [])
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
        for address, is_new in recipients
    )


def after_sending(result: Attempt, *, attempts: int, unknown_count: int, give_up_after: int) -> Outcome:
    """A notice's state after an attempt's result.

    It is given up after `give_up_after` attempts of unknown outcome, as each may have arrived. While the mail server is
    unavailable, it is delayed.
    """
    match result:
        case Attempt.ACCEPTED:
            return Outcome("sent", unknown_count)
        case Attempt.REFUSED:
            return Outcome("failed", unknown_count)
        case Attempt.PUT_OFF:
            return Outcome("pending", unknown_count, pause_before_retry(attempts))
        case Attempt.UNKNOWN if unknown_count + 1 >= give_up_after:
            return Outcome("failed", unknown_count + 1)
        case Attempt.UNKNOWN:
            return Outcome("pending", unknown_count + 1, RESEND_UNKNOWN_AFTER)


def _moved(before: str | None, after: str | None) -> bool:
    """Whether the address changed. Another spelling is the same address, as it is for sign-in."""
    return not is_same_address(before, after)
