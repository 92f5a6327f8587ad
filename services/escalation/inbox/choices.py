"""The buttons of an episode for its reader, and the next action. Start at `choices`."""

from dataclasses import dataclass
from datetime import timedelta

from services.escalation.domain.losses.loss import CONTRIBUTIONS
from services.escalation.domain.plays import may_write
from services.escalation.domain.policy.model import CHOSEN_RESULTS, CLEARED, Policy
from services.escalation.domain.reader import Reader
from services.escalation.domain.words import BY_CHANNEL, MUST_NOT_BE_CALLED, RESULTS
from services.escalation.inbox.colleagues import Takers
from services.escalation.inbox.forms import ending_value
from services.escalation.inbox.moments import field_value, next_minute
from services.escalation.inbox.ways import CHANNELS
from services.escalation.store.inbox import EpisodeRow
from shared.contracts.support_inbound import ContactChannel, ContactPreference


@dataclass(frozen=True, slots=True)
class Group:
    """Choices of a list under one heading: the value sent, and the words."""

    label: str
    options: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Choices:
    """The reader's buttons. `next` is the next action: seen, acknowledge, accept, approve, call, write or close.

    The times are values of datetime-local fields on the reader's clock.
    """

    next: str | None
    seen: bool
    acknowledge: bool
    accept: bool
    approve: bool
    pass_on: bool
    rescue: bool
    proof: bool
    reach_by: str | None
    close: bool
    endings: tuple[Group, ...]
    contributions: tuple[tuple[str, str], ...]
    channels: tuple[tuple[str, str], ...]
    colleagues: Takers
    manage: bool
    earliest: str
    latest_appointment: str
    latest_snooze: str

    @property
    def more(self) -> bool:
        """Whether anything is behind "More actions"."""
        return self.rescue or self.pass_on or (self.close and self.next != "close")


def choices(
    row: EpisodeRow,
    reader: Reader,
    policy: Policy,
    colleagues: Takers,
    *,
    call: str,
    for_information: bool = False,
) -> Choices:
    """The reader's choices.

    `call` tells whether the customer can be called: "now", "later", "never", or "write" to them instead. An episode for
    information can only be marked as seen.
    """
    forbidden = ContactPreference(row.preference) in MUST_NOT_BE_CALLED
    limits = policy.acknowledgement
    is_open = row.closed_at is None
    needs_response = is_open and not for_information and row.has_a_part
    free = needs_response and row.acknowledged_by is None
    mine = needs_response and reader.is_me(row.acknowledged_by)
    accept = needs_response and reader.is_me(row.offered_to)
    approve = needs_response and reader.is_me(row.approval_asked)
    seen = is_open and for_information and row.has_a_part
    soon = next_minute(reader.now)

    def field(ahead: timedelta) -> str:
        return field_value(reader.now + ahead, reader.zone)

    return Choices(
        next="seen" if seen else _next(row, free=free, mine=mine, accept=accept, approve=approve, call=call),
        seen=seen,
        acknowledge=free,
        accept=accept,
        approve=approve,
        pass_on=mine or (free and reader.is_me(row.responsible)),
        rescue=mine,
        proof=mine and row.reached_at is None and may_write(ContactPreference(row.preference)),
        reach_by=BY_CHANNEL[ContactChannel.EMAIL] if call == "write" or forbidden else None,
        close=mine or free,
        endings=_endings(policy),
        contributions=tuple((value.value, words) for value, words in CONTRIBUTIONS.items()),
        channels=tuple(one for one in CHANNELS if not (forbidden and one[0] == ContactChannel.PHONE)),
        colleagues=colleagues,
        manage=row.manages and is_open and not for_information,
        earliest=field_value(soon, reader.zone),
        latest_appointment=field(limits.longest_appointment),
        latest_snooze=field(limits.longest_snooze),
    )


def _next(row: EpisodeRow, *, free: bool, mine: bool, accept: bool, approve: bool, call: str) -> str | None:
    if accept:
        return "accept"
    if approve:
        return "approve"
    if free:
        return "acknowledge"
    if not mine:
        return None
    if row.reached_at is not None or row.deadline_at is None:
        return "close"
    return {"now": "call", "write": "write"}.get(call)


def _endings(policy: Policy) -> tuple[Group, ...]:
    """Every reason of the policy except the one for automatic closes, which is not true of an open episode."""
    reasons = {result: [one for one in policy.reasons[result] if one.code != CLEARED] for result in CHOSEN_RESULTS}
    return tuple(
        Group(RESULTS[result], tuple((ending_value(result, one.code), one.words) for one in known))
        for result, known in reasons.items()
        if known
    )
