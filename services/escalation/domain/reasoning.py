"""Decisions in words, as they are kept to be explained. They name orders and salespeople, never a customer."""

from datetime import UTC, datetime

from services.escalation.domain.entities import Alert, Ended, Episode, Signal
from services.escalation.domain.ladder import Rung
from services.escalation.domain.policy.model import Policy
from services.escalation.domain.words import RULES_CHANGED, SIGNAL_LABELS, STEPS, absolute, ordinal
from shared.contracts.escalation import EpisodeResult, RingCause, Step

_CAUSES = {
    RingCause.SIGNAL: "for a signal",
    RingCause.SEVERITY: "because it became graver",
    RingCause.CONTACT: "because the customer tried again",
    RingCause.STEP: "because nobody answered before",
    RingCause.UNREDEEMED: "because whoever took it did not reach the customer",
    RingCause.NOT_MINE: "because it was passed on",
    RingCause.SNOOZE_ENDED: "because the pause is over",
    RingCause.APPOINTMENT: "to remind them of the call that the customer was promised",
    RingCause.REPEAT: "once more, because nobody answered at all",
    RingCause.HANDED_OVER: "who is asked to take it over",
    RingCause.UNAVAILABLE: "because the person before is not available any more",
    RingCause.INFORMED: "for information, as it rang while they were not at work",
}
STEP_WORDS = {step: f"{'a' if step is Step.COLLEAGUE else 'the'} {words}" for step, words in STEPS.items()}


def ring_words(alert: Alert, rung_at: datetime, answer_by: datetime | None, now: datetime) -> str:
    """Whom a ring asks and why, from when on, and until when there is time to answer."""
    held = f" The message is held until {clock(rung_at)}." if rung_at > now else ""
    until = f" Time to answer until {clock(answer_by)}." if answer_by else ""
    return f"Rings {alert.recipient}, {STEP_WORDS[alert.step]}, {_CAUSES[alert.cause]}.{held}{until}"


def inform_words(alert: Alert) -> str:
    """Whom an alert for information goes to."""
    return f"Notifies {alert.recipient}, {STEP_WORDS[alert.step]}, for information: nothing is due."


def skip_words(rung: Rung) -> str:
    """Who is skipped, and why."""
    assert rung.skipped is not None
    return f"Skipped: {STEP_WORDS[rung.step]}, as {rung.skipped}."


def skipped_step(words: str) -> Step | None:
    """The place on the ladder of which `skip_words` speak."""
    return next((step for step, name in STEP_WORDS.items() if words.startswith(f"Skipped: {name}, as ")), None)


def signal_words(signal: Signal, order_id: str) -> str:
    """A signal that joins an order's episode; of one made of silence, when that had lasted too long."""
    label = SIGNAL_LABELS[signal.kind]
    if signal.by_silence:
        return f"{label} on order {order_id}: nothing came until {clock(signal.at)}."
    return f"{label} on order {order_id}."


def waiting_words(signal: Signal) -> str:
    """A signal whose order is not known yet."""
    label = SIGNAL_LABELS[signal.kind]
    if signal.order_awaited_until is None:
        return f"{label}: it waits, for no order of this account is known yet."
    return f"{label}: it waits for order {signal.names_order}, until {clock(signal.order_awaited_until)} at most."


def taken_words(episode: Episode) -> str:
    """Who took it, and how long they have to talk with the customer."""
    until = f", and has until {clock(episode.deadline_at)} to talk with the customer" if episode.deadline_at else ""
    return f"{episode.acknowledged_by} took it{until}."


def queue_words(ahead: int) -> str:
    """Why there is more time than for a call alone."""
    before = "one call comes" if ahead == 1 else f"{ahead} calls come"
    return f"It is the {ordinal(ahead + 1)} call: {before} before it, of the same severity or a higher one."


def no_common_hour_words(name: str) -> str:
    """Why more time passes than that of whoever took it."""
    return (
        f"{name} works while this customer must not be called: within a week they have no hour in common. "
        "So all the time counts in which the customer may be called."
    )


def ended_words(signal: Signal, because: str) -> str:
    """What ended a signal: a fact after it, or one told late by which it never was."""
    label, fact = SIGNAL_LABELS[signal.kind], because.replace("_", " ")
    if because == RULES_CHANGED:
        return f"{label} does not count any more: the rules changed."
    if signal.ended is Ended.CLEARED:
        return f"{label} is settled, by “{fact}”."
    return f"{label} never was: “{fact}” was told late."


def quiet_words(episode: Episode, *, too_old: bool) -> str:
    """Why a signal rings nobody, beside that it is for information or that the rules changed."""
    if too_old:
        return "No ring: it was too old when first heard of. It is shown."
    if episode.acknowledged_by is not None:
        return f"No ring: {episode.acknowledged_by} has it already, and it became no graver."
    return f"No ring: {episode.responsible or 'somebody'} is asked already, and it became no graver."


def closing_words(policy: Policy, result: EpisodeResult, reason: str) -> str:
    """The result, and the reason as the policy words it."""
    words = reason_words(policy, result, reason)
    return f"Closed as {result.value.replace('_', ' ')}: {words}."


def reason_words(policy: Policy, result: EpisodeResult, reason: str) -> str:
    """A reason as the policy words it; of one that it has no more, its code as words."""
    known = next((one.words for one in policy.reasons.get(result, ()) if one.code == reason), None)
    return known or reason.replace("_", " ").capitalize()


def clock(at: datetime) -> str:
    """A moment to the minute, in UTC: it is read by people of several zones."""
    return absolute(at.astimezone(UTC))
