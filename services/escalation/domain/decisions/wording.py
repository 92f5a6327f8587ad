"""Words that several decisions share."""

from datetime import UTC, datetime

from services.escalation.domain.words import STEPS, absolute
from shared.contracts.escalation import RingCause, Step

RING_CAUSES = {
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


def clock(at: datetime) -> str:
    """A moment to the minute, in UTC: it is read by people of several zones."""
    return absolute(at.astimezone(UTC))
