"""Facts that escalation reports to itself: a timer ran out, a button was pressed, a delivery attempt ended."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated, ClassVar
from uuid import UUID

from pydantic import Field

from services.escalation.domain.devices import LastDeviceGone
from services.escalation.domain.duty_buttons import DUTY_BUTTONS
from services.escalation.domain.policy.document import LONGEST
from services.escalation.domain.written import Written
from shared.contracts.escalation import EpisodeResult, RingCause, SignalKind
from shared.contracts.fact import About, Fact
from shared.contracts.fields import Code, Id, Instant, Text
from shared.contracts.support_inbound import ContactChannel


class _OwnFact(Fact):
    topic: ClassVar[str] = ""


class OrderWaitEnded(_OwnFact):
    """The time to wait for the order that a signal names is over."""

    type: ClassVar[str] = "escalation.timer.order_wait_ended"
    signal: UUID


class SellerLookupDue(_OwnFact):
    """Time to look up the seller of an episode's order again; after `until` the desk is notified instead.

    `had_it` is the previous acknowledger of an episode that notifies again. `rung` is the number of earlier alerts: a
    second signal may wait as well, and one alert serves both.
    """

    type: ClassVar[str] = "escalation.timer.recipient_sought"
    episode: UUID
    signal: UUID
    rings: bool
    until: Instant
    cause: RingCause = RingCause.SIGNAL
    had_it: Id | None = None
    rung: int | None = None


class SilenceEnded(_OwnFact):
    """A silence of this kind, about this case or order, has lasted too long, unless a fact broke it."""

    type: ClassVar[str] = "escalation.timer.silence_ended"
    kind: SignalKind
    case: Id | None = None
    order: Id | None = None


class EpisodeDue(_OwnFact):
    """The clock of an episode ran out: for a response, a proof, an appointment, a snooze, or a hand-over."""

    type: ClassVar[str] = "escalation.timer.episode_due"
    episode: UUID


class EmptyLadderRetryDue(_OwnFact):
    """Time to look again for a person to notify of an episode whose ladder had nobody."""

    type: ClassVar[str] = "escalation.timer.somebody_sought"
    episode: UUID


class InformationDue(_OwnFact):
    """A person who was skipped while off work is at work now, and is informed if the episode is still open."""

    type: ClassVar[str] = "escalation.timer.information_due"
    episode: UUID
    person: Id


class PersonCheckDue(_OwnFact):
    """Time to check a person's episodes: one may have been assigned to them meanwhile, or an absence begins.

    `since` is when the change was reported to us, or when the absence begins.
    """

    type: ClassVar[str] = "escalation.timer.work_looked_at"
    about: ClassVar[About] = "salesperson"
    at: Instant
    since: Instant


class PersonChanged(_OwnFact):
    """A person with episodes of this account has changed, left or gone away.

    `reachable`: messages reach this person now, and did not before.
    """

    type: ClassVar[str] = "escalation.timer.person_changed"
    person: Id
    since: Instant
    reachable: bool = False


class EpisodeButton(_OwnFact):
    """A person pressed a button of an episode."""

    episode: UUID
    by: Id


class NotedButton(EpisodeButton):
    """A button press that can carry a note."""

    note: Written = None


class AcknowledgePressed(EpisodeButton):
    """A salesperson acknowledges an episode.

    `ahead` is the number of customers this person has to call first, at the time of the press: those of the same or a
    higher severity whose clock runs. `as_of` is when the episode last changed, according to the page. If it has changed
    since, the press is refused.
    """

    type: ClassVar[str] = "escalation.button.acknowledge_pressed"
    ahead: Annotated[int, Field(ge=0, le=100_000)] = 0
    as_of: Instant | None = None


class NotMinePressed(EpisodeButton):
    """A person notified says that it is not theirs; the next person on the ladder is notified."""

    type: ClassVar[str] = "escalation.button.not_mine_pressed"


class AttemptLogged(NotedButton):
    """The acknowledger could not reach the customer."""

    type: ClassVar[str] = "escalation.button.attempt_logged"
    channel: ContactChannel = ContactChannel.PHONE


class CustomerReachedLogged(NotedButton):
    """The acknowledger talked with the customer."""

    type: ClassVar[str] = "escalation.button.customer_reached_logged"
    channel: ContactChannel = ContactChannel.PHONE


class AppointmentLogged(EpisodeButton):
    """The customer named a time for a call."""

    type: ClassVar[str] = "escalation.button.appointment_logged"
    at: Instant


class SnoozePressed(EpisodeButton):
    """The acknowledger is to be notified again later."""

    type: ClassVar[str] = "escalation.button.snooze_pressed"
    until: Instant


class HandOverPressed(NotedButton):
    """The acknowledger asks a colleague to take over; until the colleague accepts, the giver keeps it."""

    type: ClassVar[str] = "escalation.button.hand_over_pressed"
    to: Id
    until: Instant


class HandOverAcceptPressed(EpisodeButton):
    """The colleague who was asked to take over accepts."""

    type: ClassVar[str] = "escalation.button.hand_over_accept_pressed"


class SeenPressed(EpisodeButton):
    """A person has seen an episode that is for information."""

    type: ClassVar[str] = "escalation.button.seen_pressed"


class ClosePressed(NotedButton):
    """A person closes an episode with a result and a reason."""

    type: ClassVar[str] = "escalation.button.close_pressed"
    result: EpisodeResult
    reason: Code


class ReopenPressed(EpisodeButton):
    """The person who closed an episode undoes the close."""

    type: ClassVar[str] = "escalation.button.reopen_pressed"


class Attempt(StrEnum):
    """How an attempt to deliver ended. `unknown`: the channel may or may not have accepted it."""

    ACCEPTED = "accepted"
    REFUSED = "refused"
    PUT_OFF = "put_off"
    UNKNOWN = "unknown"


class DeliveryAttempted(_OwnFact):
    """An attempt to deliver ended; `attempt` counts from 1, `retry_after_seconds` is the pause that a server wanted.
    `refused_address` is set if the server refuses the address, or no mail can be addressed to it."""

    type: ClassVar[str] = "escalation.delivery.attempted"
    delivery: UUID
    attempt: int
    result: Attempt
    reason: str | None = None
    refused_address: str | None = None
    retry_after_seconds: int | None = Field(default=None, exclude_if=lambda seconds: seconds is None)


class DeliveryReturned(_OwnFact):
    """A message that the mail server had accepted was returned."""

    type: ClassVar[str] = "escalation.delivery.returned"
    delivery: UUID
    reason: str


class DeliveryResent(_OwnFact):
    """An operator sends a delivery again."""

    type: ClassVar[str] = "escalation.delivery.resent"
    delivery: UUID


class AddressFailed(_OwnFact):
    """Mail to this address of a person does not arrive."""

    type: ClassVar[str] = "escalation.delivery.address_failed"
    about: ClassVar[About] = "salesperson"
    address: str
    reason: str


class AddressWorks(_OwnFact):
    """An operator reports that mail to a person's address arrives again."""

    type: ClassVar[str] = "escalation.delivery.address_works"
    about: ClassVar[About] = "salesperson"


