"""What a change of somebody's address means for them: who is told of it, and that they sign in anew."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from services.escalation.domain.deliveries import RESEND_UNKNOWN_AFTER, pause_before_retry
from services.escalation.domain.entities import Salesperson
from services.escalation.domain.own_facts import Attempt
from shared.contracts.envelope import Envelope, Fact
from shared.contracts.mailboxes import is_same_address
from shared.ids import derived


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
    unknown_count: int = 0
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a notice becomes by an attempt; while it is pending it is looked at again after the pause."""

    state: str
    unknown_count: int
    pause: timedelta = timedelta(0)


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


def after_sending(result: Attempt, *, attempts: int, unknown_count: int, give_up_after: int) -> Outcome:
    """What a notice becomes by an attempt's result.

    It is given up after so many attempts of unknown outcome: each may have arrived. A mail server that is away puts it
    off, for as long as that lasts.
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
    """Another spelling makes no other address: sign-in does not look at it either."""
    return not is_same_address(before, after)
