"""Facts that escalation reports to itself: a timer ran out, a button was pressed, and those of `delivery_facts`."""

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Final
from uuid import UUID

from pydantic import Field

from services.escalation.domain.buttons import OFFER_BUTTONS, OwnFact
from services.escalation.domain.buttons import ApprovalAsked as ApprovalAsked
from services.escalation.domain.buttons import ApprovalDue as ApprovalDue
from services.escalation.domain.buttons import ApprovePressed as ApprovePressed
from services.escalation.domain.buttons import DeclinePressed as DeclinePressed
from services.escalation.domain.buttons import EpisodeButton as EpisodeButton
from services.escalation.domain.buttons import NotedButton as NotedButton
from services.escalation.domain.buttons import OfferLogged as OfferLogged
from services.escalation.domain.buttons import SaveWindowDue as SaveWindowDue
from services.escalation.domain.delivery_facts import DELIVERY_FACTS
from services.escalation.domain.devices import LastDeviceGone
from services.escalation.domain.duty_buttons import DUTY_BUTTONS
from services.escalation.domain.policy.document import LONGEST
from services.escalation.domain.results import ProofDue
from services.escalation.domain.win_backs import WinBackChecked
from services.escalation.domain.written import Written
from shared.contracts.escalation import EpisodeResult, RingCause, SaleContribution, SignalKind
from shared.contracts.fact import About, Fact
from shared.contracts.fields import Code, Id, Instant, Text
from shared.contracts.support_inbound import ContactChannel

_OPTIONAL: Any = Field(default=None, exclude_if=lambda value: value is None)


class OrderWaitEnded(OwnFact):
    """The time to wait for the order that a signal names is over."""

    type: ClassVar[str] = "escalation.timer.order_wait_ended"
    signal: UUID


class SellerLookupDue(OwnFact):
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


class SilenceEnded(OwnFact):
    """A silence of this kind, about this case or order, has lasted too long, unless a fact broke it."""

    type: ClassVar[str] = "escalation.timer.silence_ended"
    kind: SignalKind
    case: Id | None = None
    order: Id | None = None


class EpisodeDue(OwnFact):
    """The clock of an episode ran out: for a response, a proof, an appointment, a snooze, or a hand-over."""

    type: ClassVar[str] = "escalation.timer.episode_due"
    episode: UUID


class EmptyLadderRetryDue(OwnFact):
    """Time to look again for a person to notify of an episode whose ladder had nobody."""

    type: ClassVar[str] = "escalation.timer.somebody_sought"
    episode: UUID


class InformationDue(OwnFact):
    """A person who was skipped while off work is at work now, and is informed if the episode is still open."""

    type: ClassVar[str] = "escalation.timer.information_due"
    episode: UUID
    person: Id


class PersonCheckDue(OwnFact):
    """Time to check a person's episodes: one may have been assigned to them meanwhile, or an absence begins.

    `since` is when the change was reported to us, or when the absence begins.
    """

    type: ClassVar[str] = "escalation.timer.work_looked_at"
    about: ClassVar[About] = "salesperson"
    at: Instant
    since: Instant


class PersonChanged(OwnFact):
    """A person with episodes of this account has changed, left or gone away.

    `reachable`: messages reach this person now, and did not before.
    """

    type: ClassVar[str] = "escalation.timer.person_changed"
    person: Id
    since: Instant
    reachable: bool = False


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


class ReassignPressed(NotedButton):
    """A manager gives an episode of the team to a colleague. The note is the reason, and required."""

    type: ClassVar[str] = "escalation.button.reassign_pressed"
    to: Id


class TakeOverPressed(EpisodeButton):
    """A manager acknowledges an episode in place of the person of the team who has it, or was notified last."""

    type: ClassVar[str] = "escalation.button.take_over_pressed"


class SeenPressed(EpisodeButton):
    """A person has seen an episode that is for information."""

    type: ClassVar[str] = "escalation.button.seen_pressed"


class ClosePressed(NotedButton):
    """A person closes an episode with a result and a reason, and may answer questions about a loss (`Loss`)."""

    type: ClassVar[str] = "escalation.button.close_pressed"
    result: EpisodeResult
    reason: Code
    could_have: Written = _OPTIONAL
    contributed: SaleContribution | None = _OPTIONAL
    may_call_again: bool | None = _OPTIONAL


class ReopenPressed(EpisodeButton):
    """The person who closed an episode undoes the close."""

    type: ClassVar[str] = "escalation.button.reopen_pressed"


BUTTONS: tuple[type[EpisodeButton], ...] = (  # of an open episode
    AcknowledgePressed,
    NotMinePressed,
    AttemptLogged,
    CustomerReachedLogged,
    AppointmentLogged,
    SnoozePressed,
    HandOverPressed,
    HandOverAcceptPressed,
    ReassignPressed,
    TakeOverPressed,
    SeenPressed,
    ClosePressed,
    *OFFER_BUTTONS,
)


MANAGERS_BUTTONS: Final = (ReassignPressed, TakeOverPressed)
"""The buttons for the managers above the person who has an episode."""


class PolicySubmitted(OwnFact):
    """A person publishes a document as the next version of the policy, based on version `onto` if given. The subject is
    POLICY_SUBJECT."""

    type: ClassVar[str] = "escalation.button.policy_publishing"
    about: ClassVar[About] = "policy"
    document: Annotated[str, Field(min_length=1, max_length=LONGEST)]
    by: Id
    summary: Text
    onto: Annotated[int, Field(ge=1)] | None = None


class RulesChanged(OwnFact):
    """The rules in code changed: an account is judged again by this version, without any notification."""

    type: ClassVar[str] = "escalation.rejudging.rules_changed"
    rules: Annotated[int, Field(ge=1)]


_ALL: tuple[type[Fact], ...] = (
    *(OrderWaitEnded, SellerLookupDue, SilenceEnded, EpisodeDue, EmptyLadderRetryDue, InformationDue, PersonCheckDue),
    *(ProofDue, PersonChanged, ApprovalDue, SaveWindowDue),
    *BUTTONS,
    ReopenPressed,
    *DUTY_BUTTONS,
    *DELIVERY_FACTS,
    *(LastDeviceGone, PolicySubmitted, RulesChanged, WinBackChecked),
)

OWN_FACTS: Mapping[str, type[Fact]] = {fact.type: fact for fact in _ALL}