BUTTONS: tuple[type[EpisodeButton], ...] = (  # of an open episode
    AcknowledgePressed,
    NotMinePressed,
    AttemptLogged,
    CustomerReachedLogged,
    AppointmentLogged,
    SnoozePressed,
    HandOverPressed,
    HandOverAcceptPressed,
    SeenPressed,
    ClosePressed,
)


class PolicySubmitted(_OwnFact):
    """A person publishes a document as the next version of the policy, based on version `onto` if given. The subject is
    POLICY_SUBJECT."""

    type: ClassVar[str] = "escalation.button.policy_publishing"
    about: ClassVar[About] = "policy"
    document: Annotated[str, Field(min_length=1, max_length=LONGEST)]
    by: Id
    summary: Text
    onto: Annotated[int, Field(ge=1)] | None = None


class RulesChanged(_OwnFact):
    """The rules in code changed: an account is judged again by this version, without any notification."""

    type: ClassVar[str] = "escalation.rejudging.rules_changed"
    rules: Annotated[int, Field(ge=1)]


_ALL: tuple[type[Fact], ...] = (
    *(OrderWaitEnded, SellerLookupDue, SilenceEnded, EpisodeDue, EmptyLadderRetryDue, InformationDue, PersonCheckDue),
    PersonChanged,
    *BUTTONS,
    ReopenPressed,
    *DUTY_BUTTONS,
    *(DeliveryAttempted, DeliveryReturned, DeliveryResent, AddressFailed, AddressWorks, LastDeviceGone),
    *(PolicySubmitted, RulesChanged),
)

OWN_FACTS: Mapping[str, type[Fact]] = {fact.type: fact for fact in _ALL}
