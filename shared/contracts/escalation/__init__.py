"""What the escalation service publishes. Start at `episodes.py`; salespeople's own doing is in `rescues.py`."""

from shared.contracts.escalation.episodes import (
    TOPIC,
    AlertRaised,
    AlertSent,
    EpisodeClosed,
    EpisodeExhausted,
    EpisodeRaised,
    EpisodeSignalled,
    SeverityRaised,
    SignalCleared,
    SignalWithdrawn,
)
from shared.contracts.escalation.kinds import (
    LADDER,
    REQUESTS,
    DeliveryChannel,
    EpisodeResult,
    PolicyVersion,
    RingCause,
    Severity,
    SignalKind,
    Step,
)
from shared.contracts.escalation.policies import SUBJECT as POLICY_SUBJECT
from shared.contracts.escalation.policies import TOPIC as POLICY_TOPIC
from shared.contracts.escalation.policies import PolicyPublished
from shared.contracts.escalation.rescues import (
    AcknowledgementExpired,
    AppointmentMade,
    CheckInDone,
    CustomerReached,
    EpisodeAcknowledged,
    EpisodeSnoozed,
    HandOverAccepted,
    HandOverOffered,
    RescuePassedOn,
)

__all__ = [
    "LADDER",
    "POLICY_SUBJECT",
    "POLICY_TOPIC",
    "REQUESTS",
    "TOPIC",
    "AcknowledgementExpired",
    "AlertRaised",
    "AlertSent",
    "AppointmentMade",
    "CheckInDone",
    "CustomerReached",
    "DeliveryChannel",
    "EpisodeAcknowledged",
    "EpisodeClosed",
    "EpisodeExhausted",
    "EpisodeRaised",
    "EpisodeResult",
    "EpisodeSignalled",
    "EpisodeSnoozed",
    "HandOverAccepted",
    "HandOverOffered",
    "PolicyPublished",
    "PolicyVersion",
    "RescuePassedOn",
    "RingCause",
    "Severity",
    "SeverityRaised",
    "SignalCleared",
    "SignalKind",
    "SignalWithdrawn",
    "Step",
]
