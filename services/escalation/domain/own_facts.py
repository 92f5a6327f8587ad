"""The facts escalation tells itself: a timer ran out, a button was pressed, an attempt to deliver ended."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated, ClassVar
from uuid import UUID

from pydantic import Field

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
    """The order a signal names was waited for long enough."""

    type: ClassVar[str] = "escalation.timer.order_wait_ended"
    signal: UUID


class RecipientSought(_OwnFact):
    """Time to look again for the seller of an episode's order; after `until` the desk stands in.

    `had_it` is who had acknowledged the episode that rings again. `rung` is how often it had rung by then: a second
    signal may begin to wait as well, and one ring answers both.
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
    """A silence of this kind, about this case or order, has lasted too long, if nothing broke it."""

    type: ClassVar[str] = "escalation.timer.silence_ended"
    kind: SignalKind
    case: Id | None = None
    order: Id | None = None


class EpisodeDue(_OwnFact):
    """The clock of an episode ran out: for an answer, a proof, an appointment, a pause, or a hand-over."""

    type: ClassVar[str] = "escalation.timer.episode_due"
    episode: UUID


class SomebodySought(_OwnFact):
    """Time to look again whether there is somebody to ask about an episode."""

    type: ClassVar[str] = "escalation.timer.somebody_sought"
    episode: UUID


class InformationDue(_OwnFact):
    """Somebody who was passed over while not at work is at work: they are told, if it is still open."""

    type: ClassVar[str] = "escalation.timer.information_due"
    episode: UUID
    person: Id


class WorkLookedAt(_OwnFact):
    """Time to look at what a person has: somebody may have given it to them meanwhile, or an absence begins.

    `since` is when we were told of the change, or when the absence begins.
    """

    type: ClassVar[str] = "escalation.timer.work_looked_at"
    about: ClassVar[About] = "salesperson"
    at: Instant
    since: Instant


class PersonChanged(_OwnFact):
    """A person who has episodes of this account has changed, left or gone away.

    `reachable`: until now no message reached this person.
    """

    type: ClassVar[str] = "escalation.timer.person_changed"
    person: Id
    since: Instant
    reachable: bool = False


class EpisodeButton(_OwnFact):
    """Somebody pressed a button of an episode."""

    episode: UUID
    by: Id


class NotedButton(EpisodeButton):
    """A button with which a note can be left."""

    note: Written = None


class AcknowledgePressed(EpisodeButton):
    """A salesperson takes an episode.

    `ahead` is how many customers this person has to call before, when it was pressed: those of the same severity or a
    higher one whose clock runs. `as_of` is when the episode last changed by the page that it was pressed on: if it has
    changed since, the press is refused.
    """

    type: ClassVar[str] = "escalation.button.acknowledge_pressed"
    ahead: Annotated[int, Field(ge=0, le=100_000)] = 0
    as_of: Instant | None = None


class NotMinePressed(EpisodeButton):
    """Whoever was asked says that it is not theirs: the next on the ladder is asked."""

    type: ClassVar[str] = "escalation.button.not_mine_pressed"


class AttemptLogged(NotedButton):
    """Whoever acknowledged could not reach the customer."""

    type: ClassVar[str] = "escalation.button.attempt_logged"
    channel: ContactChannel = ContactChannel.PHONE


class CustomerReachedLogged(NotedButton):
    """Whoever acknowledged talked with the customer."""

    type: ClassVar[str] = "escalation.button.customer_reached_logged"
    channel: ContactChannel = ContactChannel.PHONE


class AppointmentLogged(EpisodeButton):
    """The customer named a time to be called."""

    type: ClassVar[str] = "escalation.button.appointment_logged"
    at: Instant


class SnoozePressed(EpisodeButton):
    """Whoever acknowledged is to be asked again later."""

    type: ClassVar[str] = "escalation.button.snooze_pressed"
    until: Instant


class HandOverPressed(NotedButton):
    """Whoever acknowledged asks somebody to take over; until they accept, it stays with the giver."""

    type: ClassVar[str] = "escalation.button.hand_over_pressed"
    to: Id
    until: Instant


class HandOverAcceptPressed(EpisodeButton):
    """Whoever was asked to take over does."""

    type: ClassVar[str] = "escalation.button.hand_over_accept_pressed"


class SeenPressed(EpisodeButton):
    """Somebody has seen an episode that is for information."""

    type: ClassVar[str] = "escalation.button.seen_pressed"


class ClosePressed(NotedButton):
    """Somebody says how it ended, and why."""

    type: ClassVar[str] = "escalation.button.close_pressed"
    result: EpisodeResult
    reason: Code


class ReopenPressed(EpisodeButton):
    """Whoever closed an episode takes that back."""

    type: ClassVar[str] = "escalation.button.reopen_pressed"


class Attempt(StrEnum):
    """How an attempt to deliver ended. `unknown`: the channel may or may not have accepted it."""

    ACCEPTED = "accepted"
    REFUSED = "refused"
    PUT_OFF = "put_off"
    UNKNOWN = "unknown"


class DeliveryAttempted(_OwnFact):
    """An attempt to deliver ended; `attempt` counts from 1. `refused_address` is set where the server refuses it, or no
    mail can be written to it."""

    type: ClassVar[str] = "escalation.delivery.attempted"
    delivery: UUID
    attempt: int
    result: Attempt
    reason: str | None = None
    refused_address: str | None = None


class DeliveryReturned(_OwnFact):
    """A message that the mail server had accepted came back."""

    type: ClassVar[str] = "escalation.delivery.returned"
    delivery: UUID
    reason: str


class DeliveryResent(_OwnFact):
    """An operator has a delivery sent again."""

    type: ClassVar[str] = "escalation.delivery.resent"
    delivery: UUID


class AddressFailed(_OwnFact):
    """Mail to this address of a person does not arrive."""

    type: ClassVar[str] = "escalation.delivery.address_failed"
    about: ClassVar[About] = "salesperson"
    address: str
    reason: str


class AddressWorks(_OwnFact):
    """An operator says that mail to a person's address arrives again."""

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


class PolicyPublishing(_OwnFact):
    """Somebody publishes a document as the next version of the policy: of the version `onto`, where it is given. The
    subject is POLICY_SUBJECT."""

    type: ClassVar[str] = "escalation.button.policy_publishing"
    about: ClassVar[About] = "policy"
    document: Annotated[str, Field(min_length=1, max_length=LONGEST)]
    by: Id
    summary: Text
    onto: Annotated[int, Field(ge=1)] | None = None


class RulesChanged(_OwnFact):
    """The rules in code changed: an account is judged anew by this version of them, and nobody is rung for it."""

    type: ClassVar[str] = "escalation.rejudging.rules_changed"
    rules: Annotated[int, Field(ge=1)]


_TIMERS = (OrderWaitEnded, RecipientSought, SilenceEnded, EpisodeDue, SomebodySought, InformationDue, WorkLookedAt)

_ALL: tuple[type[Fact], ...] = (
    *_TIMERS,
    PersonChanged,
    *BUTTONS,
    ReopenPressed,
    *DUTY_BUTTONS,
    DeliveryAttempted,
    DeliveryReturned,
    DeliveryResent,
    AddressFailed,
    AddressWorks,
    PolicyPublishing,
    RulesChanged,
)

OWN_FACTS: Mapping[str, type[Fact]] = {fact.type: fact for fact in _ALL}
