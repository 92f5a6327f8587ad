"""Decisions about signals: a signal waits, joins an episode, notifies nobody, is reported again, or ends."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import Any, ClassVar
from uuid import UUID

from services.escalation.domain.decisions.decision import Decision, OfEpisode, Row, utc_minute
from services.escalation.domain.entities import Episode, Order, Signal
from services.escalation.domain.words import RULES_CHANGED, SIGNAL_LABELS
from shared.contracts import escalation
from shared.contracts.envelope import Fact


@dataclass(frozen=True, slots=True)
class OfSignal(OfEpisode):
    """A decision about a signal of an episode."""

    signal: Signal

    @property
    def signal_id(self) -> UUID | None:
        return self.signal.signal_id

    @property
    def policy_line(self) -> str | None:
        """The first of the lines, for the kind of the signal."""
        kind = self.signal.kind.value
        return self.policy_lines[0].format(kind=kind, request=kind) if self.policy_lines else None

    @property
    def discriminator(self) -> object:
        return self.signal.signal_id


@dataclass(frozen=True, slots=True)
class SignalWaits(Decision):
    """A signal whose order is not known yet."""

    rule = "waits"
    policy_lines = ("signals.{kind}",)
    signal: Signal

    @property
    def sentence(self) -> str:
        label, until = SIGNAL_LABELS[self.signal.kind], self.signal.order_awaited_until
        if until is None:
            return f"{label}: waiting, because no order of this account is known yet."
        return f"{label}: waiting for order {self.signal.names_order}, until {utc_minute(until)} at the latest."

    @property
    def policy_line(self) -> str | None:
        return f"signals.{self.signal.kind.value}"

    @property
    def policy_version(self) -> int | None:
        return self.signal.policy_version

    @property
    def signal_id(self) -> UUID | None:
        return self.signal.signal_id


@dataclass(frozen=True, slots=True)
class OrderPreferred(Decision):
    """A signal without a named order belongs to an order that a person sold, not to the latest order."""

    rule = "matched"
    policy_lines = ("matching.seller_first_within",)
    signal: Signal
    order: Order
    latest: Order

    @property
    def sentence(self) -> str:
        return f"Matched to order {self.order.order_id}: the latest order, {self.latest.order_id}, has no seller."

    @property
    def signal_id(self) -> UUID | None:
        return self.signal.signal_id

    @property
    def who(self) -> str | None:
        return self.order.sold_by


@dataclass(frozen=True, slots=True)
class SignalAdded(OfSignal):
    """A signal counts for an episode. `too_old`: too old to notify anyone."""

    rule = "signal"
    policy_lines = ("signals.{kind}",)
    color = "bold magenta"
    too_old: bool

    @property
    def sentence(self) -> str:
        """The words for a signal; for one made of silence, with the time at which the silence had lasted too long."""
        label, order = SIGNAL_LABELS[self.signal.kind], self.episode.order_id
        if self.signal.by_silence:
            return f"{label} on order {order}: nothing was received by {utc_minute(self.signal.at)}."
        return f"{label} on order {order}."

    @property
    def policy_version(self) -> int | None:
        return self.signal.policy_version

    @property
    def happened_at(self) -> datetime | None:
        return self.signal.at


@dataclass(frozen=True, slots=True)
class EpisodeRaised(SignalAdded):
    """A signal opens an episode, because its order had no open one."""

    def publishes(self) -> Fact:
        episode, signal = self.episode, self.signal
        return escalation.EpisodeRaised(
            episode=episode.episode_id,
            order=episode.order_id,
            salesperson=episode.salesperson,
            signal=signal.signal_id,
            kind=signal.kind,
            at=signal.at,
            severity=episode.severity,
            follows=episode.follows,
            policy_version=episode.policy_version,
        )

    @property
    def discriminator(self) -> object:
        return self.episode.episode_id


@dataclass(frozen=True, slots=True)
class EpisodeSignalled(SignalAdded):
    """A signal joins the open episode of its order."""

    def publishes(self) -> Fact:
        episode, signal = self.episode, self.signal
        return escalation.EpisodeSignalled(
            episode=episode.episode_id,
            order=episode.order_id,
            signal=signal.signal_id,
            kind=signal.kind,
            case=signal.case_id,
            at=signal.at,
        )


class NotNotifiedBecause(Enum):
    """Why a signal notifies nobody: the sentence, and the policy line that counts."""

    WAITS_FOR_SELLER = (
        "No alert of its own: one already waits for the seller and will carry the severity at that time.",
        None,
    )
    RULES_CHANGED = "No alert: the rules changed. It is shown in the inbox.", None
    FOR_INFORMATION = "No alert: it is for information.", "plays.refund_kinds"
    TOO_OLD = "No alert: it was too old when first reported. It is shown in the inbox.", "age.ring_within"
    HOLDER_KEEPS_IT = "No alert: {} keeps it. Severity went up because a save before it was disproved.", None
    ACKNOWLEDGED = "No alert: {} has already acknowledged it, and severity did not go up.", None
    NOTIFIED = "No alert: {} has already been notified, and severity did not go up.", None

    def __init__(self, sentence: str, policy_line: str | None) -> None:
        self.sentence = sentence
        self.policy_line = policy_line


@dataclass(frozen=True, slots=True)
class NotNotified(OfSignal):
    """A signal that notifies nobody."""

    rule = "not_rung"
    policy_lines = tuple(one.policy_line for one in NotNotifiedBecause if one.policy_line is not None)
    why: NotNotifiedBecause

    @property
    def sentence(self) -> str:
        has_it = self.episode.acknowledged_by or self.episode.responsible or "someone"
        return self.why.sentence.format(has_it)

    @property
    def policy_line(self) -> str | None:
        return self.why.policy_line


@dataclass(frozen=True, slots=True)
class RequestReportedAgain(OfSignal):
    """A request for money or a cancellation was reported once more, without anything new."""

    rule: ClassVar[str | None] = "told_again"
    policy_lines = ("signals.{request}.same_request_within",)

    @property
    def sentence(self) -> str:
        return "The same request was reported again; no one is notified."


@dataclass(frozen=True, slots=True)
class RequestRepeated(RequestReportedAgain):
    """The customer asked again."""

    rule = "asked_again"

    @property
    def sentence(self) -> str:
        return "The customer asked again, in other words or for another amount."


@dataclass(frozen=True, slots=True)
class SignalEnded(OfSignal):
    """A signal of an open episode ended: `signal` is its state afterwards, `because` names the fact or event that ended
    it. `template` is the sentence of a class."""

    template: ClassVar[str]
    because: str

    def rows(self) -> Iterable[Row]:
        return (self.signal,)

    @property
    def sentence(self) -> str:
        label, fact = SIGNAL_LABELS[self.signal.kind], self.because.replace("_", " ")
        if self.because == RULES_CHANGED:
            return f"{label} no longer counts: the rules changed."
        return self.template.format(label=label, fact=fact)

    @property
    def _members(self) -> dict[str, Any]:
        """The members of the event to publish."""
        return {
            "episode": self.episode.episode_id,
            "order": self.episode.order_id,
            "signal": self.signal.signal_id,
            "kind": self.signal.kind,
            "at": self.signal.ended_at,
            "because": self.because,
        }


@dataclass(frozen=True, slots=True)
class SignalCleared(SignalEnded):
    """A later fact settled a signal, or the rules changed."""

    rule = "cleared"
    template = "{label}: settled by “{fact}”."

    def publishes(self) -> Fact:
        return escalation.SignalCleared(**self._members)


@dataclass(frozen=True, slots=True)
class SignalWithdrawn(SignalEnded):
    """A late fact disproves a signal."""

    rule = "withdrawn"
    template = "{label}: withdrawn, because “{fact}” was reported late and disproves it."

    def publishes(self) -> Fact:
        return escalation.SignalWithdrawn(**self._members)


def reason_already_notified(episode: Episode) -> NotNotifiedBecause:
    """Why a signal notifies nobody although it is not too old."""
    return NotNotifiedBecause.NOTIFIED if episode.acknowledged_by is None else NotNotifiedBecause.ACKNOWLEDGED
