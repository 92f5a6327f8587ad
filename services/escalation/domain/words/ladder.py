"""The ladder in words: who somebody is on it, why it rings now, how grave it is, how it ended."""

from collections.abc import Mapping

from shared.contracts.escalation import EpisodeResult, RingCause, Severity, Step
from shared.contracts.support_inbound import ContactPreference

SEVERITIES: Mapping[Severity, str] = {
    Severity.WATCH: "Watch",
    Severity.HIGH: "High",
    Severity.CRITICAL: "Critical",
}
FOR_INFORMATION = "For information"
"""Instead of a severity, of an episode that asks nothing of anybody."""

STEPS: Mapping[Step, str] = {
    Step.SELLER: "seller",
    Step.SUCCESSOR: "successor",
    Step.BACKUP: "backup",
    Step.MANAGER: "manager",
    Step.UPPER_MANAGER: "manager's manager",
    Step.DESK: "sales desk",
    Step.COLLEAGUE: "colleague",
}
RINGS_BECAUSE: Mapping[RingCause, str | None] = {
    RingCause.SIGNAL: None,
    RingCause.SEVERITY: "It became graver.",
    RingCause.CONTACT: "The customer tried again meanwhile.",
    RingCause.STEP: "Nobody answered before you.",
    RingCause.UNREDEEMED: "Whoever had it did not reach the customer in time.",
    RingCause.NOT_MINE: "It was passed on.",
    RingCause.SNOOZE_ENDED: "The pause is over.",
    RingCause.APPOINTMENT: "The customer asked to be called now.",
    RingCause.REPEAT: "Nobody has answered at all.",
    RingCause.HANDED_OVER: None,
    RingCause.UNAVAILABLE: "The person before you is not available any more.",
    RingCause.INFORMED: "For your information: you were not at work when it rang, so somebody else was notified.",
}
"""Why it rings at this moment; a signal and whoever asks to be relieved speak for themselves."""

RESULTS: Mapping[EpisodeResult, str] = {
    EpisodeResult.SAVED: "Saved",
    EpisodeResult.LOST: "Lost",
    EpisodeResult.FALSE_ALARM: "False alarm",
    EpisodeResult.CAUSE_GONE: "Cause gone",
    EpisodeResult.INFORMED: "For information",
}
MUST_NOT_BE_CALLED: Mapping[ContactPreference, str] = {
    ContactPreference.DO_NOT_CALL: "they asked not to be",
    ContactPreference.DISPUTE: "there is a dispute",
    ContactPreference.DECEASED: "they have died",
}
