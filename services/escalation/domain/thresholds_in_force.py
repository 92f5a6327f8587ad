"""The thresholds in force at an instant, from the versions of the policy."""

from datetime import datetime

from services.escalation.domain.calendar import company_calendar
from services.escalation.domain.detections.thresholds import Thresholds, ThresholdsAt
from services.escalation.domain.policy.versions import Policies


def thresholds_in_force(policies: Policies, known: dict[int, Thresholds]) -> ThresholdsAt:
    """The thresholds as a function of the instant. `known` keeps those of each version."""

    def thresholds_at(at: datetime) -> Thresholds:
        version = policies.at(at)
        found = known.get(version.version)
        if found is None:
            policy = version.policy
            found = known[version.version] = Thresholds(
                policy.signals, company_calendar(policy.company), policy.statuses
            )
        return found

    return thresholds_at
