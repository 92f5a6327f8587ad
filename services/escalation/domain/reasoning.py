"""Decisions in words, as they are kept to be explained. They name orders and salespeople, never a customer."""

from datetime import UTC, datetime

from services.escalation.domain.entities import Alert, Episode
from services.escalation.domain.policy.model import Policy
from shared.contracts.escalation import EpisodeResult, RingCause, Step

_CAUSES = {
    RingCause.SIGNAL: "for a signal",
    RingCause.SEVERITY: "because it became graver",
    RingCause.CONTACT: "because the customer tried again",
    RingCause.STEP: "because nobody answered before",
    RingCause.UNREDEEMED: "because whoever took it did not reach the customer",
    RingCause.NOT_MINE: "because it was passed on",
    RingCause.SNOOZE_ENDED: "because the pause is over",
    RingCause.REPEAT: "once more, because nobody answered at all",
    RingCause.HANDED_OVER: "because it was handed over",
}
_STEPS = {
    Step.SELLER: "the seller",
    Step.SUCCESSOR: "the successor",
    Step.BACKUP: "the backup",
    Step.MANAGER: "the manager",
    Step.UPPER_MANAGER: "the manager's manager",
    Step.DESK: "the desk",
}


def ring_words(alert: Alert, episode: Episode, rung_at: datetime, now: datetime) -> str:
    """Whom a ring asks and why, from when on, and until when there is time to answer."""
    held = f" The message is held until {clock(rung_at)}." if rung_at > now else ""
    until = f" Time to answer until {clock(episode.deadline_at)}." if episode.deadline_at else ""
    return f"Rings {alert.recipient}, {_STEPS[alert.step]}, {_CAUSES[alert.cause]}.{held}{until}"


def closing_words(policy: Policy, result: EpisodeResult, reason: str) -> str:
    """The result, and the reason as the policy words it."""
    words = next((one.words for one in policy.reasons[result] if one.code == reason), reason)
    return f"Closed as {result.value.replace('_', ' ')}: {words}."


def clock(at: datetime) -> str:
    """A moment to the minute, in UTC: it is read by people of several zones."""
    return f"{at.astimezone(UTC):%d %B %Y, %H:%M} UTC"
