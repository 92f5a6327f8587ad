"""The ladder in words: each person's place on it, how severe an episode is, and how it ended."""

from collections.abc import Mapping

from shared.contracts.escalation import EpisodeResult, Severity, Step
from shared.contracts.support_inbound import ContactPreference

SEVERITIES: Mapping[Severity, str] = {
    Severity.WATCH: "Watch",
    Severity.HIGH: "High",
    Severity.CRITICAL: "Critical",
}
FOR_INFORMATION = "For information"
"""In place of a severity, for an episode that needs no response."""

STEPS: Mapping[Step, str] = {
    Step.SELLER: "seller",
    Step.SUCCESSOR: "successor",
    Step.BACKUP: "backup",
    Step.MANAGER: "manager",
    Step.UPPER_MANAGER: "manager's manager",
    Step.DESK: "sales desk",
    Step.COLLEAGUE: "colleague",
}
RESULTS: Mapping[EpisodeResult, str] = {
    EpisodeResult.SAVED: "Saved",
    EpisodeResult.LOST: "Lost",
    EpisodeResult.FALSE_ALARM: "False alarm",
    EpisodeResult.CAUSE_GONE: "No longer at risk",
    EpisodeResult.INFORMED: "For information",
}
MUST_NOT_BE_CALLED: Mapping[ContactPreference, str] = {
    ContactPreference.DO_NOT_CALL: "This customer asked not to be called.",
    ContactPreference.DISPUTE: "This customer is in a dispute with us.",
    ContactPreference.DECEASED: "This customer has died.",
}
