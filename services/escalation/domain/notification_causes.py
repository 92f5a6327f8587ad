"""Decides whether a signal or contact notifies (again), and for which cause. All others are still shown."""

from dataclasses import replace
from datetime import datetime, timedelta

from services.escalation.domain.detections.indexes import is_two_way
from services.escalation.domain.entities import Episode, Signal
from services.escalation.domain.facts import AccountFact, FactKind
from shared.contracts.escalation import REQUESTS, RingCause, SignalKind

_ALWAYS = REQUESTS | {SignalKind.SELLER_REQUESTED}
"""Kinds of signals that notify even after an acknowledgement: a person asks for something now."""


def too_old_to_notify(signal: Signal, ring_within: timedelta) -> bool:
    """Whether a signal was older than this when first seen; zero means that none is too old."""
    return too_old(signal.at, signal.seen_at, ring_within)


def too_old(at: datetime, seen_at: datetime, ring_within: timedelta) -> bool:
    """Whether something that happened at this time was too old to notify when it was first seen."""
    return timedelta(0) < ring_within < seen_at - at


def cause_of_signal(episode: Episode, signal: Signal, *, rose: bool, ring_within: timedelta) -> RingCause | None:
    """Notify for an episode's first signal, for a higher severity, and for every request for money, for a cancellation
    or for the seller.

    Notify also once the customer was reached, the repeats are used up, or nobody could be notified. A signal that was
    too old when first seen never notifies, so a later signal may be the first one to notify.
    """
    if too_old_to_notify(signal, ring_within):
        return None
    over = episode.reached_at or episode.exhausted_at or episode.nobody_since
    nobody_acts = not episode.rang or over is not None
    if nobody_acts or signal.kind in _ALWAYS:
        return RingCause.SIGNAL
    return RingCause.SEVERITY if rose else None


def waits_for_seller(episode: Episode) -> bool:
    """Whether an episode's first notification waits until the directory knows the seller."""
    return episode.rang and episode.rings == 0 and episode.nobody_since is None


def cause_of_contact(episode: Episode, fact: AccountFact) -> RingCause | None:
    """Notify again when the customer contacts us and the acknowledger did not answer, or everyone has been notified."""
    since = episode.acknowledged_at or episode.exhausted_at
    if since is None or fact.at <= since:
        return None
    theirs = fact.kind is FactKind.CONTACT and fact.direction == "inbound" and not fact.courtesy
    return RingCause.CONTACT if theirs and not _is_talk(episode, fact) else None


def is_proof(episode: Episode, fact: AccountFact) -> bool:
    """Whether a contact redeems the acknowledgement: a talk since the talk became due."""
    return _is_talk(episode, fact) and _is_since_due(episode, fact)


def is_attempt(episode: Episode, fact: AccountFact) -> bool:
    """Whether the acknowledger tried to reach the customer since the talk became due, without success."""
    return is_try(episode, fact) and _is_since_due(episode, fact)


def is_try(episode: Episode, fact: AccountFact) -> bool:
    """Whether the acknowledger tried to reach the customer since then, without success."""
    failed = fact.kind is FactKind.CONTACT and fact.result in ("unanswered", "voicemail")
    return failed and fact.direction == "outbound" and _is_by_holder(episode, fact)


def _is_talk(episode: Episode, fact: AccountFact) -> bool:
    """Whether the acknowledger has talked with the customer since then."""
    return is_two_way(fact) and _is_by_holder(episode, fact)


def _is_by_holder(episode: Episode, fact: AccountFact) -> bool:
    taken_at = episode.acknowledged_at
    return taken_at is not None and fact.at > taken_at and fact.agent == episode.acknowledged_by


def _is_since_due(episode: Episode, fact: AccountFact) -> bool:
    return episode.talk_due_since is None or fact.at > episode.talk_due_since


def from_the_foot(episode: Episode) -> Episode:
    """The episode after everyone has been notified, starting again with the first step of the ladder."""
    return replace(episode, step=None, repeats=0, exhausted_at=None)


def notified_anew(episode: Episode, now: datetime, *, something_new: bool = False) -> Episode:
    """An episode that notifies (again): a previous acknowledgement no longer counts.

    The next acknowledger owes the call that was promised to the customer. With `something_new` a talk is due sooner.
    """
    return replace(
        episode,
        rang=True,
        deadline_at=None,
        deadline_for=None,
        acknowledged_at=None,
        acknowledged_by=None,
        attempts=0,
        reached_at=None,
        offered_to=None,
        offered_until=None,
        appointment_at=episode.promised_at,
        talk_due_sooner=episode.talk_due_sooner or (something_new and episode.promised_at is not None),
        changed_at=now,
    )
